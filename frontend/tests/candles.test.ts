import type { Time } from "lightweight-charts";
import { describe, expect, it } from "vitest";

import { type Bars, parseHistory } from "../src/charts/bars";
import { candleBands, paneBands } from "../src/charts/candles/bands";
import { dotsOf, runsOf } from "../src/charts/candles/brokenLine";
import { type ChartMark, markersOf } from "../src/charts/candles/markers";
import { FIRST_CHOICE, heights, metricPanes, MIN_PANE_PX, moved, OI_COINS, ordered, toggled } from "../src/charts/candles/panes";
import { candle, point } from "../src/charts/candles/shape";
import { harmless, toCsv } from "../src/charts/csv";
import { joinRows, lineRows } from "../src/charts/lines/points";
import { thresholdsOf } from "../src/lib/filter";

const STEP = 300_000;
const SIGNS = { up: "U", down: "D", flat: "F" };

const some: Bars = parseHistory({
  ts: [0, 1, 2, 3].map((slot) => slot * STEP),
  open: [1, 2, null, 4],
  high: [2, 3, null, 5],
  low: [0.5, 1, null, 3],
  close: [1.5, 1.5, null, 4],
  volume: [10, 20, null, 30],
  imbalance: [1, null, null, -2],
  tiers: [[2], [2], null, []],
  quality: [["stale"], ["guarded:imbalance", "ls:late"], ["gap"], ["unpublished:top_ls", "warming"]],
  guarded: [{}, { imbalance: 63.1 }, null, null],
});

describe("points", () => {
  it("have no candle where a price is unknown", () => {
    expect(candle(some, 0)).toEqual({ time: 0, open: 1, high: 2, low: 0.5, close: 1.5 });
    expect(candle(some, 2)).toEqual({ time: 600 });
  });

  it("are whitespace where a value is unknown, never zero", () => {
    const spec = { column: "imbalance", kind: "histogram", tone: "sign" } as const;
    expect(point(some, 0, spec, SIGNS)).toEqual({ time: 0, value: 1, color: "U" });
    expect(point(some, 1, spec, SIGNS)).toEqual({ time: 300 });
    expect(point(some, 3, spec, SIGNS)).toEqual({ time: 900, value: -2, color: "D" });
    expect(point(some, 0, { ...spec, column: "absent" }, SIGNS)).toEqual({ time: 0 });
  });

  it("of volume take the colour of the candle's body", () => {
    const spec = { column: "volume", kind: "histogram", tone: "sign", by: "candle" } as const;
    expect([0, 1, 3].map((slot) => point(some, slot, spec, SIGNS).color)).toEqual(["U", "D", "F"]);
  });
});

describe("a line", () => {
  it("breaks wherever a slot is missing", () => {
    expect(runsOf([0, 1, 2, 5, 7, 8])).toEqual([[0, 3], [3, 4], [4, 6]]);
    expect(runsOf([])).toEqual([]);
  });

  it("leave the pane where the bars beside it are, not where they once were", () => {
    const bar = (time: number, x: number) => ({ x, time, originalData: { time: 0 as Time, value: time }, barColor: "" });
    const bars = [bar(0, 999), bar(1, 5), bar(3, 15), bar(4, -40), bar(5, -40)];
    const dots = dotsOf({ bars, barSpacing: 5, visibleRange: { from: 1, to: 3 } });
    expect(dots.map(({ slot, x }) => [slot, x])).toEqual([[0, 0], [1, 5], [3, 15], [4, 20]]);
    expect(dotsOf({ bars, barSpacing: 5, visibleRange: null })).toEqual([]);
  });
});

describe("bands", () => {
  it("say what is to be known about slots", () => {
    expect(candleBands(some, 3)).toEqual([
      { kind: "tier2", from: 0, to: 1 },
      { kind: "gap", from: 2, to: 2 },
      { kind: "stale", from: 0, to: 0 },
      { kind: "guarded", from: 1, to: 1 },
      { kind: "other", from: 1, to: 1 },
      { kind: "here", from: 3, to: 3 },
    ]);
  });

  it("hatch a pane where its value was refused", () => {
    expect(paneBands(some, ["imbalance"], null)).toEqual([{ kind: "gap", from: 2, to: 2 }, { kind: "refused", from: 1, to: 1 }]);
    expect(paneBands(some, ["rsi"], null)).toEqual([{ kind: "gap", from: 2, to: 2 }]);
  });
});

