import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, fetchHealth, fetchSettings } from "../api/client";
import { keeper, sameDatabase } from "../api/kept";
import type { Health, Settings } from "../api/types";

const SETTINGS_RETRY_MS = 3000;
const PATIENCE_MS = 1500;
const HEALTH_MS = 10_000;

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

interface Sinks {
  took: (settings: Settings) => void;
  failed: (message: string) => void;
}

/** Asks until settings come, and again when told to; what was kept stands in meanwhile. */
function startSettings(sinks: Sinks) {
  const aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let known = false;
  const recall = async () => {
    const kept = known ? null : await keeper.settings();
    if (kept !== null && !known && !aborter.signal.aborted) sinks.took(kept);
  };
  const ask = async () => {
    clearTimeout(timer);
    try {
      const settings = await fetchSettings(aborter.signal);
      known = true;
      keeper.offerSettings(settings);
      sinks.took(settings);
    } catch (cause) {
      if (aborter.signal.aborted) return;
      await recall();
      sinks.failed(messageOf(cause));
      const wait = cause instanceof ApiError ? cause.retryAfterMs : 0;
      timer = setTimeout(() => void ask(), Math.max(SETTINGS_RETRY_MS, wait));
    }
  };
  const patience = setTimeout(() => void recall(), PATIENCE_MS);
  void ask();
  return {
    ask: () => void ask(),
    stop: () => {
      clearTimeout(timer);
      clearTimeout(patience);
      aborter.abort();
    },
  };
}

/**
 * Settings and catalog. `refresh` reads them anew: after a change, and when the server has come back,
 * which may be another one then; `onOther` is told when it holds another database than before. `take`
 * those that a change was answered with.
 */
export function useSettings(onOther: () => void): {
  settings: Settings | null;
  error: string | null;
  refresh: () => void;
  take: (settings: Settings) => void;
} {
  const [settings, setSettings] = useState<Settings | null>(null);
  const [error, setError] = useState<string | null>(null);
  const before = useRef<Settings | null>(null);
  const running = useRef<ReturnType<typeof startSettings> | null>(null);
  const other = useRef(onOther);
  useEffect(() => {
    other.current = onOther;
  });
  useEffect(() => {
    const started = startSettings({
      took: (next) => {
        if (before.current !== null && !sameDatabase(before.current, next)) other.current();
        before.current = next;
        setSettings(next);
        setError(null);
      },
      failed: setError,
    });
    running.current = started;
    return started.stop;
  }, []);
  const refresh = useCallback(() => running.current?.ask(), []);
  const take = useCallback((next: Settings) => {
    keeper.offerSettings(next);
    before.current = next;
    setSettings(next);
  }, []);
  return { settings, error, refresh, take };
}

/** Health: asked every few seconds, and told by the socket in between. */
export function useHealth(): {
  health: Health | null;
  failed: boolean;
  told: (part: Partial<Health>) => void;
} {
  const [health, setHealth] = useState<Health | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const aborter = new AbortController();
    const ask = async () => {
      if (document.hidden) return;
      try {
        setHealth({ ...(await fetchHealth(aborter.signal)), at: Date.now() });
        setFailed(false);
      } catch {
        // Which request failed and why is of no use to a reader; that the state is unknown is.
        if (!aborter.signal.aborted) setFailed(true);
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), HEALTH_MS);
    return () => {
      clearInterval(timer);
      aborter.abort();
    };
  }, []);
  const told = useCallback((part: Partial<Health>) => {
    setHealth((before) => {
      const known: Health = before ?? { status: "ok" };
      return { ...known, ...part, at: Date.now(), exchanges: { ...known.exchanges, ...part.exchanges } };
    });
  }, []);
  return { health, failed, told };
}
