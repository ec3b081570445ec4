import type { Row } from "@tanstack/react-table";
import type { SortingState } from "@tanstack/react-table";
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type Ref, useCallback, useImperativeHandle, useRef } from "react";

import type { RowView } from "../../lib/rows";
import { type CellContext, COLUMNS, MIN_WIDTH, TEMPLATE } from "./columns";
import { TableHeader } from "./TableHeader";
import { ROW_HEIGHT, TableRow } from "./TableRow";

const HEADER_HEIGHT = 65;
const HEADER_ROWS = 2;

export interface ScreenerHandle {
  /** Moves the focus by so many rows; the table scrolls along. False where there is nothing to move through. */
  move: (delta: number) => boolean;
  /** Gives the focus back to a pair, or to the table when the pair is gone. */
  focus: (key: string | null) => void;
}

interface Props {
  rows: Row<RowView>[];
  sorting: SortingState;
  context: CellContext;
  activeKey: string | null;
  openKey: string | null;
  onSort: (id: string, add: boolean) => void;
  onActive: (key: string) => void;
  onOpen: (key: string) => void;
  handle: Ref<ScreenerHandle>;
}

/** All pairs, of which only the visible ones exist in the document. */
export function ScreenerTable(props: Props) {
  const { rows, sorting, context, activeKey, openKey, onSort, onActive, onOpen, handle } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const found = activeKey === null ? -1 : rows.findIndex((row) => row.id === activeKey);

  // The row with the focus stays in the document wherever it sorts to: focus is never lost.
  const rangeExtractor = useCallback(
    (range: Range) => {
      const visible = defaultRangeExtractor(range);
      if (found < 0 || visible.includes(found)) return visible;
      return [...visible, found].sort((a, b) => a - b);
    },
    [found],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
    scrollPaddingStart: HEADER_HEIGHT,
    rangeExtractor,
  });

  const focusRow = useCallback((key: string) => {
    const element = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
    (element ?? scroller.current)?.focus({ preventScroll: true });
  }, []);

  useImperativeHandle(
    handle,
    () => ({
      move: (delta) => {
        if (rows.length === 0) return false;
        const next = Math.min(Math.max((found < 0 ? -1 : found) + delta, 0), rows.length - 1);
        const key = rows[next]?.id;
        if (key === undefined) return false;
        onActive(key);
        virtual.scrollToIndex(next, { align: "auto" });
        requestAnimationFrame(() => focusRow(key));
        return true;
      },
      focus: (key) => (key === null ? scroller.current?.focus({ preventScroll: true }) : focusRow(key)),
    }),
    [rows, found, onActive, virtual, focusRow],
  );

  const tabStop = found < 0 ? (rows[0]?.id ?? null) : activeKey;
  return (
    <div
      ref={scroller}
      role="table"
      aria-label="Screener: all pairs with their metrics"
      aria-rowcount={rows.length + HEADER_ROWS}
      aria-colcount={COLUMNS.length}
      tabIndex={-1}
      className="relative h-full overflow-auto outline-none"
      style={{ "--cols": TEMPLATE } as CSSProperties}
    >
      <div role="presentation" style={{ minWidth: MIN_WIDTH }}>
        <TableHeader sorting={sorting} catalog={context.catalog} onSort={onSort} />
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <TableRow
                key={row.id}
                view={row.original}
                rowIndex={item.index + HEADER_ROWS + 1}
                top={item.start}
                tabbable={row.id === tabStop}
                selected={row.id === openKey}
                context={context}
                onFocus={onActive}
                onOpen={onOpen}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
