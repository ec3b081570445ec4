import { useCallback, useState } from "react";

import { deleteRun, fetchRuns } from "../../../api/simulation";
import type { RunSummary } from "../../../api/types";
import { useAnswer } from "../../../hooks/useAnswer";

const PAGE = 50;

export interface RunPages {
  runs: readonly RunSummary[];
  total: number;
  loading: boolean;
  error: string | null;
  /** Why a run could not be deleted. */
  fault: string | null;
  more: () => void;
  again: () => void;
  remove: (id: string) => void;
}

/** The runs of the server, newest first; `version` changes when there may be a new one. */
export function useRunPages(version: string, onRemoved: (id: string) => void): RunPages {
  const [count, setCount] = useState(PAGE);
  const [attempt, setAttempt] = useState(0);
  const [fault, setFault] = useState<string | null>(null);
  const { data, error, loading } = useAnswer(`${version}|${count}|${attempt}`, (signal) => fetchRuns(count, 0, signal));
  const again = useCallback(() => setAttempt((before) => before + 1), []);
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
  return { runs: data?.runs ?? [], total: data?.total ?? 0, loading: loading && data === null, error, fault, more: () => setCount((before) => before + PAGE), again, remove };
}
