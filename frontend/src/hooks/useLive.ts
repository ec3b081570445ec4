import { startTransition, useCallback, useEffect, useRef, useState } from "react";

import { fetchAlerts, fetchMetrics } from "../api/client";
import { openFeed } from "../api/feed";
import { keeper } from "../api/kept";
import { LiveData, type LiveSnapshot } from "../api/live";
import type { Alert, Health } from "../api/types";

const PAINT_MS = 1000;
/** Without a first row and without a word on why the socket is opened all the same after so long. */
const CONNECT_MS = 10_000;
const NEWEST_ALERTS = 200;
const EMPTY: LiveSnapshot = {
  tf: "", rows: [], loaded: false, kept: false, transport: "connecting", error: null, freshAt: null,
};

interface Sinks {
  onAlerts: (alerts: Alert[], fresh: boolean) => void;
  onHealth: (health: Partial<Health>) => void;
  onOtherDatabase: () => void;
}

/** Calls back when what React has just committed is on the screen; returns how not to. */
function painted(then: () => void): () => void {
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(then);
  });
  return () => cancelAnimationFrame(frame);
}

/** `paint` says whether it had rows: until it had, a page that nobody looks at is painted too, for alerts wait for it. */
function paintPaced(paint: () => boolean): { schedule: () => void; soon: () => void; stop: () => void } {
  let paintedAt = -Infinity;
  let begun = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    timer = undefined;
    if (document.hidden && begun) return;
    paintedAt = performance.now();
    // Profiles show it, and the bench counts from here; kept, marks of a day would pile up.
    performance.mark("board:render");
    performance.clearMarks("board:render");
    begun = paint();
  };
  return {
    schedule: () => {
      timer ??= setTimeout(run, Math.max(0, paintedAt + PAINT_MS - performance.now()));
    },
    soon: () => {
      paintedAt = -Infinity;
    },
    stop: () => clearTimeout(timer),
  };
}

/** Everything a running page has to end when it goes. */
function startLive(sinks: () => Sinks, show: (snapshot: LiveSnapshot) => void) {
  const pace = paintPaced(() => {
    const snapshot = live.snapshot();
    show(snapshot);
    return snapshot.loaded;
  });
  let tfNow = "";
  const frameOf = (tf: string) => () => live.keepable(tf);
  const onChange = () => {
    keeper.offerFrame(tfNow, frameOf(tfNow));
    pace.schedule();
  };
  const live = new LiveData({
    open: openFeed,
    fetchRows: fetchMetrics,
    fetchAlerts: (signal) => fetchAlerts(NEWEST_ALERTS, signal),
    recall: (tf) => keeper.frame(tf),
    now: () => Date.now(),
    onChange,
    onAlerts: (alerts, fresh) => sinks().onAlerts(alerts, fresh),
    onHealth: (health) => sinks().onHealth(health),
    onOtherDatabase: () => sinks().onOtherDatabase(),
  });
  const connecting = setTimeout(() => live.connect(), CONNECT_MS);
  const onVisible = () => {
    if (document.hidden) void keeper.flush();
    else pace.schedule();
  };
  const onHide = () => void keeper.flush();
  const onOnline = () => live.retry();
  document.addEventListener("visibilitychange", onVisible);
  window.addEventListener("pagehide", onHide);
  window.addEventListener("online", onOnline);
  return {
    connect: () => live.connect(),
    setTimeframe: (tf: string) => {
      tfNow = tf;
      pace.soon();
      live.setTimeframe(tf);
    },
    stop: () => {
      document.removeEventListener("visibilitychange", onVisible);
      window.removeEventListener("pagehide", onHide);
      window.removeEventListener("online", onOnline);
      clearTimeout(connecting);
      pace.stop();
      live.close();
    },
  };
}

/**
 * The live rows of one timeframe. Updates gather outside React and are painted at most once a
 * second, as a transition, and after the first rows not at all while nobody looks. The socket and its client are loaded
 * when the first rows are on the screen, or cannot be had (`failed`: not even the settings can);
 * `settled` says so to whatever else can wait that long.
 */
export function useLive(tf: string | null, sinks: Sinks, failed: boolean): { live: LiveSnapshot; settled: boolean } {
  const [shown, setShown] = useState(EMPTY);
  const [settled, setSettled] = useState(false);
  const sinksRef = useRef(sinks);
  const running = useRef<ReturnType<typeof startLive> | null>(null);
  useEffect(() => {
    sinksRef.current = sinks;
  });
  const show = useCallback((snapshot: LiveSnapshot) => startTransition(() => setShown(snapshot)), []);

  useEffect(() => {
    const started = startLive(() => sinksRef.current, show);
    running.current = started;
    return () => {
      started.stop();
      running.current = null;
    };
  }, [show]);

  useEffect(() => {
    if (tf !== null) running.current?.setTimeframe(tf);
  }, [tf]);

  const known = shown.loaded || shown.error !== null || failed;
  useEffect(() => {
    if (!known) return;
    return painted(() => {
      running.current?.connect();
      setSettled(true);
    });
  }, [known]);

  return { live: shown, settled };
}
