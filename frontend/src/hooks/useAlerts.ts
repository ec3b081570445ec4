import { useCallback, useEffect, useRef, useState } from "react";

import { fetchAlerts } from "../api/client";
import type { Alert } from "../api/types";
import { AlertInbox, type InboxPorts } from "../lib/inbox";
import { alertKey, type Reach, type ToastPlan } from "../lib/toastPolicy";

const LISTED = 200;
const RETRY_MS = 5000;

const newestFirst = (a: Alert, b: Alert) => b.ts - a.ts || b.seq - a.seq;

export interface AlertFeed {
  alerts: Alert[];
  loaded: boolean;
  error: string | null;
  unread: number;
  markRead: () => void;
  /** `fresh`: from the live stream; else a list of the newest. */
  take: (alerts: Alert[], fresh: boolean) => void;
}

interface Ports {
  reach: () => Reach;
  away: () => boolean;
  notify: (plans: ToastPlan[], seen: boolean) => void;
}

const union = (list: readonly Alert[], more: readonly Alert[]) => {
  const keys = new Set(list.map(alertKey));
  return [...list, ...more.filter((alert) => !keys.has(alertKey(alert)))].sort(newestFirst).slice(0, LISTED);
};

/** The alert list, newest first, and what of it pops up: each alert once, across reconnects and reloads of the tab. */
export function useAlerts(given: Ports): AlertFeed {
  const [alerts, setAlerts] = useState<Alert[]>([]);
  const [unread, setUnread] = useState(0);
  const [loaded, setLoaded] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const inbox = useRef<AlertInbox | null>(null);
  const ports = useRef(given);
  useEffect(() => {
    ports.current = given;
  });

  const take = useCallback((incoming: Alert[], fresh: boolean) => {
    // An empty list says nothing: only what the page asked for itself begins what is known.
    if (incoming.length === 0) return;
    if (fresh) inbox.current?.heard(incoming);
    else {
      inbox.current?.listed(incoming, incoming.length >= LISTED);
      setError(null);
    }
    setAlerts((list) => union(list, incoming));
  }, []);

  useEffect(() => {
    const own: InboxPorts = {
      now: () => Date.now(),
      hidden: () => document.hidden,
      reach: () => ports.current.reach(),
      away: () => ports.current.away(),
      notify: (plans, seen) => ports.current.notify(plans, seen),
      onNews: (count) => setUnread((before) => before + count),
    };
    const opened = new AlertInbox(own);
    inbox.current = opened;
    const onVisible = () => {
      if (!document.hidden) opened.revealed();
    };
    document.addEventListener("visibilitychange", onVisible);
    const aborter = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      fetchAlerts(LISTED, aborter.signal)
        .then((list) => {
          if (list.length === 0) opened.listed([], false);
          take(list, false);
          setError(null);
        })
        .catch((cause: unknown) => {
          if (aborter.signal.aborted) return;
          setError(cause instanceof Error ? cause.message : String(cause));
          retry = setTimeout(ask, RETRY_MS);
        })
        .finally(() => {
          if (!aborter.signal.aborted) setLoaded(true);
        });
    };
    ask();
    return () => {
      clearTimeout(retry);
      document.removeEventListener("visibilitychange", onVisible);
      aborter.abort();
      opened.close();
      inbox.current = null;
    };
  }, [take]);

  const markRead = useCallback(() => setUnread(0), []);
  return { alerts, loaded, error, unread, markRead, take };
}
