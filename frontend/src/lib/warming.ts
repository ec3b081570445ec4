import type { MetricRow } from "../api/types";
import { marks } from "./quality";

/** Changes between closed bars that a column needs before it can say anything. */
const NEEDED: Partial<Record<keyof MetricRow, number>> = { z_score: 21, z_raw: 21, rsi: 100 };

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `15m` in ms; null for what is no timeframe. */
function timeframeMs(tf: string): number | null {
  const [, count, unit = ""] = /^(\d+)([mhd])$/.exec(tf) ?? [];
  return count === undefined ? null : Number(count) * (UNIT_MS[unit] ?? 0);
}

/**
 * How many of the changes it needs a warming column has, where the row can tell: a pair listed so
 * short ago that it cannot have more, and without a gap since.
 */
export function warmingOf(row: MetricRow, column: keyof MetricRow): { have: number; need: number } | null {
  const need = NEEDED[column];
  const bar = timeframeMs(row.timeframe);
  if (need === undefined || bar === null || row.listed_ts == null || marks(row).includes("gap")) return null;
  const firstBar = Math.ceil(row.listed_ts / bar) * bar;
  const have = Math.max(0, (row.ts - firstBar) / bar);
  return have < need ? { have, need } : null;
}
