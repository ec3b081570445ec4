import { useState } from "react";

import type { LiveSnapshot } from "../api/live";
import { newestBar } from "../lib/bars";
import type { RowView } from "../lib/rows";
import { useNow } from "./useNow";

const EVERY_MS = 10_000;

interface Sample {
  scope: string;
  rows: readonly RowView[];
  bar: number | null;
  at: number;
}

const NONE: readonly RowView[] = [];

const rowsOf = (live: LiveSnapshot, tf: string | null) => (live.tf === tf && live.loaded ? live.rows : NONE);

const isDue = (sample: Sample, scope: string, bar: number | null, now: number) =>
  sample.scope !== scope || sample.bar !== bar || now - sample.at >= EVERY_MS;

/**
 * The live rows as they were some seconds ago: renewed every ten seconds and when a bar closes, so
 * that what is ranked by them can be read before it moves.
 */
export function useSampled(live: LiveSnapshot, tf: string | null): readonly RowView[] {
  const now = useNow();
  const scope = tf ?? "";
  const [sample, setSample] = useState<Sample>({ scope, rows: NONE, bar: null, at: -Infinity });
  const rows = rowsOf(live, tf);
  if (rows === sample.rows || !isDue(sample, scope, newestBar(rows), now)) return sample.rows;
  setSample({ scope, rows, bar: newestBar(rows), at: now });
  return rows;
}
