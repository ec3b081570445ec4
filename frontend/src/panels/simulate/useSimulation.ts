import { useCallback, useMemo, useState } from "react";

import { ApiError } from "../../api/errors";
import { cancelJob, simulate } from "../../api/simulation";
import type { Run, SimulationRequest } from "../../api/types";
import { useUrl } from "../../hooks/useUrl";
import { changeUrl } from "../../lib/url";
import { type JobState, useJob } from "./useJob";

/** What the server said against what was asked. */
export interface Refusal {
  words: string;
  /** The field it names, as the form calls it; null: none. */
  field: string | null;
  /** Where in a condition. */
  position: number | null;
}

/** `settings.hold` and `data.start` are the form's `hold` and `start`; a rule that cannot be read is refused as an expression. */
const fieldOf = (parameter: string | null) => parameter?.replace(/^(settings|data)\./, "").replace(/^expression$/, "rule") ?? null;

function refusalOf(cause: unknown): Refusal {
  const words = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof ApiError ? { words, field: fieldOf(cause.parameter), position: cause.position } : { words, field: null, position: null };
}

export interface Simulation {
  jobId: string | null;
  job: JobState;
  sending: boolean;
  refusal: Refusal | null;
  start: (asked: SimulationRequest) => void;
  cancel: () => void;
  /** Takes the refusal, or the job that has ended, off the page. */
  dismiss: () => void;
}

const show = (run: Run) => changeUrl({ job: null, run: run.id, part: "result" });

/** Starts simulations, follows the one under way, which the address names, and shows what comes of it. */
export function useSimulation(): Simulation {
  const jobId = useUrl("job");
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const job = useJob(jobId, {
    onDone: show,
    onRefused: (cause) => {
      setRefusal(refusalOf(cause));
      changeUrl({ job: null, part: "setup" });
    },
  });
  const start = useCallback((asked: SimulationRequest) => {
    setSending(true);
    setRefusal(null);
    simulate(asked)
      .then((answer) => {
        if ("run" in answer) show(answer.run);
        else changeUrl({ job: answer.job.id, part: "result" });
      })
      .catch((cause: unknown) => setRefusal(refusalOf(cause)))
      .finally(() => setSending(false));
  }, []);
  const cancel = useCallback(() => {
    if (jobId === null) return;
    cancelJob(jobId)
      .then(() => changeUrl({ job: null }))
      .catch((cause: unknown) => setRefusal(refusalOf(cause)));
  }, [jobId]);
  const dismiss = useCallback(() => {
    setRefusal(null);
    changeUrl({ job: null });
  }, []);
  return useMemo(
    () => ({ jobId, job, sending, refusal, start, cancel, dismiss }),
    [jobId, job, sending, refusal, start, cancel, dismiss],
  );
}
