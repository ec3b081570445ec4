import type { MouseEvent } from "react";

import type { Column } from "./column";
import { startsGroup } from "./GridHeader";

export const ROW_HEIGHT = 32;

interface Props<R, C> {
  row: R;
  id: string;
  columns: readonly Column<R, C>[];
  context: C;
  /** 1-based, headers included. */
  rowIndex: number;
  top: number;
  tabbable: boolean;
  faded: boolean;
  /** What Enter and a click outside a cell with a target of its own open. */
  target: string | null;
  onFocus: (id: string) => void;
  onOpen: (target: string) => void;
}

const LIT = "group-hover:bg-raised/80";

/** The target of the cell that was clicked, else none. */
const targetAt = (event: MouseEvent) =>
  event.target instanceof Element ? (event.target.closest<HTMLElement>("[data-target]")?.dataset.target ?? null) : null;

export function GridRow<R, C>({ row, id, columns, context, rowIndex, top, tabbable, faded, target, onFocus, onOpen }: Props<R, C>) {
  const open = (key: string | null) => {
    if (key !== null) onOpen(key);
  };
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      data-key={id}
      tabIndex={tabbable ? 0 : -1}
      onFocus={() => onFocus(id)}
      onClick={(event) => open(targetAt(event) ?? target)}
      onKeyDown={(event) => {
        if (event.key === "Enter") open(target);
      }}
      className={`group absolute left-0 grid w-full border-b border-line/70 text-cell outline-none ${target === null ? "" : "cursor-pointer"} ${faded ? "stale" : ""}`}
      style={{ gridTemplateColumns: "var(--cols)", height: ROW_HEIGHT, transform: `translateY(${top}px)` }}
    >
      {columns.map((column, i) => (
        <div
          key={column.id}
          role={i === 0 ? "rowheader" : "cell"}
          data-column={column.id}
          data-target={column.target?.(row) ?? undefined}
          className={`flex min-w-0 items-center px-1.5 ${column.text ? "" : "justify-end text-right"} ${
            i === 0 ? "sticky left-0 z-[1] border-r border-line bg-panel pl-3 group-hover:bg-raised" : LIT
          } ${startsGroup(columns, i) ? "border-l border-line/70" : ""}`}
        >
          <span className="cell min-w-0">{column.cell(row, context)}</span>
        </div>
      ))}
      <span
        aria-hidden="true"
        className="pointer-events-none absolute inset-0 z-[2] group-focus-visible:outline group-focus-visible:outline-2 group-focus-visible:-outline-offset-2 group-focus-visible:outline-accent"
      />
    </div>
  );
}
