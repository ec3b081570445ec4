import { describe, expect, it } from "vitest";

import type { Correlations, WeightedCoin, WeightedListing } from "../src/api/types";
import { barMark, newestBar } from "../src/lib/bars";
import { isDefaultRate, per8h, perYear } from "../src/lib/funding";
import { timeframeMs } from "../src/lib/timeframe";
import { compareColumns, furthest, largest } from "../src/panels/markets/compareColumns";
import { scaled } from "../src/panels/markets/fundingColumns";
import { fundingRows, spreads } from "../src/panels/markets/fundingRows";
import { type Column, sorted, spans } from "../src/ui/grid/column";
import { flags, ground } from "../src/panels/markets/heat";
import { fits, rowsOf } from "../src/panels/markets/pairs";
import { rank } from "../src/panels/markets/ranking";
import { makeView } from "./make";

const LISTING: WeightedListing = {
  exchange: "binanceusdm", symbol: "BTC/USDT:USDT", oi_abs_usd: 10, volume: 1, weight: 1, oi_delta_pct: 0, divergence: 0,
};
const listing = (over: Partial<WeightedListing> = {}): WeightedListing => ({ ...LISTING, ...over });
const COIN: WeightedCoin = { base: "BTC", ts: 0, weighted_oi: 1, global_oi_change_pct: 0, exchanges: [LISTING] };
const coin = (over: Partial<WeightedCoin> = {}): WeightedCoin => ({ ...COIN, ...over });

describe("funding rates", () => {
  it("are brought to eight hours and to a year of 365 days", () => {
    expect(per8h(0.0001, 4)).toBeCloseTo(0.0002, 15);
    expect(perYear(0.0001, 8)).toBeCloseTo(0.1095, 12);
    expect(scaled(0.0001, 4, "interval")).toBe(0.0001);
    expect(scaled(0.0001, 1, "year")).toBeCloseTo(0.876, 12);
  });

  it("know the exchanges' default with a tolerance, by its 8 hours", () => {
    expect(isDefaultRate(0.0001)).toBe(true);
    expect(isDefaultRate(per8h(0.00005, 4))).toBe(true);
    expect(isDefaultRate(0.00010001)).toBe(false);
    expect(isDefaultRate(-0.0001)).toBe(false);
  });

  it("lie apart by the largest less the smallest over exchanges; stale and unknown ones take no part", () => {
    const views = [
      makeView({ funding: 0.0001 }),
      makeView({ exchange: "bybit", funding: 0.0002, funding_interval_h: 4 }),
      makeView({ exchange: "okx", funding: 0.01, quality: ["stale"] }),
      makeView({ base: "ETH", symbol: "ETH/USDT:USDT", funding: 0.0001 }),
      makeView({ base: "ETH", symbol: "ETH/USDT:USDT", exchange: "okx", funding: null }),
    ];
    const found = spreads(views);
    expect(found.get("BTC")?.value).toBeCloseTo(0.0003, 15);
    expect(found.get("BTC")?.n).toBe(2);
    expect(found.has("ETH")).toBe(false);
    // Whichever exchange is shown, the spread is over all.
    expect(fundingRows(views, views.slice(0, 1))[0]?.spread?.n).toBe(2);
  });
});

describe("columns", () => {
  type Row = { n: number | null; name: string };
  const columns: Column<Row, null>[] = [
    { id: "name", label: "", unit: "", doc: "", width: 1, text: true, sort: (row) => row.name, cell: () => null },
    { id: "n", label: "", unit: "", doc: "", width: 1, group: "A", sort: (row) => row.n, cell: () => null },
    { id: "m", label: "", unit: "", doc: "", width: 1, group: "A", cell: () => null },
  ];
  const rows: Row[] = [{ n: 1, name: "b" }, { n: null, name: "a" }, { n: -3, name: "c" }];
  const names = (id: string, desc: boolean) => sorted(rows, columns, { id, desc }, null).map(({ name }) => name).join("");

  it("sort both ways, what is unknown last", () => {
    expect(names("n", true)).toBe("bca");
    expect(names("n", false)).toBe("cba");
    expect(names("name", false)).toBe("abc");
  });

  it("leave the order alone where they do not sort", () => {
    expect(names("m", true)).toBe("bac");
    expect(names("gone", true)).toBe("bac");
  });

  it("stand under the names of their groups", () => {
    expect(spans(columns)).toEqual([{ name: "", start: 0, span: 1 }, { name: "A", start: 1, span: 2 }]);
  });
});

