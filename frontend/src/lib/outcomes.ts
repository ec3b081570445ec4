import type { Alert, Outcome } from "../api/types";

export const HORIZONS = [1, 3, 6, 12, 48] as const;

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A timeframe (5m, 4h) in ms; null for what is none. */
export function frameMs(timeframe: string): number | null {
  const match = /^(\d+)([mhd])$/.exec(timeframe);
  return match ? Number(match[1]) * (UNITS[match[2] ?? ""] ?? 0) : null;
}

/** Close of the last bar held, ms UTC: the trade enters one bar after the alert's, or two when late. */
export function matures(alert: Pick<Alert, "ts" | "timeframe">, horizon: number, late: boolean): number | null {
  const step = frameMs(alert.timeframe);
  return step === null ? null : alert.ts + (1 + horizon + (late ? 1 : 0)) * step;
}

export const outcomeOf = (outcomes: readonly Outcome[], direction: string, horizon: number, late: boolean) =>
  outcomes.find((one) => one.direction === direction && one.horizon === horizon && one.late === late) ?? null;
