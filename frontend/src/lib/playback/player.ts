/**
 * What a replay's controls do, as a state and what changes it. Pure: times of bars alone, no clock. Whether
 * the bar that is wanted has been read is not known here; who plays goes on when it has.
 */

/** Bars a second. */
export const SPEEDS = [1, 2, 5, 10, 20] as const;
export type Speed = (typeof SPEEDS)[number];

/** Open times of the first and the last bar, and the distance of two, ms. */
export interface Stretch {
  start: number;
  end: number;
  step: number;
}

export interface Loop {
  from: number;
  to: number;
}

export interface Player {
  stretch: Stretch;
  /** The bar that is shown, or wanted. */
  at: number;
  playing: boolean;
  speed: Speed;
  loop: Loop | null;
  /** One end of a loop is marked and the other is not yet. */
  mark: number | null;
}

export type Act =
  | { do: "toggle" }
  | { do: "pause" }
  /** The next bar, as it is played: at the end of a loop its beginning, at the end of the stretch a halt. */
  | { do: "advance" }
  | { do: "step"; by: number }
  | { do: "seek"; at: number }
  | { do: "first" }
  | { do: "last" }
  | { do: "speed"; speed: Speed }
  /** Marks the bar that is shown as one end of a loop; the second one makes it. */
  | { do: "mark" }
  | { do: "loop"; loop: Loop | null }
  /** Another stretch, or what became known about this one. */
  | { do: "stretch"; stretch: Stretch };

/** A time on a bar of the stretch, the nearest at or before it. */
export function onGrid({ start, end, step }: Stretch, ts: number): number {
  const inside = Math.min(Math.max(ts, start), end);
  return start + Math.floor((inside - start) / step) * step;
}

/** How many bars a stretch has. */
export const barsIn = ({ start, end, step }: Stretch) => Math.floor((end - start) / step) + 1;

/** The number of a bar in its stretch, from 0. */
export const slotIn = ({ start, step }: Stretch, ts: number) => Math.round((ts - start) / step);

export const newPlayer = (stretch: Stretch, at: number): Player => ({
  stretch, at: onGrid(stretch, at), playing: false, speed: 2, loop: null, mark: null,
});

/** A loop of at least two bars, on the grid and the right way round; null for less. */
export function loopIn(stretch: Stretch, a: number, b: number): Loop | null {
  const from = onGrid(stretch, Math.min(a, b));
  const to = onGrid(stretch, Math.max(a, b));
  return to > from ? { from, to } : null;
}

/** The bar after this one while playing; null at the end. */
export function following({ stretch, at, loop }: Player): number | null {
  if (loop && at >= loop.from && at >= loop.to) return loop.from;
  return at + stretch.step > stretch.end ? null : at + stretch.step;
}

function advance(player: Player): Player {
  const next = following(player);
  return next === null ? { ...player, playing: false } : { ...player, at: next };
}

function toggle(player: Player): Player {
  if (player.playing) return { ...player, playing: false };
  // Play at the end plays it again.
  const again = following(player) === null;
  return { ...player, playing: true, at: again ? player.stretch.start : player.at };
}

function mark(player: Player): Player {
  const { mark: first, at, stretch } = player;
  if (player.loop) return { ...player, loop: null, mark: at };
  if (first === null) return { ...player, mark: at };
  return { ...player, loop: loopIn(stretch, first, at), mark: null };
}

function restretch(player: Player, stretch: Stretch): Player {
  const loop = player.loop && loopIn(stretch, player.loop.from, player.loop.to);
  return { ...player, stretch, at: onGrid(stretch, player.at), loop, mark: null };
}

const seek = (player: Player, ts: number): Player => ({ ...player, at: onGrid(player.stretch, ts) });

type Do = { [K in Act["do"]]: (player: Player, act: Extract<Act, { do: K }>) => Player };

const DO: Do = {
  toggle,
  pause: (player) => ({ ...player, playing: false }),
  advance,
  // Who steps by hand looks closely: playing ends.
  step: (player, { by }) => ({ ...seek(player, player.at + by * player.stretch.step), playing: false }),
  seek: (player, { at }) => seek(player, at),
  first: (player) => seek(player, player.stretch.start),
  last: (player) => ({ ...seek(player, player.stretch.end), playing: false }),
  speed: (player, { speed }) => ({ ...player, speed }),
  mark,
  loop: (player, { loop }) => ({ ...player, loop: loop && loopIn(player.stretch, loop.from, loop.to), mark: null }),
  stretch: (player, act) => restretch(player, act.stretch),
};

/** The state after an act. */
export const act = (player: Player, one: Act): Player => (DO[one.do] as (player: Player, act: Act) => Player)(player, one);

/** Bars to have read before they are shown: ten seconds of playing, and some for who steps. */
export const aheadOf = ({ speed, playing }: Player) => (playing ? Math.max(24, speed * 10) : 12);
