import type { ReplayAlert, ReplayFrame, ReplayPage } from "../src/api/replay";
import { makeAlert, makeRow } from "./make";

export const STEP = 300_000;
export const T0 = 1_700_000_100_000;

type RowOver = Parameters<typeof makeRow>[0];

const COLUMNS = [
  "exchange", "symbol", "base", "open", "high", "low", "close", "volume", "quote_volume", "taker_buy", "taker_sell", "imbalance", "cvd",
  "oi_contracts", "oi_abs_usd", "oi_delta_pct", "global_ls", "top_ls", "ls_delta_pct", "funding", "funding_interval_h", "rsi",
  "z_score", "z_raw", "confluence", "tiers", "tier", "unknown_tiers", "quality", "guarded", "source",
] as const;

/** A frame as the API answers it: one row each of `rows`. */
export function makeFrame(ts: number, rows: readonly RowOver[] = [{}], over: Partial<ReplayFrame> = {}): ReplayFrame {
  const made = rows.map((row) => makeRow({ ts, ...row }));
  const columns = COLUMNS.map((name) => [name, made.map((row) => row[name])]);
  return { ts, rows: Object.fromEntries(columns) as ReplayFrame["rows"], alerts: [], revised: [], ...over };
}

export const makeReplayAlert = (over: Partial<ReplayAlert> = {}): ReplayAlert => makeAlert(over as never);

/** A page of `count` frames from bar number `from` on. */
export function makePage(from: number, count: number, cursor: string | null, over: Partial<ReplayPage> = {}): ReplayPage {
  return {
    tf: "5m", as: "seen", start: T0, end: T0 + 999 * STEP, recorded_first: T0, recorded_last: T0 + 999 * STEP, version: 1, cursor,
    frames: Array.from({ length: count }, (_, i) => makeFrame(T0 + (from + i) * STEP, [{ close: from + i }])), ...over,
  };
}
