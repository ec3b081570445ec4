import { describe, expect, it } from "vitest";

import type { ChartColours } from "../src/charts/colours";
import { differs, idsOf, sameData, SECTIONS, SETTINGS } from "../src/lib/simulation/compare";
import { curveRows, MOST_POINTS, periodRows, picked, thinned } from "../src/lib/simulation/curve";
import { NUMBERS, sizeField } from "../src/lib/simulation/fields";
import { changed, FIRST_FORM, type Form, formOf, hintsOf, readForm, requestOf, symbolsOf, wrongWith } from "../src/lib/simulation/form";
import { domainOf, placeIn, ratesOf } from "../src/lib/simulation/rates";
import { sentenceOf, titleOf } from "../src/lib/simulation/words";
import { neighbour } from "../src/panels/pair/TradeLegend";
import { tradeMarks } from "../src/panels/pair/tradeMarks";
import { makeRun, makeRunSettings, makeTrade } from "./makeRun";

const IN_FORCE = {
  z_threshold: 3, ls_threshold: 2, imbalance_threshold: 3, oi_delta_threshold: 1, funding_threshold: 0.01, divergence_sigma: 2, confluence_min: 2, alert_cooldown: 12,
};
const PAIRS = [
  { symbol: "BTC/USDT:USDT", base: "BTC" },
  { symbol: "1000PEPE/USDT:USDT", base: "PEPE" },
  { symbol: "PEPE/USDT:USDT", base: "PEPE" },
];

const typed = (numbers: Form["numbers"], over: Partial<Form> = {}) => changed(FIRST_FORM, { ...over, numbers: { ...FIRST_FORM.numbers, ...numbers } });

describe("the form", () => {
  it("runs as it stands at first, with the thresholds in force", () => {
    expect(hintsOf(FIRST_FORM)).toEqual({});
    const { data, settings } = requestOf(FIRST_FORM, "5m", PAIRS, IN_FORCE);
    expect(data).toEqual({ tf: "5m", start: null, end: null, exchange: "", symbols: null });
    expect(settings).toMatchObject({ entry: "tier", tier: 1, rule: null, direction: "long", hold: 6, fee: 0.0005, slippage: 0.0001, capital: 10_000, take_profit: null });
    expect(settings?.thresholds).toMatchObject({ z: 3, cooldown: 12 });
  });

  it("sends percent as fractions without dust", () => {
    const { settings } = requestOf(typed({ take_profit: "0,7", stop_loss: "0.3", fee: "0.07" }), "5m", PAIRS, IN_FORCE);
    expect([settings?.take_profit, settings?.stop_loss, settings?.fee]).toEqual([0.007, 0.003, 0.0007]);
  });

  it("sends a threshold of the reader's own only where the entry is judged by it", () => {
    const own = { "thresholds.z": "4", "thresholds.funding_pct": "0.5" } as const;
    expect(requestOf(typed(own), "5m", PAIRS, IN_FORCE).settings?.thresholds).toMatchObject({ z: 4, funding_pct: 0.01 });
    expect(requestOf(typed(own, { tier: 4 }), "5m", PAIRS, IN_FORCE).settings?.thresholds).toMatchObject({ z: 3, funding_pct: 0.5 });
  });

  it.each([
    ["hold", typed({ hold: "" }), "way out"],
    ["hold", typed({ hold: "1.5" }), "whole number from 1"],
    ["stop_loss", typed({ stop_loss: "100" }), "above 0 and below 100"],
    ["take_profit", typed({ take_profit: "120" }, { direction: "short" }), "below 100"],
    ["fee", typed({ fee: "10" }), "from 0 and below 10"],
    ["fee", typed({ fee: "" }), "Missing"],
    ["capital", typed({ capital: "0" }), "above 0"],
    ["size", typed({}, { sizing: "amount" }), "Missing"],
    ["sizing", typed({ size: "1" }, { sizing: "risk" }), "stop"],
    ["rule", changed(FIRST_FORM, { entry: "rule" }), "condition"],
    ["end", { ...FIRST_FORM, start: "2", end: "1" }, "before the start"],
    ["leverage", typed({ leverage: "x" }, { cash_limit: true }), "a number above 0"],
  ] as const)("says what is wrong with %s before it is sent", (name, form, words) => {
    expect(hintsOf(form)[name]).toContain(words);
  });

  it("asks nothing of what it does not use", () => {
    expect(hintsOf(typed({ leverage: "x", momentum_bars: "x", size: "x", "thresholds.ls": "x" }))).toEqual({});
    expect(hintsOf(typed({ hold: "" }, { entry: "obv-rsi" }))).toEqual({});
    expect(wrongWith(sizeField("share"), "25")).toBeNull();
    expect(wrongWith(NUMBERS.late, "0")).toBeNull();
  });

  it("puts right what does not fit another entry", () => {
    const own = changed({ ...FIRST_FORM, fire: "flags", direction: "fade" }, { entry: "obv-rsi" });
    expect(own).toMatchObject({ direction: "both", fire: "alerts", numbers: { hold: "" } });
    expect(changed(own, { direction: "short" })).toMatchObject({ entry: "obv-rsi", direction: "short" });
    expect(changed(own, { entry: "tier" })).toMatchObject({ direction: "long", numbers: { hold: "6" } });
  });

  it("knows the pairs somebody means", () => {
    expect(symbolsOf("btc, pepe", PAIRS)).toEqual(["BTC/USDT:USDT", "1000PEPE/USDT:USDT", "PEPE/USDT:USDT"]);
    expect(symbolsOf("1000pepe/usdt:usdt NEW/USDT:USDT", PAIRS)).toEqual(["1000PEPE/USDT:USDT", "NEW/USDT:USDT"]);
    expect(symbolsOf(" , ", PAIRS)).toBeNull();
  });

  it("asks for a run again with what it was asked", () => {
    const settings = makeRunSettings({ entry: "rule", tier: null, rule: "z_score > 2", direction: "fade", momentum_bars: 3, stop_loss: 0.007, sizing: "share", size: 0.25, cash_limit: true, leverage: 3, max_positions: 5 });
    const run = makeRun({ settings });
    const again = requestOf(formOf(run), run.data.tf, [], undefined);
    expect({ ...settings, ...again.settings }).toEqual({ ...settings, thresholds: { cooldown: 12, ...again.settings?.thresholds } });
    expect(again.settings).toMatchObject({ rule: "z_score > 2", stop_loss: 0.007, size: 0.25, leverage: 3, momentum_bars: 3 });
    expect(again.data).toEqual({ tf: "5m", start: run.data.start, end: run.data.end, exchange: "", symbols: null });
  });

  it("is read as it was stored, and as at first where that does not fit", () => {
    const form = typed({ hold: "3" }, { entry: "confluence", symbols: "BTC", funding: false });
    expect(readForm(JSON.parse(JSON.stringify(form)))).toEqual(form);
    expect(readForm({ entry: "magic", tier: 9, direction: 3, numbers: [1] })).toMatchObject({ entry: "tier", tier: 1, direction: "long" });
    expect(readForm("x")).toBeNull();
  });
});

