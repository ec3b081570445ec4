import { memo } from "react";

import type { Catalog } from "../../api/types";
import type { Sort } from "../../lib/setup";
import type { Layout, Placed } from "./layout";

interface Props {
  layout: Layout;
  sort: readonly Sort[];
  catalog: Catalog | null;
  onSort: (id: string, add: boolean) => void;
  onMenu: (id: string, anchor: HTMLElement) => void;
}

const ARIA = { asc: "ascending", desc: "descending" } as const;

function docOf({ column: { metric, doc } }: Placed, catalog: Catalog | null): string {
  const found = catalog?.metrics.find((candidate) => candidate.name === metric);
  return found?.doc ? `${doc}\n${found.doc}` : doc;
}

/** Groups and headings. All of them, also those out of sight: the keyboard reaches every column. */
export const TableHeader = memo(function TableHeader({ layout, sort, catalog, onSort, onMenu }: Props) {
  const place = new Map(sort.map((one, i) => [one.id, { dir: one.desc ? ("desc" as const) : ("asc" as const), i }]));
  return (
    <div role="rowgroup" className="sticky top-0 z-10 bg-panel shadow-[0_1px_0_rgb(var(--edge))]">
      <div role="row" aria-rowindex={1} className="grid h-6 border-b border-line" style={{ gridTemplateColumns: "var(--cols)" }}>
        {layout.groups.map((group, i) => (
          <div
            key={group.key}
            role="columnheader"
            aria-colspan={group.span}
            aria-colindex={group.start + 1}
            className={`flex min-w-0 items-center overflow-hidden whitespace-nowrap px-2 text-micro font-medium uppercase tracking-wider text-ink-faint ${
              i === 0 ? "sticky left-0 z-[1] border-r border-line bg-panel pl-3" : ""
            } ${i > 1 ? "border-l border-line/70" : ""}`}
            style={{ gridColumn: `${group.start + 1} / span ${group.span}` }}
          >
            {group.name}
          </div>
        ))}
      </div>
      <div role="row" aria-rowindex={2} className="grid h-10" style={{ gridTemplateColumns: "var(--cols)" }}>
        {layout.placed.map((one) => (
          <HeaderCell
            key={one.column.id}
            place={one}
            sorted={place.get(one.column.id)}
            several={sort.length > 1}
            title={docOf(one, catalog)}
            onSort={onSort}
            onMenu={onMenu}
          />
        ))}
      </div>
    </div>
  );
});

interface HeaderCellProps {
  place: Placed;
  sorted: { dir: "asc" | "desc"; i: number } | undefined;
  several: boolean;
  title: string;
  onSort: (id: string, add: boolean) => void;
  onMenu: (id: string, anchor: HTMLElement) => void;
}

const edge = ({ index, first }: Placed) => {
  if (index === 0) return "sticky left-0 z-[1] border-r border-line bg-panel";
  return first ? "border-l border-line/70" : "";
};

function HeaderCell({ place, sorted, several, title, onSort, onMenu }: HeaderCellProps) {
  const { column, index } = place;
  const right = column.align === "right";
  const mark = sorted && <SortMark dir={sorted.dir} place={several ? sorted.i + 1 : null} />;
  const menu = (event: { preventDefault: () => void; currentTarget: HTMLElement }) => {
    event.preventDefault();
    onMenu(column.id, event.currentTarget);
  };
  return (
    <div role="columnheader" aria-colindex={index + 1} aria-sort={sorted ? ARIA[sorted.dir] : "none"} className={`flex min-w-0 ${edge(place)}`}>
      <button
        type="button"
        title={`${title}\nClick sorts, Shift-click adds a column to the sort; right-click or m: more.`}
        data-heading={column.id}
        onClick={(event) => onSort(column.id, event.shiftKey)}
        onContextMenu={menu}
        onKeyDown={(event) => {
          if (event.key === "m") menu(event);
        }}
        className={`flex w-full min-w-0 flex-col justify-center px-2 hover:bg-raised focus-visible:-outline-offset-2 ${
          right ? "items-end" : "items-start"
        } ${index === 0 ? "pl-3" : ""}`}
      >
        <span className={`flex items-center gap-1 whitespace-nowrap text-xs font-semibold leading-4 ${sorted ? "text-accent" : "text-ink"}`}>
          {right && mark}
          {column.label}
          {!right && mark}
        </span>
        <span className="whitespace-nowrap text-[0.625rem] leading-3 text-ink-faint">{column.unit}</span>
      </button>
    </div>
  );
}

function SortMark({ dir, place }: { dir: "asc" | "desc"; place: number | null }) {
  return (
    <span aria-hidden="true" className="text-[0.5625rem] leading-none">
      {dir === "desc" ? "▼" : "▲"}
      {place}
    </span>
  );
}
