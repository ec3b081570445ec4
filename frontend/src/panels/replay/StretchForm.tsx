import { type FormEvent, useState } from "react";

import type { Knowledge } from "../../api/replay";
import { barsIn, type Stretch } from "../../lib/playback/player";
import { utcTime } from "../../lib/time";
import { changeUrl } from "../../lib/url";
import { Segmented } from "../../ui/Segmented";
import type { Found } from "./useStretch";

interface Props {
  as: Knowledge;
  /** As typed: coins or symbols. */
  pairs: string;
  found: Found | null;
}

const AS = [
  { value: "seen", label: "As seen", title: "What was known then" },
  { value: "revised", label: "As revised", title: "What is known now" },
];

/** What the choice means. */
export const AS_WORDS: Record<Knowledge, string> = {
  seen: "Each bar as it stood before the next one closed: what this page showed then.",
  revised: "Each bar with its final values, as if they had been known at its close; late rows and corrections included.",
};

const HOUR_MS = 3_600_000;
/** Final values are replayed for so many bars at once. */
const MOST_REVISED = 576;

const SPANS = [
  { label: "6 h", ms: 6 * HOUR_MS },
  { label: "1 day", ms: 24 * HOUR_MS },
  { label: "3 days", ms: 72 * HOUR_MS },
  { label: "7 days", ms: 168 * HOUR_MS },
];

const input = "h-8 rounded-md border border-edge bg-panel px-2 text-xs text-ink-strong";

/** A time as the browser's own field has it: local, to the minute. */
export function fieldText(ts: number): string {
  const local = new Date(ts - new Date(ts).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** A field's local time, ms UTC; null for an empty one. */
export function fieldTime(text: string): number | null {
  const ts = new Date(text).getTime();
  return Number.isNaN(ts) ? null : ts;
}

/** Another stretch: where the player stood holds no longer if it is outside. */
const setStretch = (from: number, to: number) => changeUrl({ from: String(from), to: String(to), loop: null }, true);

function Moment({ label, value, found, onChange }: { label: string; value: number; found: Found; onChange: (ts: number) => void }) {
  const { first, last } = found.recorded;
  return (
    <label className="flex items-center gap-1.5 text-micro text-ink-soft">
      {label}
      <input
        type="datetime-local"
        className={input}
        min={fieldText(first)}
        max={fieldText(last)}
        defaultValue={fieldText(value)}
        key={value}
        title={`${utcTime(value)}. Recorded: ${utcTime(first)} to ${utcTime(last)}`}
        onBlur={(event) => {
          const ts = fieldTime(event.target.value);
          if (ts !== null && fieldText(ts) !== fieldText(value)) onChange(ts);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
    </label>
  );
}

/** The end of a stretch of that length that keeps its beginning, or its end where the recording is too short. */
function spanned({ stretch, recorded }: Found, ms: number): [from: number, to: number] {
  const length = ms - stretch.step;
  const to = Math.min(recorded.last, stretch.start + length);
  return [Math.max(recorded.first, to - length), to];
}

function Spans({ found, as }: { found: Found; as: Knowledge }) {
  const { stretch } = found;
  return (
    <select
      aria-label="Length of the stretch"
      className={input}
      value=""
      onChange={(event) => {
        const span = SPANS[Number(event.target.value)];
        if (span) setStretch(...spanned(found, span.ms));
      }}
    >
      <option value="">{barsIn(stretch)} bars</option>
      {SPANS.map(({ label, ms }, i) => (
        <option key={label} value={i} disabled={as === "revised" && ms / stretch.step > MOST_REVISED}>
          {label}
        </option>
      ))}
    </select>
  );
}

function PairsField({ pairs }: { pairs: string }) {
  const [text, setText] = useState(pairs);
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() !== pairs) changeUrl({ pairs: text.trim(), loop: null }, true);
  };
  return (
    <form onSubmit={submit} className="flex items-center">
      <label className="flex items-center gap-1.5 text-micro text-ink-soft">
        Pairs
        <input
          className={`${input} w-36`}
          value={text}
          placeholder="all"
          title="Coins or symbols with commas between them: BTC, ETH. Empty: all. Fewer pairs are read faster"
          onChange={(event) => setText(event.target.value)}
          onBlur={() => submit()}
        />
      </label>
    </form>
  );
}

/** The part of a stretch that final values are replayed for, about the bar that is shown. */
function within(stretch: Stretch): [from: number, to: number] {
  return [Math.max(stretch.start, stretch.end - (MOST_REVISED - 1) * stretch.step), stretch.end];
}

function setAs(as: Knowledge, found: Found | null): void {
  const isLong = as === "revised" && found !== null && barsIn(found.stretch) > MOST_REVISED;
  const [from, to] = isLong ? within(found.stretch) : [null, null];
  changeUrl({ as: as === "seen" ? null : as, ...(isLong ? { from: String(from), to: String(to) } : {}) }, true);
}

/** Which part of the recording is played, of which pairs, and by whose knowledge. */
export function StretchForm({ as, pairs, found }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      {found && (
        <>
          <Moment label="From" value={found.stretch.start} found={found} onChange={(ts) => setStretch(ts, Math.max(ts, found.stretch.end))} />
          <Moment label="to" value={found.stretch.end} found={found} onChange={(ts) => setStretch(Math.min(ts, found.stretch.start), ts)} />
          <Spans found={found} as={as} />
        </>
      )}
      <PairsField key={pairs} pairs={pairs} />
      <Segmented label="Knowledge" options={AS} value={as} onChange={(value) => setAs(value === "revised" ? "revised" : "seen", found)} />
      <p className="basis-full text-micro text-ink-soft xl:basis-auto">{AS_WORDS[as]}</p>
    </div>
  );
}
