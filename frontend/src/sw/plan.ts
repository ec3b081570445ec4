/** What the worker does with a request: answer the page, answer one of its files, or keep out. */
export type Part = "page" | "file" | "none";

export interface Asked {
  method: string;
  mode: string;
  url: string;
}

/** Figures come from the server alone: an answer kept here would pass for a fresh one. */
const NEVER = ["/api", "/health", "/socket.io", "/metrics", "/login"];

const under = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

export function partOf(asked: Asked, origin: string, shell: ReadonlySet<string>): Part {
  const url = new URL(asked.url);
  if (asked.method !== "GET" || url.origin !== origin) return "none";
  if (NEVER.some((folder) => under(url.pathname, folder))) return "none";
  if (asked.mode === "navigate") return "page";
  return shell.has(url.pathname) ? "file" : "none";
}

export const PREFIX = "futuresboard-shell-";

/** Caches of other versions of the page; what belongs to somebody else stays. */
export const outdated = (names: readonly string[], current: string) =>
  names.filter((name) => name.startsWith(PREFIX) && name !== current);
