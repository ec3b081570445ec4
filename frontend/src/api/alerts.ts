import { rangeTotal } from "./client";
import { ask, call, send } from "./http";
import type {
  Alert, AlertWithEvidence, EvidenceCell, NewRule, NotifyResult, Outcome, Planner, Rule, Settings, ThresholdChanges,
} from "./types";

/** What alerts of one kind were worth in one direction and over one horizon. Rates are fractions. */
export type Evidence = Planner["worth"][number];

/** Which alerts are asked for; null and "" ask for all. `since` and `until`: opening times of bars, ms UTC, inclusive. */
export interface AlertQuery {
  tf?: string | null;
  tier?: string | null;
  kind?: string | null;
  rule?: string | null;
  symbol?: string | null;
  exchange?: string | null;
  since?: string | null;
  until?: string | null;
}

export interface AlertPage {
  alerts: Alert[];
  total: number;
}

const until = (signal?: AbortSignal) => (signal ? { signal } : {});

export async function fetchAlertPage(asked: AlertQuery, offset: number, limit: number, signal?: AbortSignal): Promise<AlertPage> {
  const given = Object.entries(asked).filter(([, value]) => value !== null);
  const query = { ...(Object.fromEntries(given) as Record<string, string>), limit, offset };
  const response = await ask("get", "/api/alerts", { query, ...until(signal) });
  const alerts = (await response.json()) as Alert[];
  return { alerts, total: rangeTotal(response.headers.get("content-range")) ?? alerts.length };
}

export const fetchAlert = (id: string, signal?: AbortSignal): Promise<AlertWithEvidence> =>
  call("get", "/api/alerts/{number}", { path: { number: Number(id) }, ...until(signal) });

export const fetchOutcomes = (id: string, signal?: AbortSignal): Promise<Outcome[]> =>
  call("get", "/api/alerts/{number}/outcomes", { path: { number: Number(id) }, ...until(signal) });

export const fetchEvidence = (signal?: AbortSignal): Promise<EvidenceCell[]> => call("get", "/api/evidence", until(signal));

/** What a tier's threshold (a plain number, without exponent) would have done on the stored history. */
export const fetchPlan = (tier: number, threshold: string, days: number, tf: string, signal?: AbortSignal): Promise<Planner> =>
  call("get", "/api/planner", { query: { tier, threshold, days, tf }, ...until(signal) });

export const fetchRules = (signal?: AbortSignal): Promise<Rule[]> => call("get", "/api/rules", until(signal));

export const addRule = (name: string, expression: string): Promise<Rule> =>
  call("post", "/api/rules", { body: { name, expression } satisfies NewRule });

export const deleteRule = (id: number): Promise<unknown> => call("delete", "/api/rules/{number}", { path: { number: id } });

/** Changes thresholds; null puts one back to what the environment says. */
export const saveThresholds = (thresholds: ThresholdChanges): Promise<Settings> =>
  call("put", "/api/settings", { body: { thresholds } });

/** May this path be changed here? A server without a scraper shows settings and rules only. */
export async function isAllowed(path: string, method: string, signal?: AbortSignal): Promise<boolean> {
  const response = await send(path, { method: "OPTIONS", ...until(signal) });
  return (response.headers.get("allow") ?? "").split(/,\s*/).includes(method);
}

export const sendTest = (): Promise<NotifyResult[]> => call("post", "/api/notify/test", {});
