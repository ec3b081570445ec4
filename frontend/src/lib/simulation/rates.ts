import type { RunStatistics } from "../../api/types";

/** A share with its interval; null where it is not known. */
export interface Rate {
  id: "won" | "late" | "base" | "zero";
  label: string;
  about: string;
  rate: number | null;
  low: number | null;
  high: number | null;
  n: number;
  /** What `n` counts. */
  of: string;
}

/** The hit rate and everything it has to be seen beside, in order. */
export const ratesOf = ({ n, clusters, hit, late, zero_edge: zero }: RunStatistics): Rate[] => [
  {
    id: "won", label: "This run", rate: hit.rate, low: hit.low, high: hit.high, n, of: "trades",
    about: `Interval: 95 %, by the ${clusters} ${clusters === 1 ? "event" : "events"} the trades fall into`,
  },
  { id: "late", label: "One bar late", rate: late.hit_rate, low: null, high: null, n: late.n, of: "trades", about: "The same, entered one bar later: what a real order may get" },
  { id: "base", label: "Same trade at any bar", rate: hit.base_rate, low: null, high: null, n: hit.base_bars, of: "bars", about: "The base rate: the trade made at every bar of the same pairs" },
  {
    id: "zero", label: "On a random walk", rate: zero?.hit_rate ?? null, low: zero?.low ?? null, high: zero?.high ?? null, n: zero?.n ?? 0, of: "walks",
    about: "The same way out on prices without a drift: what the levels alone win",
  },
];

/** Shares between which all of them and the goal can be drawn, at whole tenths. */
export function domainOf(rates: readonly Rate[], goal: number): readonly [number, number] {
  const known = [goal, ...rates.flatMap(({ rate, low, high }) => [rate, low, high]).filter((value) => value !== null)];
  const low = Math.floor(Math.min(...known) * 10 - 1e-9) / 10;
  const high = Math.ceil(Math.max(...known) * 10 + 1e-9) / 10;
  return [Math.max(0, low), Math.min(1, high)];
}

/** Where a share stands in the domain, in percent of its width. */
export const placeIn = ([from, to]: readonly [number, number], value: number) => Math.min(100, Math.max(0, ((value - from) / (to - from)) * 100));
