/** Columns as rows for charts of lines. Pure. */
import { type Bars, slice } from "../bars";

/** SVG lines stay quick up to here. */
export const MOST_POINTS = 1000;

export type LineRow = { ts: number } & Record<string, number | null>;

/** The newest bars, at most `most`, one row each. Nothing is averaged: a spike stays a spike, a hole a hole. */
export function lineRows(bars: Bars, columns: readonly string[], most = MOST_POINTS): LineRow[] {
  const shown = slice(bars, Math.max(0, bars.ts.length - most), bars.ts.length);
  return shown.ts.map((ts, i) => {
    const row: LineRow = { ts };
    for (const name of columns) row[name] = shown.columns[name]?.[i] ?? null;
    return row;
  });
}

/** Several series by their own times on the times of all. */
export function joinRows(series: Readonly<Record<string, { ts: readonly number[]; values: readonly (number | null)[] }>>): LineRow[] {
  const rows = new Map<number, LineRow>();
  for (const [name, { ts, values }] of Object.entries(series)) {
    ts.forEach((one, i) => {
      const row = rows.get(one) ?? { ts: one };
      row[name] = values[i] ?? null;
      rows.set(one, row);
    });
  }
  const names = Object.keys(series);
  return [...rows.values()]
    .sort((a, b) => a.ts - b.ts)
    .map((row) => Object.assign(Object.fromEntries(names.map((name) => [name, null])), row));
}
