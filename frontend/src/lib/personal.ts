import type { Thresholds } from "./filter";
import type { Choice } from "./stored";

export type Personal = Partial<Thresholds>;

const NAMES = ["z", "ls", "imbalance", "oiDelta", "funding"] as const satisfies readonly (keyof Thresholds)[];

function read(stored: unknown): Personal | null {
  if (typeof stored !== "object" || stored === null) return null;
  const found = stored as Record<string, unknown>;
  const known = NAMES.filter((name) => typeof found[name] === "number" && Number.isFinite(found[name]));
  return Object.fromEntries(known.map((name) => [name, found[name]]));
}

/** Thresholds of the reader's own: they colour this browser's page, and change no alert. */
export const PERSONAL: Choice<Personal> = { name: "thresholds", fallback: {}, read };
