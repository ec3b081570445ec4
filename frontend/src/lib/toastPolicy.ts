import type { Alert } from "../api/types";
import type { Backoff } from "./backoff";
import { pairKey } from "./rows";
import type { Choice } from "./stored";
import { severityRank, type Slot, SLOTS, slotOf } from "./tiers";

export const MODES = ["always", "largest", "watched", "list"] as const;

/** `largest`: pairs of the watchlists and the largest by open interest; `list`: never pops up. */
export type Mode = (typeof MODES)[number];

export const MODE_WORDS: Record<Mode, string> = {
  always: "always",
  largest: "watchlists and largest",
  watched: "watchlists only",
  list: "in the list only",
};

export type PopUps = Readonly<Record<Slot, Mode>>;

const DEFAULTS: PopUps = {
  t6: "always", t2: "always", t5: "largest", t3: "largest", t1: "largest", t4: "list",
  confluence: "largest",
  // A rule of one's own is asked for by being written.
  rule: "always",
};

function readPopUps(stored: unknown): PopUps | null {
  if (typeof stored !== "object" || stored === null) return null;
  const found = stored as Record<string, unknown>;
  const modes = SLOTS.map((slot) => [slot, MODES.find((mode) => mode === found[slot]) ?? DEFAULTS[slot]]);
  return Object.fromEntries(modes) as PopUps;
}

export const POPUPS: Choice<PopUps> = { name: "popups", fallback: DEFAULTS, read: readPopUps };

/** What decides whether an alert may interrupt. */
export interface Reach {
  popups: PopUps;
  /** `pairKey`s. */
  largest: ReadonlySet<string>;
  watched: ReadonlySet<string>;
  muted: (alert: Alert) => boolean;
}

/** What pops up. Everything else is in the list only. */
export type ToastPlan =
  | { kind: "single"; alert: Alert; also: Alert[]; held: number }
  | { kind: "summary"; count: number; top: Alert[]; lead: Alert; held: number }
  | { kind: "missed"; count: number; more: boolean; top: Alert[]; lead: Alert };

const FOLD_FROM = 4;
const NAMED = 3;

export const leadOf = (plan: ToastPlan) => (plan.kind === "single" ? plan.alert : plan.lead);

export function mayPopUp(alert: Alert, { popups, largest, watched, muted }: Reach): boolean {
  const mode = popups[slotOf(alert)];
  if (mode === "list" || muted(alert)) return false;
  const key = pairKey(alert);
  return mode === "always" || watched.has(key) || (mode === "largest" && largest.has(key));
}

export const alertRank = (alert: Alert) =>
  severityRank(alert.kind === "tier" ? alert.tier : null) + (alert.kind === "confluence" ? 1 : 0);

function groupBy<K>(alerts: readonly Alert[], keyOf: (alert: Alert) => K): Alert[][] {
  const groups = new Map<K, Alert[]>();
  for (const alert of alerts) groups.set(keyOf(alert), [...(groups.get(keyOf(alert)) ?? []), alert]);
  return [...groups.values()];
}

const bySeverity = (a: Alert, b: Alert) => alertRank(a) - alertRank(b);

type Single = Extract<ToastPlan, { kind: "single" }>;

/** The toast of one coin, of those of its tiers that have rested; null when none has. */
function single(alerts: readonly Alert[], now: number, backoff: Backoff): Single | null {
  let held = 0;
  const rested = groupBy(alerts, slotOf).filter((group) => {
    const before = backoff.admit(`${group[0]?.base}|${group[0] && slotOf(group[0])}`, now, group.length);
    held += before ?? 0;
    return before !== null;
  });
  const [alert, ...also] = rested.flat().sort(bySeverity);
  return alert ? { kind: "single", alert, also, held } : null;
}

/**
 * The toasts of one cycle, most severe first: one per base coin, however many exchanges or
 * timeframes say it; four or more fold into one summary that names the top three. A coin's tier
 * that popped up a moment ago rests (`backoff`); the next toast of it tells how many it held back.
 */
export function planToasts(alerts: readonly Alert[], reach: Reach, now: number, backoff: Backoff): ToastPlan[] {
  const candidates = alerts.filter((alert) => mayPopUp(alert, reach));
  const singles = groupBy(candidates, ({ base }) => base).flatMap((group) => single(group, now, backoff) ?? []);
  singles.sort((a, b) => bySeverity(a.alert, b.alert));
  const lead = singles[0];
  if (!lead || singles.length < FOLD_FROM) return singles;
  const top = singles.slice(0, NAMED).map(({ alert }) => alert);
  const held = singles.reduce((sum, plan) => sum + plan.held, 0);
  return [{ kind: "summary", count: singles.length, top, lead: lead.alert, held }];
}

/**
 * One toast for what happened while nobody watched: how many alerts (`more`: at least), and the
 * severest coins of those that may pop up. Null when none may.
 */
export function planMissed(alerts: readonly Alert[], more: boolean, reach: Reach): ToastPlan | null {
  const candidates = alerts.filter((alert) => mayPopUp(alert, reach)).sort(bySeverity);
  const top = groupBy(candidates, ({ base }) => base).flatMap(([first]) => first ?? []).slice(0, NAMED);
  const lead = top[0];
  return lead ? { kind: "missed", count: alerts.length, more, top, lead } : null;
}

/** An id alone could repeat in another database: the alert's own key goes with it. */
export const alertKey = (alert: Alert) =>
  [alert.id, alert.exchange, alert.symbol, alert.timeframe, alert.kind, alert.tier, alert.ts].join("|");

/** Remembers which alerts were shown, across reconnects and (through `dump`) across reloads. */
export class SeenAlerts {
  private readonly keys: Set<string>;
  constructor(
    keys: readonly string[] = [],
    private readonly capacity = 3000,
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
