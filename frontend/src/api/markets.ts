import { getJson } from "./client";
import type { Correlations, WeightedCoin } from "./types";

export const fetchWeightedOi = (tf: string, signal?: AbortSignal) =>
  getJson<WeightedCoin[]>(`/api/weighted-oi?${new URLSearchParams({ tf }).toString()}`, signal);

export function fetchCorrelations(tf: string, window: string, on: string, signal?: AbortSignal): Promise<Correlations> {
  const query = new URLSearchParams({ tf, top: "20", window, on });
  return getJson<Correlations>(`/api/corr?${query.toString()}`, signal);
}
