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

const per8hPct = (row: MetricRow) =>
  row.funding === null ? null : ((row.funding * 8) / (row.funding_interval_h ?? 8)) * 100;

/** Unknown never matches a condition. */
const TESTS: Record<Chip, (row: MetricRow, limits: Thresholds) => boolean> = {
  all: () => true,
  tiers: (row) => (row.tiers ?? []).length > 0,
  z: (row, limits) => row.z_score !== null && Math.abs(row.z_score) > limits.z,
  crowded: (row, limits) => row.global_ls !== null && row.global_ls > limits.ls,
  funding: (row, limits) => {
    const value = per8hPct(row);
    return value !== null && Math.abs(value) - limits.funding > 1e-7;
  },
};

export interface Filter {
  search: string;
  exchange: string;
  chip: Chip;
}

/** Every word must occur in coin, symbol or exchange. */
const matches = (row: MetricRow, words: readonly string[]) => {
  const text = `${row.base} ${row.symbol} ${row.exchange} ${exchangeName(row.exchange)}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

export function applyFilter(views: readonly RowView[], filter: Filter, limits: Thresholds): RowView[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const test = TESTS[filter.chip];
  return views.filter(
    ({ row }) =>
      (filter.exchange === "" || row.exchange === filter.exchange) && test(row, limits) && matches(row, words),
  );
}
