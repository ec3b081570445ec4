import { memo } from "react";

import { isStale } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { tierStyle } from "../../lib/tiers";
import type { CellContext, Column } from "./columns";
import type { Placed } from "./layout";
import { Star } from "./Star";

interface Props {
  view: RowView;
  /** 1-based, headers included. */
  rowIndex: number;
  top: number;
  height: number;
  /** The columns in sight. */
  placed: readonly Placed[];
  tabbable: boolean;
  selected: boolean;
  starred: boolean;
  context: CellContext;
  onFocus: (key: string) => void;
  onOpen: (key: string) => void;
}

const CELL = "flex min-w-0 items-center px-2";
const LIT = "group-hover:bg-raised/80 group-aria-selected:bg-accent/10";

const place = ({ index, first }: Placed) => {
  if (index === 0) return "sticky left-0 z-[1] border-r border-line bg-panel pl-1.5";
  return first ? `${LIT} border-l border-line/70` : LIT;
};

const align = (column: Column) => (column.align === "right" ? "justify-end text-right" : "");

function FirstCell({ view, context, column, selected, starred }: Pick<Props, "view" | "context" | "selected" | "starred"> & { column: Column }) {
  const { row } = view;
  const tiered = (row.tiers ?? []).length > 0;
  const style = tierStyle(row.tier);
  return (
    <>
      <span aria-hidden="true" className={`absolute inset-0 ${tiered ? style.row : ""}`} />
      <span aria-hidden="true" className={`absolute inset-0 ${LIT}`} />
      <span aria-hidden="true" className={`absolute inset-y-0 left-0 ${selected ? "w-[5px]" : "w-[3px]"} ${tiered ? style.bar : ""}`} />
      <Star pair={view} starred={starred} className={`relative mr-1 ${starred ? "" : "opacity-0 focus-visible:opacity-100 group-hover:opacity-100 group-focus-within:opacity-100"}`} />
      <span className="cell relative w-full min-w-0">{column.cell(view, context)}</span>
    </>
  );
}

/** One pair. Painted again only when its data, its place, its columns or its selection change. */
export const TableRow = memo(function TableRow(props: Props) {
  const { view, rowIndex, top, height, placed, tabbable, selected, starred, context, onFocus, onOpen } = props;
  const { row, key } = view;
  const tiered = (row.tiers ?? []).length > 0;
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
        if (event.key === "Enter" && event.target === event.currentTarget) onOpen(key);
      }}
      className={`group absolute left-0 grid w-full cursor-pointer border-b border-line/70 text-cell outline-none ${
        tiered ? tierStyle(row.tier).row : ""
      } ${isStale(row) ? "stale" : ""}`}
      style={{ gridTemplateColumns: "var(--cols)", height, transform: `translateY(${top}px)` }}
    >
      {placed.map((one) => {
        const { column, index } = one;
        return (
          <div
            key={column.id}
            data-column={column.id}
            role={index === 0 ? "rowheader" : "cell"}
            aria-colindex={index + 1}
            className={`${CELL} ${place(one)} ${align(column)}`}
            style={one.style}
          >
            {index === 0 ? (
              <FirstCell view={view} context={context} column={column} selected={selected} starred={starred} />
            ) : (
              <span className="cell min-w-0">{column.cell(view, context)}</span>
            )}
          </div>
        );
      })}
      <span
        aria-hidden="true"
        className="pointer-events-none absolute inset-0 z-[2] group-focus-visible:outline group-focus-visible:outline-2 group-focus-visible:-outline-offset-2 group-focus-visible:outline-accent"
      />
    </div>
  );
});
