import { setDenied } from "./access";
import { ApiError, errorOf } from "./errors";
import type { Alert, Health, History, MetricRow, Settings } from "./types";

export { ApiError } from "./errors";

const PAGE = 1000;

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError("The server does not answer.", 0);
  }
}

async function get(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await send(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  if (response.status === 401) setDenied(true);
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await get(path, signal)).json()) as T;
}

/** Total of a `Content-Range: metrics 0-199/512` or `metrics *\/0`; null when it says nothing. */
export function rangeTotal(header: string | null): number | null {
  const match = /\/(\d+)\s*$/.exec(header ?? "");
  return match ? Number(match[1]) : null;
}

/** Every newest row of a timeframe, page by page. */
export async function fetchMetrics(tf: string, signal?: AbortSignal): Promise<MetricRow[]> {
  const rows: MetricRow[] = [];
  for (;;) {
    const query = new URLSearchParams({ tf, limit: String(PAGE), offset: String(rows.length) });
    const response = await get(`/api/metrics?${query.toString()}`, signal);
    const page = (await response.json()) as MetricRow[];
    rows.push(...page);
    const total = rangeTotal(response.headers.get("content-range"));
    if (page.length === 0 || rows.length >= (total ?? 0)) return rows;
  }
}

export const fetchSettings = (signal?: AbortSignal) => getJson<Settings>("/api/settings", signal);

export const fetchAlerts = (limit: number, signal?: AbortSignal) =>
  getJson<Alert[]>(`/api/alerts?limit=${limit}`, signal);

/** `down` comes with status 503 and is an answer all the same. */
export async function fetchHealth(signal?: AbortSignal): Promise<Health> {
  const response = await send("/health", signal ? { signal } : {});
  if (!response.ok && response.status !== 503) throw await errorOf(response);
  return (await response.json()) as Health;
}

export function fetchHistory(
  exchange: string,
  symbol: string,
  tf: string,
  limit: number,
  signal?: AbortSignal,
): Promise<History> {
  const query = new URLSearchParams({ exchange, symbol, tf, limit: String(limit) });
  return getJson<History>(`/api/history?${query.toString()}`, signal);
}
