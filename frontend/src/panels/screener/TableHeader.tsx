import type { SortingState } from "@tanstack/react-table";

import type { Catalog } from "../../api/types";
import { type Column, COLUMNS, GROUP_STARTS, GROUPS } from "./columns";

interface Props {
  sorting: SortingState;
  catalog: Catalog | null;
  onSort: (id: string, add: boolean) => void;
}

const ARIA = { asc: "ascending", desc: "descending" } as const;

function docOf(metric: string, doc: string, catalog: Catalog | null): string {
  const found = catalog?.metrics.find((candidate) => candidate.name === metric);
  return found?.doc ? `${doc}\n${found.doc}` : doc;
}

export function TableHeader({ sorting, catalog, onSort }: Props) {
  const place = new Map(sorting.map((sort, i) => [sort.id, { dir: sort.desc ? ("desc" as const) : ("asc" as const), i }]));
  return (
    <div role="rowgroup" className="sticky top-0 z-10 bg-panel shadow-[0_1px_0_#2a3850]">
      <div role="row" aria-rowindex={1} className="grid h-6 border-b border-line" style={{ gridTemplateColumns: "var(--cols)" }}>
        {GROUPS.map((group, i) => (
          <div
            key={group.name}
            role="columnheader"
            aria-colspan={group.span}
            className={`flex items-center whitespace-nowrap px-2 text-micro font-medium uppercase tracking-wider text-ink-faint ${
              i === 0 ? "sticky left-0 z-[1] border-r border-line bg-panel pl-3" : ""
            } ${i > 1 ? "border-l border-line/70" : ""}`}
            style={{ gridColumn: `${group.start + 1} / span ${group.span}` }}
          >
            {group.name}
          </div>
        ))}
      </div>
      <div role="row" aria-rowindex={2} className="grid h-10" style={{ gridTemplateColumns: "var(--cols)" }}>
        {COLUMNS.map((column, i) => (
          <HeaderCell
            key={column.id}
            column={column}
            index={i}
            sorted={place.get(column.id)}
            several={sorting.length > 1}
            title={docOf(column.metric, column.doc, catalog)}
            onSort={onSort}
          />
        ))}
      </div>
    </div>
  );
}

interface HeaderCellProps {
  column: Column;
  index: number;
  sorted: { dir: "asc" | "desc"; i: number } | undefined;
  several: boolean;
  title: string;
  onSort: (id: string, add: boolean) => void;
}

const edge = (index: number) => {
  if (index === 0) return "sticky left-0 z-[1] border-r border-line bg-panel";
  return index > 1 && GROUP_STARTS.has(index) ? "border-l border-line/70" : "";
};

function HeaderCell({ column, index, sorted, several, title, onSort }: HeaderCellProps) {
  const right = column.align === "right";
  const mark = sorted && <SortMark dir={sorted.dir} place={several ? sorted.i + 1 : null} />;
  return (
    <div role="columnheader" aria-sort={sorted ? ARIA[sorted.dir] : "none"} className={`flex min-w-0 ${edge(index)}`}>
      <button
        type="button"
        title={`${title}\nClick sorts, Shift-click adds a column to the sort.`}
        onClick={(event) => onSort(column.id, event.shiftKey)}
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
