import { describe, expect, it } from "vitest";

import { type Bars, extend, firstChange, NO_BARS, parseHistory, parseRow, prepend, slice, slotOf, stepOf } from "../src/charts/bars";
import { olderLimit, withRow } from "../src/panels/pair/useBars";
import { withOverlays } from "../src/panels/pair/useOverlays";
import { makeRow } from "./make";

const STEP = 300_000;

/** Bars at these slots, their close as given. */
function bars(first: number, close: readonly (number | null)[]): Bars {
  return parseHistory({
    ts: close.map((_, i) => (first + i) * STEP),
    close,
    quality: close.map(() => []),
    tiers: close.map(() => []),
    guarded: close.map(() => null),
  });
}

describe("an answer of the history", () => {
  it("keeps numbers and takes everything else as unknown", () => {
    const found = parseHistory({
      ts: [0, STEP],
      close: [1, "2"],
      rsi: [null, Infinity],
      tiers: [null, [1, 4]],
      quality: [["gap"], null],
      guarded: [{ imbalance: 63.1, cvd: "x" }, {}],
      source: ["rest", null],
    });
    expect(found.columns).toEqual({ close: [1, null], rsi: [null, null] });
    expect(found.tiers).toEqual([null, [1, 4]]);
    expect(found.quality).toEqual([["gap"], []]);
    expect(found.guarded).toEqual([{ imbalance: 63.1 }, null]);
  });

  it("says nothing of an empty record", () => {
    expect(parseHistory({ ts: [], close: [] }).ts).toEqual([]);
  });
});

describe("joining", () => {
  it("puts older bars in front and leaves out what is there", () => {
    const joined = prepend(bars(0, [1, 2, 3, 99]), bars(3, [4, 5]));
    expect(joined.columns.close).toEqual([1, 2, 3, 4, 5]);
    expect(joined.ts).toEqual([0, 1, 2, 3, 4].map((slot) => slot * STEP));
  });

  it("appends the next bar and replaces those that are here already", () => {
    expect(extend(bars(0, [1, 2]), bars(2, [3]), STEP)?.columns.close).toEqual([1, 2, 3]);
    expect(extend(bars(0, [1, 2, 3]), bars(1, [20, 30, 40]), STEP)?.columns.close).toEqual([1, 20, 30, 40]);
    expect(extend(bars(0, [1, 2, 3]), bars(1, [20]), STEP)?.columns.close).toEqual([1, 20, 3]);
  });

  it("refuses to close up a hole", () => {
    expect(extend(bars(0, [1, 2]), bars(3, [4]), STEP)).toBeNull();
  });

  it("keeps a column that only one side has, unknown on the other", () => {
    const more = { ...bars(2, [3]), columns: { close: [3], obv: [7] } };
    expect(extend(bars(0, [1, 2]), more, STEP)?.columns.obv).toEqual([null, null, 7]);
  });
});

describe("the newest row of the feed", () => {
  const known = bars(0, [1, 2]);

  it("becomes the next bar with the columns there are", () => {
    const row = makeRow({ ts: 2 * STEP, close: 3, tiers: [2], quality: ["ls:late"], guarded: { imbalance: 70 } });
    const next = withRow(known, row, STEP);
    expect(next?.columns).toEqual({ close: [1, 2, 3] });
    expect(next?.tiers[2]).toEqual([2]);
    expect(next?.guarded[2]).toEqual({ imbalance: 70 });
  });

  it("changes nothing while it says what is known, though prices move between closes", () => {
    expect(withRow(known, makeRow({ ts: STEP, close: 2, tiers: [], quality: [], guarded: {}, live_price: 9 }), STEP)).toBe(known);
    expect(withRow(known, makeRow({ ts: 0, close: 9 }), STEP)).toBe(known);
  });

  it("replaces a bar that was finalised after it had been shown", () => {
    expect(withRow(known, makeRow({ ts: STEP, close: 2.5, tiers: [], quality: [] }), STEP)?.columns.close).toEqual([1, 2.5]);
  });

  it("does not bridge bars that were missed", () => {
    expect(withRow(known, makeRow({ ts: 5 * STEP }), STEP)).toBeNull();
  });

  it("reads no text as a number", () => {
    expect(parseRow({ ts: 0, close: "7" }, known).columns.close).toEqual([null]);
  });
});

describe("what has changed", () => {
  it("is nothing, the first slot that differs, or everything", () => {
    const before = bars(0, [1, 2, 3]);
    expect(firstChange(before, bars(0, [1, 2, 3]), ["close"])).toBe(-1);
    expect(firstChange(before, bars(0, [1, 9, 3]), ["close"])).toBe(1);
    expect(firstChange(before, bars(0, [1, 2, 3, 4]), ["close"])).toBe(3);
    expect(firstChange(before, bars(1, [2, 3, 4]), ["close"])).toBeNull();
    expect(firstChange(before, bars(0, [1, 2]), ["close"])).toBeNull();
    expect(firstChange(NO_BARS, before, ["close"])).toBeNull();
  });

  it("sees marks and tiers, and columns that come or go", () => {
    const before = bars(0, [1, 2]);
    expect(firstChange(before, { ...before, quality: [[], ["revised"]] }, ["close"])).toBe(1);
    expect(firstChange(before, { ...before, tiers: [[2], []] }, ["close"])).toBe(0);
    expect(firstChange(before, withOverlays(before, { ts: before.ts, columns: { atr: [1, 2] } }), ["close", "atr"])).toBeNull();
  });
});

describe("slots", () => {
  it("are found by time", () => {
    const some = bars(2, [1, 2, 3]);
    expect(slotOf(some, STEP)).toBe(-1);
    expect(slotOf(some, 3 * STEP)).toBe(1);
    expect(slotOf(some, 3 * STEP + 1)).toBe(1);
    expect(slotOf(some, 99 * STEP)).toBe(2);
    expect(slice(some, 1, 2).columns.close).toEqual([2]);
  });

  it("have the length of the timeframe", () => {
    expect([stepOf("5m"), stepOf("15m"), stepOf("1h")]).toEqual([300_000, 900_000, 3_600_000]);
  });

  it("are asked for by the page, or back to the bar of a link, within what the page draws", () => {
    expect(olderLimit(null, 1000 * STEP, 500, STEP)).toBe(500);
    expect(olderLimit(990 * STEP, 1000 * STEP, 500, STEP)).toBe(500);
    expect(olderLimit(0, 1000 * STEP, 500, STEP)).toBe(1150);
    expect(olderLimit(0, 1e6 * STEP, 500, STEP)).toBe(4500);
    expect(olderLimit(null, 1000 * STEP, 4900, STEP)).toBe(100);
  });
});

it("overlays stand at their own bars; others are unknown", () => {
  const joined = withOverlays(bars(0, [1, 2, 3]), { ts: [STEP, 2 * STEP], columns: { atr: [0.5, null] } });
  expect(joined.columns.atr).toEqual([null, 0.5, null]);
});
