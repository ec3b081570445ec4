/** What the server says: shapes of its JSON and of its socket events. Unknown is null, never 0. */

export type * from "./healthTypes";

export type Maybe = number | null;

export type Quadrant = "new longs" | "short covering" | "new shorts" | "long liquidation";

/** The newest row of a pair: its newest closed bar plus what moves between closes. */
export interface MetricRow {
  exchange: string;
  symbol: string;
  base: string;
  timeframe: string;
  /** Open time of the closed bar, ms UTC. */
  ts: number;
  open: Maybe;
  high: Maybe;
  low: Maybe;
  close: Maybe;
  volume: Maybe;
  quote_volume: Maybe;
  taker_buy: Maybe;
  taker_sell: Maybe;
  imbalance: Maybe;
  cvd: Maybe;
  oi_contracts: Maybe;
  oi_abs_usd: Maybe;
  oi_delta_pct: Maybe;
  global_ls: Maybe;
  top_ls: Maybe;
  ls_delta_pct: Maybe;
  /** Fraction per `funding_interval_h`, not percent. */
  funding: Maybe;
  funding_interval_h: Maybe;
  rsi: Maybe;
  z_score: Maybe;
  z_raw: Maybe;
  confluence: Maybe;
  tiers: number[] | null;
  tier: Maybe;
  quality: string[] | null;
  guarded: Record<string, number> | null;
  live_price: Maybe;
  live_ts: Maybe;
  live_oi_abs_usd: Maybe;
  price_change_24h_pct: Maybe;
  volume_24h_usd: Maybe;
  oi_change_1h_pct: Maybe;
  oi_change_4h_pct: Maybe;
  oi_change_24h_pct: Maybe;
  oi_price_quadrant: string | null;
  funding_next: Maybe;
  funding_next_ts: Maybe;
  market_cap_usd?: Maybe;
  /** Open interest of this pair in percent of its coin's market cap. */
  oi_mcap_pct?: Maybe;
  /** How the closed bar came, and how the live values did: rest, websocket. */
  source?: string | null;
  live_source?: string | null;
  listed_ts?: Maybe;
  age_s: Maybe;
}

/** Columns of a row that hold one number. */
export type NumberColumn = {
  [K in keyof MetricRow]-?: Exclude<MetricRow[K], null | undefined> extends number ? K : never;
}[keyof MetricRow];

export type AlertKind = "tier" | "confluence" | "rule";

export interface Alert {
  id: number | string;
  seq: number;
  kind: AlertKind;
  tier: number | null;
  exchange: string;
  symbol: string;
  base: string;
  timeframe: string;
  ts: number;
  severity: number | string | null;
  direction: string | number | null;
  text: string;
  values: Record<string, unknown> | null;
}

export interface MetricDoc {
  name: string;
  unit: string;
  doc: string;
}

export interface TierDoc {
  tier: number;
  name: string;
  doc: string;
  severity: number | string;
}

export interface Catalog {
  metrics: MetricDoc[];
  tiers: TierDoc[];
  /** exchange -> column -> why the exchange does not publish it. */
  unpublished: Record<string, Record<string, string>>;
}

export interface Settings {
  mode: "live" | "simulated";
  timeframes: string[];
  exchanges: string[];
  thresholds: Record<string, number>;
  catalog: Catalog;
}

/** Closed bars as columns, oldest first; `quality` holds a list per bar. */
export interface History {
  ts: number[];
  [column: string]: unknown;
}

export interface SubscribeRequest {
  tf: string;
  exchange: string;
  since: number | null;
}

export interface SubscribeAck {
  tf: string;
  seq: number;
  ts: number;
  /** True: `rows` is everything. False: `rows` is what changed after `since`. */
  full: boolean;
  rows: MetricRow[];
  alerts: Alert[];
}

export interface MetricsUpdate {
  tf: string;
  seq: number;
  ts: number;
  rows: MetricRow[];
}

/** A coin on one exchange, by its most liquid listing there. */
export interface WeightedListing {
  exchange: string;
  symbol: string;
  oi_abs_usd: Maybe;
  /** Coins traded in the bar. */
  volume: Maybe;
  /** Its share of the coin's volume, 0 to 1. */
  weight: Maybe;
  oi_delta_pct: Maybe;
  /** `oi_delta_pct` − `global_oi_change_pct` in sigmas. */
  divergence: Maybe;
}

/** A coin across exchanges, at the newest bar they have in common. */
export interface WeightedCoin {
  base: string;
  ts: number;
  /** Σ(OI·volume) / Σ volume, USD. */
  weighted_oi: Maybe;
  global_oi_change_pct: Maybe;
  exchanges: WeightedListing[];
}

export interface Correlations {
  symbols: string[];
  exchanges: string[];
  /** The bar that ends the window; null without any. */
  ts: Maybe;
  /** Pearson's r, coin by coin, in the order of `symbols`. */
  r: Maybe[][];
  /** Pairs of indices with |r| > 0.6. */
  flagged: [number, number][];
  /** r of open interest against the close, by symbol. */
  oi_price: Record<string, Maybe>;
}

/** RFC 9457 problem. */
export interface Problem {
  title?: string;
  detail?: string;
  status?: number;
}
