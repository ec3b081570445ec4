import { rangeTotal } from "./client";
import { addressOf, ask, call } from "./http";
import type { Run, RunSummary, SimulationJob, SimulationRequest } from "./types";

const until = (signal?: AbortSignal) => (signal ? { signal } : {});

/** The run, or how far it is. */
export type Answered = { run: Run } | { job: SimulationJob };

/** A run of one id never changes: those last shown are kept, so that nothing is fetched twice. */
const MOST_KEPT = 6;
const kept = new Map<string, Run>();

function keep(run: Run): Run {
  kept.delete(run.id);
  kept.set(run.id, run);
  for (const id of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(id);
  return run;
}

async function answered(response: Response): Promise<Answered> {
  if (response.status === 202) return { job: (await response.json()) as SimulationJob };
  return { run: keep((await response.json()) as Run) };
}

/** Asks for a simulation: a quick one is answered at once, another by its job. Throws ApiError naming a field. */
export const simulate = async (body: SimulationRequest): Promise<Answered> => answered(await ask("post", "/api/simulate", { body }));

export const fetchJob = async (id: string, signal?: AbortSignal): Promise<Answered> =>
  answered(await ask("get", "/api/simulate/{name}", { path: { name: id }, ...until(signal) }));

export const cancelJob = (id: string): Promise<unknown> => call("delete", "/api/simulate/{name}", { path: { name: id } });

export async function fetchRun(id: string, signal?: AbortSignal): Promise<Run> {
  const known = kept.get(id);
  return keep(known ?? (await call("get", "/api/runs/{name}", { path: { name: id }, ...until(signal) })));
}

export interface RunPage {
  runs: RunSummary[];
  total: number;
}

/** Summaries, newest first. */
export async function fetchRuns(limit: number, offset: number, signal?: AbortSignal): Promise<RunPage> {
  const response = await ask("get", "/api/runs", { query: { limit, offset }, ...until(signal) });
  const runs = (await response.json()) as RunSummary[];
  return { runs, total: rangeTotal(response.headers.get("content-range")) ?? offset + runs.length };
}

export async function deleteRun(id: string): Promise<void> {
  await call("delete", "/api/runs/{name}", { path: { name: id } });
  kept.delete(id);
}

/** The file of all trades of a run. */
export const tradesAddress = (id: string, format: "csv" | "parquet"): string =>
  addressOf("/api/runs/{name}/trades", { path: { name: id }, query: { format } });
