import { describe, expect, it } from "vitest";

import { ageOf, exchangeNow, freshestAt, largestByOi, RowStore } from "../src/lib/rows";
import { makeRow, makeView } from "./make";

const eth = { symbol: "ETH/USDT:USDT", base: "ETH" };

describe("RowStore", () => {
  it("replaces everything with a snapshot", () => {
    const store = new RowStore();
    store.replace([makeRow(), makeRow(eth)], 5, 0);
    store.replace([makeRow(eth)], 6, 0);
    expect(store.list().map(({ row }) => row.base)).toEqual(["ETH"]);
    expect(store.seq).toBe(6);
  });

  it("merges changed rows and keeps the identity of the others", () => {
    const store = new RowStore();
    store.replace([makeRow(), makeRow(eth)], 5, 0);
    const [btcBefore, ethBefore] = store.list();
    expect(store.merge([makeRow({ ...eth, live_price: 42 })], 6, 1)).toBe(true);
    const [btcAfter, ethAfter] = store.list();
    expect(btcAfter).toBe(btcBefore);
    expect(ethAfter).not.toBe(ethBefore);
    expect(ethAfter?.row.live_price).toBe(42);
    expect(store.seq).toBe(6);
  });

  it("leaves out what is older than what it has", () => {
    const store = new RowStore();
    store.replace([makeRow({ live_price: 10 })], 7, 0);
    expect(store.merge([makeRow({ live_price: 9 })], 6, 1)).toBe(false);
    expect(store.list()[0]?.row.live_price).toBe(10);
    expect(store.seq).toBe(7);
  });

  it("takes a second message of the same sequence: a cycle may come in parts", () => {
    const store = new RowStore();
    store.replace([makeRow()], 7, 0);
    expect(store.merge([makeRow(eth)], 7, 1)).toBe(true);
    expect(store.size).toBe(2);
  });

  it("keeps one coin of two exchanges apart", () => {
    const store = new RowStore();
    store.replace([makeRow(), makeRow({ exchange: "okx" })], 1, 0);
    expect(store.size).toBe(2);
  });
});

describe("age", () => {
  it("grows with the local clock from what the server said", () => {
    const view = makeView({ age_s: 3 }, 10_000);
    expect(ageOf(view, 15_000)).toBe(8);
  });

  it("tells the exchange's time whatever the local clock says", () => {
    const view = makeView({ live_ts: 1_000_000, age_s: 2 }, 50);
    expect(exchangeNow(view, 1050)).toBe(1_003_000);
  });

  it("finds the newest figure, and none among none", () => {
    expect(freshestAt([makeView({ age_s: 5 }, 10_000), makeView({ age_s: 1 }, 9000)])).toBe(8000);
    expect(freshestAt([])).toBeNull();
  });
});

it("ranks pairs by open interest, unknown ones never", () => {
  const views = [
    makeView({ live_oi_abs_usd: 1 }),
    makeView({ ...eth, live_oi_abs_usd: 3 }),
    makeView({ symbol: "X/USDT:USDT", live_oi_abs_usd: null, oi_abs_usd: null }),
    makeView({ symbol: "Y/USDT:USDT", live_oi_abs_usd: null, oi_abs_usd: 2 }),
  ];
  expect([...largestByOi(views, 2)]).toEqual(["binanceusdm|ETH/USDT:USDT", "binanceusdm|Y/USDT:USDT"]);
});
