import type { Catalog } from "../../api/types";
import { moved } from "../../lib/setup";
import { Popover } from "../../ui/Popover";
import { columnOf } from "./columns";
import type { SetupControl } from "./useSetup";

interface Props {
  id: string;
  anchor: HTMLElement;
  control: SetupControl;
  catalog: Catalog | null;
  onClose: () => void;
}

interface Entry {
  label: string;
  run: () => void;
}

function sortEntries(id: string, { setup: { sort }, setSort }: SetupControl): Entry[] {
  const others = sort.filter((one) => one.id !== id);
  const entries = [
    { label: "Sort, largest first", run: () => setSort([{ id, desc: true }]) },
    { label: "Sort, smallest first", run: () => setSort([{ id, desc: false }]) },
  ];
  if (others.length > 0) {
    entries.push(
      { label: "Then by this, largest first", run: () => setSort([...others, { id, desc: true }]) },
      { label: "Then by this, smallest first", run: () => setSort([...others, { id, desc: false }]) },
    );
  }
  if (others.length < sort.length) entries.push({ label: "Do not sort by this", run: () => setSort(others) });
  return entries;
}

function placeEntries(id: string, { setup: { columns }, setColumns }: SetupControl): Entry[] {
  const at = columns.indexOf(id);
  if (at < 0) return [];
  const entries = [{ label: "Hide this column", run: () => setColumns(columns.filter((one) => one !== id)) }];
  if (at > 0) entries.push({ label: "Move left", run: () => setColumns(moved(columns, at, at - 1)) });
  if (at < columns.length - 1) entries.push({ label: "Move right", run: () => setColumns(moved(columns, at, at + 1)) });
  return entries;
}

const item = "block w-full rounded px-2 py-1.5 text-left hover:bg-raised focus-visible:bg-raised";

/** What a column means, exactly, and what can be done with it. */
export default function ColumnMenu({ id, anchor, control, catalog, onClose }: Props) {
  const column = columnOf(id);
  if (column === undefined) return null;
  const doc = catalog?.metrics.find(({ name }) => name === column.metric)?.doc;
  const sorts = column.sortValue === null ? [] : sortEntries(id, control);
  const entries = [...sorts, ...placeEntries(id, control)];
  return (
    <Popover label={`Column ${column.label}`} anchor={anchor} onClose={onClose}>
      <p className="font-semibold text-ink-strong">
        {column.label} <span className="font-normal text-ink-soft">{column.unit}</span>
      </p>
      <p className="mt-1 leading-5 text-ink">{column.doc}</p>
      {doc && <p className="mt-1 leading-5 text-ink-soft">{doc}</p>}
      <ul className="-mx-2 mt-2 border-t border-line pt-2">
        {entries.map(({ label, run }) => (
          <li key={label}>
            <button
              type="button"
              className={item}
              onClick={() => {
                run();
                onClose();
              }}
            >
              {label}
            </button>
          </li>
        ))}
      </ul>
    </Popover>
  );
}
