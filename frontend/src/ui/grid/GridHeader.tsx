import { type Column, type Sort, spans } from "./column";

interface Props<R, C> {
  columns: readonly Column<R, C>[];
  sort: Sort;
  onSort: (id: string) => void;
}

export const HEADER_HEIGHT = 40;
export const GROUP_HEIGHT = 24;

const FIRST = "sticky left-0 z-[1] border-r border-line bg-panel";

/** Whether columns stand under names of groups at all. */
export const grouped = <R, C>(columns: readonly Column<R, C>[]) => columns.some(({ group }) => group !== undefined);

export const startsGroup = <R, C>(columns: readonly Column<R, C>[], index: number) =>
  index > 1 && columns[index]?.group !== columns[index - 1]?.group;

function Groups<R, C>({ columns }: { columns: readonly Column<R, C>[] }) {
  return (
    <div role="row" aria-rowindex={1} className="grid border-b border-line" style={{ gridTemplateColumns: "var(--cols)", height: GROUP_HEIGHT }}>
      {spans(columns).map(({ name, start, span }) => (
        <div
          key={start}
          role="columnheader"
          aria-colspan={span}
          className={`flex items-center whitespace-nowrap px-1.5 text-micro font-medium text-ink-soft ${
            start === 0 ? `${FIRST} pl-3` : "border-l border-line/70"
          }`}
          style={{ gridColumn: `${start + 1} / span ${span}` }}
        >
          {name || <span className="sr-only">Coin</span>}
        </div>
      ))}
    </div>
  );
}

/** Names and units; a click sorts by the column, another one the other way round. */
export function GridHeader<R, C>({ columns, sort, onSort }: Props<R, C>) {
  const withGroups = grouped(columns);
  return (
    <div role="rowgroup" className="sticky top-0 z-10 border-b border-edge bg-panel">
      {withGroups && <Groups columns={columns} />}
      <div role="row" aria-rowindex={withGroups ? 2 : 1} className="grid" style={{ gridTemplateColumns: "var(--cols)", height: HEADER_HEIGHT }}>
        {columns.map((column, i) => (
          <HeaderCell
            key={column.id}
            column={column}
            first={i === 0}
            edge={i === 0 ? FIRST : startsGroup(columns, i) ? "border-l border-line/70" : ""}
            dir={sort.id === column.id ? (sort.desc ? "descending" : "ascending") : null}
            onSort={onSort}
          />
        ))}
      </div>
    </div>
  );
}

interface HeaderCellProps<R, C> {
  column: Column<R, C>;
  edge: string;
  first: boolean;
  dir: "ascending" | "descending" | null;
  onSort: (id: string) => void;
}

function HeaderCell<R, C>({ column, edge, first, dir, onSort }: HeaderCellProps<R, C>) {
  const look = `flex w-full min-w-0 flex-col justify-center px-1.5 ${first ? "pl-3" : ""} ${column.text ? "items-start" : "items-end"}`;
  const words = (
    <>
      <span className={`flex items-center gap-1 whitespace-nowrap text-xs font-semibold leading-4 ${dir ? "text-accent" : "text-ink"}`}>
        {dir && (
          <span aria-hidden="true" className="text-[0.5625rem] leading-none">
            {dir === "descending" ? "▼" : "▲"}
          </span>
        )}
        {column.label}
      </span>
      <span className="whitespace-nowrap text-[0.625rem] leading-3 text-ink-faint">{column.unit}</span>
    </>
  );
  return (
    <div role="columnheader" aria-sort={column.sort ? (dir ?? "none") : undefined} className={`flex min-w-0 ${edge}`}>
      {column.sort ? (
        <button
          type="button"
          title={`${column.doc}\nClick sorts by it.`}
          onClick={() => onSort(column.id)}
          className={`${look} hover:bg-raised focus-visible:-outline-offset-2`}
        >
          {words}
        </button>
      ) : (
        <span title={column.doc} className={look}>
          {words}
        </span>
      )}
    </div>
  );
}
