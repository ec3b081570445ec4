import { call } from "./http";
import type { components } from "./schema";

export type ReplayPage = components["schemas"]["Replay"];
export type ReplayFrame = components["schemas"]["ReplayFrame"];
export type ReplayAlert = components["schemas"]["ReplayAlert"];
export type Revised = ReplayFrame["revised"][number];
export type Knowledge = ReplayPage["as"];

/** A page of a replay. `start` and `end`: open times of bars, ms UTC; symbols with commas between them. */
export interface ReplayQuery {
  tf: string;
  as: Knowledge;
  exchange: string;
  symbols: string;
  start?: number;
  end?: number;
  cursor?: string;
  limit?: number;
}

export const fetchReplay = (query: ReplayQuery, signal?: AbortSignal): Promise<ReplayPage> =>
  call("get", "/api/replay", { query, ...(signal ? { signal } : {}) });
