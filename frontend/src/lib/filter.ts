import type { MetricRow } from "../api/types";
import { exchangeName } from "./exchanges";
import type { RowView } from "./rows";

const CHIPS = ["all", "tiers", "z", "crowded", "funding"] as const;

export type Chip = (typeof CHIPS)[number];

/** The chip of that name; "all" where there is none. */
export const chipOf = (name: string | null): Chip => CHIPS.find((chip) => chip === name) ?? "all";

export interface Thresholds {
  z: number;
  ls: number;
  imbalance: number;
  oiDelta: number;
  /** Percent per 8 hours, as the settings have it. */
  funding: number;
}

const DEFAULTS: Thresholds = { z: 2.5, ls: 2, imbalance: 3, oiDelta: 1, funding: 0.01 };

/** Thresholds of the server, else the documented defaults. */
export function thresholdsOf(settings: Record<string, number> = {}): Thresholds {
  const {
    z_threshold: z = DEFAULTS.z,
    ls_threshold: ls = DEFAULTS.ls,
    imbalance_threshold: imbalance = DEFAULTS.imbalance,
    oi_delta_threshold: oiDelta = DEFAULTS.oiDelta,
    funding_threshold: funding = DEFAULTS.funding,
  } = settings;
  return { z, ls, imbalance, oiDelta, funding };
}

/** Equal to the exchanges' default within rounding is not off it. */
const FUNDING_TOLERANCE = 1e-9;

function offDefault(row: MetricRow, limits: Thresholds): boolean | null {
  if (row.funding === null || row.funding_interval_h === null) return null;
  return Math.abs((row.funding * 8) / row.funding_interval_h) - limits.funding / 100 > FUNDING_TOLERANCE;
}

function tiered(row: MetricRow): boolean | null {
  if (row.tiers === null) return null;
  if (row.tiers.length > 0) return true;
  return (row.unknown_tiers ?? []).length > 0 ? null : false;
}

/** null: not known. Unknown never matches. */
const TESTS: Record<Chip, (row: MetricRow, limits: Thresholds) => boolean | null> = {
  all: () => true,
  tiers: tiered,
  z: (row, limits) => (row.z_score === null ? null : Math.abs(row.z_score) > limits.z),
  crowded: (row, limits) => (row.global_ls === null ? null : row.global_ls > limits.ls),
  funding: offDefault,
};

/** A chip in the grammar of filters, where the grammar has words for it. */
export const CHIP_TEXTS: Record<Chip, ((limits: Thresholds) => string) | null> = {
  all: () => "",
  // A filter that names tiers is unknown where any of them is; the chip asks for one that is true.
  tiers: null,
  z: ({ z }) => `abs(z) > ${z}`,
  crowded: ({ ls }) => `ls > ${ls}`,
  funding: ({ funding }) => `abs(funding * 8 / funding_interval_h) - ${funding}% > ${FUNDING_TOLERANCE}`,
};

export interface Filter {
  search: string;
  exchange: string;
  chip: Chip;
}

/** What narrows the choice beside search, exchange and chip. */
export interface Narrowing {
  /** The reader's own condition; null where it is unknown. */
  condition?: ((row: MetricRow) => boolean | null) | null;
  /** Keys of the pairs of a watchlist. */
  pairs?: ReadonlySet<string> | null;
}

export interface Selection {
  views: RowView[];
  /** Pairs left out only because something that was asked is not known. */
  unknown: number;
}

/** Every word must occur in coin, symbol or exchange. */
const matches = (row: MetricRow, words: readonly string[]) => {
  const text = `${row.base} ${row.symbol} ${row.exchange} ${exchangeName(row.exchange)}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Both must hold; unknown when neither says no and one is unknown. */
function both(one: boolean | null, other: () => boolean | null): boolean | null {
  if (one === false) return false;
  const second = other();
  return second === false ? false : one === null ? null : second;
}

/** What narrows the choice without asking for a figure: exchange, watchlist, search. */
function scopeOf({ exchange, search }: Filter, pairs: ReadonlySet<string> | null) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ row, key }: RowView) =>
    (exchange === "" || row.exchange === exchange) && (pairs === null || pairs.has(key)) && matches(row, words);
}

export function applyFilter(
  views: readonly RowView[],
  filter: Filter,
  limits: Thresholds,
  { condition = null, pairs = null }: Narrowing = {},
): Selection {
  const test = TESTS[filter.chip];
  const found: RowView[] = [];
  let unknown = 0;
  for (const view of views.filter(scopeOf(filter, pairs))) {
    const { row } = view;
    const fits = both(test(row, limits), () => condition === null || condition(row));
    if (fits) found.push(view);
    else if (fits === null) unknown += 1;
  }
  return { views: found, unknown };
}
