import type { Choice } from "./stored";

/** How the screener is laid out: which columns in which order, sorted by what, how dense. */
export interface Sort {
  id: string;
  desc: boolean;
}

export const DENSITIES = ["normal", "compact"] as const;
export type Density = (typeof DENSITIES)[number];

export interface Setup {
  /** Ids of the columns beside the pair's name, in order. */
  columns: readonly string[];
  /** The first decides. */
  sort: readonly Sort[];
  density: Density;
}

export const FIRST_SORT: readonly Sort[] = [{ id: "z_score", desc: true }];

export const DEFAULT_SETUP: Setup = {
  columns: [
    "live_price", "price_change_24h_pct", "z_score", "tiers", "confluence", "live_oi_abs_usd", "oi_trail", "oi_delta_pct",
    "global_ls", "top_ls", "imbalance", "cvd", "rsi", "funding", "funding_next_ts", "oi_change_1h_pct",
    "oi_price_quadrant", "volume_24h_usd", "market_cap_usd", "oi_mcap_pct", "age_s", "quality",
  ],
  sort: FIRST_SORT,
  density: "normal",
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSort = (value: unknown): value is Sort =>
  isRecord(value) && typeof value.id === "string" && typeof value.desc === "boolean";

/** A setup as it was stored; null for anything else. Columns that are no longer known are left out where it is shown. */
export function readSetup(value: unknown): Setup | null {
  if (!isRecord(value)) return null;
  const { columns, sort, density } = value;
  if (!Array.isArray(columns) || !columns.every((id) => typeof id === "string")) return null;
  if (!Array.isArray(sort) || !sort.every(isSort)) return null;
  const known = DENSITIES.find((one) => one === density);
  return known === undefined ? null : { columns: [...new Set(columns)], sort: sort.map(({ id, desc }) => ({ id, desc })), density: known };
}

export const SETUP: Choice<Setup> = { name: "screener", fallback: DEFAULT_SETUP, read: readSetup };

/** The sort after a column was clicked: first way, other way, none; `add` keeps the others. */
export function nextSort(sort: readonly Sort[], id: string, descFirst: boolean, add: boolean): readonly Sort[] {
  const found = sort.find((one) => one.id === id);
  const others = add ? sort.filter((one) => one.id !== id) : [];
  if (found === undefined) return [...others, { id, desc: descFirst }];
  if (found.desc !== descFirst) return others;
  const turned = { id, desc: !descFirst };
  return add ? sort.map((one) => (one.id === id ? turned : one)) : [turned];
}

/** A list with one entry moved by so many places. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [entry] = next.splice(from, 1);
  if (entry !== undefined) next.splice(Math.min(Math.max(to, 0), next.length), 0, entry);
  return next;
}
