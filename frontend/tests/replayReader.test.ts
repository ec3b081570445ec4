import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "../src/api/errors";
import type { ReplayPage } from "../src/api/replay";
import { valueAt } from "../src/lib/playback/frame";
import { type Ask, FrameReader, type ReaderOptions } from "../src/lib/playback/reader";
import { makePage, STEP, T0 } from "./replayMake";

const bar = (slot: number) => T0 + slot * STEP;
const slotOf = (ts: number) => (ts - T0) / STEP;
const STRETCH = { start: T0, end: bar(999), step: STEP };

/** A server of a thousand bars; the cursor is the next bar's number. */
function serve({ start, end, cursor, limit }: Ask): ReplayPage {
  const from = cursor === null ? slotOf(start) : Number(cursor);
  const last = slotOf(end);
  const count = Math.min(limit, last - from + 1);
  return makePage(from, count, from + count > last ? null : String(from + count));
}

function made(over: Partial<ReaderOptions> = {}) {
  const asked: Ask[] = [];
  const load = vi.fn((ask: Ask, signal: AbortSignal) => {
    asked.push(ask);
    signal.throwIfAborted();
    return Promise.resolve(serve(ask));
  });
  const reader = new FrameReader({
    load, stretch: STRETCH, first: 6, page: 24, back: 4, longest: 10_000, bounds: { frames: 100, rows: 1000 }, ...over,
  });
  return { reader, asked, load };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const range = (from: number, to: number) => [{ from: bar(from), to: bar(to) }];

describe("the reader of frames", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("reads a short page first, then long ones by cursor, until all that is wanted is here", async () => {
    const { reader, asked } = made();
    reader.want(range(0, 40));
    expect(reader.state).toEqual({ is: "reading", from: bar(0) });
    await settled();
    expect(asked.map(({ cursor, limit }) => [cursor, limit])).toEqual([[null, 6], ["6", 24], ["30", 24]]);
    expect(reader.state).toEqual({ is: "idle" });
    for (let i = 0; i <= 40; i += 1) expect(valueAt(reader.frame(bar(i))!, "close", 0)).toBe(i);
  });

  it("asks for nothing that is here", async () => {
    const { reader, asked } = made();
    reader.want(range(0, 5));
    await settled();
    reader.want(range(2, 4));
    await settled();
    expect(asked).toHaveLength(1);
  });

  it("begins anew for a bar far away, a little before it", async () => {
    const { reader, asked } = made();
    reader.want(range(0, 5));
    await settled();
    reader.want(range(500, 501));
    await settled();
    // The first page reaches the bar that is waited for, and some more.
    expect(asked[1]).toMatchObject({ start: bar(496), end: bar(999), cursor: null, limit: 4 + 6 });
    expect(reader.has(bar(496)) && reader.has(bar(501))).toBe(true);
    reader.want(range(499, 501));
    await settled();
    expect(asked).toHaveLength(2);
  });

  it("goes on where the replay stands for a bar not far ahead", async () => {
    const { reader, asked } = made();
    reader.want(range(0, 5));
    await settled();
    reader.want(range(20, 21));
    await settled();
    expect(asked[1]).toMatchObject({ cursor: "6" });
  });

  it("gives up a page that nobody waits for any more", async () => {
    const signals: AbortSignal[] = [];
    const load = (ask: Ask, signal: AbortSignal) => {
      signals.push(signal);
      return signals.length === 1 ? new Promise<ReplayPage>(() => undefined) : Promise.resolve(serve(ask));
    };
    const { reader } = made({ load });
    reader.want(range(0, 5));
    reader.want(range(1, 6));
    expect(signals).toHaveLength(1);
    reader.want(range(700, 701));
    expect(signals[0]?.aborted).toBe(true);
    await settled();
    expect(reader.has(bar(700))).toBe(true);
  });

  it("reads nothing after it is closed and leaves no timer", async () => {
    const load = vi.fn(() => Promise.reject(new ApiError("Busy.", 503)));
    const { reader } = made({ load });
    reader.want(range(0, 5));
    await settled();
    reader.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(load).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stops at the end of the stretch", async () => {
    const { reader } = made();
    reader.want(range(995, 1_200));
    await settled();
    expect(reader.state).toEqual({ is: "idle" });
    expect(reader.has(bar(999))).toBe(true);
  });

  it("keeps the server's longest replay: the next part begins where the one before ended", async () => {
    const { reader, asked } = made({ longest: 20, page: 50 });
    reader.want(range(0, 30));
    await settled();
    expect(asked.filter(({ cursor }) => cursor === null).map(({ start, end }) => [slotOf(start), slotOf(end)])).toEqual([[0, 19], [20, 39]]);
    expect(reader.has(bar(30))).toBe(true);
  });

  it("holds a bounded number of frames however long it plays, and never drops one that is wanted", async () => {
    const { reader } = made({ bounds: { frames: 60, rows: 1000 } });
    for (let i = 0; i < 900; i += 7) {
      reader.want(range(i, i + 30));
      await settled();
      expect(reader.held.frames).toBeLessThanOrEqual(60);
      for (let k = i; k <= Math.min(999, i + 30); k += 1) expect(reader.has(bar(k))).toBe(true);
    }
  });

  it("wants no more than there is room for, so that it comes to rest", async () => {
    const { reader, asked } = made({ bounds: { frames: 100, rows: 10 } });
    reader.want(range(0, 50));
    await settled();
    expect(reader.state).toEqual({ is: "idle" });
    expect(reader.held.rows).toBeLessThanOrEqual(10);
    expect(asked.length).toBeLessThan(5);
    expect(reader.has(bar(0))).toBe(true);
  });

  it("reads the beginning of a loop after what comes next", async () => {
    const { reader } = made();
    reader.want([...range(500, 510), ...range(480, 484)]);
    await settled();
    expect(reader.has(bar(480)) && reader.has(bar(510))).toBe(true);
  });

  it.each([[429, 20_000], [503, 0], [0, 0]])("tries again by itself after a %i", async (status, rest) => {
    let calls = 0;
    const load = (ask: Ask) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new ApiError("Not now.", status, rest)) : Promise.resolve(serve(ask));
    };
    const { reader } = made({ load });
    reader.want(range(0, 3));
    await settled();
    const wait = Math.max(5000, rest);
    expect(reader.state).toEqual({ is: "waiting", why: `Not now. It is asked again in ${wait / 1000} s.` });
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(reader.state).toEqual({ is: "idle" });
    expect(reader.has(bar(3))).toBe(true);
  });

  it("reads anew, without a cursor, when the recording is another one; twice in a row it says so", async () => {
    const answers = [
      (ask: Ask) => Promise.resolve(serve(ask)),
      () => Promise.reject(new ApiError("Other data.", 409)),
      (ask: Ask) => Promise.resolve(serve(ask)),
    ];
    const asked: Ask[] = [];
    const { reader } = made({ load: (ask) => (asked.push(ask), answers[asked.length - 1]?.(ask) ?? Promise.reject(new ApiError("Other data.", 409))) });
    reader.want(range(0, 5));
    await settled();
    reader.want(range(6, 7));
    await settled();
    expect(asked.map(({ cursor }) => cursor)).toEqual([null, "6", null]);
    expect(reader.has(bar(0))).toBe(false);
    expect(reader.has(bar(7))).toBe(true);
    reader.want(range(800, 801));
    await settled();
    expect(reader.state).toEqual({ is: "failed", why: "Other data.", status: 409 });
  });

  it("fails on what asking again does not mend, until it is told to try", async () => {
    let good = false;
    const { reader } = made({ load: (ask) => (good ? Promise.resolve(serve(ask)) : Promise.reject(new ApiError("No pair.", 404))) });
    reader.want(range(0, 3));
    await settled();
    expect(reader.state).toEqual({ is: "failed", why: "No pair.", status: 404 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reader.state.is).toBe("failed");
    good = true;
    reader.retry();
    await settled();
    expect(reader.has(bar(3))).toBe(true);
  });

  it("says so when the server answers nothing", async () => {
    const { reader } = made({ load: () => Promise.resolve(makePage(0, 0, null)) });
    reader.want(range(0, 3));
    await settled();
    expect(reader.state).toMatchObject({ is: "failed" });
  });

  it("tells every change to who listens", async () => {
    const { reader } = made();
    const heard: string[] = [];
    const stop = reader.listen(() => heard.push(reader.state.is));
    reader.want(range(0, 5));
    await settled();
    stop();
    reader.want(range(900, 905));
    await settled();
    expect(heard).toEqual(["reading", "idle"]);
  });
});
