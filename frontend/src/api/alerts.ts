import { call, callJson, query } from "./call";
import { rangeTotal } from "./client";
import type { Alert, Maybe, Settings } from "./types";

/** What alerts of one kind were worth in one direction and over one horizon. Rates are fractions. */
export interface Evidence {
  direction: "long" | "short";
  /** Bars held. */
  horizon: number;
  n: number;
  clusters: number;
  hit_rate: Maybe;
  low: Maybe;
  high: Maybe;
  base_rate: Maybe;
  uplift: Maybe;
  /** The uplift when entered one bar later. */
  late: Maybe;
  expectancy: Maybe;
  q?: Maybe;
  verdict: string;
  words: string;
}

export interface EvidenceCell extends Evidence {
  timeframe: string;
  source: "live" | "historical";
  kind: string;
  tier: number | null;
}

export interface UserRule {
  id: number;
  name: string;
  expression: string;
  /** Full names and plain numbers. */
  normal: string;
  columns?: string[];
  created_ts: number;
  /** Why it is not judged by any more. */
  problem?: string | null;
}

export interface Calibration {
  day: number;
  budget: number;
  statistic: string | null;
  threshold: Maybe;
  p_value: Maybe;
  discovery: boolean;
}

/** One alert with everything it was made from. */
export interface AlertDetail extends Alert {
  values: Record<string, Maybe>;
  /** Raw inputs the rule read, oldest first. */
  window: Record<string, Maybe[]>;
  thresholds: Record<string, number>;
  code_version: string;
  settings_hash: string;
  created_ts: number;
  calibration: Calibration | null;
  rule: UserRule | null;
  evidence: EvidenceCell[];
}

export interface Outcome {
  direction: "long" | "short";
  horizon: number;
  late: boolean;
  net: Maybe;
  hit: boolean | null;
  entry: Maybe;
  exit: Maybe;
  matured_ts: number;
}

export interface AlertQuery {
  tf?: string | null;
  tier?: string | null;
  kind?: string | null;
  rule?: string | null;
  symbol?: string | null;
  exchange?: string | null;
  /** Opening times of bars, ms UTC, both inclusive. */
  since?: string | null;
  until?: string | null;
}

export interface AlertPage {
  alerts: Alert[];
  total: number;
}

export async function fetchAlertPage(asked: AlertQuery, offset: number, limit: number, signal?: AbortSignal): Promise<AlertPage> {
  const response = await call(`/api/alerts${query({ ...asked, limit, offset })}`, { signal });
  const alerts = (await response.json()) as Alert[];
  return { alerts, total: rangeTotal(response.headers.get("content-range")) ?? alerts.length };
}

export const fetchAlert = (id: string, signal?: AbortSignal) =>
  callJson<AlertDetail>(`/api/alerts/${encodeURIComponent(id)}`, { signal });

export const fetchOutcomes = (id: string, signal?: AbortSignal) =>
  callJson<Outcome[]>(`/api/alerts/${encodeURIComponent(id)}/outcomes`, { signal });

export const fetchEvidence = (signal?: AbortSignal) => callJson<EvidenceCell[]>("/api/evidence", { signal });

/** What a tier's threshold would have done on the stored history. */
export interface Planned {
  tier: number;
  setting: string;
  threshold: number;
  tf: string;
  days: number;
  series: number;
  days_known: number;
  flags_per_day: Maybe;
  alerts: number;
  alerts_per_day: Maybe;
  worth: Evidence[];
}

export const fetchPlan = (tier: number, threshold: string, days: number, tf: string, signal?: AbortSignal) =>
  callJson<Planned>(`/api/planner${query({ tier, threshold, days, tf })}`, { signal });

export const fetchRules = (signal?: AbortSignal) => callJson<UserRule[]>("/api/rules", { signal });

export const addRule = (name: string, expression: string) =>
  callJson<UserRule>("/api/rules", { method: "POST", body: { name, expression } });

export const deleteRule = (id: number) => call(`/api/rules/${id}`, { method: "DELETE" });

/** Changes thresholds; null puts one back to what the environment says. */
export const saveThresholds = (thresholds: Record<string, number | null>) =>
  callJson<Settings>("/api/settings", { method: "PUT", body: { thresholds } });

/** May this path be changed here? A server without a scraper shows settings and rules only. */
export async function isAllowed(path: string, method: string, signal?: AbortSignal): Promise<boolean> {
  const response = await call(path, { method: "OPTIONS", signal });
  return (response.headers.get("allow") ?? "").split(/,\s*/).includes(method);
}

export interface TestSent {
  target: string;
  ok: boolean;
  reason: string | null;
  took_s: number;
}

export const sendTest = () => callJson<TestSent[]>("/api/notify/test", { method: "POST" });