describe("the comparison of exchanges", () => {
  const both = coin({
    exchanges: [
      listing({ divergence: 1.5 }),
      listing({ exchange: "okx", oi_abs_usd: 30, divergence: -2.5, oi_delta_pct: 4 }),
      listing({ exchange: "bybit", oi_abs_usd: null, divergence: null }),
    ],
  });

  it("finds the exchange that departs furthest, and the largest listing", () => {
    expect(furthest(both)).toBe(-2.5);
    expect(largest(both)?.exchange).toBe("okx");
    expect(furthest(coin({ exchanges: [listing({ divergence: null })] }))).toBeNull();
  });

  it("has a group of columns for each exchange, which open that exchange's pair and sort by size", () => {
    const columns = compareColumns(["binanceusdm", "okx"]);
    const ranked = (id: string, of: WeightedCoin) => columns.find((one) => one.id === id)?.sort?.(of, { sigma: 2, newest: 0 });
    const opened = (id: string, of: WeightedCoin) => columns.find((one) => one.id === id)?.target?.(of);
    expect(columns.filter(({ group }) => group === "OKX")).toHaveLength(5);
    expect(ranked("okx.divergence", both)).toBe(2.5);
    expect(ranked("okx.delta", both)).toBe(4);
    expect(ranked("okx.oi", coin())).toBeNull();
    expect(opened("okx.oi", both)).toBe("okx|BTC/USDT:USDT");
    expect(opened("okx.oi", coin())).toBeNull();
  });
});

describe("movers", () => {
  const views = [5, -3, 0, 8, null, -9].map((value, i) => makeView({ symbol: `C${i}/USDT:USDT`, oi_change_1h_pct: value }));

  it("are ranked either way by sign, the furthest first; unknown and stale ones are left out and counted", () => {
    const found = rank([...views, makeView({ oi_change_1h_pct: 100, quality: ["stale"] })], "oi_change_1h_pct", 20);
    expect(found.up.map(({ value }) => value)).toEqual([8, 5]);
    expect(found.down.map(({ value }) => value)).toEqual([-9, -3]);
    expect(found).toMatchObject({ n: 5, unknown: 1, stale: 1 });
  });

  it("are no more than asked for", () => {
    expect(rank(views, "oi_change_1h_pct", 1).up).toHaveLength(1);
  });

  it("are narrowed down by exchange and search", () => {
    const mixed = [makeView(), makeView({ exchange: "okx" }), makeView({ base: "ETH", symbol: "ETH/USDT:USDT" })];
    const named = (id: string) => id;
    expect(rowsOf(mixed, "okx", "", named)).toHaveLength(1);
    expect(rowsOf(mixed, "", " eth ", named)).toHaveLength(1);
    expect(fits("BTC/USDT okx", "okx btc")).toBe(true);
    expect(fits("BTC/USDT okx", "okx eth")).toBe(false);
  });
});

describe("correlations", () => {
  it("are flagged in both halves of the square", () => {
    const found: Correlations = { symbols: ["A", "B"], exchanges: ["x", "x"], ts: 0, r: [[1, 0.7], [0.7, 1]], flagged: [[0, 1]], oi_price: {} };
    expect([...flags(found)]).toEqual(["0,1", "1,0"]);
  });

  it("have a ground by sign and strength, never stronger than text can stand on", () => {
    expect(ground(0.5)).toBe("rgb(var(--up) / 0.225)");
    expect(ground(-1)).toBe("rgb(var(--down) / 0.450)");
    expect(ground(1.2)).toBe(ground(1));
  });
});

describe("the mark of the newest bars", () => {
  const at = (ts: number, symbol: string, quality: string[] = []) => makeView({ ts, symbol, quality });

  it("changes as pairs get their new bar and as what was provisional becomes final", () => {
    const marks = [
      [at(1, "A"), at(1, "B")],
      [at(2, "A"), at(1, "B")],
      [at(2, "A"), at(2, "B", ["partial"])],
      [at(2, "A"), at(2, "B")],
    ].map(barMark);
    expect(new Set(marks).size).toBe(4);
    expect(barMark([at(2, "A"), at(2, "B")])).toBe(marks[3]);
  });

  it("is none without rows", () => {
    expect(barMark([])).toBeNull();
    expect(newestBar([])).toBeNull();
  });
});

it("reads a timeframe's name", () => {
  expect(["5m", "1h", "1d", "", "5x", "m5"].map(timeframeMs)).toEqual([300_000, 3_600_000, 86_400_000, null, null, null]);
});
