import { useCallback, useEffect, useRef, useState } from "react";

const RETRY_MS = 10_000;

export interface Fresh<T> {
  /** The newest answer to this very question, whatever became of later attempts. */
  data: T | null;
  /** Why the newest attempt failed; null when it did not. */
  error: string | null;
  again: () => void;
}

interface Held<T> {
  question: string;
  data: T | null;
  error: string | null;
}

/**
 * Asks the server `question` (null: nothing yet), and again whenever `version` changes; a failed
 * attempt is repeated after ten seconds. `ask` need not be the same function each time.
 */
export function useFresh<T>(
  question: string | null,
  version: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
): Fresh<T> {
  const [held, setHeld] = useState<Held<T>>({ question: "", data: null, error: null });
  const [attempt, setAttempt] = useState(0);
  const current = useRef(ask);
  useEffect(() => {
    current.current = ask;
  });
  const again = useCallback(() => setAttempt((count) => count + 1), []);

  useEffect(() => {
    if (question === null || version === null) return;
    const aborter = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const run = async () => {
      try {
        setHeld({ question, data: await current.current(aborter.signal), error: null });
      } catch (cause) {
        if (aborter.signal.aborted) return;
        const error = cause instanceof Error ? cause.message : String(cause);
        setHeld((before) => ({ question, data: before.question === question ? before.data : null, error }));
        timer = setTimeout(again, RETRY_MS);
      }
    };
    void run();
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [question, version, attempt, again]);

  const mine = held.question === question;
  return { data: mine ? held.data : null, error: mine ? held.error : null, again };
}
