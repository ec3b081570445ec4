/** Closed bars of one pair as columns, one entry a time slot, oldest first. Unknown is null. */

export type Column = readonly (number | null)[];
type Guarded = Readonly<Record<string, number>>;

export interface Bars {
  /** Open times, ms UTC, one timeframe apart: a slot without a bar is there too, marked `gap`. */
  readonly ts: readonly number[];
  readonly columns: Readonly<Record<string, Column>>;
  readonly tiers: readonly (readonly number[] | null)[];
  readonly quality: readonly (readonly string[])[];
  /** Raw values that failed a guard, by column. */
  readonly guarded: readonly (Guarded | null)[];
}

export const NO_BARS: Bars = { ts: [], columns: {}, tiers: [], quality: [], guarded: [] };

const OWN = new Set(["ts", "tiers", "quality", "guarded", "source"]);

const finite = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

const words = (value: unknown) => listOf(value).filter((item) => typeof item === "string");

const tiersOf = (value: unknown) =>
  Array.isArray(value) ? (value as unknown[]).filter((item) => typeof item === "number") : null;

function guardedOf(value: unknown): Guarded | null {
  if (typeof value !== "object" || value === null) return null;
  const known = Object.entries(value).filter((entry): entry is [string, number] => finite(entry[1]) !== null);
  return known.length > 0 ? Object.fromEntries(known) : null;
}

/** Columns as `/api/history` answers them; which there are depends on what was asked. */
type Answer = Readonly<Record<string, unknown>> & { readonly ts: readonly number[] };

/** An answer of `/api/history`; what is no finite number is unknown. */
export function parseHistory(history: Answer): Bars {
  const columns = Object.entries(history).filter(([name, values]) => !OWN.has(name) && Array.isArray(values));
  const every = <T>(name: string, read: (value: unknown) => T) => {
    const values = listOf(history[name]);
    return history.ts.map((_, i) => read(values[i]));
  };
  return {
    ts: history.ts,
    columns: Object.fromEntries(columns.map(([name]) => [name, every(name, finite)])),
    tiers: every("tiers", tiersOf),
    quality: every("quality", words),
    guarded: every("guarded", guardedOf),
  };
}

/** A row of the feed, its closed part, as one bar with the columns that `like` has. */
export function parseRow(row: Readonly<Record<string, unknown>> & { ts: number }, like: Bars): Bars {
  const columns = Object.keys(like.columns).map((name) => [name, [finite(row[name])]]);
  return {
    ts: [row.ts],
    columns: Object.fromEntries(columns) as Record<string, Column>,
    tiers: [tiersOf(row.tiers)],
    quality: [words(row.quality)],
    guarded: [guardedOf(row.guarded)],
  };
}

/** `bars` from slot `from` up to `to`, exclusive. */
export function slice(bars: Bars, from: number, to: number): Bars {
  const columns = Object.entries(bars.columns).map(([name, values]) => [name, values.slice(from, to)]);
  return {
    ts: bars.ts.slice(from, to),
    columns: Object.fromEntries(columns) as Record<string, Column>,
    tiers: bars.tiers.slice(from, to),
    quality: bars.quality.slice(from, to),
    guarded: bars.guarded.slice(from, to),
  };
}

function concat(a: Bars, b: Bars): Bars {
  const names = new Set([...Object.keys(a.columns), ...Object.keys(b.columns)]);
  const of = (bars: Bars, name: string): Column => bars.columns[name] ?? bars.ts.map(() => null);
  return {
    ts: [...a.ts, ...b.ts],
    columns: Object.fromEntries([...names].map((name) => [name, [...of(a, name), ...of(b, name)]])),
    tiers: [...a.tiers, ...b.tiers],
    quality: [...a.quality, ...b.quality],
    guarded: [...a.guarded, ...b.guarded],
  };
}

/** Older bars in front; slots that are here already stay as they are. */
export function prepend(older: Bars, bars: Bars): Bars {
  const first = bars.ts[0];
  if (first === undefined) return older;
  const stop = older.ts.findIndex((ts) => ts >= first);
  return concat(slice(older, 0, stop < 0 ? older.ts.length : stop), bars);
}

/**
 * The end of the series as it is now known: its bars replace those of their slots and go on after
 * them. Null where slots between are missing: then they must be asked for.
 */
export function extend(bars: Bars, tail: Bars, stepMs: number): Bars | null {
  const begin = tail.ts[0];
  const last = bars.ts[bars.ts.length - 1];
  if (begin === undefined) return bars;
  if (last === undefined) return tail;
  if (begin > last + stepMs) return null;
  const keep = bars.ts.findIndex((ts) => ts >= begin);
  const front = keep < 0 ? bars : slice(bars, 0, keep);
  const end = tail.ts[tail.ts.length - 1] ?? begin;
  const behind = bars.ts.findIndex((ts) => ts > end);
  return concat(concat(front, tail), behind < 0 ? NO_BARS : slice(bars, behind, bars.ts.length));
}

const sameList = (a: readonly unknown[] | null, b: readonly unknown[] | null) =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((item, i) => item === b[i]));

/**
 * The first slot at which two states of one series differ in `names` or in their marks, -1 when they do
 * not; null where they begin at different slots or have other columns: then everything is to be drawn anew.
 */
export function firstChange(before: Bars, after: Bars, names: readonly string[]): number | null {
  if (before.ts.length === 0 || before.ts[0] !== after.ts[0] || before.ts.length > after.ts.length) return null;
  if (names.some((name) => (before.columns[name] === undefined) !== (after.columns[name] === undefined))) return null;
  const differs = (i: number) =>
    before.ts[i] !== after.ts[i] ||
    names.some((name) => before.columns[name]?.[i] !== after.columns[name]?.[i]) ||
    !sameList(before.tiers[i] ?? null, after.tiers[i] ?? null) ||
    !sameList(before.quality[i] ?? null, after.quality[i] ?? null);
  for (let i = 0; i < before.ts.length; i += 1) if (differs(i)) return i;
  return after.ts.length > before.ts.length ? before.ts.length : -1;
}

/** The slot of an open time, or the one before it; -1 before the first. */
export function slotOf(bars: Bars, ts: number): number {
  let low = 0;
  let high = bars.ts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars.ts[middle] ?? 0) <= ts) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Length of a timeframe like `5m` in ms. */
export const stepOf = (tf: string) => Number.parseInt(tf, 10) * (UNIT_MS[tf.slice(-1)] ?? 60_000);
