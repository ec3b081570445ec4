import { errorOf } from "./errors";
import { ask, call, send } from "./http";
import type { Alert, Health, History, MetricRow, Settings } from "./types";

export { ApiError } from "./errors";
export { call } from "./http";

const PAGE = 1000;

const until = (signal?: AbortSignal) => (signal ? { signal } : {});

/** Total of a `Content-Range: metrics 0-199/512` or `metrics *\/0`; null when it says nothing. */
export function rangeTotal(header: string | null): number | null {
  const match = /\/(\d+)\s*$/.exec(header ?? "");
  return match ? Number(match[1]) : null;
}

/** Every newest row of a timeframe, page by page. */
export async function fetchMetrics(tf: string, signal?: AbortSignal): Promise<MetricRow[]> {
  const rows: MetricRow[] = [];
  for (;;) {
    const query = { tf, limit: PAGE, offset: rows.length };
    const response = await ask("get", "/api/metrics", { query, ...until(signal) });
    const page = (await response.json()) as MetricRow[];
    rows.push(...page);
    const total = rangeTotal(response.headers.get("content-range"));
    if (page.length === 0 || rows.length >= (total ?? 0)) return rows;
  }
}

export const fetchSettings = (signal?: AbortSignal): Promise<Settings> => call("get", "/api/settings", until(signal));

export const fetchAlerts = (limit: number, signal?: AbortSignal): Promise<Alert[]> =>
  call("get", "/api/alerts", { query: { limit }, ...until(signal) });

/** `down` comes with status 503 and is an answer all the same. */
export async function fetchHealth(signal?: AbortSignal): Promise<Health> {
  const response = await send("/health", until(signal));
  if (!response.ok && response.status !== 503) throw await errorOf(response);
  return (await response.json()) as Health;
}

export interface HistoryQuery {
  exchange: string;
  symbol: string;
  tf: string;
  limit: number;
  /** Open times, ms: of the first bar wanted, else of the last. */
  start?: number;
  end?: number;
  /** Names of overlays, comma between them. */
  overlays?: string;
}

export const fetchHistory = (query: HistoryQuery, signal?: AbortSignal): Promise<History> =>
  call("get", "/api/history", { query, ...until(signal) });

/** Alerts of one pair and timeframe, newest first. */
export const fetchPairAlerts = (exchange: string, symbol: string, tf: string, limit: number, signal?: AbortSignal): Promise<Alert[]> =>
  call("get", "/api/alerts", { query: { exchange, symbol, tf, limit }, ...until(signal) });
