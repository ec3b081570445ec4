import { useEffect, useMemo, useState } from "react";

import { fetchHistory } from "../../api/client";
import { type Bars, NO_BARS, parseHistory } from "../../charts/bars";
import { type Covered, historyNeeded, pairBars } from "./pairBars";
import type { Playing } from "./usePlayer";
import type { Recorded } from "./useStretch";

/** Bars of the chart before the one that is shown, and how many more are kept as it goes on. */
const BEFORE = 150;
const LEAST = 100;
const KEPT = 600;

interface Held {
  key: string;
  bars: Bars;
  covered: Covered;
  error: string | null;
}

const NOTHING: Held = { key: "", bars: NO_BARS, covered: null, error: null };

/** Where the chart begins: it stays where it was while the player goes on, so that bars are added and not all drawn anew. */
function useAnchor(key: string, at: number, step: number): number {
  const [anchor, setAnchor] = useState({ key: "", from: 0 });
  const bars = (at - anchor.from) / step;
  if (anchor.key === key && bars >= LEAST && bars <= KEPT) return anchor.from;
  const from = at - BEFORE * step;
  setAnchor({ key, from });
  return from;
}

/** The chart's bars of a pair (`exchange|symbol`): what was replayed of it, and the record before that. */
export function usePairBars(pair: string, tf: string, { player, reader, frame }: Playing, recorded: Recorded) {
  const { at, stretch } = player;
  const { step } = stretch;
  const key = `${pair}|${tf}`;
  const [held, setHeld] = useState(NOTHING);
  const mine = held.key === key ? held : NOTHING;
  const anchor = useAnchor(key, at, step);
  const from = Math.max(anchor, recorded.first);
  const end = historyNeeded({ from, at, step, frame: (ts) => reader.frame(ts) }, mine.covered);
  useEffect(() => {
    if (end === null) return undefined;
    const aborter = new AbortController();
    const cut = pair.indexOf("|");
    const query = { exchange: pair.slice(0, cut), symbol: pair.slice(cut + 1), tf, end, limit: KEPT };
    fetchHistory(query, aborter.signal)
      .then((answer) => {
        setHeld({ key, bars: parseHistory(answer), covered: { first: end - (KEPT - 1) * step, last: end }, error: null });
      })
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted) setHeld({ key, bars: NO_BARS, covered: null, error: cause instanceof Error ? cause.message : String(cause) });
      });
    return () => aborter.abort();
  }, [pair, tf, end, step, key]);
  const { version } = reader;
  const bars = useMemo(
    () => pairBars({ key: pair, from, at, step, frame: (ts) => reader.frame(ts), history: mine.bars }),
    // What has been read of the past changes with the version; a frame to come changes nothing here.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [pair, from, at, step, reader, frame, mine.bars, version],
  );
  const replayedFrom = bars.ts.find((ts) => reader.has(ts)) ?? null;
  return { bars, replayedFrom, error: mine.error, loading: end !== null && mine.error === null };
}
