import { type Choice, choose, chosen } from "./stored";

export interface Watchlist {
  name: string;
  /** Keys of pairs (`pairKey`). */
  pairs: readonly string[];
}

/** The reader's watchlists: one is current, which stars are set in and the screener can be narrowed to. */
export interface Watch {
  lists: readonly Watchlist[];
  current: number;
  /** Show only the pairs of the current list. */
  only: boolean;
}

const EMPTY: Watch = { lists: [{ name: "Watchlist", pairs: [] }], current: 0, only: false };

function readList(value: unknown): Watchlist | null {
  const { name, pairs } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== "string" || !Array.isArray(pairs) || !pairs.every((key) => typeof key === "string")) return null;
  return { name, pairs };
}

function readWatch(value: unknown): Watch | null {
  const { lists, current, only } = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(lists) || lists.length === 0) return null;
  const read = lists.map(readList);
  if (!read.every((list) => list !== null)) return null;
  const at = typeof current === "number" && read[current] !== undefined ? current : 0;
  return { lists: read, current: at, only: only === true };
}

export const WATCH: Choice<Watch> = { name: "watch", fallback: EMPTY, read: readWatch };

export const currentList = (watch: Watch): Watchlist => watch.lists[watch.current] ?? { name: "Watchlist", pairs: [] };

/** Keys of every pair on any list. */
export const watchedPairs = (): ReadonlySet<string> => new Set(chosen(WATCH).lists.flatMap(({ pairs }) => pairs));

const withPairs = (watch: Watch, change: (pairs: readonly string[]) => readonly string[]): Watch => ({
  ...watch,
  lists: watch.lists.map((list, i) => (i === watch.current ? { ...list, pairs: change(list.pairs) } : list)),
});

/** Puts a pair on the current list, or takes it off. */
export function toggleStar(key: string): void {
  choose(WATCH, withPairs(chosen(WATCH), (pairs) => (pairs.includes(key) ? pairs.filter((one) => one !== key) : [...pairs, key])));
}

export const addList = (watch: Watch, name: string): Watch => ({
  ...watch,
  lists: [...watch.lists, { name, pairs: [] }],
  current: watch.lists.length,
});

export const renameList = (watch: Watch, name: string): Watch => ({
  ...watch,
  lists: watch.lists.map((list, i) => (i === watch.current ? { ...list, name } : list)),
});

/** Without the current list; the last one is emptied instead. */
export function dropList(watch: Watch): Watch {
  if (watch.lists.length === 1) return { ...watch, lists: [{ name: currentList(watch).name, pairs: [] }], only: false };
  return { lists: watch.lists.filter((_, i) => i !== watch.current), current: 0, only: watch.only };
}
