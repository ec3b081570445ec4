/** What /health says, and `health_update` between. A key that is absent is not told by that server. */
import type { Maybe } from "./types";

/** The longest time between two requests about a pair, and the share of pairs asked at each close. */
export interface Refresh {
  every_s: number;
  share: number;
}

/** One websocket connection. */
export interface WebsocketHealth {
  name: string;
  up: boolean;
  topics: number;
  refused: number;
  /** Since it last carried data. */
  silent_s: Maybe;
  reconnects: number;
  failures: number;
  unreadable: number;
  last_error: string | null;
}

/** Holes in what is stored, as the last look for them found it. */
export interface GapsHealth {
  /** Closed bars that were not there and that the exchange may have; null before the first look's end, as the next two. */
  missing: Maybe;
  /** Those, and the bars of which a value is unknown or stood in for; of so many pairs. */
  open: Maybe;
  pairs: Maybe;
  healing: boolean;
  healed: number;
  given_up: number;
  looked_ts: Maybe;
}

export interface CyclesHealth {
  /** The last so many cycles at most are counted. */
  window: number;
  /** Upper edges of the buckets, seconds; the last count is of what lies beyond them. */
  edges_s: number[];
  counts: number[];
  p50_s: Maybe;
  p99_s: Maybe;
}

export interface DatabaseHealth {
  size_bytes: number;
  wal_bytes: number;
  schema: number;
  /** Number of the newest transaction. */
  seq: number;
  pairs: number;
  series: number;
  bars: number;
  oldest_ts: Maybe;
  newest_ts: Maybe;
}

export interface NotifyTarget {
  state: string;
  sent: number;
  messages: number;
  waiting: number;
  failed: number;
  given_up: number;
  last_sent_ts: Maybe;
  last_error: string | null;
}

export interface ExchangeHealth {
  state: string;
  pairs?: number;
  source?: string;
  reconnects?: number;
  request_rate?: number;
  requests?: number;
  errors?: number;
  error_rate?: number;
  in_flight?: number;
  peak_in_flight?: number;
  budget_used?: number;
  budgets?: Record<string, number>;
  /** Budgets the exchange has closed for a while: seconds left. */
  throttled?: Record<string, number>;
  latency_p50_s?: Maybe;
  latency_p95_s?: Maybe;
  clock_skew_ms?: Maybe;
  oldest_s?: Maybe;
  banned_for_s?: number;
  breaker?: { state: string; reason?: string | null; next_probe_s?: Maybe };
  refresh?: Record<string, Refresh>;
  websockets?: WebsocketHealth[];
  /** What the stamps of its rows mean, by kind. */
  stamps?: Record<string, string>;
  /** Pairs whose newest bar lacks a refused number, by mark. */
  guarded?: Record<string, number>;
  gaps?: GapsHealth;
  last_error?: string | null;
}

export interface CoinGeckoHealth {
  state: string;
  age_s?: Maybe;
  matched?: number;
}

export interface Health {
  status: "starting" | "ok" | "degraded" | "down";
  uptime_s?: number;
  /** 0 to 1: the share of start-up history requests that are done. */
  warm?: number;
  version?: string;
  last_cycle?: { id: number; started: number; duration_s: number; rows: number; errors: number; bar_close: boolean } | null;
  /** Bar close to readable. */
  closed_bar_lag_s?: { p50: Maybe; p99: Maybe } | null;
  cycles?: CyclesHealth;
  exchanges?: Record<string, ExchangeHealth>;
  coingecko?: CoinGeckoHealth;
  database?: DatabaseHealth;
  notify?: { state: string; quiet_until?: Maybe; targets?: Record<string, NotifyTarget> };
  /** Why the scraper ended. */
  failure?: string | null;
  /** Why it is down, where nothing else can be told. */
  detail?: string;
  /** Age of all this, where the scraper is another process. */
  kept_s_ago?: number;
  /** Local time (ms) at which this page was told; the server does not send it. */
  at?: number;
}
