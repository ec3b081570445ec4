import {
  type ColumnDef,
  getCoreRowModel,
  getSortedRowModel,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { useCallback, useEffect, useState } from "react";

import type { RowView } from "../../lib/rows";
import { COLUMNS } from "./columns";

const DEFS: ColumnDef<RowView>[] = COLUMNS.map((column) => ({
  id: column.id,
  accessorFn: (view) => column.sortValue(view),
  sortUndefined: "last",
  sortDescFirst: column.align === "right" || column.id === "tiers",
  sortingFn: column.id === "symbol" || column.id === "oi_price_quadrant" ? "text" : "basic",
}));

const FIRST: SortingState = [{ id: "z_score", desc: true }];
const KEY = "futuresboard.sorting";

const isSorting = (value: unknown): value is SortingState =>
  Array.isArray(value) && value.every((sort: Partial<SortingState[number]>) => COLUMNS.some(({ id }) => id === sort.id));

function remembered(): SortingState {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return isSorting(value) ? value : FIRST;
  } catch {
    // Storage may be forbidden or hold something else: the default sort is as good.
    return FIRST;
  }
}

/** Sorted rows; ties and unknown values keep the order they come in (largest first). */
export function useScreener(views: RowView[]) {
  const [sorting, setSorting] = useState<SortingState>(remembered);
  const table = useReactTable({
    data: views,
    columns: DEFS,
    state: { sorting },
    onSortingChange: setSorting,
    getRowId: (view) => view.key,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    autoResetAll: false,
  });
  const sort = useCallback((id: string, add: boolean) => table.getColumn(id)?.toggleSorting(undefined, add), [table]);
  useEffect(() => {
    try {
      localStorage.setItem(KEY, JSON.stringify(sorting));
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }, [sorting]);
  return { rows: table.getSortedRowModel().rows, sorting, sort, setSorting };
}
