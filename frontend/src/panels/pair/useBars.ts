import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { fetchHistory } from "../../api/client";
import type { MetricRow } from "../../api/types";
import { type Bars, extend, firstChange, NO_BARS, parseHistory, parseRow, prepend, slice, stepOf } from "../../charts/bars";
import { useOverlays, withOverlays } from "./useOverlays";

const PAGE = 500;
export const MOST_BARS = 5000;
/** Bars asked for again when one has closed: what is finalised late shows in these. */
const TAIL = 12;
/** Bars shown before the one that was asked for. */
const BEFORE = 150;

export interface Series {
  exchange: string;
  symbol: string;
  tf: string;
}

export const seriesKey = ({ exchange, symbol, tf }: Series) => `${exchange}|${symbol}|${tf}`;

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

interface Held {
  key: string;
  bars: Bars;
  error: string | null;
  /** Nothing older is recorded, or as many bars are here as the page draws. */
  whole: boolean;
}

const NOTHING: Held = { key: "", bars: NO_BARS, error: null, whole: false };

/** How many bars to read before the first one that is here: a page, or enough to reach the one asked for. */
export function olderLimit(at: number | null, begin: number, held: number, stepMs: number): number {
  const reach = at === null || at >= begin ? 0 : Math.ceil((begin - at) / stepMs) + BEFORE;
  return Math.min(Math.max(PAGE, reach), MOST_BARS - held);
}

/** `bars` with the newest row's closed part; the same object where it says nothing new, null where bars between are missing. */
export function withRow(bars: Bars, row: MetricRow, stepMs: number): Bars | null {
  const tail = parseRow(row, bars);
  const last = bars.ts.length - 1;
  const known = slice(bars, last, last + 1);
  if (row.ts === bars.ts[last] && firstChange(known, tail, Object.keys(bars.columns)) === -1) return bars;
  if (row.ts < (bars.ts[last] ?? Infinity)) return bars;
  return extend(bars, tail, stepMs);
}

/** The newest bars, read when the series changes, and how to put more to them. */
function useNewest({ exchange, symbol, tf }: Series, key: string) {
  const [held, setHeld] = useState(NOTHING);
  useEffect(() => {
    const aborter = new AbortController();
    fetchHistory({ exchange, symbol, tf, limit: PAGE }, aborter.signal)
      .then((answer) => setHeld({ key, bars: parseHistory(answer), error: null, whole: answer.ts.length < PAGE }))
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted) setHeld({ ...NOTHING, key, error: messageOf(cause) });
      });
    return () => aborter.abort();
  }, [exchange, symbol, tf, key]);
  /** Puts an answer to what is here, if it is still about the same series. */
  const take = useCallback(
    (change: (held: Held) => Held) => setHeld((before) => (before.key === key ? change(before) : before)),
    [key],
  );
  return { held: held.key === key ? held : NOTHING, take };
}

type Take = (change: (held: Held) => Held) => void;

/** Asks for bars before the first, one request at a time: as the reader goes there, or a link does. */
function useOlder({ exchange, symbol, tf }: Series, held: Held, at: number | null, take: Take) {
  const asking = useRef<AbortController | null>(null);
  useEffect(
    () => () => {
      asking.current?.abort();
      asking.current = null;
    },
    [exchange, symbol, tf],
  );
  const begin = held.bars.ts[0];
  const count = held.bars.ts.length;
  const { whole } = held;
  const older = useCallback(() => {
    if (asking.current || begin === undefined || whole) return;
    const aborter = new AbortController();
    asking.current = aborter;
    const limit = olderLimit(at, begin, count, stepOf(tf));
    fetchHistory({ exchange, symbol, tf, limit, end: begin - stepOf(tf) }, aborter.signal)
      .then((answer) => {
        const found = parseHistory(answer);
        take((before) => {
          const bars = prepend(found, before.bars);
          return { ...before, bars, error: null, whole: found.ts.length < limit || bars.ts.length >= MOST_BARS };
        });
      })
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted) take((before) => ({ ...before, error: messageOf(cause) }));
      })
      .finally(() => {
        if (asking.current === aborter) asking.current = null;
      });
  }, [exchange, symbol, tf, at, begin, count, whole, take]);
  useEffect(() => {
    if (at !== null && begin !== undefined && at < begin) older();
  }, [at, begin, older]);
  return older;
}

/** Each bar that closes: first as the feed's row tells it, then with what was finalised late before it. */
function useClosed({ exchange, symbol, tf }: Series, held: Held, row: MetricRow | null, take: Take) {
  const stepMs = stepOf(tf);
  useEffect(() => {
    if (!row) return;
    take((before) => {
      const bars = before.bars.ts.length === 0 ? before.bars : (withRow(before.bars, row, stepMs) ?? before.bars);
      return bars === before.bars ? before : { ...before, bars };
    });
    // Also when the first bars have come: a bar may have closed since they were asked for.
  }, [row, stepMs, take, held.key]);

  const newest = useRef<number | undefined>(undefined);
  useEffect(() => {
    newest.current = held.bars.ts[held.bars.ts.length - 1];
  });
  const closedTs = row?.ts ?? null;
  useEffect(() => {
    if (closedTs === null || newest.current === undefined) return;
    const aborter = new AbortController();
    const start = Math.min(newest.current, closedTs) - (TAIL - 1) * stepMs;
    const limit = Math.min(MOST_BARS, Math.round((closedTs - start) / stepMs) + 1);
    fetchHistory({ exchange, symbol, tf, start, limit }, aborter.signal)
      .then((answer) => take((before) => ({ ...before, bars: extend(before.bars, parseHistory(answer), stepMs) ?? before.bars })))
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted) take((before) => ({ ...before, error: messageOf(cause) }));
      });
    return () => aborter.abort();
  }, [exchange, symbol, tf, closedTs, stepMs, take]);
}

/**
 * The closed bars of a pair: the newest at first, older ones when asked for, and each that closes while
 * it is open, as the feed tells it.
 */
export function useBars(series: Series, row: MetricRow | null, at: number | null, overlays: string) {
  const key = seriesKey(series);
  const { held, take } = useNewest(series, key);
  const older = useOlder(series, held, at, take);
  useClosed(series, held, row, take);
  const drawn = useOverlays(series, held.bars, overlays);
  const bars = useMemo(() => withOverlays(held.bars, drawn.lines), [held.bars, drawn.lines]);
  return { bars, loading: held.key !== key, error: held.error ?? drawn.error, whole: held.whole, older };
}
