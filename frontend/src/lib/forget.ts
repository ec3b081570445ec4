/** Everything of this page in the browser bears this name. */
const NAME = "futuresboard";

const ours = (storage: Storage) => Object.keys(storage).filter((key) => key.startsWith(NAME));

export interface Kept {
  name: string;
  bytes: number;
}

/** What localStorage holds of this page, by name; nothing where storage is forbidden. */
export function keptChoices(): Kept[] {
  try {
    return ours(localStorage).map((key) => ({
      name: key.slice(NAME.length + 1),
      bytes: new Blob([key, localStorage.getItem(key) ?? ""]).size,
    }));
  } catch {
    return [];
  }
}

async function deleteDatabases(): Promise<void> {
  if (!("indexedDB" in window) || !("databases" in indexedDB)) return;
  for (const { name } of await indexedDB.databases()) {
    if (name?.startsWith(NAME)) indexedDB.deleteDatabase(name);
  }
}

async function deleteCaches(): Promise<void> {
  if (!("caches" in window)) return;
  const names = (await caches.keys()).filter((name) => name.startsWith(NAME));
  await Promise.all(names.map((name) => caches.delete(name)));
}

/** Takes everything this page keeps in the browser out of it: choices, alerts seen, kept data. */
export async function forgetAll(): Promise<void> {
  for (const storage of [localStorage, sessionStorage]) ours(storage).forEach((key) => storage.removeItem(key));
  await Promise.all([deleteDatabases(), deleteCaches()]);
}
