/** Columns as the chart library wants them. Every slot becomes a point: an unknown one is whitespace. */
import type { UTCTimestamp, WhitespaceData } from "lightweight-charts";

import type { Bars } from "../bars";
import type { SeriesSpec } from "./panes";

export type Point = WhitespaceData<UTCTimestamp> & {
  value?: number;
  color?: string;
  open?: number;
  high?: number;
  low?: number;
  close?: number;
};

export const timeOf = (ts: number) => (ts / 1000) as UTCTimestamp;

/** A candle only where all four prices are known. */
export function candle(bars: Bars, i: number): Point {
  const time = timeOf(bars.ts[i] ?? 0);
  const { open, high, low, close } = bars.columns;
  const prices = [open?.[i], high?.[i], low?.[i], close?.[i]];
  const [o, h, l, c] = prices;
  if (o == null || h == null || l == null || c == null) return { time };
  return { time, open: o, high: h, low: l, close: c };
}

export interface SignColours {
  up: string;
  down: string;
  flat: string;
}

/** One value of a column; histograms take the colour of their sign, or of `by`'s candle. */
export function point(bars: Bars, i: number, spec: SeriesSpec, colours: SignColours): Point {
  const time = timeOf(bars.ts[i] ?? 0);
  const value = bars.columns[spec.column]?.[i] ?? null;
  if (value === null) return { time };
  if (spec.kind === "line") return { time, value };
  return { time, value, color: colourOf(spec.by === "candle" ? bodyOf(bars, i) : value, colours) };
}

const colourOf = (sign: number, { up, down, flat }: SignColours) => (sign > 0 ? up : sign < 0 ? down : flat);

function bodyOf(bars: Bars, i: number): number {
  const open = bars.columns.open?.[i] ?? null;
  const close = bars.columns.close?.[i] ?? null;
  return open === null || close === null ? 0 : close - open;
}

/** All points of a series. */
export const points = (bars: Bars, make: (i: number) => Point): Point[] => bars.ts.map((_, i) => make(i));
