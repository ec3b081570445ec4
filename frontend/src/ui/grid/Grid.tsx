import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";

import { type Column, type Sort, sorted } from "./column";
import { GridHeader, GROUP_HEIGHT, grouped, HEADER_HEIGHT } from "./GridHeader";
import { GridRow, ROW_HEIGHT } from "./GridRow";

interface Props<R, C> {
  label: string;
  rows: readonly R[];
  columns: readonly Column<R, C>[];
  context: C;
  first: Sort;
  idOf: (row: R) => string;
  /** What a row opens, by its name; null: nothing. */
  targetOf: (row: R) => string | null;
  fadedOf?: (row: R) => boolean;
  onOpen: (target: string) => void;
}

const PAGE = 15;
const STEPS: Record<string, number> = {
  ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -Infinity, End: Infinity,
};

const clamp = (value: number, last: number) => Math.min(Math.max(value, 0), last);

/** A sortable table of which only the visible rows exist in the document; its first column stands still. */
export function Grid<R, C>({ label, rows, columns, context, first, idOf, targetOf, fadedOf, onOpen }: Props<R, C>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [sort, setSort] = useState(first);
  const [active, setActive] = useState<string | null>(null);
  const shown = useMemo(() => sorted(rows, columns, sort, context), [rows, columns, sort, context]);
  const found = active === null ? -1 : shown.findIndex((row) => idOf(row) === active);
  const headerHeight = HEADER_HEIGHT + (grouped(columns) ? GROUP_HEIGHT : 0);
  const headerRows = grouped(columns) ? 2 : 1;

  // The row with the focus stays in the document wherever it sorts to: focus is never lost.
  const rangeExtractor = useCallback(
    (range: Range) => {
      const visible = defaultRangeExtractor(range);
      return found < 0 || visible.includes(found) ? visible : [...visible, found].sort((a, b) => a - b);
    },
    [found],
  );
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
    scrollPaddingStart: headerHeight,
    rangeExtractor,
  });

  const onSort = (id: string) => {
    const text = columns.find((column) => column.id === id)?.text ?? false;
    setSort((before) => ({ id, desc: before.id === id ? !before.desc : !text }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined || shown.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = clamp((found < 0 ? -1 : found) + step, shown.length - 1);
    const row = shown[next];
    if (row === undefined) return;
    const id = idOf(row);
    setActive(id);
    virtual.scrollToIndex(next, { align: "auto" });
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
    });
  };

  return (
    // Keys come up from the rows, which have the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={scroller}
      role="table"
      aria-label={label}
      aria-rowcount={shown.length + headerRows}
      aria-colcount={columns.length}
      onKeyDown={onKeyDown}
      className="relative h-full overflow-auto outline-none"
      style={{ "--cols": columns.map(({ width }) => `minmax(${width}px, ${width}fr)`).join(" ") } as CSSProperties}
    >
      <div role="presentation" style={{ minWidth: columns.reduce((sum, { width }) => sum + width, 0) }}>
        <GridHeader columns={columns} sort={sort} onSort={onSort} />
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = shown[index];
            if (row === undefined) return null;
            const id = idOf(row);
            return (
              <GridRow
                key={id}
                id={id}
                row={row}
                columns={columns}
                context={context}
                rowIndex={index + headerRows + 1}
                top={start}
                tabbable={found < 0 ? index === 0 : index === found}
                faded={fadedOf?.(row) ?? false}
                target={targetOf(row)}
                onFocus={setActive}
                onOpen={onOpen}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
