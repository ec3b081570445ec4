/** The table on rows of the past: columns of what only the newest row of a pair has are left out. */
import { readSetup, type Setup } from "../../lib/setup";
import type { Choice } from "../../lib/stored";

const LIVE_ONLY = new Set([
  "live_price", "price_change_24h_pct", "live_oi_abs_usd", "oi_trail", "funding_next", "funding_next_ts", "oi_change_1h_pct", "oi_change_4h_pct",
  "oi_change_24h_pct", "oi_price_quadrant", "volume_24h_usd", "market_cap_usd", "oi_mcap_pct", "age_s", "live_ts", "live_source", "listed_ts",
]);

/** Of a choice of columns those that a bar of the past has. */
export const pastColumns = (ids: readonly string[]): string[] => ids.filter((id) => !LIVE_ONLY.has(id));

/** Beside their kin: of a bar of the past all columns are of that bar. */
export const PAST_GROUPS: Readonly<Record<string, string>> = {
  open: "Price", high: "Price", low: "Price", close: "Price", oi_abs_usd: "Open interest", oi_contracts: "Open interest",
  volume: "Flow", quote_volume: "Flow", taker_buy: "Flow", taker_sell: "Flow", z_raw: "Signal", funding_interval_h: "Funding",
};

const FIRST: Setup = {
  columns: [
    "close", "z_score", "tiers", "confluence", "oi_abs_usd", "oi_delta_pct", "global_ls", "top_ls", "imbalance", "cvd", "volume", "rsi", "funding",
    "quality",
  ],
  sort: [{ id: "z_score", desc: true }],
  density: "normal",
};

export const PAST_SETUP: Choice<Setup> = { name: "replay.screener", fallback: FIRST, read: readSetup };
