import type { ReactNode } from "react";

import { barTime } from "../../charts/times";
import type { Reading } from "../../lib/playback/reader";
import { changeUrl } from "../../lib/url";

const BUTTON = "rounded-md border border-edge px-2.5 py-1 text-xs text-ink-strong hover:bg-raised";

/** Times of bars in a sentence of the server, in the reader's own time. */
export const withTimes = (words: string) => words.replace(/\b1\d{12}\b/g, (ts) => barTime(Number(ts)));

const newest = () => changeUrl({ from: null, to: null, at: null, loop: null }, true);
const allPairs = () => changeUrl({ pairs: null, exchange: null }, true);

interface FailureProps {
  why: string;
  /** The server knows no pair of those. */
  noPair: boolean;
  onRetry: () => void;
}

/** What went wrong, and ways on. */
export function Failure({ why, noPair, onRetry }: FailureProps) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-2 rounded-md border border-down/40 bg-down/10 px-3 py-2 text-xs text-down">
      <span className="min-w-0 flex-1">{withTimes(why)}</span>
      {noPair ? (
        <button type="button" onClick={allPairs} className={BUTTON}>
          All pairs
        </button>
      ) : (
        <button type="button" onClick={newest} className={BUTTON}>
          The newest day
        </button>
      )}
      <button type="button" onClick={onRetry} className={BUTTON}>
        Try again
      </button>
    </div>
  );
}

const NO_PAIR = 404;

/** What the reader of frames is at, where that is to be known. */
export function ReaderStatus({ state, waiting, onRetry }: { state: Reading; waiting: boolean; onRetry: () => void }) {
  if (state.is === "failed") return <Failure why={state.why} noPair={state.status === NO_PAIR} onRetry={onRetry} />;
  if (state.is === "waiting") {
    return (
      <p role="status" className="flex flex-wrap items-center gap-2 rounded-md border border-warn/40 bg-warn/10 px-3 py-1.5 text-xs text-warn">
        <span className="min-w-0 flex-1">{withTimes(state.why)}</span>
        <button type="button" onClick={onRetry} className={BUTTON}>
          Now
        </button>
      </p>
    );
  }
  return (
    <p role="status" className="sr-only">
      {waiting ? "Reading…" : ""}
    </p>
  );
}

/** Why there is no table, in its place. */
export function Waiting({ at }: { at: number }): ReactNode {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-3 p-8">
      <span aria-hidden="true" className="skeleton h-1.5 w-40" />
      <p className="text-xs text-ink-soft">Reading the bars from {barTime(at)} on…</p>
    </div>
  );
}
