/** What the reader has chosen about replays, remembered. */
import { type Speed, SPEEDS } from "../../lib/playback/player";
import type { Choice } from "../../lib/stored";

export const SPEED: Choice<Speed> = {
  name: "replay.speed",
  fallback: 2,
  read: (stored) => SPEEDS.find((speed) => speed === stored) ?? null,
};

/** Marks and the list end at the bar that is shown. */
export const BLIND: Choice<boolean> = {
  name: "replay.blind",
  fallback: false,
  read: (stored) => (typeof stored === "boolean" ? stored : null),
};
