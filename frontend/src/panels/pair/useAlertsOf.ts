import { useEffect, useMemo, useState } from "react";

import { fetchPairAlerts } from "../../api/client";
import type { Alert } from "../../api/types";
import { alertKey } from "../../lib/toastPolicy";
import { type Series, seriesKey } from "./useBars";

const MOST = 500;

const NONE: readonly Alert[] = [];

/** One list of both, newest first, each alert once. */
export function mergeAlerts(stored: readonly Alert[], heard: readonly Alert[]): Alert[] {
  const seen = new Map([...stored, ...heard].map((alert) => [alertKey(alert), alert]));
  return [...seen.values()].sort((a, b) => b.ts - a.ts || b.seq - a.seq);
}

/** Alerts of a pair, newest first: the stored ones, and those the page hears. */
export function useAlertsOf(series: Series, heard: readonly Alert[]) {
  const { exchange, symbol, tf } = series;
  const key = seriesKey(series);
  const [held, setHeld] = useState<{ key: string; alerts: readonly Alert[]; error: string | null }>({ key: "", alerts: NONE, error: null });
  useEffect(() => {
    const aborter = new AbortController();
    fetchPairAlerts(exchange, symbol, tf, MOST, aborter.signal)
      .then((alerts) => setHeld({ key, alerts, error: null }))
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted) setHeld({ key, alerts: NONE, error: cause instanceof Error ? cause.message : String(cause) });
      });
    return () => aborter.abort();
  }, [exchange, symbol, tf, key]);
  const ready = held.key === key;
  const mine = useMemo(
    () => heard.filter((one) => one.exchange === exchange && one.symbol === symbol && one.timeframe === tf),
    [heard, exchange, symbol, tf],
  );
  const stored = ready ? held.alerts : NONE;
  const alerts = useMemo(() => mergeAlerts(stored, mine), [stored, mine]);
  return { alerts, loaded: ready, error: ready ? held.error : null };
}
