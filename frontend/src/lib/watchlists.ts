import { type Choice, chosen } from "./stored";

/** Lists of pairs the reader has named, each a list of `pairKey`s, and the one the screener shows. */
export type Watchlists = { lists: Record<string, string[]>; shown: string | null };

const NONE: Watchlists = { lists: {}, shown: null };

const isList = (found: unknown): found is string[] =>
  Array.isArray(found) && found.every((key) => typeof key === "string");

function read(stored: unknown): Watchlists | null {
  if (typeof stored !== "object" || stored === null || !("lists" in stored)) return null;
  const { lists } = stored;
  if (typeof lists !== "object" || lists === null) return null;
  const sound = Object.entries(lists).filter((entry): entry is [string, string[]] => isList(entry[1]));
  const shown = "shown" in stored && typeof stored.shown === "string" ? stored.shown : null;
  return { lists: Object.fromEntries(sound), shown };
}

export const WATCHLISTS: Choice<Watchlists> = { name: "watchlists", fallback: NONE, read };

/** Is this pair on any of the reader's lists? */
export const isWatched = (key: string): boolean =>
  Object.values(chosen(WATCHLISTS).lists).some((list) => list.includes(key));
