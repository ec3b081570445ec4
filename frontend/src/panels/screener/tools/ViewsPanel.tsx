import { type ChangeEvent, type FormEvent, type KeyboardEvent, useRef, useState } from "react";

import { useChoice } from "../../../hooks/useChoice";
import { useUrl } from "../../../hooks/useUrl";
import { cleanName, DEFAULT_VIEW, type SavedView, VIEW, VIEWS, viewsFile, viewsOfFile, withoutView, withView } from "../../../lib/savedViews";
import { changeUrl } from "../../../lib/url";
import { saveFile } from "./saveFile";
import { button, field, heading } from "./styles";
import type { ToolProps } from "./ToolPanel";

/** Up and down go through the list. */
function onEntryKey(event: KeyboardEvent<HTMLButtonElement>) {
  const delta = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (delta === undefined) return;
  event.preventDefault();
  const all = [...(event.currentTarget.closest("ul")?.querySelectorAll<HTMLElement>("[data-view]") ?? [])];
  const at = all.indexOf(event.currentTarget);
  all[Math.min(Math.max(at + delta, 0), all.length - 1)]?.focus();
}

function useViews({ control, filter }: Pick<ToolProps, "control" | "filter">) {
  const [views, setViews] = useChoice(VIEWS);
  const [current, setCurrent] = useChoice(VIEW);
  const text = useUrl("filter") ?? "";
  const shown = (name: string): SavedView => ({ ...control.setup, name, filter: text, chip: filter.chip });
  const take = (view: SavedView) => {
    control.setSetup(view);
    changeUrl({ filter: view.filter, chip: view.chip === "all" ? null : view.chip });
    setCurrent(view === DEFAULT_VIEW ? "" : view.name);
  };
  return { views, setViews, current, setCurrent, shown, take };
}

interface FormProps {
  label: string;
  word: string;
  start?: string;
  onName: (name: string) => void;
}

function NameForm({ label, word, start = "", onName }: FormProps) {
  const [name, setName] = useState(start);
  const send = (event: FormEvent) => {
    event.preventDefault();
    const clean = cleanName(name);
    if (clean === "") return;
    onName(clean);
    setName("");
  };
  return (
    <form onSubmit={send} className="flex gap-2">
      <input type="text" aria-label={label} placeholder={label} maxLength={60} value={name} onChange={(event) => setName(event.target.value)} className={`${field} flex-1`} />
      <button type="submit" disabled={cleanName(name) === ""} className={button}>
        {word}
      </button>
    </form>
  );
}

/** Views of the reader's own to and from a file. */
function Files({ views, onViews }: { views: readonly SavedView[]; onViews: (views: SavedView[]) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  const read = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    event.target.value = "";
    if (!file) return;
    file
      .text()
      .then(viewsOfFile)
      .then((found) => {
        onViews(found.reduce<SavedView[]>(withView, [...views]));
        setSaid(`${found.length} read.`);
      })
      .catch((cause: unknown) => setSaid(cause instanceof Error ? cause.message : String(cause)));
  };
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2">
      <button type="button" disabled={views.length === 0} className={button} onClick={() => saveFile("futuresboard-views.json", new Blob([viewsFile(views)], { type: "application/json" }))}>
        Save to a file
      </button>
      <button type="button" className={button} onClick={() => picker.current?.click()}>
        Read a file
      </button>
      <input ref={picker} type="file" accept="application/json,.json" aria-label="File with views" className="hidden" onChange={read} />
      <span role="status" className="text-micro text-ink-soft">
        {said}
      </span>
    </div>
  );
}

const entry = "flex min-w-0 flex-1 items-center rounded px-2 py-1.5 text-left hover:bg-raised focus-visible:bg-raised";

/** Layouts and filters under names of the reader's own: switch, save, rename, delete, share. */
export function ViewsPanel(props: ToolProps) {
  const { views, setViews, current, setCurrent, shown, take } = useViews(props);
  const mine = views.find(({ name }) => name === current);
  const save = (name: string) => {
    setViews(withView(views, shown(name)));
    setCurrent(name);
  };
  const rename = (name: string) => {
    if (!mine) return;
    setViews(withView(withoutView(views, name), mine).map((view) => (view === mine ? { ...mine, name } : view)));
    setCurrent(name);
  };
  return (
    <>
      <ul aria-label="Views" className="-mx-1">
        {[DEFAULT_VIEW, ...views].map((view) => {
          const on = view === DEFAULT_VIEW ? mine === undefined : view.name === current;
          return (
            <li key={view === DEFAULT_VIEW ? "" : `= ${view.name}`} className="flex items-center">
              <button
                type="button"
                aria-current={on ? "true" : undefined}
                data-view={view.name}
                data-autofocus={on ? "" : undefined}
                onKeyDown={onEntryKey}
                className={entry}
                onClick={() => {
                  take(view);
                  props.onClose();
                }}
              >
                <span className={`truncate ${on ? "font-semibold text-accent" : "text-ink-strong"}`}>{view.name}</span>
                {view.filter && <span className="ml-2 min-w-0 flex-1 truncate font-mono text-micro text-ink-soft">{view.filter}</span>}
              </button>
              {view !== DEFAULT_VIEW && (
                <button type="button" aria-label={`Delete the view ${view.name}`} className="h-7 w-7 shrink-0 rounded text-ink-soft hover:bg-raised hover:text-down" onClick={() => setViews(withoutView(views, view.name))}>
                  ×
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <h3 className={heading}>What is shown now</h3>
      <div className="flex flex-col gap-2">
        <NameForm label="Name of a new view" word="Save as view" onName={save} />
        {mine && <NameForm key={mine.name} label="New name" word="Rename" start={mine.name} onName={rename} />}
        <div className="flex flex-wrap gap-2">
          {mine && (
            <button type="button" className={button} onClick={() => save(mine.name)}>
              {`Update “${mine.name}”`}
            </button>
          )}
          <button type="button" className={button} onClick={() => take(mine ?? DEFAULT_VIEW)}>
            Reset to the view
          </button>
        </div>
      </div>
      <Files views={views} onViews={setViews} />
    </>
  );
}
