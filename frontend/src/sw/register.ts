/** The page's side of the worker: installs it, and says when a newer page is ready. */
const CHECK_MS = 3_600_000;

let ready = false;
let waiting: ServiceWorker | null = null;
let asked = false;
let registration: ServiceWorkerRegistration | null = null;
const listeners = new Set<() => void>();

export const isUpdateReady = () => ready;

export function onUpdate(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce(worker: ServiceWorker | null): void {
  waiting = worker;
  ready = true;
  listeners.forEach((listener) => listener());
}

/** Reload as the newer page; in other tabs it is announced, and theirs to take. */
export function takeUpdate(): void {
  if (waiting === null) {
    window.location.reload();
    return;
  }
  asked = true;
  waiting.postMessage("take over");
}

/** Whether the server has a newer page; asked when it comes back, and once an hour. */
export function checkForUpdate(): void {
  // A server that does not answer is said elsewhere; it is asked again with the next check.
  registration?.update().catch(() => undefined);
}

function watch(found: ServiceWorkerRegistration): void {
  registration = found;
  const { serviceWorker } = navigator;
  const onInstalled = (worker: ServiceWorker) => {
    // Without a controller this is the first worker of all: nothing is newer than the page.
    if (worker.state === "installed" && serviceWorker.controller) announce(worker);
  };
  if (found.waiting) onInstalled(found.waiting);
  found.addEventListener("updatefound", () => {
    const worker = found.installing;
    worker?.addEventListener("statechange", () => onInstalled(worker));
  });
  setInterval(checkForUpdate, CHECK_MS);
}

/**
 * Installs the worker, where the browser has any (https, or this machine). A failure costs the page
 * without a server and nothing else; it is tried again with the next load.
 */
export function keepPage(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  let controlled = serviceWorker.controller !== null;
  serviceWorker.addEventListener("controllerchange", () => {
    if (asked) window.location.reload();
    else if (controlled) announce(null);
    controlled = true;
  });
  serviceWorker.register("/sw.js", { updateViaCache: "none" }).then(watch, () => undefined);
}
