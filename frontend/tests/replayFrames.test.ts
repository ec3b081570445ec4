import { describe, expect, it } from "vitest";

import { NO_BARS, parseHistory } from "../src/charts/bars";
import { changesAt } from "../src/lib/playback/changes";
import { packed, valueAt, viewsOf } from "../src/lib/playback/frame";
import { atAlert, hrefAt, loopOf, stretchAsked, timeIn } from "../src/lib/playback/link";
import { foldedMarks, inOrder, neighbour, noted } from "../src/lib/playback/marks";
import { historyNeeded, pairBars } from "../src/panels/replay/pairBars";
import { withTimes } from "../src/panels/replay/Status";
import { symbolsOf } from "../src/panels/replay/symbols";
import { fieldText, fieldTime } from "../src/panels/replay/StretchForm";
import { makeView } from "./make";
import { makeFrame, makeReplayAlert, STEP, T0 } from "./replayMake";

const bar = (slot: number) => T0 + slot * STEP;
const KEY = "binanceusdm|BTC/USDT:USDT";

describe("a packed frame", () => {
  it("gives its rows back as they came: unknown stays unknown, zero stays zero", () => {
    const frame = packed(makeFrame(T0, [{ z_score: null, oi_delta_pct: 0, tiers: [1, 4], quality: ["gap"], guarded: { imbalance: 60 } }, { symbol: "ETH/USDT:USDT" }]));
    const [first, second] = viewsOf(frame, "5m");
    expect(first?.row).toMatchObject({ z_score: null, oi_delta_pct: 0, tiers: [1, 4], quality: ["gap"], guarded: { imbalance: 60 }, ts: T0, timeframe: "5m" });
    expect(second).toMatchObject({ key: "binanceusdm|ETH/USDT:USDT", row: { tiers: [], quality: [], guarded: {} } });
    expect(valueAt(frame, "z_score", 0)).toBeNull();
  });

  it("knows nothing live", () => {
    const [view] = viewsOf(packed(makeFrame(T0, [{ live_price: 5 }])), "5m");
    expect(view?.row).toMatchObject({ live_price: null, live_oi_abs_usd: null, funding_next: null, oi_change_24h_pct: null });
  });
});

describe("changes between two frames", () => {
  const now = packed(makeFrame(bar(1), [{ tiers: [1, 2] }, { symbol: "ETH/USDT:USDT", tiers: [3] }, { symbol: "NEW/USDT:USDT", tiers: [1] }]));
  it("name what began and ended, and pairs that came and went", () => {
    const before = packed(makeFrame(T0, [{ tiers: [1, 4] }, { symbol: "ETH/USDT:USDT", tiers: [], unknown_tiers: [3] }, { symbol: "OLD/USDT:USDT" }]));
    const changes = changesAt(before, now);
    expect(changes?.began.map(({ key, tier }) => [key, tier])).toEqual([[KEY, 2]]);
    expect(changes?.ended.map(({ key, tier }) => [key, tier])).toEqual([[KEY, 4]]);
    expect(changes?.appeared).toEqual(["binanceusdm|NEW/USDT:USDT"]);
    expect(changes?.missing).toEqual(["binanceusdm|OLD/USDT:USDT"]);
  });

  it("are not known without the frame before", () => {
    expect(changesAt(null, now)).toBeNull();
  });
});

