import { ApiError } from "../api/errors";
import { fetchRun } from "../api/simulation";
import type { Run } from "../api/types";
import { useAnswer } from "./useAnswer";

/** Runs by their ids; null for one the server does not have. Throws what else went wrong. */
const fetchAll = (ids: readonly string[], signal: AbortSignal): Promise<(Run | null)[]> =>
  Promise.all(
    ids.map((id) =>
      fetchRun(id, signal).catch((cause: unknown) => {
        if (cause instanceof ApiError && cause.status === 404) return null;
        throw cause;
      }),
    ),
  );

const NONE: readonly (Run | null)[] = [];

/** Simulated runs by their ids, null in the place of one that the server does not have. */
export function useRuns(ids: readonly string[]) {
  const key = ids.join(",");
  const { data, error, loading } = useAnswer(key === "" ? null : key, (signal) => fetchAll(ids, signal));
  // Until the next answer has come the last one stays: it is of other runs.
  return { runs: loading || data === null ? NONE : data, error, loading };
}

/** One simulated run; `missing`: the server does not have it. */
export function useRun(id: string | null) {
  const { runs, error, loading } = useRuns(id === null ? [] : [id]);
  return { run: runs[0] ?? null, missing: runs[0] === null, error, loading };
}
