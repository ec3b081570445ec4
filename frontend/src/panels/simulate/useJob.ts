import { useEffect, useRef, useState } from "react";

import { ApiError } from "../../api/errors";
import { fetchJob } from "../../api/simulation";
import type { Run, SimulationJob } from "../../api/types";

const FIRST_MS = 250;
const MOST_MS = 2000;
const RETRY_MS = 3000;

export interface JobState {
  job: SimulationJob | null;
  /** Why nothing is known of it; asked again unless it is `lost`. */
  error: string | null;
  /** The server no longer knows it. */
  lost: boolean;
}

const NOTHING: JobState = { job: null, error: null, lost: false };

const goesOn = ({ state }: SimulationJob) => state === "queued" || state === "running";

/** What was asked is not allowed: the server found it out while it worked. */
const isRefused = (cause: unknown) => cause instanceof ApiError && cause.status === 400;

interface Ends {
  onDone: (run: Run) => void;
  onRefused: (cause: unknown) => void;
}

/** Asks after a simulation until it has ended, ever more seldom; tells its run, or that it was refused. */
export function useJob(id: string | null, ends: Ends): JobState {
  const [held, setHeld] = useState<{ id: string; state: JobState }>({ id: "", state: NOTHING });
  const told = useRef(ends);
  useEffect(() => {
    told.current = ends;
  });
  useEffect(() => {
    if (id === null) return undefined;
    const aborter = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const tell = (change: (before: JobState) => JobState) =>
      setHeld((before) => ({ id, state: change(before.id === id ? before.state : NOTHING) }));
    const ask = async (wait: number) => {
      try {
        const answer = await fetchJob(id, aborter.signal);
        if ("run" in answer) {
          told.current.onDone(answer.run);
          return;
        }
        tell(() => ({ job: answer.job, error: null, lost: false }));
        if (goesOn(answer.job)) timer = setTimeout(() => void ask(Math.min(wait * 1.5, MOST_MS)), wait);
      } catch (cause) {
        if (aborter.signal.aborted) return;
        if (isRefused(cause)) {
          told.current.onRefused(cause);
          return;
        }
        const lost = cause instanceof ApiError && cause.status === 404;
        tell((before) => ({ ...before, error: cause instanceof Error ? cause.message : String(cause), lost }));
        if (!lost) timer = setTimeout(() => void ask(wait), RETRY_MS);
      }
    };
    void ask(FIRST_MS);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [id]);
  return held.id === id ? held.state : NOTHING;
}
