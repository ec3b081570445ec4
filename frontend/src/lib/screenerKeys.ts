/** Keys of the page that open a tool of the screener: told here, heard by its toolbar wherever it stands. */
export type ScreenerKey = "views" | "watch" | "columns" | "export" | "filter";

const listeners = new Set<(key: ScreenerKey) => void>();

export const pressScreenerKey = (key: ScreenerKey) => listeners.forEach((listener) => listener(key));

export function onScreenerKey(listener: (key: ScreenerKey) => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