describe("marks of a stretch", () => {
  const stretch = { start: T0, end: bar(99), step: STEP };
  const alert = (slot: number, tier: number, base = "BTC") => noted(makeReplayAlert({ ts: bar(slot), tier, base }));

  it("fold the alerts of one bar into one with a count, led by the most severe", () => {
    const marks = foldedMarks([alert(10, 4), alert(10, 6), alert(10, 1), alert(50, 5)], stretch, 500);
    expect(marks.map(({ ts, count, lead, place }) => [ts, count, lead.tier, place])).toEqual([[bar(10), 3, 6, 10 / 99], [bar(50), 1, 5, 50 / 99]]);
  });

  it("fold bars that would stand on each other, and lose none", () => {
    const all = Array.from({ length: 100 }, (_, i) => alert(i, i === 42 ? 6 : 4));
    const marks = foldedMarks(all, stretch, 10);
    expect(marks).toHaveLength(10);
    expect(marks.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    expect(marks.find(({ lead }) => lead.tier === 6)?.ts).toBe(bar(42));
    expect(new Set(marks.map(({ place }) => place)).size).toBe(10);
  });

  it("leave out what is outside", () => {
    expect(foldedMarks([alert(-1, 6), alert(100, 6)], stretch, 50)).toEqual([]);
  });

  it("lead to the next and the previous alert", () => {
    const alerts = inOrder([alert(50, 1), alert(10, 4), alert(10, 6)]);
    expect(alerts.map(({ tier }) => tier)).toEqual([6, 4, 1]);
    expect([neighbour(alerts, bar(10), 1), neighbour(alerts, bar(10), -1)]).toEqual([bar(50), null]);
    expect([neighbour(alerts, bar(11), -1), neighbour(alerts, bar(50), 1)]).toEqual([bar(10), null]);
  });
});

describe("the bars of a pair", () => {
  /** Frames 5 to 9; the record knows all bars, also those to come, with other values. */
  const frames = new Map([5, 6, 7, 8, 9].map((i) => [bar(i), packed(makeFrame(bar(i), [{ close: i, high: 1000 + i }]))]));
  const closes = Array.from({ length: 20 }, (_, i) => 100 + i);
  const history = parseHistory({ ts: closes.map((_, i) => bar(i)), open: closes, high: closes, low: closes, close: closes });
  const sources = { key: KEY, from: bar(2), step: STEP, frame: (ts: number) => frames.get(ts) ?? null, history };

  it("end with the bar that is shown, whatever else is known", () => {
    for (let at = 5; at <= 9; at += 1) {
      const bars = pairBars({ ...sources, at: bar(at) });
      expect(bars.ts[bars.ts.length - 1]).toBe(bar(at));
      for (const column of Object.values(bars.columns)) expect(column).toHaveLength(bars.ts.length);
      // Not even in a scale: no value of a later bar is among them.
      expect(Math.max(...(bars.columns.high ?? []).map((value) => value ?? 0))).toBe(1000 + at);
    }
  });

  it("are those of the frames, and of the record before", () => {
    expect(pairBars({ ...sources, at: bar(7) }).columns.close).toEqual([102, 103, 104, 5, 6, 7]);
  });

  it("do not take the bar that is shown from the record: that may have been revised later", () => {
    const bars = pairBars({ ...sources, at: bar(10) });
    expect(bars.ts[bars.ts.length - 1]).toBe(bar(9));
  });

  it("leave a slot where the pair had no bar, and begin with the first that it had", () => {
    const other = packed(makeFrame(bar(6), [{ symbol: "ETH/USDT:USDT" }]));
    const frame = (ts: number) => (ts === bar(6) ? other : (frames.get(ts) ?? null));
    expect(pairBars({ ...sources, frame, at: bar(7), history: NO_BARS }).columns.close).toEqual([5, null, 7]);
    expect(pairBars({ ...sources, frame: (ts) => (ts <= bar(6) ? other : frame(ts)), at: bar(7), history: NO_BARS }).columns.close).toEqual([7]);
  });

  it("say which have changed since, as far as the player has come", () => {
    const told = packed(makeFrame(bar(8), [{ close: 8 }], { revised: [{ exchange: "binanceusdm", symbol: "BTC/USDT:USDT", first: bar(6), last: bar(6), bars: 1 }] }));
    const frame = (ts: number) => (ts === bar(8) ? told : (frames.get(ts) ?? null));
    const marks = (at: number) => pairBars({ ...sources, frame, from: bar(5), at: bar(at) }).quality.map((list) => list.join());
    expect(marks(7)).toEqual(["", "", ""]);
    expect(marks(8)).toEqual(["", "revised", "", ""]);
  });

  it("ask the record for what no frame tells, once", () => {
    expect(historyNeeded({ ...sources, at: bar(9) }, null)).toBe(bar(4));
    expect(historyNeeded({ ...sources, at: bar(9) }, { first: bar(-500), last: bar(4) })).toBeNull();
    expect(historyNeeded({ ...sources, at: bar(12) }, { first: bar(-500), last: bar(4) })).toBe(bar(11));
  });
});

describe("the address of a replay", () => {
  it("leads to an alert's bar and pair, and to nothing left from before", () => {
    const alert = makeReplayAlert({ ts: T0, timeframe: "15m" });
    expect(hrefAt(alert)).toBe(`?view=replay&tf=15m&at=${T0}&pair=${encodeURIComponent(KEY)}`);
    expect(atAlert(alert)).toMatchObject({ from: null, to: null, as: null, pairs: null, exchange: null });
  });

  it("asks for half a day around the bar it leads to, unless it names a stretch", () => {
    expect(stretchAsked(null, null, T0)).toEqual({ start: T0 - 43_200_000, end: T0 + 43_200_000 });
    expect(stretchAsked("5", "9", T0)).toEqual({ start: 5, end: 9 });
    expect(stretchAsked(null, "9", T0)).toEqual({ end: 9 });
    expect(stretchAsked(null, null, null)).toEqual({});
  });

  it("reads nothing into what is no time or no loop", () => {
    expect([timeIn("x"), timeIn(""), timeIn("-5"), timeIn(null), timeIn("17")]).toEqual([null, null, null, null, 17]);
    expect([loopOf("5-9"), loopOf("9-5"), loopOf("5"), loopOf(null)]).toEqual([{ from: 5, to: 9 }, null, null, null]);
  });
});

describe("what is typed", () => {
  it("means a coin's pairs, or a symbol; what is neither is left to the server", () => {
    const rows = [makeView(), makeView({ exchange: "okx" }), makeView({ symbol: "1000PEPE/USDT:USDT", base: "PEPE" })];
    expect(symbolsOf("btc, pepe", rows)).toBe("1000PEPE/USDT:USDT,BTC/USDT:USDT");
    expect(symbolsOf("XYZ 1000PEPE/USDT:USDT", rows)).toBe("1000PEPE/USDT:USDT,XYZ");
    expect(symbolsOf("  ", rows)).toBe("");
  });

  it("is a local time in the browser's field and back", () => {
    expect(fieldTime(fieldText(T0))).toBe(T0 - (T0 % 60_000));
    expect(fieldTime("")).toBeNull();
  });

  it("shows the server's times in the reader's own", () => {
    expect(withTimes(`a time at or before ${T0}`)).not.toContain(String(T0));
    expect(withTimes("at most 576 frames")).toBe("at most 576 frames");
  });
});
