import { describe, expect, it } from "vitest";

import { parseHistory } from "../src/charts/bars";
import { coinPrice, type Listed, multiplierOf, oiIndexed, per8h, shares, spreadBps } from "../src/panels/pair/compare";
import { mergeAlerts } from "../src/panels/pair/useAlertsOf";
import { makeAlert } from "./make";

const listed = (name: string, ts: number[], close: (number | null)[], oi: (number | null)[], multiplier = 1): Listed => ({
  name, multiplier, bars: parseHistory({ ts, close, oi_contracts: oi }),
});

describe("units", () => {
  it("of symbols are read from their name only where it stands before the coin's", () => {
    expect(multiplierOf("1000PEPE/USDT:USDT", "PEPE")).toBe(1000);
    expect(multiplierOf("1MBABYDOGE/USDT:USDT", "BABYDOGE")).toBe(1e6);
    expect(multiplierOf("1INCH/USDT:USDT", "1INCH")).toBe(1);
    expect(multiplierOf("BTC/USDT:USDT", "BTC")).toBe(1);
    expect(coinPrice(0.012, { symbol: "1000PEPE/USDT:USDT", base: "PEPE" })).toBeCloseTo(0.000012, 12);
    expect(coinPrice(null, { symbol: "BTC/USDT:USDT", base: "BTC" })).toBeNull();
  });

  it("of funding are per 8 hours, unknown without the interval", () => {
    expect(per8h(0.0001, 4)).toBeCloseTo(0.02, 12);
    expect(per8h(0.0001, null)).toBeNull();
    expect(per8h(null, 8)).toBeNull();
  });
});

describe("shares", () => {
  it("are of a whole that is known", () => {
    expect(shares([30, 70])).toEqual([30, 70]);
    expect(shares([30, null])).toEqual([null, null]);
  });
});

describe("open interest, indexed", () => {
  it("begins where every exchange is known", () => {
    const rows = oiIndexed([listed("a", [0, 1, 2], [1, 1, 1], [null, 10, 11]), listed("b", [1, 2, 3], [1, 1, 1], [200, 190, null])]);
    expect(rows).toEqual([{ ts: 1, a: 100, b: 100 }, { ts: 2, a: expect.closeTo(110) as number, b: 95 }, { ts: 3, a: null, b: null }]);
  });

  it("is nothing where no bar is known everywhere", () => {
    expect(oiIndexed([listed("a", [0], [1], [1]), listed("b", [1], [1], [1])])).toEqual([]);
  });
});

describe("the spread", () => {
  it("is against the mean of the prices of one coin", () => {
    const [first, second] = spreadBps([listed("a", [0, 1], [100, 100], [1, 1]), listed("b", [0, 1], [100_200, null], [1, 1], 1000)]);
    expect(first?.a).toBeCloseTo((100 / 100.1 - 1) * 1e4, 9);
    expect(first?.b).toBeCloseTo((100.2 / 100.1 - 1) * 1e4, 9);
    expect(second).toEqual({ ts: 1, a: null, b: null });
  });
});

it("alerts stored and heard are one list, each once, newest first", () => {
  const stored = [makeAlert({ ts: 2, tier: 1 }), makeAlert({ ts: 1, tier: 1 })];
  const first = stored[0];
  const heard = [...(first ? [first] : []), makeAlert({ ts: 3, tier: 2 })];
  expect(mergeAlerts(stored, heard).map(({ ts }) => ts)).toEqual([3, 2, 1]);
});
