import { useEffect, useMemo, useState } from "react";

import { fetchAlertPage } from "../../api/alerts";
import { inOrder, type Noted, noted } from "../../lib/playback/marks";
import type { Stretch } from "../../lib/playback/player";
import type { FrameReader } from "../../lib/playback/reader";
import type { Scope } from "./useStretch";

const PAGE = 1000;
const MOST = 10_000;
/** The chart shows bars before the stretch too, and their alerts. */
const BEFORE_BARS = 150;

export interface StretchAlerts {
  /** By time. */
  alerts: readonly Noted[];
  loaded: boolean;
  /** So many older ones are recorded that they are not read. */
  unread: number;
  error: string | null;
}

const NONE: StretchAlerts = { alerts: [], loaded: false, unread: 0, error: null };

/** The recorded alerts of a stretch, page by page. */
function useRecorded({ tf, exchange, symbols }: Scope, { start, end, step }: Stretch, wanted: boolean): StretchAlerts {
  const [held, setHeld] = useState({ key: "", ...NONE });
  const key = JSON.stringify([tf, exchange, symbols, start, end]);
  useEffect(() => {
    if (!wanted) return undefined;
    const aborter = new AbortController();
    const named = symbols === "" ? null : new Set(symbols.split(","));
    const one = named?.size === 1 ? symbols : "";
    const asked = { tf, exchange, symbol: one, since: String(start - BEFORE_BARS * step), until: String(end) };
    const read = async () => {
      const found: Noted[] = [];
      for (let offset = 0; offset < MOST; offset += PAGE) {
        const page = await fetchAlertPage(asked, offset, PAGE, aborter.signal);
        found.push(...page.alerts.filter(({ symbol }) => named === null || named.has(symbol)).map(noted));
        const unread = Math.max(0, page.total - offset - page.alerts.length);
        setHeld({ key, alerts: inOrder(found), loaded: true, unread, error: null });
        if (unread === 0) return;
      }
    };
    read().catch((cause: unknown) => {
      if (aborter.signal.aborted) return;
      const error = cause instanceof Error ? cause.message : String(cause);
      setHeld((before) => ({ ...(before.key === key ? before : { ...NONE, key }), error }));
    });
    return () => aborter.abort();
  }, [tf, exchange, symbols, start, end, step, wanted, key]);
  return held.key === key ? held : NONE;
}

/**
 * The alerts of a stretch: those that were recorded where it is played as seen, for they are the same; of final
 * values those of the bars that have been read, for nobody has recorded them.
 */
export function useStretchAlerts(scope: Scope, stretch: Stretch, reader: FrameReader): StretchAlerts {
  const isSeen = scope.as === "seen";
  const recorded = useRecorded(scope, stretch, isSeen);
  const { version } = reader;
  const read = useMemo(
    () => (isSeen ? NONE : { ...NONE, alerts: inOrder([...reader.alerts.values()].flat()), loaded: true }),
    // What was read changes with the version.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [isSeen, reader, version],
  );
  return isSeen ? recorded : read;
}
