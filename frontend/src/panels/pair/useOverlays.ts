import { useEffect, useState } from "react";

import { fetchHistory } from "../../api/client";
import { type Bars, type Column, parseHistory } from "../../charts/bars";
import type { Series } from "./useBars";

/** Lines by name and the open time each value belongs to. */
export interface Lines {
  ts: readonly number[];
  columns: Readonly<Record<string, Column>>;
}

const NONE: Lines = { ts: [], columns: {} };
const PREFIXES = ["obv", "macd", "bollinger", "atr"];

/**
 * Overlays of all bars that are here, in one answer: OBV counts from the first bar of its answer, so
 * that parts of several could not be joined.
 */
export function useOverlays({ exchange, symbol, tf }: Series, bars: Bars, overlays: string) {
  const [held, setHeld] = useState<{ key: string; lines: Lines; error: string | null }>({ key: "", lines: NONE, error: null });
  const count = bars.ts.length;
  const end = bars.ts[count - 1];
  const key = `${exchange}|${symbol}|${tf}|${overlays}`;
  useEffect(() => {
    if (overlays === "" || end === undefined) return;
    const aborter = new AbortController();
    fetchHistory({ exchange, symbol, tf, end, limit: count, overlays }, aborter.signal)
      .then((answer) => {
        const { ts, columns } = parseHistory(answer);
        const own = Object.entries(columns).filter(([name]) => PREFIXES.some((prefix) => name.startsWith(prefix)));
        setHeld({ key, lines: { ts, columns: Object.fromEntries(own) }, error: null });
      })
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted) setHeld({ key, lines: NONE, error: cause instanceof Error ? cause.message : String(cause) });
      });
    return () => aborter.abort();
  }, [exchange, symbol, tf, key, count, end, overlays]);
  const fits = overlays !== "" && held.key === key;
  return { lines: fits ? held.lines : NONE, error: fits ? held.error : null };
}

/** Bars with lines beside their columns; slots the lines do not speak of are unknown. */
export function withOverlays(bars: Bars, lines: Lines): Bars {
  if (lines.ts.length === 0) return bars;
  const at = new Map(lines.ts.map((ts, i) => [ts, i]));
  const added = Object.entries(lines.columns).map(([name, values]) => [
    name,
    bars.ts.map((ts) => values[at.get(ts) ?? -1] ?? null),
  ]);
  return { ...bars, columns: { ...bars.columns, ...(Object.fromEntries(added) as Record<string, Column>) } };
}