describe("the curve", () => {
  const long = (n: number) => ({
    ts: Array.from({ length: n }, (_, i) => i), equity: Array.from({ length: n }, (_, i) => 100 + (i % 7)),
    drawdown: Array.from({ length: n }, (_, i) => (i === 1234 ? 0.5 : 0)), exposure: Array.from({ length: n }, () => 0),
  });

  it("is thinned without losing its ends or its deepest fall", () => {
    const curve = thinned(long(2000), 100);
    expect(curve.ts).toHaveLength(100);
    expect([curve.ts[0], curve.ts[99]]).toEqual([0, 1999]);
    expect(Math.max(...curve.drawdown.map((one) => one ?? 0))).toBe(0.5);
    expect(curve.ts.map((ts) => 100 + (ts % 7))).toEqual(curve.equity);
    expect(picked(3, 100)).toEqual([0, 1, 2]);
  });

  it("of several runs has at most so many rows, each run standing between its points and nowhere else", () => {
    const portfolio = { ...makeRun().portfolio, capital: 100 };
    const [a, b] = [long(2000), { ts: [500, 700], equity: [110, 90], drawdown: [0, 0.2], exposure: [0, 0] }];
    const rows = curveRows([{ name: "A", run: { curve: a, portfolio } }, { name: "B", run: { curve: b, portfolio } }]);
    expect(rows.length).toBeLessThanOrEqual(MOST_POINTS);
    const of = (from: number, to: number) => rows.filter(({ ts }) => ts >= from && ts < to).map((row) => row["B.equity"]);
    expect(new Set(of(0, 500))).toEqual(new Set([null]));
    expect(of(500, 700).every((value) => Math.abs((value ?? 0) - 10) < 1e-9)).toBe(true);
    expect(rows.find(({ ts }) => ts === 700)).toMatchObject({ "B.drawdown": -20 });
    expect(rows.filter(({ ts }) => ts > 700).every((row) => row["B.equity"] === null)).toBe(true);
  });

  it("as a table has a line a day, and of long runs one for several", () => {
    const day = 86_400_000;
    const curve = { ts: [day / 2, day, day + 1, 2 * day], equity: [1, 2, 3, 4], drawdown: [0.1, 0, 0, 0.3], exposure: [0, 0, 0, 0] };
    // The close at midnight belongs to the day it ends.
    expect(periodRows(curve)).toEqual({ days: 1, rows: [{ ts: day, equity: 2, drawdown: 0.1 }, { ts: 2 * day, equity: 4, drawdown: 0.3 }] });
    const year = Array.from({ length: 365 }, (_, i) => (i + 1) * day);
    const { days, rows } = periodRows({ ts: year, equity: year, drawdown: year.map(() => 0), exposure: year });
    expect([days, rows.length, rows[rows.length - 1]?.ts]).toEqual([7, 53, 365 * day]);
    expect(periodRows({ ts: [], equity: [], drawdown: [], exposure: [] }).rows).toEqual([]);
  });
});

