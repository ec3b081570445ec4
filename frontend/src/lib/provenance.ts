/** Where a figure comes from and how fresh it is, for its tooltip. Absolute times: they cannot go stale. */
import type { MetricRow, Refresh } from "../api/types";
import { refreshWords, sourceWords } from "./feeds";
import { inWords, marks } from "./quality";
import { utcTime } from "./time";

const LIVE: ReadonlySet<keyof MetricRow> = new Set([
  "live_price", "live_oi_abs_usd", "price_change_24h_pct", "volume_24h_usd", "funding_next",
  "oi_change_1h_pct", "oi_change_4h_pct", "oi_change_24h_pct",
] as const);

/** The series that a column of the closed bar is read from. */
const KIND: Partial<Record<keyof MetricRow, string>> = {
  oi_contracts: "oi", oi_abs_usd: "oi", oi_delta_pct: "oi", z_score: "oi", z_raw: "oi",
  global_ls: "global_ls", ls_delta_pct: "global_ls", top_ls: "top_ls",
  imbalance: "taker", cvd: "taker", taker_buy: "taker", taker_sell: "taker",
  funding: "funding", funding_interval_h: "funding",
};

/** Marks of the row that speak of these columns alone. */
const MARKS: Record<string, readonly (keyof MetricRow)[]> = {
  "ls:late": ["global_ls", "top_ls"],
  "oi:live": ["oi_contracts", "oi_abs_usd"],
  "stamp:assumed": ["oi_contracts", "oi_abs_usd", "oi_delta_pct", "global_ls", "top_ls"],
};

export type RefreshOf = Readonly<Record<string, Readonly<Record<string, Refresh>>>>;

const by = (source: string | null | undefined) => (source ? `, by ${sourceWords(source)}` : "");

function born(row: MetricRow, column: keyof MetricRow): string {
  if (column === "market_cap_usd") return "From CoinGecko: same ticker, price within 5 %, the largest of those";
  if (column === "oi_mcap_pct") return "This pair's open interest against its coin's market cap (CoinGecko)";
  if (LIVE.has(column)) {
    return row.live_ts === null ? `Live${by(row.live_source)}` : `Live, heard ${utcTime(row.live_ts)}${by(row.live_source)}`;
  }
  return `Closed bar opened ${utcTime(row.ts)}${by(row.source)}`;
}

/** Lines for a tooltip: when and how the figure came, what is special about it. */
export function provenance(row: MetricRow, column: keyof MetricRow, refresh: RefreshOf): string[] {
  const lines = [born(row, column)];
  const kind = KIND[column];
  const turn = kind === undefined ? undefined : refresh[row.exchange]?.[kind];
  if (turn && turn.share < 1) lines.push(`Refreshed ${refreshWords(turn)}`);
  for (const mark of marks(row)) {
    if (MARKS[mark]?.includes(column)) lines.push(inWords(mark));
  }
  if (marks(row).includes("backfilled") && !LIVE.has(column)) lines.push(inWords("backfilled"));
  return lines;
}
