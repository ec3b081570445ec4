import { type Dispatch, useCallback, useEffect, useMemo, useReducer, useRef, useSyncExternalStore } from "react";

import { fetchReplay } from "../../api/replay";
import { useUrl } from "../../hooks/useUrl";
import { loopOf, timeIn } from "../../lib/playback/link";
import { type Act, act, aheadOf, following, loopIn, newPlayer, onGrid, type Player, type Stretch } from "../../lib/playback/player";
import { type Ask, FrameReader, type Range } from "../../lib/playback/reader";
import { choose, chosen } from "../../lib/stored";
import { changeUrl, urlParam } from "../../lib/url";
import { SPEED } from "./choices";
import type { Scope } from "./useStretch";

/** Some 40 MB of figures: hours of hundreds of pairs. */
const BOUNDS = { frames: 2000, rows: 150_000 };
const FIRST_PAGE = 3;
const PAGE = 24;
const BACK = 6;
/** The server's limit of a replay of final values is 576. */
const LONGEST = { seen: 100_000, revised: 500 };
/** A bar that is passed while the scrubber is dragged is not asked for. */
const SETTLE_MS = 250;
const ADDRESS_MS = 400;

function readerOf(scope: Scope, stretch: Stretch): FrameReader {
  const load = ({ start, end, cursor, limit }: Ask, signal: AbortSignal) =>
    // A cursor knows its replay: with another start it would be of another one.
    fetchReplay({ ...scope, limit, ...(cursor === null ? { start, end } : { cursor }) }, signal);
  return new FrameReader({ load, stretch, first: FIRST_PAGE, page: PAGE, back: BACK, longest: LONGEST[scope.as], bounds: BOUNDS });
}

/** What is to be read: from the bar that is shown on, and where a loop begins again. */
function rangesOf(player: Player): Range[] {
  const { at, loop, stretch } = player;
  const ahead = at + aheadOf(player) * stretch.step;
  if (!loop || at > loop.to) return [{ from: at, to: ahead }];
  return [{ from: at, to: Math.min(ahead, loop.to) }, { from: loop.from, to: Math.min(loop.to, loop.from + ahead - at) }];
}

function useReader(scope: Scope, stretch: Stretch, player: Player): FrameReader {
  const { tf, as, exchange, symbols } = scope;
  const { start, end, step } = stretch;
  const reader = useMemo(
    () => readerOf({ tf, as, exchange, symbols }, { start, end, step }),
    [tf, as, exchange, symbols, start, end, step],
  );
  useSyncExternalStore(reader.listen, () => reader.version);
  useEffect(() => {
    const want = () => reader.want(rangesOf(player));
    if (reader.has(player.at)) {
      want();
      return undefined;
    }
    const timer = setTimeout(want, reader.held.frames === 0 ? 0 : SETTLE_MS);
    return () => clearTimeout(timer);
  }, [reader, player]);
  useEffect(() => () => reader.close(), [reader]);
  return reader;
}

/** Goes on to the next bar when its time has come and it has been read; none is left out. */
function usePlaying(player: Player, reader: FrameReader, dispatch: Dispatch<Act>): void {
  const shownAt = useRef(0);
  const { at, playing, speed } = player;
  useEffect(() => {
    shownAt.current = performance.now();
  }, [at, playing]);
  const next = following(player);
  const ready = reader.has(at) && (next === null || reader.has(next));
  useEffect(() => {
    if (!playing || !ready) return undefined;
    const due = Math.max(0, shownAt.current + 1000 / speed - performance.now());
    const timer = setTimeout(() => dispatch({ do: "advance" }), due);
    return () => clearTimeout(timer);
  }, [at, playing, speed, ready, dispatch]);
}

/** The address follows the player when it rests, and the player follows a changed address. */
function useAddress({ at, playing, loop, stretch }: Player, dispatch: Dispatch<Act>): void {
  const asked = timeIn(useUrl("at"));
  const written = useRef(asked);
  const latest = useRef(at);
  const write = useCallback(() => {
    written.current = latest.current;
    changeUrl({ at: String(latest.current) });
  }, []);
  useEffect(() => {
    latest.current = at;
    if (playing) return undefined;
    const timer = setTimeout(write, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [at, playing, write]);
  // Another stretch or scope makes another player: it goes on at the same bar. Another view does not.
  useEffect(
    () => () => {
      if (urlParam("view") === "replay") write();
    },
    [write],
  );
  useEffect(() => {
    if (asked === null || asked === written.current) return;
    written.current = asked;
    if (onGrid(stretch, asked) !== latest.current) dispatch({ do: "seek", at: asked });
  }, [asked, stretch, dispatch]);
  useEffect(() => changeUrl({ loop: loop && `${loop.from}-${loop.to}` }), [loop]);
}

function begin({ stretch, at, loop }: { stretch: Stretch; at: number | null; loop: string | null }): Player {
  const asked = loopOf(loop);
  const marked = asked && loopIn(stretch, asked.from, asked.to);
  return { ...newPlayer(stretch, at ?? stretch.start), speed: chosen(SPEED), loop: marked };
}

/** A replay's frames and what its controls do. */
export function usePlayer(scope: Scope, stretch: Stretch) {
  const [player, plain] = useReducer(act, { stretch, at: timeIn(useUrl("at")), loop: useUrl("loop") }, begin);
  const dispatch = useCallback((one: Act) => {
    if (one.do === "speed") choose(SPEED, one.speed);
    plain(one);
  }, []);
  const reader = useReader(scope, stretch, player);
  usePlaying(player, reader, dispatch);
  useAddress(player, dispatch);
  return { player, dispatch, reader, frame: reader.frame(player.at), before: reader.frame(player.at - stretch.step) };
}

export type Playing = ReturnType<typeof usePlayer>;
