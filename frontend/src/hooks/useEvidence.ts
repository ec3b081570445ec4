import { useSyncExternalStore } from "react";

import { fetchEvidence } from "../api/alerts";
import type { EvidenceCell } from "../api/types";

/** Outcomes mature as bars close; an unchanged table costs the server and the wire next to nothing (304). */
const REFRESH_MS = 60_000;

const NONE: readonly EvidenceCell[] = [];
const listeners = new Set<() => void>();
let cells: readonly EvidenceCell[] = NONE;
let timer: ReturnType<typeof setInterval> | undefined;

async function refresh(): Promise<void> {
  if (document.hidden) return;
  try {
    cells = await fetchEvidence();
    listeners.forEach((listener) => listener());
  } catch {
    // The last table stays; chips without one say that they have none.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    void refresh();
    timer = setInterval(() => void refresh(), REFRESH_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The table of what alerts were worth, one for the whole page, asked for while somebody shows it. */
export const useEvidence = (): readonly EvidenceCell[] => useSyncExternalStore(subscribe, () => cells);
