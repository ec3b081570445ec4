import type { Alert } from "../api/types";
import { pairKey } from "./rows";
import { severityRank } from "./tiers";

/** What pops up. Everything else is in the list only. */
export type ToastPlan =
  | { kind: "single"; alert: Alert; also: Alert[] }
  | { kind: "summary"; count: number; top: Alert[]; lead: Alert };

const ALWAYS = new Set([2, 6]);
const LIST_ONLY = new Set([4]);
const FOLD_FROM = 4;
const NAMED = 3;

/** May this alert interrupt? Tiers 2 and 6 and own rules always, tier 4 never, the rest for the largest pairs. */
export function mayPopUp(alert: Alert, largest: ReadonlySet<string>): boolean {
  if (alert.kind === "tier" && alert.tier !== null) {
    if (ALWAYS.has(alert.tier)) return true;
    if (LIST_ONLY.has(alert.tier)) return false;
  }
  // A rule of one's own is asked for by being written.
  if (alert.kind === "rule") return true;
  return largest.has(pairKey(alert));
}

const rank = (alert: Alert) => severityRank(alert.kind === "tier" ? alert.tier : null);

/**
 * The toasts of one cycle, most severe first: one per base coin, however many exchanges or
 * timeframes say it; four or more fold into one summary that names the top three.
 */
export function planToasts(alerts: readonly Alert[], largest: ReadonlySet<string>): ToastPlan[] {
  const byBase = new Map<string, Alert[]>();
  for (const alert of alerts.filter((candidate) => mayPopUp(candidate, largest))) {
    byBase.set(alert.base, [...(byBase.get(alert.base) ?? []), alert]);
  }
  const groups = [...byBase.values()].map((group) => [...group].sort((a, b) => rank(a) - rank(b)));
  const singles = groups.flatMap(([alert, ...also]) => (alert ? [{ kind: "single" as const, alert, also }] : []));
  singles.sort((a, b) => rank(a.alert) - rank(b.alert));
  const lead = singles[0];
  if (!lead || singles.length < FOLD_FROM) return singles;
  const top = singles.slice(0, NAMED).map((single) => single.alert);
  return [{ kind: "summary", count: singles.length, top, lead: lead.alert }];
}

/** An id alone could repeat in another database: the alert's own key goes with it. */
export const alertKey = (alert: Alert) =>
  [alert.id, alert.exchange, alert.symbol, alert.timeframe, alert.kind, alert.tier, alert.ts].join("|");

/** Remembers which alerts were shown, across reconnects and (through `dump`) across reloads. */
export class SeenAlerts {
  private readonly keys: Set<string>;
  constructor(
    keys: readonly string[] = [],
    private readonly capacity = 1000,
  ) {
    this.keys = new Set(keys);
  }

  /** True the first time only. */
  add(alert: Alert): boolean {
    const key = alertKey(alert);
    if (this.keys.has(key)) return false;
    this.keys.add(key);
    for (const oldest of this.keys) {
      if (this.keys.size <= this.capacity) break;
      this.keys.delete(oldest);
    }
    return true;
  }

  dump(): string[] {
    return [...this.keys];
  }
}
