import type { NumberColumn } from "../../api/types";
import { isStale } from "../../lib/quality";
import type { RowView } from "../../lib/rows";

export interface Ranked {
  view: RowView;
  value: number;
}

export interface Ranking {
  up: Ranked[];
  down: Ranked[];
  /** Left out: not known, or from an exchange that has not spoken in time. */
  unknown: number;
  stale: number;
  /** Pairs that were ranked. */
  n: number;
}

/** The largest and the smallest of a column, each side by its sign, the furthest first. */
export function rank(views: readonly RowView[], column: NumberColumn, top: number): Ranking {
  const fresh = views.filter(({ row }) => !isStale(row));
  const known = fresh.flatMap((view) => {
    const value = view.row[column] ?? null;
    return value === null ? [] : [{ view, value }];
  });
  const side = (sign: 1 | -1) =>
    known
      .filter(({ value }) => value * sign > 0)
      .sort((a, b) => (b.value - a.value) * sign)
      .slice(0, top);
  return { up: side(1), down: side(-1), unknown: fresh.length - known.length, stale: views.length - fresh.length, n: known.length };
}
