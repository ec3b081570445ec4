/** The bars of one pair up to the one that is shown: nothing after it is ever in them. Pure. */
import { type Bars, NO_BARS, slotOf } from "../../charts/bars";
import { type Frame, valueAt } from "../../lib/playback/frame";

/** A bar of the chart before its columns are put together. */
interface Bar {
  ts: number;
  values: Readonly<Record<string, number | null>>;
  tiers: readonly number[] | null;
  quality: readonly string[];
  guarded: Readonly<Record<string, number>> | null;
}

const GAP = ["gap"];

function numbersOf(guarded: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> | null {
  const known = Object.entries(guarded).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return known.length > 0 ? Object.fromEntries(known) : null;
}

function fromFrame(frame: Frame, key: string): Bar {
  const row = frame.keys.indexOf(key);
  if (row < 0) return { ts: frame.ts, values: {}, tiers: null, quality: GAP, guarded: null };
  return {
    ts: frame.ts,
    values: Object.fromEntries(Object.keys(frame.numbers).map((name) => [name, valueAt(frame, name, row)])),
    tiers: frame.words.tiers[row] ?? null,
    quality: frame.words.quality[row] ?? [],
    guarded: numbersOf(frame.words.guarded[row] ?? {}),
  };
}

function fromHistory(bars: Bars, slot: number): Bar {
  return {
    ts: bars.ts[slot] ?? 0,
    values: Object.fromEntries(Object.entries(bars.columns).map(([name, column]) => [name, column[slot] ?? null])),
    tiers: bars.tiers[slot] ?? null,
    quality: bars.quality[slot] ?? [],
    guarded: bars.guarded[slot] ?? null,
  };
}

function together(bars: readonly Bar[]): Bars {
  const names = new Set(bars.flatMap(({ values }) => Object.keys(values)));
  return {
    ts: bars.map(({ ts }) => ts),
    columns: Object.fromEntries([...names].map((name) => [name, bars.map(({ values }) => values[name] ?? null)])),
    tiers: bars.map(({ tiers }) => tiers),
    quality: bars.map(({ quality }) => quality),
    guarded: bars.map(({ guarded }) => guarded),
  };
}

/** Bars that a frame up to now says have changed since they were shown: ends are told, and how many. */
function changedSince(frames: readonly Frame[], key: string, step: number): ReadonlySet<number> {
  const changed = new Set<number>();
  for (const { revised } of frames) {
    for (const { exchange, symbol, first, last, bars } of revised) {
      if (`${exchange}|${symbol}` !== key) continue;
      changed.add(first).add(last);
      if ((last - first) / step + 1 === bars) for (let ts = first; ts <= last; ts += step) changed.add(ts);
    }
  }
  return changed;
}

const marked = (bar: Bar, changed: ReadonlySet<number>): Bar =>
  !changed.has(bar.ts) || bar.quality.includes("revised") ? bar : { ...bar, quality: [...bar.quality, "revised"] };

export interface PairSources {
  key: string;
  /** The first bar wanted and the one that is shown, open times. */
  from: number;
  at: number;
  step: number;
  frame: (ts: number) => Frame | null;
  /** The record as it is known now, for bars whose frames have not been read. */
  history: Bars;
}

/**
 * The pair's bars, each as its frame has it, else as the record has it; from the last slot of which neither
 * knows on. The bar that is shown is there once its frame is. A bar that changed after its frame says so.
 */
export function pairBars({ key, from, at, step, frame, history }: PairSources): Bars {
  const found: Bar[] = [];
  const frames: Frame[] = [];
  for (let ts = at; ts >= from; ts -= step) {
    const known = frame(ts);
    const slot = known === null && ts < at ? slotOf(history, ts) : -1;
    if (known !== null) {
      frames.push(known);
      found.push(fromFrame(known, key));
    } else if (slot >= 0 && history.ts[slot] === ts) found.push(fromHistory(history, slot));
    else if (ts < at) break;
  }
  const changed = changedSince(frames, key, step);
  const ordered = found.reverse().map((bar) => marked(bar, changed));
  const first = ordered.findIndex(({ values }) => values.close != null);
  return first < 0 ? NO_BARS : together(ordered.slice(first));
}

/** Open times between which the record has been asked for, both inclusive; null before it was. */
export type Covered = { first: number; last: number } | null;

/** The end of the bars that the record has to be asked for; null where all are known. */
export function historyNeeded({ from, at, step, frame }: Omit<PairSources, "key" | "history">, covered: Covered): number | null {
  for (let ts = at - step; ts >= from; ts -= step) {
    const isCovered = covered !== null && ts >= covered.first && ts <= covered.last;
    if (!isCovered && frame(ts) === null) return ts;
  }
  return null;
}
