import type { SimulationJob } from "../../api/types";
import { percent } from "../../lib/format";
import { Card } from "../../ui/Card";
import { button, Fault } from "../../ui/forms";
import type { Simulation } from "./useSimulation";

const WORDS = {
  queued: "It waits for the simulations before it.",
  running: "Reading bars, trading them, judging what came of it.",
  failed: "It failed.",
  cancelled: "It was cancelled.",
} as const;

function Progress({ done }: { done: number }) {
  return (
    <div className="mt-2 flex items-center gap-3">
      <div
        role="progressbar" aria-label="Progress of the simulation" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(done * 100)}
        className="h-1.5 flex-1 overflow-hidden rounded-full bg-edge"
      >
        <div className="h-full bg-accent" style={{ width: `${done * 100}%` }} />
      </div>
      <span className="w-10 text-right text-micro text-ink-soft">{percent(done)}</span>
    </div>
  );
}

const ENDED: ReadonlySet<string> = new Set(["failed", "cancelled"]);

/** Before anything is heard of it, it waits. */
const UNHEARD = { state: "queued", progress: 0, error: null } as const;

interface CardProps {
  simulation: Simulation;
  job: Pick<SimulationJob, "state" | "progress" | "error">;
}

function Told({ simulation: { job: { error, lost }, cancel, dismiss }, job }: CardProps) {
  const over = lost || ENDED.has(job.state);
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <p role="status" className="min-w-0 flex-1 text-xs text-ink">{lost ? "The server does not know this simulation any more." : WORDS[job.state]}</p>
        <button type="button" className={button} onClick={over ? dismiss : cancel}>
          {over ? "Close" : "Cancel"}
        </button>
      </div>
      {!over && <Progress done={job.progress} />}
      {job.error !== null && <Fault>{job.error}</Fault>}
      {error !== null && !lost && <Fault>{error} It is asked again.</Fault>}
    </>
  );
}

/** A simulation under way: how far it is, and how to stop it. */
export function JobCard({ simulation }: { simulation: Simulation }) {
  if (simulation.jobId === null) return null;
  return (
    <section aria-label="Simulation under way">
      <Card className="p-4 ring-line">
        <Told simulation={simulation} job={simulation.job.job ?? UNHEARD} />
      </Card>
    </section>
  );
}
