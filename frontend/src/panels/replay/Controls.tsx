import type { Dispatch, ReactNode } from "react";

import { barTime } from "../../charts/times";
import { type Act, barsIn, type Player, slotIn, type Speed, SPEEDS } from "../../lib/playback/player";
import { utcTime } from "../../lib/time";

interface Props {
  player: Player;
  dispatch: Dispatch<Act>;
  /** Bars of the alerts before and after; null where there is none. */
  previous: number | null;
  next: number | null;
  /** The bar that is to come has not been read. */
  stalled: boolean;
  children: ReactNode;
}

const GLYPHS = {
  first: "M3 3v10M13 3L6 8l7 5z",
  last: "M13 3v10M3 3l7 5-7 5z",
  back: "M11 3L4 8l7 5z",
  forward: "M5 3l7 5-7 5z",
  play: "M4 2.5l9 5.5-9 5.5z",
  pause: "M4 3h2.5v10H4zM9.5 3H12v10H9.5z",
  previous: "M7.5 3.5L2 8l5.5 4.5zM11.5 5L14.5 8l-3 3-3-3z",
  next: "M8.5 3.5L14 8l-5.5 4.5zM4.5 5L7.5 8l-3 3-3-3z",
} as const;

const BUTTON =
  "flex h-8 min-w-8 items-center justify-center rounded-md border border-edge px-1.5 text-xs text-ink-soft hover:bg-raised hover:text-ink-strong disabled:opacity-40 disabled:hover:bg-transparent";

interface ButtonProps {
  glyph: keyof typeof GLYPHS;
  label: string;
  keys: string;
  disabled?: boolean;
  onClick: () => void;
  className?: string;
}

function Button({ glyph, label, keys, disabled = false, onClick, className = "" }: ButtonProps) {
  return (
    <button type="button" aria-label={label} title={`${label} (${keys})`} disabled={disabled} onClick={onClick} className={`${BUTTON} ${className}`}>
      <svg viewBox="0 0 16 16" className="h-3.5 w-3.5" aria-hidden="true">
        <path d={GLYPHS[glyph]} fill="currentColor" stroke="currentColor" strokeWidth="1.2" strokeLinejoin="round" />
      </svg>
    </button>
  );
}

function loopWords({ loop, mark }: Player): { label: string; title: string } {
  if (loop) return { label: "Loop off", title: `Loops ${barTime(loop.from)} to ${barTime(loop.to)}; press to play on (b)` };
  if (mark !== null) return { label: "Loop to here", title: `The loop begins at ${barTime(mark)}; this bar ends it (b)` };
  return { label: "Loop", title: "Marks this bar as one end of a loop, a second press the other (b)" };
}

/** What the loop button does now. */
export const loopAct = ({ loop }: Player): Act => (loop ? { do: "loop", loop: null } : { do: "mark" });

function LoopButton({ player, dispatch }: Pick<Props, "player" | "dispatch">) {
  const { label, title } = loopWords(player);
  return (
    <button type="button" aria-pressed={player.loop !== null} title={title} onClick={() => dispatch(loopAct(player))} className={`${BUTTON} px-2.5 aria-pressed:border-accent aria-pressed:text-accent`}>
      {label}
    </button>
  );
}

/** Play, steps, speed, loop, and the bar they have led to. */
export function Controls({ player, dispatch, previous, next, stalled, children }: Props) {
  const { at, playing, speed, stretch } = player;
  const go = (ts: number | null) => ts !== null && dispatch({ do: "seek", at: ts });
  return (
    <div className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1">
      <div role="group" aria-label="Player" className="flex items-center gap-1">
        <Button glyph="first" label="To the first bar" keys="Home" disabled={at === stretch.start} onClick={() => dispatch({ do: "first" })} className="max-sm:hidden" />
        <Button glyph="previous" label="To the alert before" keys="p" disabled={previous === null} onClick={() => go(previous)} />
        <Button glyph="back" label="One bar back" keys="," disabled={at === stretch.start} onClick={() => dispatch({ do: "step", by: -1 })} />
        <Button
          glyph={playing ? "pause" : "play"}
          label={playing ? "Pause" : "Play"}
          keys="space"
          onClick={() => dispatch({ do: "toggle" })}
          className="w-11 border-accent text-accent"
        />
        <Button glyph="forward" label="One bar on" keys="." disabled={at === stretch.end} onClick={() => dispatch({ do: "step", by: 1 })} />
        <Button glyph="next" label="To the next alert" keys="n" disabled={next === null} onClick={() => go(next)} />
        <Button glyph="last" label="To the last bar" keys="End" disabled={at === stretch.end} onClick={() => dispatch({ do: "last" })} className="max-sm:hidden" />
      </div>
      <label className="flex items-center gap-1.5 text-micro text-ink-soft">
        <span className="max-sm:sr-only">Bars a second</span>
        <select
          value={speed}
          title="Bars a second (1 to 5)"
          onChange={(event) => dispatch({ do: "speed", speed: Number(event.target.value) as Speed })}
          className="h-8 rounded-md border border-edge bg-panel px-1.5 text-xs text-ink-strong"
        >
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <LoopButton player={player} dispatch={dispatch} />
      <p className="ml-auto flex items-baseline gap-2 whitespace-nowrap max-sm:ml-0 max-sm:flex-1">
        {stalled && <span className="text-micro text-warn">reading…</span>}
        <time dateTime={new Date(at).toISOString()} data-at={at} title={utcTime(at)} className="text-sm font-semibold text-ink-strong">
          {barTime(at)}
        </time>
        <span className="text-micro text-ink-soft">
          bar {slotIn(stretch, at) + 1} of {barsIn(stretch)}
        </span>
      </p>
      {children}
    </div>
  );
}
