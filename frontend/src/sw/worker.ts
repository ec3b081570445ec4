/**
 * Keeps the built page, so that it loads without the server: its files from the cache (their names
 * carry a hash), the page itself from the server while that answers. Figures are never kept here.
 * `SHELL` and `SHELL_VERSION` are put before this file by the build (scripts/shell.mjs).
 */
import { outdated, partOf, PREFIX } from "./plan";

declare const SHELL: readonly string[];
declare const SHELL_VERSION: string;

/** The little of a worker's scope that is used: its own types clash with those of a page. */
interface Scope {
  location: Location;
  clients: { claim: () => Promise<void> };
  skipWaiting: () => Promise<void>;
  addEventListener: {
    (type: "install" | "activate", listener: (event: { waitUntil: (work: Promise<unknown>) => void }) => void): void;
    (type: "message", listener: (event: { data: unknown }) => void): void;
    (type: "fetch", listener: (event: { request: Request; respondWith: (answer: Promise<Response>) => void }) => void): void;
  };
}

const scope = self as unknown as Scope;
const files = new Set(SHELL);
const cacheName = PREFIX + SHELL_VERSION;
/** A machine that is off does not refuse a connection: nobody waits minutes for that. */
const PATIENCE_MS = 3000;

const cached = async (path: string) => (await caches.open(cacheName)).match(path);

async function install(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll(SHELL.map((path) => new Request(path, { cache: path.startsWith("/assets/") ? "default" : "reload" })));
}

async function activate(): Promise<void> {
  await Promise.all(outdated(await caches.keys(), cacheName).map((name) => caches.delete(name)));
  await scope.clients.claim();
}

const silence = () => new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));

/** The server's page; the kept one when the server is silent or only a proxy answers for it. */
async function page(request: Request): Promise<Response> {
  const asked = fetch(request).catch(() => null);
  const answer = await Promise.race([asked, silence()]);
  if (answer && answer.status < 500) return answer;
  return (await cached("/")) ?? (await asked) ?? Response.error();
}

const file = async (request: Request) => (await cached(new URL(request.url).pathname)) ?? fetch(request);

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(activate()));
scope.addEventListener("message", ({ data }) => {
  if (data === "take over") void scope.skipWaiting();
});
scope.addEventListener("fetch", (event) => {
  const part = partOf(event.request, scope.location.origin, files);
  if (part === "page") event.respondWith(page(event.request));
  else if (part === "file") event.respondWith(file(event.request));
});
