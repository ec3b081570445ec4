import type { MetricRow, WeightedCoin } from "../api/types";
import { settled8h } from "./funding";
import { isStale } from "./quality";
import type { RowView } from "./rows";
import { oiUsd } from "./rows";

/** A figure over some of the rows: the others are not known and take no part. */
interface Over {
  /** So many rows are in it. */
  n: number;
}

export interface Kpis {
  /** Rows in all. */
  rows: number;
  fresh: number;
  byExchange: { exchange: string; count: number }[];
  /** Sum of the open interest, USD, one side. */
  oi: Over & { usd: number | null };
  /** Mean of the global long/short ratios, and the share of pairs above 1. */
  ls: Over & { mean: number | null; longHeavy: number | null };
  /** Shares of pairs beyond the threshold, either way. */
  z: Over & { high: number | null; low: number | null };
  /** Means per 8 hours as fractions: weighted by open interest, and plain; the share of pairs where longs pay. */
  funding: Over & { weighted: Over & { mean: number | null }; plain: number | null; longsPay: number | null };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const mean = (values: readonly number[]) => (values.length === 0 ? null : sum(values) / values.length);

const share = (values: readonly number[], test: (value: number) => boolean) =>
  values.length === 0 ? null : values.filter(test).length / values.length;

const known = (rows: readonly MetricRow[], of: (row: MetricRow) => number | null) =>
  rows.map(of).filter((value) => value !== null);

/** Σ(value·weight) / Σ weight over the n that have both; null where nothing has. */
function weightedMean(pairs: readonly (readonly [number | null, number | null])[]): Over & { mean: number | null } {
  const both = pairs.flatMap(([value, weight]) => (value === null || weight === null ? [] : [{ value, weight }]));
  const total = sum(both.map(({ weight }) => weight));
  return { n: both.length, mean: total > 0 ? sum(both.map(({ value, weight }) => value * weight)) / total : null };
}

function counts(rows: readonly MetricRow[]) {
  const found = new Map<string, number>();
  for (const row of rows) found.set(row.exchange, (found.get(row.exchange) ?? 0) + 1);
  return [...found].sort().map(([exchange, count]) => ({ exchange, count }));
}

/** The strip above the table, from the rows it shows. Unknown values take no part. */
export function computeKpis(views: readonly RowView[], zThreshold: number): Kpis {
  const rows = views.map((view) => view.row);
  const oi = known(rows, oiUsd);
  const ls = known(rows, (row) => row.global_ls);
  const z = known(rows, (row) => row.z_score);
  const funding = known(rows, settled8h);
  return {
    rows: rows.length,
    fresh: rows.filter((row) => !isStale(row)).length,
    byExchange: counts(rows),
    oi: { n: oi.length, usd: oi.length === 0 ? null : sum(oi) },
    ls: { n: ls.length, mean: mean(ls), longHeavy: share(ls, (value) => value > 1) },
    z: { n: z.length, high: share(z, (value) => value > zThreshold), low: share(z, (value) => value < -zThreshold) },
    funding: {
      n: funding.length,
      weighted: weightedMean(rows.map((row) => [settled8h(row), oiUsd(row)])),
      plain: mean(funding),
      longsPay: share(funding, (value) => value > 0),
    },
  };
}

export interface WeightedKpi {
  /** Σ over coins of the volume-weighted mean over exchanges, USD. */
  usd: number | null;
  /** Change of one bar, each coin's chained over exchanges, coins weighted by their open interest; percent. */
  changePct: number | null;
  coins: number;
  usdKnown: number;
  changeKnown: number;
}

/** What the coins' weighted open interest comes to for the market as a whole. */
export function marketOi(coins: readonly WeightedCoin[]): WeightedKpi {
  const usd = coins.flatMap((coin) => (coin.weighted_oi === null ? [] : [coin.weighted_oi]));
  const change = weightedMean(coins.map((coin) => [coin.global_oi_change_pct, coin.weighted_oi]));
  return {
    usd: usd.length === 0 ? null : sum(usd),
    changePct: change.mean,
    coins: coins.length,
    usdKnown: usd.length,
    changeKnown: change.n,
  };
}
