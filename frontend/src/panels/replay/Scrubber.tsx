import { type Dispatch, useLayoutEffect, useMemo, useRef, useState } from "react";

import { barTime } from "../../charts/times";
import { foldedMarks, type Mark, type Noted } from "../../lib/playback/marks";
import { type Act, barsIn, type Player, slotIn } from "../../lib/playback/player";
import { alertTag } from "../../lib/tiers";
import { utcTime } from "../../lib/time";
import { TierShape } from "../../ui/TierShape";

interface Props {
  player: Player;
  dispatch: Dispatch<Act>;
  alerts: readonly Noted[];
  /** Marks end at the bar that is shown. */
  blind: boolean;
}

/** The thumb of the browser's slider, px: places are of its middle. */
const THUMB_PX = 16;
const MARK_PX = 20;

function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const read = () => setWidth(element.clientWidth);
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

const leftOf = (place: number) => `calc(${THUMB_PX / 2}px + ${place} * (100% - ${THUMB_PX}px))`;

const wordsOf = ({ lead, count, ts }: Mark) =>
  `${barTime(ts)}: ${alertTag(lead)} ${lead.base}${count > 1 ? ` and ${count - 1} more` : ""}`;

function MarkButton({ mark, onGo }: { mark: Mark; onGo: (ts: number) => void }) {
  return (
    // For the pointer alone: the list beside it and the keys n and p lead to the same bars.
    <button
      type="button"
      tabIndex={-1}
      aria-hidden="true"
      data-mark={mark.ts}
      data-count={mark.count}
      title={wordsOf(mark)}
      onClick={() => onGo(mark.ts)}
      className="absolute bottom-0 flex w-5 -translate-x-1/2 flex-col items-center justify-end hover:brightness-125"
      style={{ left: leftOf(mark.place) }}
    >
      <span className="h-3 text-[0.5625rem] leading-3 text-ink-soft">{mark.count > 1 ? mark.count : ""}</span>
      <TierShape alert={mark.lead} />
    </button>
  );
}

function LoopBand({ player: { loop, mark, stretch } }: { player: Player }) {
  const bars = Math.max(1, barsIn(stretch) - 1);
  if (mark !== null) {
    return <span className="absolute top-0 h-full w-px bg-accent" style={{ left: leftOf(slotIn(stretch, mark) / bars) }} />;
  }
  if (!loop) return null;
  const [from, to] = [slotIn(stretch, loop.from) / bars, slotIn(stretch, loop.to) / bars];
  return (
    <span
      data-loop=""
      className="absolute top-0 h-full border-x-2 border-accent bg-accent/15"
      style={{ left: leftOf(from), width: `calc(${to - from} * (100% - ${THUMB_PX}px))` }}
    />
  );
}

/** The stretch as a slider, its alerts as marks over it. */
export function Scrubber({ player, dispatch, alerts, blind }: Props) {
  const { stretch, at } = player;
  const { ref, width } = useWidth();
  const places = Math.max(8, Math.floor(width / MARK_PX));
  const known = useMemo(() => foldedMarks(alerts, stretch, places), [alerts, stretch, places]);
  // Folded anew where they end: a mark must not tell of a bar to come.
  const marks = useMemo(
    () => (blind ? foldedMarks(alerts.filter(({ ts }) => ts <= at), stretch, places) : known),
    [blind, alerts, at, stretch, places, known],
  );
  const seek = (ts: number) => dispatch({ do: "seek", at: ts });
  const slot = slotIn(stretch, at);
  return (
    <div ref={ref} className="relative pt-6">
      <div className="absolute inset-x-0 top-0 h-6">
        {marks.map((mark) => (
          <MarkButton key={mark.ts} mark={mark} onGo={seek} />
        ))}
      </div>
      <div className="relative h-5">
        <LoopBand player={player} />
        <input
          type="range"
          aria-label="Bar of the stretch"
          aria-valuetext={`${barTime(at)}, bar ${slot + 1} of ${barsIn(stretch)}`}
          min={0}
          max={barsIn(stretch) - 1}
          value={slot}
          onChange={(event) => seek(stretch.start + Number(event.target.value) * stretch.step)}
          className="relative m-0 h-5 w-full accent-[rgb(var(--accent))]"
        />
      </div>
      <div aria-hidden="true" className="flex justify-between text-micro text-ink-faint">
        <span title={utcTime(stretch.start)}>{barTime(stretch.start)}</span>
        <span title={utcTime(stretch.end)}>{barTime(stretch.end)}</span>
      </div>
    </div>
  );
}
