import { useCallback, useState } from "react";

import { deleteRun, fetchRuns, type RunPage } from "../../../api/simulation";
import { useAnswer } from "../../../hooks/useAnswer";

const PAGE = 50;

/** The newest runs, page by page; one that moved to the next page between two answers is there once. */
async function fetchPages(pages: number, signal: AbortSignal): Promise<RunPage> {
  const found = await Promise.all(Array.from({ length: pages }, (_, i) => fetchRuns(PAGE, i * PAGE, signal)));
  const runs = new Map(found.flatMap((page) => page.runs).map((run) => [run.id, run]));
  return { runs: [...runs.values()], total: found[0]?.total ?? 0 };
}

export interface RunPages extends RunPage {
  loading: boolean;
  error: string | null;
  /** Why a run could not be deleted. */
  fault: string | null;
  more: () => void;
  again: () => void;
  remove: (id: string) => void;
}

/** The runs of the server, newest first. */
export function useRunPages(onRemoved: (id: string) => void): RunPages {
  const [pages, setPages] = useState(1);
  const [attempt, setAttempt] = useState(0);
  const [fault, setFault] = useState<string | null>(null);
  const { data, error, loading } = useAnswer(`${pages}|${attempt}`, (signal) => fetchPages(pages, signal));
  const again = useCallback(() => setAttempt((before) => before + 1), []);
  const more = useCallback(() => setPages((before) => before + 1), []);
  const remove = useCallback(
    (id: string) => {
      setFault(null);
      deleteRun(id)
        .then(() => onRemoved(id))
        .catch((cause: unknown) => setFault(cause instanceof Error ? cause.message : String(cause)))
        .finally(again);
    },
    [again, onRemoved],
  );
  return { runs: data?.runs ?? [], total: data?.total ?? 0, loading: loading && data === null, error, fault, more, again, remove };
}
