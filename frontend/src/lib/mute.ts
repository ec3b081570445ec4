import type { Alert } from "../api/types";
import { pairKey } from "./rows";
import type { Choice } from "./stored";

/** Muted alerts are in the list and nowhere else: no toast, no sound, no notification. */
export interface Mute {
  /** Local time (ms) until which everything is muted; "always" without an end, null not at all. */
  all: number | "always" | null;
  /** `pairKey`s of muted pairs. */
  pairs: string[];
}

function read(stored: unknown): Mute | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { all = null, pairs } = stored as Partial<Record<string, unknown>>;
  if (all !== null && all !== "always" && typeof all !== "number") return null;
  if (!Array.isArray(pairs)) return null;
  return { all, pairs: pairs.filter((key) => typeof key === "string") };
}

export const MUTE: Choice<Mute> = { name: "mute", fallback: { all: null, pairs: [] }, read };

export const allMuted = ({ all }: Mute, now: number) => all === "always" || (all !== null && now < all);

export const isMuted = (mute: Mute, alert: Alert, now: number) =>
  allMuted(mute, now) || mute.pairs.includes(pairKey(alert));

export const withPair = (mute: Mute, key: string, muted: boolean): Mute => ({
  ...mute,
  pairs: [...mute.pairs.filter((other) => other !== key), ...(muted ? [key] : [])],
});
