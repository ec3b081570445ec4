import type { Correlations } from "../../api/types";

export const WINDOWS = ["6h", "12h", "24h", "3d", "7d"] as const;
export type Window = (typeof WINDOWS)[number];
export type On = "changes" | "levels";

/** Of what is known how much of a colour: text on the strongest keeps its contrast in both themes. */
const STRONGEST = 0.45;

/** The ground of a cell: which way by hue, how much by strength. The number stands on it. */
export function ground(r: number): string {
  const alpha = Math.min(Math.abs(r), 1) * STRONGEST;
  return `rgb(var(--${r >= 0 ? "up" : "down"}) / ${alpha.toFixed(3)})`;
}

/** The flagged pairs for both halves of the square: "i,j" and "j,i". */
export function flags(found: Correlations): ReadonlySet<string> {
  return new Set(found.flagged.flatMap(([i, j]) => [`${i},${j}`, `${j},${i}`]));
}

export function whyUnknown(on: On): string {
  const what = on === "changes" ? "changes" : "values";
  return `Not known: less than 90 % of the window's ${what} are known on both sides, or one of them stands still.`;
}
