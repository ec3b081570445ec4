import { type DragEvent, type KeyboardEvent, useRef, useState } from "react";

import { DEFAULT_SETUP, moved, type Sort } from "../../../lib/setup";
import { Segmented } from "../../../ui/Segmented";
import { COLUMNS, type Column, columnOf, PAIR } from "../columns";
import type { SetupControl } from "../useSetup";
import { button, field, heading } from "./styles";
import type { ToolProps } from "./ToolPanel";

const DENSITY = [
  { value: "normal", label: "Normal" },
  { value: "compact", label: "Compact" },
];

const fits = ({ label, id, group, doc }: Column, words: readonly string[]) => {
  const text = `${label} ${id} ${group} ${doc}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

interface ShownProps {
  ids: readonly string[];
  words: readonly string[];
  onIds: (ids: readonly string[]) => void;
}

/** Columns that are shown, in their order: dragged, or moved with Alt and the arrows. */
function Shown({ ids, words, onIds }: ShownProps) {
  const [over, setOver] = useState<string | null>(null);
  const dragged = useRef<string | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const move = (id: string, to: number) => {
    onIds(moved(ids, ids.indexOf(id), to));
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-id="${id}"] input`)?.focus());
  };
  const onKey = (event: KeyboardEvent, id: string) => {
    const delta = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (delta === undefined || !event.altKey) return;
    event.preventDefault();
    move(id, ids.indexOf(id) + delta);
  };
  const drop = (event: DragEvent, id: string) => {
    event.preventDefault();
    setOver(null);
    if (dragged.current !== null && dragged.current !== id) onIds(moved(ids, ids.indexOf(dragged.current), ids.indexOf(id)));
    dragged.current = null;
  };
  const known = ids.map(columnOf).filter((column) => column !== undefined);
  return (
    <ul ref={list} aria-label="Shown columns, in order" className="-mx-1">
      {known.filter((column) => fits(column, words)).map(({ id, label, unit }) => (
        <li
          key={id}
          data-id={id}
          draggable
          onDragStart={() => {
            dragged.current = id;
          }}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(id);
          }}
          onDragLeave={() => setOver(null)}
          onDrop={(event) => drop(event, id)}
          className={`flex items-center gap-2 rounded px-1 hover:bg-raised ${over === id ? "ring-1 ring-inset ring-accent" : ""}`}
        >
          <span aria-hidden="true" className="cursor-grab select-none text-ink-faint">
            ⠿
          </span>
          <label className="flex min-w-0 flex-1 items-center gap-2 py-1">
            <input
              type="checkbox"
              checked
              aria-describedby="columns-keys"
              onKeyDown={(event) => onKey(event, id)}
              onChange={() => onIds(ids.filter((other) => other !== id))}
              className="rounded border-edge bg-page text-accent"
            />
            <span className="truncate">{label}</span>
            <span className="ml-auto truncate text-micro text-ink-faint">{unit}</span>
          </label>
          <Step label={label} word="up" onStep={() => move(id, ids.indexOf(id) - 1)} />
          <Step label={label} word="down" onStep={() => move(id, ids.indexOf(id) + 1)} />
        </li>
      ))}
    </ul>
  );
}

function Step({ label, word, onStep }: { label: string; word: "up" | "down"; onStep: () => void }) {
  return (
    <button type="button" tabIndex={-1} aria-label={`Move ${label} ${word}`} onClick={onStep} className="h-6 w-6 rounded text-ink-soft hover:bg-edge hover:text-ink-strong">
      <span aria-hidden="true">{word === "up" ? "↑" : "↓"}</span>
    </button>
  );
}

function Hidden({ ids, words, onIds }: ShownProps) {
  const rest = COLUMNS.filter((column) => !ids.includes(column.id) && fits(column, words));
  if (rest.length === 0) return <p className="py-1 text-ink-soft">None.</p>;
  return (
    <ul aria-label="Hidden columns" className="-mx-1">
      {rest.map(({ id, label, unit, group, doc }) => (
        <li key={id} className="rounded px-1 hover:bg-raised">
          <label className="flex items-center gap-2 py-1 pl-5" title={doc}>
            <input type="checkbox" checked={false} onChange={() => onIds([...ids, id])} className="rounded border-edge bg-page text-accent" />
            <span className="truncate">{label}</span>
            <span className="ml-auto truncate text-micro text-ink-faint">{`${group}, ${unit}`}</span>
          </label>
        </li>
      ))}
    </ul>
  );
}

/** What the rows are sorted by, first to last; each can be turned or taken out, and another added. */
export function SortList({ control: { setup: { sort }, setSort } }: { control: SetupControl }) {
  const free = [PAIR, ...COLUMNS].filter(({ id, sortValue }) => sortValue !== null && !sort.some((one) => one.id === id));
  const turn = (turned: Sort) => setSort(sort.map((one) => (one === turned ? { ...one, desc: !one.desc } : one)));
  return (
    <ol aria-label="Sorted by, the first decides" className="space-y-1.5">
      {sort.map((one) => {
        const label = columnOf(one.id)?.label ?? one.id;
        return (
          <li key={one.id} className="flex items-center gap-2">
            <span className="min-w-0 flex-1 truncate text-ink-strong">{label}</span>
            <button type="button" className={button} onClick={() => turn(one)} aria-label={`${label}: ${one.desc ? "largest first" : "smallest first"}, turn`}>
              {one.desc ? "▼ largest first" : "▲ smallest first"}
            </button>
            <button type="button" className={button} aria-label={`Do not sort by ${label}`} onClick={() => setSort(sort.filter((other) => other !== one))}>
              ×
            </button>
          </li>
        );
      })}
      <li>
        <select
          aria-label="Sort by a further column"
          value=""
          onChange={(event) => setSort([...sort, { id: event.target.value, desc: columnOf(event.target.value)?.align === "right" }])}
          className={`${field} w-full pr-7`}
        >
          <option value="" disabled>
            {sort.length === 0 ? "Sort by …" : "then by …"}
          </option>
          {free.map(({ id, label, group }) => (
            <option key={id} value={id}>
              {`${label} (${group})`}
            </option>
          ))}
        </select>
      </li>
    </ol>
  );
}

/** Which columns are shown, in which order, how dense, sorted by what. */
export function ColumnsPanel({ control }: Pick<ToolProps, "control">) {
  const [search, setSearch] = useState("");
  const { setup, setColumns, setDensity } = control;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (
    <>
      <div className="flex items-center gap-2">
        <input type="search" aria-label="Search a column" placeholder="Search a column" value={search} onChange={(event) => setSearch(event.target.value)} className={`${field} flex-1`} />
        <button type="button" className={button} onClick={() => setColumns(DEFAULT_SETUP.columns)}>
          Reset
        </button>
      </div>
      <div className="mt-3 flex items-center gap-2">
        <span className="text-ink-soft">Rows</span>
        <Segmented label="Density" options={DENSITY} value={setup.density} onChange={(value) => setDensity(value === "compact" ? "compact" : "normal")} />
      </div>
      <h3 className={heading}>Sorted by</h3>
      <SortList control={control} />
      <h3 className={heading}>Shown</h3>
      <p id="columns-keys" className="mb-1 text-micro text-ink-soft">
        Drag to move, or Alt with ↑ and ↓ on a box.
      </p>
      <Shown ids={setup.columns} words={words} onIds={setColumns} />
      <h3 className={heading}>Hidden</h3>
      <Hidden ids={setup.columns} words={words} onIds={setColumns} />
    </>
  );
}
