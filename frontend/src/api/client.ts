import type { Alert, Health, History, MetricRow, Problem, Settings } from "./types";

const PAGE = 1000;

/** An answer that is not what was asked for, in words a reader can act on. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

async function problemOf(response: Response): Promise<string> {
  const fallback = `${response.status} ${response.statusText}`.trim();
  if (!(response.headers.get("content-type") ?? "").includes("json")) return fallback;
  const problem = (await response.json()) as Problem;
  return problem.detail ?? problem.title ?? fallback;
}

async function get(path: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError("The server does not answer.", 0);
  }
  if (!response.ok) throw new ApiError(await problemOf(response), response.status);
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
  const response = await fetch("/health", signal ? { signal } : {});
  if (!response.ok && response.status !== 503) throw new ApiError(await problemOf(response), response.status);
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

export function fetchHistory(query: HistoryQuery, signal?: AbortSignal): Promise<History> {
  const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const params = new URLSearchParams(known.map(([name, value]) => [name, String(value)]));
  return getJson<History>(`/api/history?${params.toString()}`, signal);
}

/** Alerts of one pair and timeframe, newest first. */
export function fetchPairAlerts(exchange: string, symbol: string, tf: string, limit: number, signal?: AbortSignal): Promise<Alert[]> {
  const query = new URLSearchParams({ exchange, symbol, tf, limit: String(limit) });
  return getJson<Alert[]>(`/api/alerts?${query.toString()}`, signal);
}
