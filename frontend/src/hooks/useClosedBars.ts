import type { LiveSnapshot } from "../api/live";
import { barMark } from "../lib/bars";
import { type Fresh, useFresh } from "./useFresh";
import { useSettled } from "./useSettled";

/** Pairs have their new bar within seconds of each other: ask once, when the last of them has it. */
const SETTLE_MS = 2500;

/** What the server computes over closed bars of a timeframe: asked for when there are newer ones. */
export function useClosedBars<T>(
  live: LiveSnapshot,
  tf: string | null,
  question: string,
  ask: (signal: AbortSignal) => Promise<T>,
): Fresh<T> {
  const mark = live.tf === tf && live.loaded ? barMark(live.rows) : null;
  const settled = useSettled(tf ?? "", mark, SETTLE_MS);
  return useFresh(tf === null ? null : `${tf} ${question}`, settled, ask);
}
