import { useEffect, useState } from "react";

export interface Asked<T> {
  data: T | null;
  error: string | null;
  loading: boolean;
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/**
 * What the server answers to `ask`, anew for each `key` (null: nothing is asked) after `delay` ms
 * without another key. A question that is no longer the current one is cancelled; the last answer
 * stays until the next has come.
 */
export function useAnswer<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>, delay = 0): Asked<T> {
  const [answer, setAnswer] = useState<{ key: string; data: T | null; error: string | null } | null>(null);
  useEffect(() => {
    if (key === null) return undefined;
    const aborter = new AbortController();
    const timer = setTimeout(() => {
      ask(aborter.signal)
        .then((data) => setAnswer({ key, data, error: null }))
        .catch((cause: unknown) => {
          if (!aborter.signal.aborted) setAnswer({ key, data: null, error: messageOf(cause) });
        });
    }, delay);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
    // `key` says what `ask` asks; a new function of the same key asks nothing new.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, delay]);
  if (key === null) return { data: null, error: null, loading: false };
  const current = answer?.key === key;
  return { data: answer?.data ?? null, error: current ? answer.error : null, loading: !current };
}
