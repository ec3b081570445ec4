import { memo } from "react";

import { isStale } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { tierStyle } from "../../lib/tiers";
import { type CellContext, type Column, COLUMNS, GROUP_STARTS } from "./columns";

export const ROW_HEIGHT = 32;

interface Props {
  view: RowView;
  /** 1-based, headers included. */
  rowIndex: number;
  top: number;
  tabbable: boolean;
  selected: boolean;
  context: CellContext;
  onFocus: (key: string) => void;
  onOpen: (key: string) => void;
}

const CELL = "flex min-w-0 items-center px-2";
const LIT = "group-hover:bg-raised/80 group-aria-selected:bg-accent/10";

const place = (index: number) => {
  if (index === 0) return "sticky left-0 z-[1] border-r border-line bg-panel pl-3";
  return index > 1 && GROUP_STARTS.has(index) ? `${LIT} border-l border-line/70` : LIT;
};

const align = (column: Column) => (column.align === "right" ? "justify-end text-right" : "");

/** One pair. Painted again only when its data, its place or its selection changes. */
export const TableRow = memo(function TableRow(props: Props) {
  const { view, rowIndex, top, tabbable, selected, context, onFocus, onOpen } = props;
  const { row, key } = view;
  const tiered = (row.tiers ?? []).length > 0;
  const style = tierStyle(row.tier);
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      aria-selected={selected}
      data-key={key}
      tabIndex={tabbable ? 0 : -1}
      onFocus={() => onFocus(key)}
      onClick={() => onOpen(key)}
      onKeyDown={(event) => {
        if (event.key === "Enter") onOpen(key);
      }}
      className={`group absolute left-0 grid w-full cursor-pointer border-b border-line/70 text-cell outline-none ${
        tiered ? style.row : ""
      } ${isStale(row) ? "stale" : ""}`}
      style={{ gridTemplateColumns: "var(--cols)", height: ROW_HEIGHT, transform: `translateY(${top}px)` }}
    >
      {COLUMNS.map((column, i) => (
        <div key={column.id} data-column={column.id} role={i === 0 ? "rowheader" : "cell"} className={`${CELL} ${place(i)} ${align(column)}`}>
          {i === 0 && (
            <>
              <span aria-hidden="true" className={`absolute inset-0 ${tiered ? style.row : ""}`} />
              <span aria-hidden="true" className={`absolute inset-0 ${LIT}`} />
              <span
                aria-hidden="true"
                className={`absolute inset-y-0 left-0 ${selected ? "w-[5px]" : "w-[3px]"} ${tiered ? style.bar : ""}`}
              />
            </>
          )}
          <span className={i === 0 ? "cell relative w-full min-w-0" : "cell min-w-0"}>{column.cell(view, context)}</span>
        </div>
      ))}
      <span
        aria-hidden="true"
        className="pointer-events-none absolute inset-0 group-focus-visible:outline group-focus-visible:outline-2 group-focus-visible:-outline-offset-2 group-focus-visible:outline-accent"
      />
    </div>
  );
});
