import { call } from "./http";
import type { Correlations, WeightedCoin } from "./types";

const until = (signal?: AbortSignal) => (signal ? { signal } : {});

export const fetchWeightedOi = (tf: string, signal?: AbortSignal): Promise<WeightedCoin[]> =>
  call("get", "/api/weighted-oi", { query: { tf }, ...until(signal) });

export const fetchCorrelations = (tf: string, window: string, on: "changes" | "levels", signal?: AbortSignal): Promise<Correlations> =>
  call("get", "/api/corr", { query: { tf, top: 20, window: window as "24h", on }, ...until(signal) });
