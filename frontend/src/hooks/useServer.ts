import { useCallback, useEffect, useState } from "react";

import { fetchHealth, fetchSettings } from "../api/client";
import type { Health, Settings } from "../api/types";

const SETTINGS_RETRY_MS = 3000;
const HEALTH_MS = 10_000;

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/** Settings and catalog: asked until they come, then kept; `take` those that a change was answered with. */
export function useSettings(): {
  settings: Settings | null;
  error: string | null;
  take: (settings: Settings) => void;
} {
  const [settings, setSettings] = useState<Settings | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    const aborter = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        setSettings(await fetchSettings(aborter.signal));
        setError(null);
      } catch (cause) {
        if (aborter.signal.aborted) return;
        setError(messageOf(cause));
        timer = setTimeout(() => void ask(), SETTINGS_RETRY_MS);
      }
    };
    void ask();
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, []);
  return { settings, error, take: setSettings };
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
