/** The table on rows of the past: columns of what only the newest row of a pair has are left out. */
import { readSetup, type Setup } from "../../lib/setup";
import type { Choice } from "../../lib/stored";

const LIVE_ONLY = new Set([
  "live_price", "price_change_24h_pct", "live_oi_abs_usd", "oi_trail", "funding_next", "funding_next_ts", "oi_change_1h_pct", "oi_change_4h_pct",
  "oi_change_24h_pct", "oi_price_quadrant", "volume_24h_usd", "market_cap_usd", "oi_mcap_pct", "age_s", "live_ts", "live_source", "listed_ts",
]);

/** Of a choice of columns those that a bar of the past has. */
export const pastColumns = (ids: readonly string[]): string[] => ids.filter((id) => !LIVE_ONLY.has(id));

const FIRST: Setup = {
  columns: [
    "close", "z_score", "tiers", "confluence", "oi_abs_usd", "oi_delta_pct", "global_ls", "top_ls", "imbalance", "cvd", "rsi", "funding",
    "volume", "quality",
  ],
  sort: [{ id: "z_score", desc: true }],
  density: "normal",
};

export const PAST_SETUP: Choice<Setup> = { name: "replay.screener", fallback: FIRST, read: readSetup };
