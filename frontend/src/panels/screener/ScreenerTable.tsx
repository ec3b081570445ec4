import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties, lazy, type MutableRefObject, type Ref, Suspense, useCallback, useImperativeHandle, useRef, useState,
} from "react";

import type { RowView } from "../../lib/rows";
import type { CellContext } from "./columns";
import type { Layout } from "./layout";
import { TableHeader } from "./TableHeader";
import { TableRow } from "./TableRow";
import { TipBox } from "./TipBox";
import { useCellCursor } from "./useCellCursor";
import { type Place, usePlace } from "./usePlace";
import type { SetupControl } from "./useSetup";
import { useSight } from "./useSight";
import { useTip } from "./useTip";

const ColumnMenu = lazy(() => import("./ColumnMenu"));

const HEADER_HEIGHT = 65;
const HEADER_ROWS = 2;

export interface ScreenerHandle {
  /** Moves the focus by so many rows; the table scrolls along. False where there is nothing to move through. */
  move: (delta: number) => boolean;
  /** Moves along the row by so many cells and tells what the cell's tooltip says. */
  aside?: (delta: number) => void;
  /** Takes away what `aside` shows; false when there is nothing. */
  dismiss?: () => boolean;
  /** Gives the focus back to a pair, or to the table when the pair is gone. */
  focus: (key: string | null) => void;
}

interface Props {
  rows: readonly RowView[];
  /** Names what the rows are rows of: while it changes the reader's place is kept. */
  of: string;
  layout: Layout;
  control: SetupControl;
  context: CellContext;
  activeKey: string | null;
  openKey: string | null;
  starred: ReadonlySet<string>;
  place: MutableRefObject<Place>;
  onActive: (key: string) => void;
  onOpen: (key: string) => void;
  handle: Ref<ScreenerHandle>;
}

/** Virtual rows, of which the one in use stays in the document wherever it sorts to: focus is never lost. */
function useRows(rows: readonly RowView[], active: number, rowHeight: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const rangeExtractor = useCallback(
    (range: Range) => {
      const visible = defaultRangeExtractor(range);
      if (active < 0 || visible.includes(active)) return visible;
      return [...visible, active].sort((a, b) => a - b);
    },
    [active],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: useCallback(() => rowHeight, [rowHeight]),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 6,
    scrollPaddingStart: HEADER_HEIGHT,
    rangeExtractor,
  });
  const measured = useRef(rowHeight);
  if (measured.current !== rowHeight) {
    measured.current = rowHeight;
    virtual.measure();
  }
  return { scroller, virtual };
}

/** All pairs, of which only the visible ones exist in the document. */
export function ScreenerTable(props: Props) {
  const { rows, layout, control, context, activeKey, openKey, starred, onActive, onOpen } = props;
  const { rowHeight } = layout;
  const found = activeKey === null ? -1 : rows.findIndex(({ key }) => key === activeKey);
  const { scroller, virtual } = useRows(rows, found, rowHeight);
  const placed = useSight(scroller, layout);
  const { tip, showFor, hide } = useTip(scroller);
  const aside = useCellCursor(scroller, layout, activeKey, tip, showFor);
  const [menu, setMenu] = useState<{ id: string; anchor: HTMLElement } | null>(null);

  const focusRow = useCallback(
    (key: string) => {
      const element = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
      (element ?? scroller.current)?.focus({ preventScroll: true });
    },
    [scroller],
  );
  usePlace({ placeRef: props.place, scrollerRef: scroller, of: props.of, activeKey, activeIndex: found, rowHeight, focusRow });

  useImperativeHandle(
    props.handle,
    () => ({
      move: (delta) => {
        if (rows.length === 0) return false;
        hide();
        const next = Math.min(Math.max((found < 0 ? -1 : found) + delta, 0), rows.length - 1);
        const key = rows[next]?.key;
        if (key === undefined) return false;
        onActive(key);
        virtual.scrollToIndex(next, { align: "auto" });
        requestAnimationFrame(() => focusRow(key));
        return true;
      },
      aside,
      dismiss: () => {
        hide();
        return tip !== null;
      },
      focus: (key) => (key === null ? scroller.current?.focus({ preventScroll: true }) : focusRow(key)),
    }),
    [rows, found, onActive, virtual, focusRow, scroller, aside, hide, tip],
  );

  const openMenu = useCallback((id: string, anchor: HTMLElement) => setMenu({ id, anchor }), []);
  const tabStop = found < 0 ? (rows[0]?.key ?? null) : activeKey;
  return (
    <>
      <div
        ref={scroller}
        role="table"
        aria-label="Screener: all pairs with their metrics"
        aria-rowcount={rows.length + HEADER_ROWS}
        aria-colcount={layout.placed.length}
        tabIndex={-1}
        className="relative h-full overflow-auto outline-none"
        style={{ "--cols": layout.template } as CSSProperties}
      >
        <div role="presentation" style={{ minWidth: layout.minWidth }}>
          <TableHeader layout={layout} sort={control.setup.sort} catalog={context.catalog} onSort={control.toggleSort} onMenu={openMenu} />
          <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const view = rows[item.index];
              if (!view) return null;
              return (
                <TableRow
                  key={view.key}
                  view={view}
                  rowIndex={item.index + HEADER_ROWS + 1}
                  top={item.start}
                  height={rowHeight}
                  placed={placed}
                  tabbable={view.key === tabStop}
                  selected={view.key === openKey}
                  starred={starred.has(view.key)}
                  context={context}
                  onFocus={onActive}
                  onOpen={onOpen}
                />
              );
            })}
          </div>
        </div>
      </div>
      {tip && <TipBox tip={tip} />}
      {menu && (
        <Suspense fallback={null}>
          <ColumnMenu id={menu.id} anchor={menu.anchor} control={control} catalog={context.catalog} onClose={() => setMenu(null)} />
        </Suspense>
      )}
    </>
  );
}
