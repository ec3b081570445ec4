/** What the reader has chosen about the chart, remembered. */
import { FIRST_CHOICE, OVERLAYS, type PaneChoice } from "../../charts/candles/panes";
import type { Choice } from "../../lib/stored";

const words = (value: unknown): string[] | null =>
  Array.isArray(value) && value.every((item) => typeof item === "string") ? value : null;

export const PANES: Choice<PaneChoice> = {
  name: "pair.panes",
  fallback: FIRST_CHOICE,
  read: (stored) => {
    if (typeof stored !== "object" || stored === null) return null;
    const order = words((stored as Record<string, unknown>).order);
    const hidden = words((stored as Record<string, unknown>).hidden);
    return order && hidden ? { order, hidden } : null;
  },
};

const KNOWN = new Set(OVERLAYS.map(({ id }) => id));

/** Ids of the overlays that are on. */
export const SHOWN_OVERLAYS: Choice<readonly string[]> = {
  name: "pair.overlays",
  fallback: [],
  read: (stored) => words(stored)?.filter((id) => KNOWN.has(id)) ?? null,
};
