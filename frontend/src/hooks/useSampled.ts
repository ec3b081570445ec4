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

/**
 * The live rows as they were some seconds ago: renewed every ten seconds and when a bar closes, so
 * that what is ranked by them can be read before it moves.
 */
export function useSampled(live: LiveSnapshot, tf: string | null): readonly RowView[] {
  const now = useNow();
  const there = live.tf === tf && live.loaded ? live.rows : null;
  const scope = tf ?? "";
  const [sample, setSample] = useState<Sample>({ scope, rows: [], bar: null, at: -Infinity });
  const rows = there ?? [];
  const bar = newestBar(rows);
  const due = sample.scope !== scope || sample.bar !== bar || now - sample.at >= EVERY_MS;
  if (!due || sample.rows === there || (there === null && sample.scope === scope)) return sample.rows;
  setSample({ scope, rows, bar, at: now });
  return rows;
}
