import type { ReactNode } from "react";

/** A column of a grid of rows R; C is what cells need beside their row. */
export interface Column<R, C> {
  id: string;
  label: string;
  unit: string;
  doc: string;
  width: number;
  /** Text stands left, numbers right. */
  text?: boolean;
  /** Columns of one group stand together under its name. */
  group?: string;
  /** What it is sorted by, null standing last either way; without it the column does not sort. */
  sort?: (row: R, context: C) => number | string | null;
  cell: (row: R, context: C) => ReactNode;
  /** What a click on this cell opens; without it the row's own. */
  target?: (row: R) => string | null;
}

export interface Sort {
  id: string;
  desc: boolean;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === "string" || typeof b === "string") return String(a).localeCompare(String(b));
  return a - b;
}

/** Rows in the order of a column; what is unknown last, and ties in the order they came. */
export function sorted<R, C>(rows: readonly R[], columns: readonly Column<R, C>[], sort: Sort, context: C): R[] {
  const of = columns.find(({ id }) => id === sort.id)?.sort;
  if (!of) return [...rows];
  const keyed = rows.map((row) => ({ row, key: of(row, context) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    return compare(a.key, b.key) * (sort.desc ? -1 : 1);
  });
  return keyed.map(({ row }) => row);
}

/** Neighbours of one group as one heading over them. */
export function spans<R, C>(columns: readonly Column<R, C>[]): { name: string; start: number; span: number }[] {
  const found: { name: string; start: number; span: number }[] = [];
  columns.forEach(({ group = "" }, start) => {
    const last = found[found.length - 1];
    if (last?.name === group) last.span += 1;
    else found.push({ name: group, start, span: 1 });
  });
  return found;
}
