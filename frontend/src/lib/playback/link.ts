/** The address of a replay. */
import type { Alert } from "../../api/types";
import { pairKey } from "../rows";
import { patched, type UrlPatch } from "../url";

/** What leads to the replay, paused at an alert's bar, its pair chosen; what was asked of another replay is taken out. */
export const atAlert = (alert: Pick<Alert, "exchange" | "symbol" | "timeframe" | "ts">): UrlPatch => ({
  view: "replay", tf: alert.timeframe, at: String(alert.ts), pair: pairKey(alert),
  from: null, to: null, as: null, pairs: null, loop: null, tab: null, alert: null, exchange: null, q: null,
});

/** The same as a link. */
export const hrefAt = (alert: Parameters<typeof atAlert>[0]): string => patched("", atAlert(alert));

/** A time of the address, ms UTC; null for what is none. */
export function timeIn(text: string | null): number | null {
  const ts = Number(text);
  return text !== null && Number.isSafeInteger(ts) && ts > 0 ? ts : null;
}

/** `from-to` of the address. */
export function loopOf(text: string | null): { from: number; to: number } | null {
  const [from, to] = (text ?? "").split("-").map(timeIn);
  return from != null && to != null && from < to ? { from, to } : null;
}

const HALF_DAY_MS = 43_200_000;

/** What of the recording is asked for: as the address says, else around the bar it leads to; else the server's newest day. */
export function stretchAsked(from: string | null, to: string | null, at: number | null): { start?: number; end?: number } {
  const [start, end] = [timeIn(from), timeIn(to)];
  if (start === null && end === null) return at === null ? {} : { start: Math.max(0, at - HALF_DAY_MS), end: at + HALF_DAY_MS };
  return { ...(start === null ? {} : { start }), ...(end === null ? {} : { end }) };
}
