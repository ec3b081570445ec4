import type { Run } from "../../api/types";

type Curve = Run["curve"];

/** SVG lines stay quick up to here. */
export const MOST_POINTS = 1000;

/** One moment of a chart: a value of each line by its name, null where it has none. */
export type CurveRow = { ts: number } & Record<string, number | null>;

/** Indices of at most `most` points of n, the first and the last among them, as evenly as can be. */
export function picked(n: number, most: number): number[] {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (n - 1)) / (most - 1)));
}

/** What an account is at each moment, as a share of what it began with: 0 is where it began. */
export const returnsOf = ({ curve, portfolio }: Pick<Run, "curve" | "portfolio">) =>
  curve.equity.map((equity) => (equity === null ? null : equity / portfolio.capital - 1));

const deepestOf = (values: readonly (number | null)[]) => Math.max(0, ...values.filter((value) => value !== null));
const percentOf = (fraction: number | null) => (fraction === null ? null : fraction * 100);

/**
 * A curve thinned to at most `most` points. Of each stretch its last equity and the deepest drawdown
 * within it, so that no fall is lost.
 */
export function thinned({ ts, equity, drawdown, exposure }: Curve, most: number): Curve {
  const at = picked(ts.length, most);
  const of = (values: readonly (number | null)[]) => at.map((i) => values[i] ?? null);
  const deepest = at.map((end, i) => deepestOf(drawdown.slice(i === 0 ? 0 : (at[i - 1] ?? 0) + 1, end + 1)));
  return { ts: at.map((i) => ts[i] ?? 0), equity: of(equity), drawdown: deepest, exposure: of(exposure) };
}

export interface NamedRun {
  name: string;
  run: Pick<Run, "curve" | "portfolio">;
}

interface Line {
  name: string;
  ts: readonly number[];
  equity: readonly (number | null)[];
  fall: readonly (number | null)[];
  at: number;
}

/** Return and drawdown (in percent, a fall below 0) of each run on the times of all; between two of its points a run stands at the first. */
export function curveRows(runs: readonly NamedRun[]): CurveRow[] {
  const most = Math.floor(MOST_POINTS / Math.max(1, runs.length));
  const lines: Line[] = runs.map(({ name, run }) => {
    const curve = thinned(run.curve, most);
    const equity = returnsOf({ curve, portfolio: run.portfolio }).map(percentOf);
    // A fall is below 0; without one it is no minus zero.
    return { name, ts: curve.ts, equity, fall: curve.drawdown.map((value) => (value === null ? null : 0 - value * 100)), at: -1 };
  });
  const times = [...new Set(lines.flatMap(({ ts }) => ts))].sort((a, b) => a - b);
  return times.map((ts) => {
    const row: CurveRow = { ts };
    for (const line of lines) {
      while ((line.ts[line.at + 1] ?? Infinity) <= ts) line.at += 1;
      const known = ts <= (line.ts[line.ts.length - 1] ?? -1);
      row[`${line.name}.equity`] = known ? (line.equity[line.at] ?? null) : null;
      row[`${line.name}.drawdown`] = known ? (line.fall[line.at] ?? null) : null;
    }
    return row;
  });
}

export interface PeriodRow {
  /** Close of the last bar of it. */
  ts: number;
  equity: number | null;
  drawdown: number;
}

const MOST_ROWS = 60;
const DAY = 86_400_000;

/** A curve as a table: the last equity and the deepest drawdown of each day, or of as many days as make 60 lines. */
export function periodRows({ ts, equity, drawdown }: Curve): { days: number; rows: PeriodRow[] } {
  const [begin, end] = [ts[0], ts[ts.length - 1]];
  if (begin === undefined || end === undefined) return { days: 1, rows: [] };
  // A close at midnight belongs to the day that ends with it.
  const dayOf = (one: number) => Math.floor((one - 1) / DAY);
  const days = Math.max(1, Math.ceil((dayOf(end) - dayOf(begin) + 1) / MOST_ROWS));
  const rows = new Map<number, PeriodRow>();
  ts.forEach((one, i) => {
    const period = Math.floor((dayOf(one) - dayOf(begin)) / days);
    const deepest = Math.max(rows.get(period)?.drawdown ?? 0, drawdown[i] ?? 0);
    rows.set(period, { ts: one, equity: equity[i] ?? null, drawdown: deepest });
  });
  return { days, rows: [...rows.values()] };
}
