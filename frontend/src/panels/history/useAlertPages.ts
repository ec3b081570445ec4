import { useCallback, useEffect, useReducer, useRef } from "react";

import { type AlertQuery, fetchAlertPage } from "../../api/alerts";
import type { Alert } from "../../api/types";

const PAGE = 100;

export interface AlertPages {
  /** Null until the first answer. */
  total: number | null;
  error: string | null;
  at: (index: number) => Alert | undefined;
  /** Asks for what is missing of these. */
  need: (first: number, last: number) => void;
  restart: () => void;
}

interface Held {
  rows: Map<number, Alert>;
  asked: Set<number>;
  total: number | null;
  /** Alerts that came since `total`: they stand before ours, so offsets of the server are larger. */
  shift: number;
  error: string | null;
  aborter: AbortController;
}

const empty = (): Held => ({ rows: new Map(), asked: new Set(), total: null, shift: 0, error: null, aborter: new AbortController() });

/**
 * The stored alerts of one query, page by page as they are looked at. The list stands still while
 * new alerts come: what is at an index stays there until `restart`.
 */
export function useAlertPages(query: AlertQuery): AlertPages {
  const held = useRef<Held>(empty());
  const [, paint] = useReducer((count: number) => count + 1, 0);
  const key = JSON.stringify(query);

  const load = useCallback(
    async (page: number) => {
      const mine = held.current;
      if (mine.asked.has(page)) return;
      mine.asked.add(page);
      const asked = JSON.parse(key) as AlertQuery;
      try {
        let shift: number;
        do {
          shift = mine.shift;
          const offset = page * PAGE + shift;
          const found = await fetchAlertPage(asked, offset, PAGE, mine.aborter.signal);
          mine.total ??= found.total;
          mine.shift = found.total - mine.total;
          found.alerts.forEach((alert, i) => mine.rows.set(offset + i - mine.shift, alert));
          // New ones came in between: the end of this page is further down on the server. Once more.
        } while (mine.shift !== shift);
        mine.error = null;
      } catch (cause) {
        if (mine.aborter.signal.aborted) return;
        mine.asked.delete(page);
        mine.error = cause instanceof Error ? cause.message : String(cause);
      }
      if (mine === held.current) paint();
    },
    [key],
  );

  const restart = useCallback(() => {
    held.current.aborter.abort();
    held.current = empty();
    paint();
    void load(0);
  }, [load]);

  useEffect(() => {
    restart();
    return () => held.current.aborter.abort();
  }, [restart]);

  const need = useCallback(
    (first: number, last: number) => {
      if (held.current.total === null) return;
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) void load(page);
    },
    [load],
  );
  const at = useCallback((index: number) => held.current.rows.get(index), []);
  // eslint-disable-next-line react-hooks/refs -- painted by `paint` whenever it changes
  return { total: held.current.total, error: held.current.error, at, need, restart };
}
