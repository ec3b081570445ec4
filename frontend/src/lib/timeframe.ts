const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a timeframe's name: 5m, 1h; null for what is none. */
export function timeframeMs(name: string): number | null {
  const match = /^(\d+)([mhd])$/.exec(name);
  const unit = UNITS[match?.[2] ?? ""];
  return match && unit !== undefined ? Number(match[1]) * unit : null;
}
