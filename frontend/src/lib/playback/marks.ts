/** Alerts along a stretch: what the scrubber marks and the list names. Pure. */
import type { Alert } from "../../api/types";
import { severityRank } from "../tiers";
import { slotIn, type Stretch } from "./player";

/** What the page keeps of an alert of a stretch. */
export type Noted = Pick<Alert, "exchange" | "symbol" | "base" | "timeframe" | "ts" | "kind" | "tier" | "direction" | "text" | "rule"> & {
  /** Of the recorded alert; null where it is none. */
  id: number | null;
};

/** An alert without what it was made from. */
export function noted(alert: Omit<Alert, "id" | "permalink"> & { id: number | null }): Noted {
  const { id, exchange, symbol, base, timeframe, ts, kind, tier, direction, text, rule } = alert;
  return { id, exchange, symbol, base, timeframe, ts, kind, tier, direction, text, rule };
}

/** One alert per pair, bar, kind, tier and rule. */
export const notedKey = ({ exchange, symbol, ts, kind, tier, rule }: Noted) => `${exchange}|${symbol}|${ts}|${kind}|${tier ?? ""}|${rule?.id ?? ""}`;

const rankOf = ({ kind, tier }: Noted) => severityRank(kind === "tier" ? tier : null);

/** By time, the most severe first within a bar. */
export const inOrder = (alerts: readonly Noted[]): Noted[] =>
  [...alerts].sort((a, b) => a.ts - b.ts || rankOf(a) - rankOf(b) || a.base.localeCompare(b.base) || a.exchange.localeCompare(b.exchange));

/** Alerts that stand at one place of the scrubber. */
export interface Mark {
  /** The bar it leads to: the first that has the most severe of them. */
  ts: number;
  /** Place along the stretch, 0–1: of its bar, or of the bars that are folded. */
  place: number;
  /** The most severe of them. */
  lead: Noted;
  count: number;
}

/**
 * Marks of alerts: those of one bar fold into one, and so do bars that would stand closer than 1/`places`
 * of the stretch.
 */
export function foldedMarks(alerts: readonly Noted[], stretch: Stretch, places: number): Mark[] {
  const bars = Math.max(1, slotIn(stretch, stretch.end));
  const fits = bars < places;
  const buckets = new Map<number, { lead: Noted; count: number }>();
  for (const alert of alerts) {
    if (alert.ts < stretch.start || alert.ts > stretch.end) continue;
    const slot = slotIn(stretch, alert.ts);
    const bucket = fits ? slot : Math.floor((slot / (bars + 1)) * places);
    const held = buckets.get(bucket);
    if (!held) buckets.set(bucket, { lead: alert, count: 1 });
    else buckets.set(bucket, { lead: rankOf(alert) < rankOf(held.lead) ? alert : held.lead, count: held.count + 1 });
  }
  return [...buckets]
    .map(([bucket, { lead, count }]) => ({ ts: lead.ts, place: fits ? bucket / bars : (bucket + 0.5) / places, lead, count }))
    .sort((a, b) => a.ts - b.ts);
}

/** The bar of the nearest alert after (1) or before (-1) a bar; null where there is none. Alerts by time. */
export function neighbour(alerts: readonly Noted[], at: number, direction: 1 | -1): number | null {
  const found = direction === 1 ? alerts.find(({ ts }) => ts > at) : alerts.findLast(({ ts }) => ts < at);
  return found?.ts ?? null;
}
