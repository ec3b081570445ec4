import { useCallback, useEffect, useRef, useState } from "react";

import { fetchAlerts } from "../api/client";
import type { Alert } from "../api/types";
import { alertKey, planToasts, SeenAlerts, type ToastPlan } from "../lib/toastPolicy";

const LISTED = 200;
const ASKED = 100;
const CYCLE_MS = 800;
const MEMORY = "futuresboard.alerts";

interface Memory {
  lastSeq: number | null;
  keys: string[];
}

function recall(): Memory {
  try {
    const found = JSON.parse(sessionStorage.getItem(MEMORY) ?? "null") as Memory | null;
    return found ?? { lastSeq: null, keys: [] };
  } catch {
    // Storage may be forbidden or hold something else: then nothing is remembered.
    return { lastSeq: null, keys: [] };
  }
}

function remember(memory: Memory): void {
  try {
    sessionStorage.setItem(MEMORY, JSON.stringify(memory));
  } catch {
    // A full or forbidden storage costs the memory across a reload, nothing else.
  }
}

const newestFirst = (a: Alert, b: Alert) => b.ts - a.ts || b.seq - a.seq;

export interface AlertFeed {
  alerts: Alert[];
  loaded: boolean;
  error: string | null;
  unread: number;
  markRead: () => void;
  take: (alerts: Alert[], fresh: boolean) => void;
}

/**
 * The alert list, newest first, and what of it pops up: alerts of one cycle gather, then the
 * policy decides. Each alert pops up once, also across reconnects and reloads of the tab.
 */
export function useAlerts(largest: () => ReadonlySet<string>, notify: (plans: ToastPlan[]) => void): AlertFeed {
  const [alerts, setAlerts] = useState<Alert[]>([]);
  const [unread, setUnread] = useState(0);
  const [loaded, setLoaded] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const memory = useRef<{ seen: SeenAlerts; lastSeq: number | null } | null>(null);
  const waiting = useRef<Alert[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const ports = useRef({ largest, notify });
  useEffect(() => {
    ports.current = { largest, notify };
  });

  const flush = useCallback(() => {
    timer.current = undefined;
    const batch = waiting.current;
    waiting.current = [];
    ports.current.notify(planToasts(batch, ports.current.largest()));
  }, []);

  const take = useCallback(
    (incoming: Alert[], fresh: boolean) => {
      if (memory.current === null) {
        const { keys, lastSeq } = recall();
        memory.current = { seen: new SeenAlerts(keys), lastSeq };
      }
      const known = memory.current;
      const before = known.lastSeq;
      const unseen = incoming.filter((alert) => known.seen.add(alert));
      if (incoming.length > 0) {
        known.lastSeq = Math.max(before ?? -Infinity, ...incoming.map((alert) => alert.seq));
        remember({ lastSeq: known.lastSeq, keys: known.seen.dump() });
        setAlerts((list) => {
          const keys = new Set(list.map(alertKey));
          return [...list, ...incoming.filter((alert) => !keys.has(alertKey(alert)))]
            .sort(newestFirst)
            .slice(0, LISTED);
        });
      }
      const news = unseen.filter((alert) => fresh || (before !== null && alert.seq > before));
      if (news.length === 0) return;
      setUnread((count) => count + news.length);
      waiting.current.push(...news);
      timer.current ??= setTimeout(flush, CYCLE_MS);
    },
    [flush],
  );

  useEffect(() => {
    const aborter = new AbortController();
    fetchAlerts(ASKED, aborter.signal)
      .then((list) => {
        take(list, false);
        setLoaded(true);
      })
      .catch((cause: unknown) => {
        if (aborter.signal.aborted) return;
        setError(cause instanceof Error ? cause.message : String(cause));
        setLoaded(true);
      });
    return () => {
      aborter.abort();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [take]);

  const markRead = useCallback(() => setUnread(0), []);
  return { alerts, loaded, error, unread, markRead, take };
}
