import { memo } from "react";

import { isStale } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { tierStyle } from "../../lib/tiers";
import { type CellContext, COLUMNS, GROUP_STARTS } from "./columns";

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

/** One pair. Painted again only when its data, its place or its selection changes. */
export const TableRow = memo(function TableRow(props: Props) {
  const { view, rowIndex, top, tabbable, selected, context, onFocus, onOpen } = props;
  const { row, key } = view;
  const tiered = (row.tiers ?? []).length > 0;
  const style = tierStyle(row.tier);
  const stale = isStale(row);
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
      } ${stale ? "text-ink-faint grayscale" : ""}`}
      style={{ gridTemplateColumns: "var(--cols)", height: ROW_HEIGHT, transform: `translateY(${top}px)` }}
    >
      {COLUMNS.map((column, i) => (
        <div
          key={column.id}
          role={i === 0 ? "rowheader" : "cell"}
          className={`flex min-w-0 items-center px-2 group-hover:bg-raised/80 group-aria-selected:bg-accent/10 ${
            column.align === "right" ? "justify-end text-right" : ""
          } ${i === 0 ? "sticky left-0 z-[1] border-r border-line bg-panel !bg-opacity-100 pl-3" : ""} ${
            i > 1 && GROUP_STARTS.has(i) ? "border-l border-line/70" : ""
          }`}
        >
          {i === 0 && (
            <span
              aria-hidden="true"
              className={`absolute inset-y-0 left-0 w-[3px] ${tiered ? style.bar : "bg-transparent"} ${
                selected ? "w-[5px]" : ""
              }`}
            />
          )}
          <span className={`min-w-0 ${i === 0 ? "w-full" : ""}`}>{column.cell(view, context)}</span>
        </div>
      ))}
      <span
        aria-hidden="true"
        className="pointer-events-none absolute inset-0 group-focus-visible:outline group-focus-visible:outline-2 group-focus-visible:-outline-offset-2 group-focus-visible:outline-accent"
      />
    </div>
  );
});