describe("markers", () => {
  const mark = (over: Partial<ChartMark>): ChartMark => ({ kind: "alert", ts: 0, tag: "T1", text: "", colour: "y", rank: 4, down: false, ...over });

  it("are one a bar, led by the most severe, oldest first", () => {
    const found = markersOf([mark({ ts: STEP }), mark({}), mark({ tag: "T2", colour: "o", rank: 1 }), mark({ tag: "T2", rank: 1 })], some);
    expect(found.map(({ id, text, color }) => [id, text, color])).toEqual([["0", "T2 T1", "o"], ["300000", "T1", "y"]]);
  });

  it("stay away from bars that are not here", () => {
    expect(markersOf([mark({ ts: -STEP }), mark({ ts: 9 * STEP })], some)).toEqual([]);
  });
});

describe("panes", () => {
  const all = [...metricPanes(thresholdsOf({})), OI_COINS];
  const ids = (choice = FIRST_CHOICE) => ordered(all, choice).map(({ id }) => id);

  it("have the thresholds of the settings", () => {
    const panes = metricPanes(thresholdsOf({ z_threshold: 3, ls_threshold: 1.8, imbalance_threshold: 5 }));
    const levels = Object.fromEntries(panes.map((pane) => [pane.id, pane.levels.map(({ value }) => value)]));
    expect(levels).toMatchObject({ z: [3, -3], global_ls: [1.8], imbalance: [5, -5], rsi: [70, 30] });
  });

  it("move past what is hidden", () => {
    const hidden = toggled(FIRST_CHOICE, "oi_delta");
    const next = moved(all, hidden, "oi", 1);
    const shown = ids(next).filter((id) => !next.hidden.includes(id));
    expect(shown.slice(0, 2)).toEqual(["global_ls", "oi"]);
    expect(moved(all, FIRST_CHOICE, "oi", -1)).toBe(FIRST_CHOICE);
    expect(moved(all, hidden, "oi_delta", 1)).toBe(hidden);
  });

  it("come back when toggled twice", () => {
    expect(toggled(toggled(FIRST_CHOICE, "rsi"), "rsi")).toEqual(FIRST_CHOICE);
  });

  it("that an older choice does not know keep their place", () => {
    expect(ids({ order: ["oi", "oi_delta", "funding"], hidden: [] })).toEqual(["oi", "oi_delta", "global_ls", "top_ls", "imbalance", "cvd", "rsi", "z", "funding", "oi_coins"]);
  });

  it("leave the candles 45 percent and are never thin", () => {
    const roomy = heights(1000, 9);
    expect(roomy.candles).toBeGreaterThanOrEqual(450);
    expect(roomy.total).toBeLessThanOrEqual(1000);
    const tight = heights(500, 9);
    expect(tight.pane).toBe(MIN_PANE_PX);
    expect(tight.total).toBeGreaterThan(500);
    expect(heights(600, 0)).toEqual({ candles: 600, pane: 0, total: 600 });
  });
});

describe("CSV", () => {
  it("has one line a bar in view, unknown empty, texts harmless", () => {
    const text = toCsv(some, { exchange: "okx", symbol: "=X(1),Y", timeframe: "5m", from: 0, to: 1, columns: ["close", "imbalance"] });
    expect(text.split("\r\n")).toEqual([
      "exchange,symbol,timeframe,ts,time_utc,close,imbalance,tiers,quality",
      `okx,"'=X(1),Y",5m,0,1970-01-01T00:00:00.000Z,1.5,1,2,stale`,
      `okx,"'=X(1),Y",5m,300000,1970-01-01T00:05:00.000Z,1.5,,2,guarded:imbalance ls:late`,
      "",
    ]);
  });

  it("lets numbers be numbers", () => {
    expect(["-1.5", "+2", "@x", "-x", "\tx", "", "a"].map(harmless)).toEqual(["-1.5", "+2", "'@x", "'-x", "'\tx", "", "a"]);
  });
});

describe("rows of lines", () => {
  it("are the newest, holes and all", () => {
    expect(lineRows(some, ["close"], 2)).toEqual([{ ts: 2 * STEP, close: null }, { ts: 3 * STEP, close: 4 }]);
  });

  it("of several series share their times", () => {
    expect(joinRows({ a: { ts: [0, 1], values: [1, null] }, b: { ts: [1, 2], values: [5, 6] } })).toEqual([
      { ts: 0, a: 1, b: null }, { ts: 1, a: null, b: 5 }, { ts: 2, a: null, b: 6 },
    ]);
  });
});
