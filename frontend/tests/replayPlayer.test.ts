import { describe, expect, it } from "vitest";

import { type Act, act, aheadOf, barsIn, following, loopIn, newPlayer, onGrid, type Player, type Stretch } from "../src/lib/playback/player";

const STEP = 300_000;
const STRETCH: Stretch = { start: 1_000 * STEP, end: 1_009 * STEP, step: STEP };
const bar = (slot: number) => STRETCH.start + slot * STEP;
const at = (slot: number, over: Partial<Player> = {}): Player => ({ ...newPlayer(STRETCH, bar(slot)), ...over });
const after = (player: Player, ...acts: Act[]) => acts.reduce(act, player);
const slot = (player: Player) => (player.at - STRETCH.start) / STEP;

describe("the player", () => {
  it("begins paused on the bar at or before the one asked for, within the stretch", () => {
    expect(newPlayer(STRETCH, bar(3) + 7)).toMatchObject({ at: bar(3), playing: false });
    expect(newPlayer(STRETCH, 0).at).toBe(bar(0));
    expect(newPlayer(STRETCH, bar(400)).at).toBe(bar(9));
    expect(barsIn(STRETCH)).toBe(10);
  });

  it("holds to the grid where the end of a stretch does not", () => {
    expect(onGrid({ start: 0, end: 10, step: 4 }, 99)).toBe(8);
  });

  it("plays bar by bar, drops none, and halts at the end", () => {
    let player = after(at(6), { do: "toggle" });
    const seen = [slot(player)];
    while (player.playing) {
      player = after(player, { do: "advance" });
      seen.push(slot(player));
    }
    expect(seen).toEqual([6, 7, 8, 9, 9]);
  });

  it("plays from the beginning again when play is asked for at the end", () => {
    expect(after(at(9), { do: "toggle" })).toMatchObject({ at: bar(0), playing: true });
  });

  it("steps by hand, not beyond the ends, and pauses for it", () => {
    expect(after(at(4, { playing: true }), { do: "step", by: 1 })).toMatchObject({ at: bar(5), playing: false });
    expect(slot(after(at(0), { do: "step", by: -1 }))).toBe(0);
    expect(slot(after(at(9), { do: "step", by: 1 }))).toBe(9);
  });

  it("seeks while it plays and goes on there", () => {
    expect(after(at(1, { playing: true }), { do: "seek", at: bar(7) + 5 })).toMatchObject({ at: bar(7), playing: true });
    expect(slot(after(at(5), { do: "first" }))).toBe(0);
    expect(after(at(5, { playing: true }), { do: "last" })).toMatchObject({ at: bar(9), playing: false });
  });

  it("loops a marked part, whichever end was marked first", () => {
    const marked = after(at(6), { do: "mark" }, { do: "seek", at: bar(4) }, { do: "mark" });
    expect(marked).toMatchObject({ loop: { from: bar(4), to: bar(6) }, mark: null });
    let player = after(marked, { do: "toggle" });
    const seen = [slot(player)];
    for (let i = 0; i < 6; i += 1) {
      player = after(player, { do: "advance" });
      seen.push(slot(player));
    }
    expect(seen).toEqual([4, 5, 6, 4, 5, 6, 4]);
  });

  it("marks no loop of one bar, and takes a loop back", () => {
    expect(after(at(6), { do: "mark" }, { do: "mark" })).toMatchObject({ loop: null, mark: null });
    expect(after(at(6, { loop: { from: bar(1), to: bar(2) } }), { do: "loop", loop: null }).loop).toBeNull();
    expect(loopIn(STRETCH, bar(3), bar(3) + 1)).toBeNull();
  });

  it("enters a loop from before it and goes back to it from behind it", () => {
    const loop = { from: bar(4), to: bar(6) };
    expect(following(at(2, { loop }))).toBe(bar(3));
    expect(following(at(8, { loop }))).toBe(bar(4));
    expect(following(at(9))).toBeNull();
  });

  it("keeps its place in another stretch as far as there is one", () => {
    const shorter = { ...STRETCH, start: bar(5) };
    expect(after(at(2, { loop: { from: bar(1), to: bar(3) } }), { do: "stretch", stretch: shorter })).toMatchObject({ at: bar(5), loop: null });
    expect(after(at(7, { loop: { from: bar(4), to: bar(8) } }), { do: "stretch", stretch: shorter })).toMatchObject({ at: bar(7), loop: { from: bar(5), to: bar(8) } });
  });

  it("wants more ahead the faster it plays", () => {
    expect(aheadOf(at(0, { playing: true, speed: 20 }))).toBe(200);
    expect(aheadOf(at(0, { playing: true, speed: 1 }))).toBe(24);
    expect(aheadOf(at(0))).toBe(12);
  });
});