describe("hit rates", () => {
  it("stand beside everything they have to be seen with, and the goal", () => {
    const { statistics } = makeRun();
    const rates = ratesOf(statistics);
    expect(rates.map(({ id, rate, n }) => [id, rate, n])).toEqual([["won", 0.5, 2], ["late", 0.5, 2], ["base", 0.47, 1200], ["zero", 0.45, 20_000]]);
    const domain = domainOf(rates, 0.6);
    expect(domain[0]).toBeLessThan(0.2 + 1e-9);
    expect(domain[1]).toBeGreaterThan(0.8);
    expect(placeIn([0.4, 0.6], 0.5)).toBeCloseTo(50);
    expect(ratesOf({ ...statistics, zero_edge: null })[3]).toMatchObject({ rate: null, low: null });
  });
});

describe("words", () => {
  it("name a run and its whole trade", () => {
    expect(titleOf(makeRunSettings())).toBe("T1 OI spike · long · 6 bars");
    expect(sentenceOf(makeRunSettings())).toBe(
      "T1 OI spike, as an alert of it starts: long, in at the next open, out after 6 bars; 0.05 % fee and 0.01 % slippage a side, funding paid.",
    );
    const levels = makeRunSettings({ entry: "rule", rule: "z_score > 2", fire: "flags", direction: "fade", momentum_bars: 3, hold: null, take_profit: 0.02, stop_loss: 0.01, late: 1, funding: false });
    expect(titleOf(levels)).toBe("z_score > 2 · against the move of 3 bars · at +2 % or at −1 %");
    expect(sentenceOf(levels)).toContain("at every bar at which it holds: against the move of 3 bars, in 1 bar later than the next open");
    expect(sentenceOf(levels)).toContain("no funding");
  });
});

describe("a comparison", () => {
  const a = makeRun();
  const b = makeRun({ id: "b", settings: makeRunSettings({ hold: 12, fee: 0.0002 }) });

  it("finds the settings that differ, and no others", () => {
    expect(SETTINGS.filter((figure) => differs(figure, [a, b])).map(({ label }) => label)).toEqual(["Hold", "Fee a side"]);
    expect(SETTINGS.filter((figure) => differs(figure, [a, a]))).toEqual([]);
  });

  it("says every figure in words, also of a run without a trade", () => {
    const statistics = {
      ...a.statistics, n: 0, clusters: 0, zero_edge: null,
      hit: { ...a.statistics.hit, rate: null, low: null, high: null, base_rate: null, p: null, p_of_best: null },
      net: { expectancy: null, low: null, high: null, median: null, profit_factor: null, payoff_ratio: null },
      late: { n: 0, hit_rate: null, uplift: null, expectancy: null },
    };
    const none = makeRun({ statistics, regret: { mean: null, median: null }, portfolio: { ...a.portfolio, final: null, mean_exposure: null, time_in_market: null, turnover: null } });
    for (const run of [a, none]) for (const { figures } of SECTIONS) for (const figure of figures) expect(figure.of(run)).not.toMatch(/NaN|null|undefined/);
  });

  it("knows whether the bars were the same, and at most four ids", () => {
    expect([sameData([a, b]), sameData([a, makeRun({ data: { ...a.data, hash: "x" } })])]).toEqual([true, false]);
    expect(idsOf("a,b,,a,c,d,e")).toEqual(["a", "b", "c", "d"]);
    expect(idsOf(null)).toEqual([]);
  });
});

describe("marks of trades", () => {
  const colours = { accent: "a", up: "u", down: "d", faint: "f" } as ChartColours;

  it("show where each went in and out, and whether it won", () => {
    const marks = tradeMarks([makeTrade({ entry_ts: 1, exit_ts: 2 }), makeTrade({ direction: -1, entry_ts: 3, exit_ts: 4, net: -0.01 })], colours);
    expect(marks.map(({ kind, ts, tag, colour, down }) => [kind, ts, tag, colour, down])).toEqual([
      ["entry", 1, "in", "a", false], ["exit", 2, "✓", "u", true], ["entry", 3, "in", "a", true], ["exit", 4, "✗", "d", false],
    ]);
    expect(marks[1]?.text).toBe("Out of the long at 101 (held to the end): +0.880 % net.");
  });

  it("are gone through one by one", () => {
    const trades = [1, 5, 9].map((ts) => makeTrade({ entry_ts: ts }));
    const at = (now: number | null, way: -1 | 1) => neighbour(trades, now, way)?.entry_ts ?? null;
    expect([at(5, 1), at(5, -1), at(9, 1), at(null, 1), at(null, -1), at(6, -1)]).toEqual([9, 1, null, 1, 9, 5]);
  });
});
