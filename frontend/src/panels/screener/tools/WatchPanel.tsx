import { type FormEvent, useState } from "react";

import { useChoice } from "../../../hooks/useChoice";
import { cleanName } from "../../../lib/savedViews";
import { addList, currentList, dropList, renameList, WATCH } from "../../../lib/watch";
import { button, field, heading } from "./styles";

/** The reader's watchlists: which one the stars are set in, and whether only it is shown. */
export function WatchPanel() {
  const [watch, setWatch] = useChoice(WATCH);
  const [name, setName] = useState("");
  const list = currentList(watch);
  const clean = cleanName(name);
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (clean === "") return;
    setWatch(addList(watch, clean));
    setName("");
  };
  return (
    <>
      <label className="flex items-center gap-2 py-1">
        <input type="checkbox" data-autofocus checked={watch.only} onChange={(event) => setWatch({ ...watch, only: event.target.checked })} className="rounded border-edge bg-page text-accent" />
        <span>{`Show only “${list.name}” (${list.pairs.length})`}</span>
      </label>
      <h3 className={heading}>Lists</h3>
      <ul aria-label="Watchlists" className="-mx-1">
        {watch.lists.map((one, i) => (
          <li key={`${i} ${one.name}`}>
            <button
              type="button"
              aria-pressed={i === watch.current}
              onClick={() => setWatch({ ...watch, current: i })}
              className="flex w-full items-center gap-2 rounded px-2 py-1.5 text-left hover:bg-raised focus-visible:bg-raised"
            >
              <span className={`truncate ${i === watch.current ? "font-semibold text-accent" : "text-ink-strong"}`}>{one.name}</span>
              <span className="ml-auto text-ink-soft">{one.pairs.length}</span>
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={add} className="mt-2 flex flex-wrap gap-2">
        <input type="text" aria-label="Name of a list" placeholder="Name of a list" maxLength={60} value={name} onChange={(event) => setName(event.target.value)} className={`${field} w-full`} />
        <button type="submit" disabled={clean === ""} className={button}>
          New list
        </button>
        <button type="button" disabled={clean === ""} className={button} onClick={() => setWatch(renameList(watch, clean))}>
          {`Rename “${list.name}”`}
        </button>
        <button type="button" className={button} onClick={() => setWatch(dropList(watch))}>
          {watch.lists.length === 1 ? "Empty the list" : "Delete the list"}
        </button>
      </form>
      <p className="mt-2 text-micro leading-4 text-ink-soft">Stars and the key w put a pair on the list that is chosen here.</p>
    </>
  );
}
