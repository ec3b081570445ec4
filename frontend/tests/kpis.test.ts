import { describe, expect, it } from "vitest";

import type { WeightedCoin } from "../src/api/types";
import { computeKpis, marketOi } from "../src/lib/kpis";
import { makeView } from "./make";

describe("the overview", () => {
  const kpis = computeKpis(
    [
      makeView({ global_ls: 3, z_score: 3, funding: 0.0002, funding_interval_h: 4, live_oi_abs_usd: 10 }),
      makeView({ exchange: "okx", global_ls: null, z_score: null, funding: null, live_oi_abs_usd: null, oi_abs_usd: 5, quality: ["stale"] }),
      makeView({ exchange: "bybit", global_ls: 1, z_score: -4, funding: -0.0002, live_oi_abs_usd: null, oi_abs_usd: null }),
      makeView({ exchange: "bybit", symbol: "ETH/USDT:USDT", global_ls: 1, z_score: 0, funding: -0.0001, live_oi_abs_usd: 30 }),
    ],
    2.5,
  );

  it("leaves unknown values out of every mean and share, and counts what is in", () => {
    expect(kpis.oi).toEqual({ n: 3, usd: 45 });
    expect(kpis.ls.n).toBe(3);
    expect(kpis.ls.mean).toBeCloseTo(5 / 3, 12);
    expect(kpis.ls.longHeavy).toBeCloseTo(1 / 3, 12);
    expect(kpis.z).toEqual({ n: 3, high: 1 / 3, low: 1 / 3 });
  });

  it("brings funding to eight hours and weighs it by open interest where both are known", () => {
    expect(kpis.funding.n).toBe(3);
    expect(kpis.funding.plain).toBeCloseTo(0.0001 / 3, 12);
    // (0.0004·10 − 0.0001·30) / 40: the pair without open interest has no weight.
    expect(kpis.funding.weighted.n).toBe(2);
    expect(kpis.funding.weighted.mean).toBeCloseTo(0.000025, 12);
    expect(kpis.funding.longsPay).toBeCloseTo(1 / 3, 12);
  });

  it("counts who is fresh, by exchange", () => {
    expect([kpis.rows, kpis.fresh]).toEqual([4, 3]);
    expect(kpis.byExchange).toEqual([
      { exchange: "binanceusdm", count: 1 },
      { exchange: "bybit", count: 2 },
      { exchange: "okx", count: 1 },
    ]);
  });

  it("knows nothing about nothing: null, never zero", () => {
    const none = computeKpis([], 2.5);
    expect(none.oi.usd).toBeNull();
    expect(none.ls).toEqual({ n: 0, mean: null, longHeavy: null });
    expect(none.z).toEqual({ n: 0, high: null, low: null });
    expect(none.funding).toMatchObject({ weighted: { n: 0, mean: null }, plain: null, longsPay: null });
  });
});

describe("the weighted open interest of the market", () => {
  const coin = (over: Partial<WeightedCoin>): WeightedCoin => ({
    base: "BTC", ts: 0, weighted_oi: 100, global_oi_change_pct: 1, exchanges: [], ...over,
  });

  it("sums coins and weighs their changes; what is unknown takes no part", () => {
    const found = marketOi([
      coin({}),
      coin({ base: "ETH", weighted_oi: 300, global_oi_change_pct: -1 }),
      coin({ base: "X", weighted_oi: null, global_oi_change_pct: 50 }),
      coin({ base: "Y", weighted_oi: 10, global_oi_change_pct: null }),
    ]);
    expect(found).toEqual({ usd: 410, changePct: -0.5, coins: 4, usdKnown: 3, changeKnown: 2 });
  });

  it("is unknown without coins", () => {
    expect(marketOi([])).toEqual({ usd: null, changePct: null, coins: 0, usdKnown: 0, changeKnown: 0 });
  });
});
