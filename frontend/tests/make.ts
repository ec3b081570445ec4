import type { Alert, Catalog, ExchangeHealth, MetricRow } from "../src/api/types";
import { pairKey, type RowView } from "../src/lib/rows";

/** A row of which everything is known; override what a test is about. */
export function makeRow(over: Partial<MetricRow> = {}): MetricRow {
  return {
    exchange: "binanceusdm", symbol: "BTC/USDT:USDT", base: "BTC", timeframe: "5m", ts: 1_700_000_000_000,
    open: 1, high: 2, low: 0.5, close: 1.5, volume: 10, quote_volume: 15, taker_buy: 6, taker_sell: 4,
    imbalance: 20, cvd: 100, oi_contracts: 1000, oi_abs_usd: 1500, oi_delta_pct: 0.5, global_ls: 1.5, top_ls: 1.2,
    ls_delta_pct: 0.1, funding: 0.0001, funding_interval_h: 8, rsi: 55, z_score: 1, z_raw: 1, confluence: 0,
    tiers: [], tier: null, quality: [], guarded: {}, live_price: 67_234.5, live_ts: 1_700_000_300_000,
    live_oi_abs_usd: 2_000_000, price_change_24h_pct: 1.2, volume_24h_usd: 5_000_000, oi_change_1h_pct: 0.3,
    oi_change_4h_pct: 0.4, oi_change_24h_pct: -2, oi_price_quadrant: "new longs", funding_next: 0.0002,
    funding_next_ts: 1_700_003_600_000, market_cap_usd: 1e12, oi_mcap_pct: 0.0002, age_s: 1,
    unknown_tiers: [], source: "rest", live_source: null, listed_ts: 1_500_000_000_000,
    ...over,
  };
}

export function makeView(over: Partial<MetricRow> = {}, at = 0): RowView {
  const row = makeRow(over);
  return { key: pairKey(row), row, at };
}

let id = 0;

export function makeAlert(over: Partial<Alert> = {}): Alert {
  id += 1;
  return {
    id, seq: id, kind: "tier", tier: 1, exchange: "binanceusdm", symbol: "BTC/USDT:USDT", base: "BTC",
    timeframe: "5m", ts: 1_700_000_000_000, severity: 5, direction: "long", text: "OI jumped.", values: {},
    window: {}, thresholds: {}, code_version: "0", settings_hash: "0", created_ts: 1_700_000_300_000, rule: null, calibration: null,
    permalink: "0-0-0",
    ...over,
  };
}

/** A catalog that lists nothing; override what a test is about. */
export function makeCatalog(over: Partial<Catalog> = {}): Catalog {
  const grammar: Catalog["rules"] = {
    columns: [], aliases: {}, comparisons: [], arithmetic: [], words: [], functions: [], suffixes: {},
    limits: { characters: 1000, parts: 100, levels: 10 }, example: "",
  };
  return { metrics: [], columns: [], tiers: [], rules: grammar, filters: grammar, unpublished: {}, ...over };
}

/** An exchange of which all is well. */
export const makeExchange = (over: Partial<ExchangeHealth> = {}): ExchangeHealth => ({
  state: "ok", pairs: 1, request_rate: 1, budget_used: 0.1, budgets: {}, requests: 10, errors: 0, error_rate: 0,
  in_flight: 0, peak_in_flight: 1, latency_p50_s: 0.1, latency_p95_s: 0.2, clock_skew_ms: 0, oldest_s: 1,
  reconnects: 0, source: "rest", websockets: [], refresh: {}, stamps: {}, throttled: {}, banned_for_s: null,
  breaker: { state: "closed", reason: null, next_probe_s: null }, guarded: {}, last_error: null,
  gaps: { missing: 0, open: 0, pairs: 0, healing: false, healed: 0, given_up: 0, looked_ts: null },
  ...over,
});
