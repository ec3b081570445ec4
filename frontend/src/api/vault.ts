import localforage from "localforage";

/** Raised when what is kept takes another shape: what an older page kept is then dropped. */
export const VERSION = 1;

interface Wrapped {
  version: number;
  /** Local time (ms) at which the value was true. */
  at: number;
  value: unknown;
}

/** What is kept in the browser, by name. Every method may reject: storage can be forbidden or full. */
export interface Vault {
  get: (name: string) => Promise<{ at: number; value: unknown } | null>;
  put: (name: string, at: number, value: unknown) => Promise<void>;
  /** Removes every name but these. */
  retain: (names: readonly string[]) => Promise<void>;
  clear: () => Promise<void>;
}

const isWrapped = (found: unknown): found is Wrapped => {
  if (typeof found !== "object" || found === null) return false;
  const { version, at } = found as Partial<Wrapped>;
  return version === VERSION && typeof at === "number";
};

/** IndexedDB alone: localStorage, LocalForage's last resort, would block the page and fill at once. */
export function openVault(name = "futuresboard"): Vault {
  const store = localforage.createInstance({ name, storeName: "kept", driver: localforage.INDEXEDDB });
  const moments = localforage.createInstance({ name, storeName: "moments", driver: localforage.INDEXEDDB });
  const drop = async (key: string) => void (await Promise.all([store.removeItem(key), moments.removeItem(key)]));
  return {
    get: async (key) => {
      const found = await store.getItem<unknown>(key);
      if (isWrapped(found)) return { at: found.at, value: found.value };
      if (found !== null) await drop(key);
      return null;
    },
    put: async (key, at, value) => {
      // Two tabs keep the same things: the newest write wins, whichever tab comes last.
      const kept = await moments.getItem<unknown>(key);
      if (typeof kept === "number" && kept > at && kept <= Date.now()) return;
      await store.setItem<Wrapped>(key, { version: VERSION, at, value });
      await moments.setItem(key, at);
    },
    retain: async (names) => {
      const extra = (await store.keys()).filter((key) => !names.includes(key));
      await Promise.all(extra.map(drop));
    },
    clear: async () => void (await Promise.all([store.clear(), moments.clear()])),
  };
}
