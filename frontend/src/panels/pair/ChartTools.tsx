import { type ReactNode, useEffect, useRef } from "react";

import { OVERLAYS } from "../../charts/candles/panes";
import { MarkChip } from "../../ui/MarkChip";
import type { Panes } from "./usePanes";

const SUMMARY =
  "flex h-7 cursor-pointer select-none list-none items-center rounded-md border border-edge px-2.5 text-xs text-ink-soft hover:bg-raised hover:text-ink-strong [&::-webkit-details-marker]:hidden";

/** A button that opens a small panel under itself; a click elsewhere closes it. */
function Menu({ name, children }: { name: string; children: ReactNode }) {
  const ref = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const onDown = (event: PointerEvent) => {
      if (ref.current?.open && !(event.target instanceof Node && ref.current.contains(event.target))) ref.current.open = false;
    };
    document.addEventListener("pointerdown", onDown);
    return () => document.removeEventListener("pointerdown", onDown);
  }, []);
  return (
    <details ref={ref} className="relative">
      <summary className={SUMMARY}>{name}</summary>
      <div className="absolute left-0 top-full z-30 mt-1 max-h-[60vh] w-72 max-w-[80vw] overflow-y-auto rounded-md border border-edge bg-panel p-2 shadow-pop">{children}</div>
    </details>
  );
}

const MOVE = "rounded px-1.5 text-ink-soft hover:bg-raised hover:text-ink-strong";

/** Which panes are shown, and in which order. */
function PaneMenu({ panes }: { panes: Panes }) {
  return (
    <Menu name="Panes">
      <ul aria-label="Panes" className="text-xs">
        {panes.all.map(({ id, title, about }) => (
          <li key={id} className="flex items-center gap-2 py-1">
            <label className="flex min-w-0 flex-1 items-baseline gap-2">
              <input type="checkbox" checked={!panes.hidden.includes(id)} onChange={() => panes.toggle(id)} className="translate-y-0.5 accent-[rgb(var(--accent))]" />
              <span className="text-ink-strong">
                {title} <span className="text-micro text-ink-soft">{about}</span>
              </span>
            </label>
            <button type="button" aria-label={`${title}: earlier`} onClick={() => panes.move(id, -1)} className={MOVE}>↑</button>
            <button type="button" aria-label={`${title}: later`} onClick={() => panes.move(id, 1)} className={MOVE}>↓</button>
          </li>
        ))}
      </ul>
    </Menu>
  );
}

function OverlayToggles({ panes }: { panes: Panes }) {
  return (
    <fieldset className="flex flex-wrap items-center gap-1">
      <legend className="sr-only">Overlays</legend>
      {OVERLAYS.map(({ id, title }) => (
        <label key={id} className="flex h-7 cursor-pointer select-none items-center rounded-md border border-edge px-2.5 text-xs text-ink-soft hover:text-ink-strong has-[:checked]:border-accent has-[:checked]:text-ink-strong has-[:focus-visible]:outline has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent">
          <input type="checkbox" className="sr-only" checked={panes.overlays.includes(id)} onChange={() => panes.toggleOverlay(id)} />
          {title.split(" ")[0]}
        </label>
      ))}
    </fieldset>
  );
}

const KEY: readonly (readonly [mark: string, how: string])[] = [
  ["gap", "the whole pane hatched: no bar here; lines break, nothing is bridged"],
  ["guarded:imbalance", "hatched: the raw value was refused and feeds nothing; \"refused\" in the legend"],
  ["stale", "plain strip at the foot of the candles"],
  ["backfilled", "dotted strip: fetched after it had been missed"],
  ["revised", "dashed strip: late, partial, revised or assumed; the legend names it"],
];

/** What the marks in the chart mean. */
function MarkKey() {
  return (
    <Menu name="Marks">
      <dl className="space-y-2 text-xs">
        {KEY.map(([mark, how]) => (
          <div key={mark} className="flex items-baseline gap-2">
            <dt className="shrink-0"><MarkChip mark={mark} /></dt>
            <dd className="text-ink">{how}</dd>
          </div>
        ))}
        <div className="flex items-baseline gap-2">
          <dt className="shrink-0"><span className="rounded bg-t2/30 px-1 text-micro text-ink-strong">tier 2</span></dt>
          <dd className="text-ink">shaded: OI spike, crowded longs and one-sided flow together</dd>
        </div>
        <div className="flex items-baseline gap-2">
          <dt className="shrink-0 text-micro text-warn">live</dt>
          <dd className="text-ink">dotted line: what moves now. A candle is drawn when its bar has closed</dd>
        </div>
      </dl>
    </Menu>
  );
}

/** What the chart shows, and what its marks mean. */
export function ChartTools({ panes }: { panes: Panes }) {
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <PaneMenu panes={panes} />
      <OverlayToggles panes={panes} />
      <MarkKey />
    </div>
  );
}
