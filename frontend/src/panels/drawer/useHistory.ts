import { useEffect, useState } from "react";

import { fetchHistory } from "../../api/client";

const BARS = 120;

export interface Trail {
  ts: number[];
  close: (number | null)[];
  oi: (number | null)[];
}

const numbers = (value: unknown): (number | null)[] =>
  Array.isArray(value) ? value.map((item) => (typeof item === "number" ? item : null)) : [];

type Answer = { key: string; trail: Trail | null; error: string | null };

/** The last bars of a pair; asked again when another bar has closed. */
export function useHistory(exchange: string, symbol: string, tf: string, closedTs: number) {
  const key = `${exchange}|${symbol}|${tf}`;
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    const aborter = new AbortController();
    fetchHistory(exchange, symbol, tf, BARS, aborter.signal)
      .then((history) => {
        const trail = { ts: history.ts, close: numbers(history.close), oi: numbers(history.oi_contracts) };
        setAnswer({ key, trail, error: null });
      })
      .catch((cause: unknown) => {
        if (aborter.signal.aborted) return;
        setAnswer({ key, trail: null, error: cause instanceof Error ? cause.message : String(cause) });
      });
    return () => aborter.abort();
  }, [exchange, symbol, tf, closedTs, key]);
  // An answer about another pair is no answer.
  const fits = answer?.key === key;
  return { trail: fits ? answer.trail : null, error: fits ? answer.error : null };
}
