import type { ReactNode } from "react";

import type { Catalog, MetricRow, NumberColumn } from "../../api/types";
import type { Thresholds } from "../../lib/filter";
import type { RefreshOf } from "../../lib/provenance";
import type { RowView } from "../../lib/rows";
import { NumberCell } from "./cells";

export interface CellContext {
  catalog: Catalog | null;
  limits: Thresholds;
  /** How often each exchange's series are renewed. */
  refresh: RefreshOf;
}

export interface Column {
  id: string;
  group: string;
  label: string;
  unit: string;
  width: number;
  /** Name in the server's catalog, for the header's explanation. */
  metric: string;
  /** What it is, in one line; the catalog's definition stands below it. */
  doc: string;
  align: "left" | "right";
  /** Undefined sorts last, whichever way; null: what the cell shows has no order. */
  sortValue: ((view: RowView) => number | string | undefined) | null;
  /** The first click sorts downwards; default: where numbers are. */
  descFirst?: boolean;
  /** Columns of a row that say the same in a file. */
  fields: readonly (keyof MetricRow)[];
  /** Columns by which the server puts rows in this order; null: only the page knows the order. */
  order: readonly (keyof MetricRow)[] | null;
  cell: (view: RowView, context: CellContext) => ReactNode;
}

export interface NumberSpec {
  label: string;
  unit: string;
  width: number;
  doc: string;
  format: (value: number) => string;
  signed?: (value: number) => -1 | 0 | 1;
  before?: (value: number) => ReactNode;
  after?: (row: MetricRow) => ReactNode;
  heat?: (value: number, row: MetricRow) => string | undefined;
  className?: string;
  /** Shown while the column itself is not known. */
  fallback?: NumberColumn;
}

export function number(group: string, column: NumberColumn, spec: NumberSpec): Column {
  return {
    id: column,
    group,
    label: spec.label,
    unit: spec.unit,
    width: spec.width,
    metric: column,
    doc: spec.doc,
    align: "right",
    sortValue: ({ row }) => row[column] ?? undefined,
    fields: spec.fallback === undefined ? [column] : [column, spec.fallback],
    order: [column],
    cell: ({ row }, { catalog, refresh }) => (
      <NumberCell
        row={row}
        refresh={refresh}
        column={column}
        fallback={spec.fallback}
        catalog={catalog}
        format={spec.format}
        tone={spec.signed}
        before={spec.before}
        after={spec.after?.(row)}
        heat={spec.heat}
        className={spec.className}
      />
    ),
  };
}

type WordSpec = Omit<Column, "group" | "id" | "align" | "metric" | "fields" | "order" | "sortValue"> &
  Partial<Pick<Column, "align" | "metric" | "fields" | "order" | "sortValue">>;

/** A column of words or marks; unless told otherwise it is the row's column of that name, sorted as such. */
export function words(group: string, id: keyof MetricRow, spec: WordSpec): Column {
  return {
    id,
    group,
    metric: id,
    align: "left",
    fields: [id],
    order: [id],
    sortValue: ({ row }) => {
      const value = row[id];
      return typeof value === "number" || typeof value === "string" ? value : undefined;
    },
    ...spec,
  };
}

/** A tint by the sign of a value, full at `scale`; weak values have none. The number stands on top of it. */
export const heat =
  (scale: number, strongest = 0.3) =>
  (value: number): string | undefined => {
    const strength = Math.min(Math.abs(value) / scale, 1);
    if (strength < 0.2) return undefined;
    return `rgb(var(--${value > 0 ? "up" : "down"}) / ${(strength * strongest).toFixed(3)})`;
  };
