import { rangeTotal } from "./client";
import { errorOf } from "./errors";
import { addressOf, send } from "./http";
import type { Run, RunSummary, SimulationJob, SimulationRequest } from "./simulationTypes";

const until = (signal?: AbortSignal) => (signal ? { signal } : {});

/** The run, or how far it is. */
export type Answered = { run: Run } | { job: SimulationJob };

async function read(response: Response): Promise<Response> {
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Runs never change: those last shown are kept, so that nothing is fetched twice. */
const MOST_KEPT = 6;
const kept = new Map<string, Run>();

function keep(run: Run): Run {
  kept.delete(run.id);
  kept.set(run.id, run);
  for (const id of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(id);
  return run;
}

async function answered(response: Response): Promise<Answered> {
  await read(response);
  return response.status === 202 ? { job: (await response.json()) as SimulationJob } : { run: keep((await response.json()) as Run) };
}

/** Asks for a simulation: a quick one is answered at once, another by its job. Throws ApiError naming a field. */
export const simulate = async (asked: SimulationRequest): Promise<Answered> =>
  answered(
    await send("/api/simulate", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(asked),
    }),
  );

const jobAddress = (id: string) => addressOf("/api/simulate/{job}", { path: { job: id } });
const runAddress = (id: string) => addressOf("/api/runs/{run}", { path: { run: id } });

export const fetchJob = async (id: string, signal?: AbortSignal): Promise<Answered> => answered(await send(jobAddress(id), until(signal)));

export async function cancelJob(id: string): Promise<void> {
  await read(await send(jobAddress(id), { method: "DELETE" }));
}

export async function fetchRun(id: string, signal?: AbortSignal): Promise<Run> {
  const known = kept.get(id);
  if (known) return keep(known);
  const response = await read(await send(runAddress(id), until(signal)));
  return keep((await response.json()) as Run);
}

export interface RunPage {
  runs: RunSummary[];
  total: number;
}

/** Summaries, newest first. */
export async function fetchRuns(limit: number, offset: number, signal?: AbortSignal): Promise<RunPage> {
  const response = await read(await send(addressOf("/api/runs", { query: { limit, offset } }), until(signal)));
  const runs = (await response.json()) as RunSummary[];
  return { runs, total: rangeTotal(response.headers.get("content-range")) ?? offset + runs.length };
}

export async function deleteRun(id: string): Promise<void> {
  await read(await send(runAddress(id), { method: "DELETE" }));
  kept.delete(id);
}

/** The file of all trades of a run. */
export const tradesAddress = (id: string, format: "csv" | "parquet"): string =>
  addressOf("/api/runs/{run}/trades", { path: { run: id }, query: { format } });
