import { startTransition, useEffect, useRef, useState } from "react";

import { fetchMetrics } from "../api/client";
import { openFeed } from "../api/feed";
import { LiveData, type LiveSnapshot } from "../api/live";
import type { Alert, Health } from "../api/types";

const PAINT_MS = 1000;
const EMPTY: LiveSnapshot = { tf: "", rows: [], loaded: false, transport: "connecting", error: null, freshAt: null };

interface Sinks {
  onAlerts: (alerts: Alert[], fresh: boolean) => void;
  onHealth: (health: Partial<Health>) => void;
}

/**
 * The live rows of one timeframe. Updates gather outside React and are painted at most once a
 * second, as a transition, and not at all while nobody looks.
 */
export function useLive(tf: string | null, sinks: Sinks): LiveSnapshot {
  const [shown, setShown] = useState(EMPTY);
  const sinksRef = useRef(sinks);
  const switchRef = useRef<((tf: string) => void) | null>(null);
  useEffect(() => {
    sinksRef.current = sinks;
  });

  useEffect(() => {
    let paintedAt = -Infinity;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const paint = () => {
      timer = undefined;
      if (document.hidden) return;
      paintedAt = performance.now();
      startTransition(() => setShown(live.snapshot()));
    };
    const schedule = () => {
      timer ??= setTimeout(paint, Math.max(0, paintedAt + PAINT_MS - performance.now()));
    };
    const live = new LiveData({
      open: openFeed,
      fetchRows: fetchMetrics,
      now: () => Date.now(),
      onChange: schedule,
      onAlerts: (alerts, fresh) => sinksRef.current.onAlerts(alerts, fresh),
      onHealth: (health) => sinksRef.current.onHealth(health),
    });
    switchRef.current = (next) => {
      paintedAt = -Infinity;
      live.setTimeframe(next);
    };
    document.addEventListener("visibilitychange", schedule);
    return () => {
      document.removeEventListener("visibilitychange", schedule);
      clearTimeout(timer);
      live.close();
      switchRef.current = null;
    };
  }, []);

  useEffect(() => {
    if (tf !== null) switchRef.current?.(tf);
  }, [tf]);

  return shown;
}
