import { describe, expect, it } from "vitest";

import { complete } from "../src/lib/expression/complete";
import { compile } from "../src/lib/expression/compile";
import { conditionsOf, textOf } from "../src/lib/expression/conditions";
import { findColumn, isRuleColumn } from "../src/lib/expression/names";
import { applyFilter, CHIP_TEXTS, type Chip, type Filter, thresholdsOf } from "../src/lib/filter";
import { exportQuery, type Shown } from "../src/panels/screener/tools/exportQuery";
import { makeRow, makeView } from "./make";

const limits = thresholdsOf();
const ALL: Filter = { search: "", exchange: "", chip: "all" };
const kinds = (column: string) => findColumn(column)?.kind ?? "number";

describe("the filter of the page", () => {
  const views = [
    makeView({ base: "A", symbol: "A/USDT:USDT", z_score: 3 }),
    makeView({ base: "B", symbol: "B/USDT:USDT", z_score: 1 }),
    makeView({ base: "C", symbol: "C/USDT:USDT", z_score: null }),
  ];
  const condition = compile("z > 2").of;

  it("leaves out what is unknown, and counts it", () => {
    const { views: found, unknown } = applyFilter(views, ALL, limits, { condition });
    expect(found.map(({ row }) => row.base)).toEqual(["A"]);
    expect(unknown).toBe(1);
  });

  it("does not count what another part already leaves out", () => {
    expect(applyFilter(views, { ...ALL, search: "a/" }, limits, { condition }).unknown).toBe(0);
    expect(applyFilter(views, { ...ALL, chip: "crowded" }, limits, { condition }).unknown).toBe(0);
  });

  it("keeps to the pairs of a list", () => {
    const pairs = new Set(["binanceusdm|B/USDT:USDT"]);
    expect(applyFilter(views, ALL, limits, { pairs }).views.map(({ row }) => row.base)).toEqual(["B"]);
  });

  it("means by a chip what its words in the grammar mean", () => {
    const rows = [-9, -2.5, 0, 2, 2.5, 2.6, null].flatMap((z) =>
      [0.5, 2, 2.1, null].flatMap((ls) =>
        [-0.001, 0.00005, 0.0001, 0.00010001, 0.001, null].map((funding, i) =>
          makeRow({ z_score: z, global_ls: ls, funding, funding_interval_h: [1, 4, 8, 8, null][i % 5] ?? null }),
        ),
      ),
    );
    for (const chip of ["z", "crowded", "funding"] satisfies Chip[]) {
      const expression = compile(CHIP_TEXTS[chip]?.(limits) ?? "");
      for (const row of rows) {
        const { views: found, unknown } = applyFilter([{ key: "", row, at: 0 }], { ...ALL, chip }, limits);
        expect([chip, row.funding, found.length === 1 ? true : unknown === 1 ? null : false]).toEqual([chip, row.funding, expression.of(row)]);
      }
    }
  });
});

describe("completion", () => {
  const offered = (text: string) => complete(text, text.length).options.map(({ insert }) => insert.trim());

  it("offers columns where one may stand, operators behind them, units behind numbers", () => {
    expect(offered("fund").slice(0, 2)).toEqual(["funding", "funding_interval_h"]);
    expect(offered("z ")).toContain(">=");
    expect(offered("base ")).toEqual(["=", "!=", "in ("]);
    expect(offered("oi > 50")).toEqual(["k", "M", "B", "%"]);
    expect(offered("z > 2 ")).toEqual(["and", "or"]);
    expect(offered("tier_2 ")).toEqual(["and", "or"]);
    expect(offered("z > 2 and fundi")).toContain("funding_next");
  });

  it("offers the texts a column can have, in quotes", () => {
    expect(complete('z > 1 and exchange = "by', 24)).toEqual({ from: 21, options: [{ insert: '"bybit"', hint: "exchange" }] });
    expect(offered("exchange in (")).toEqual(['"binanceusdm"', '"bybit"', '"okx"']);
  });
});

describe("conditions as rows", () => {
  it.each([
    ["z > 2 and funding < 0.01% and oi >= 50M", "z > 2 and funding < 0.01% and oi >= 50M"],
    ['exchange = "okx" and tier_2 and not tier_4', 'exchange = "okx" and tier_2 and not tier_4'],
    ["oi_delta_pct < -1.5", "oi_delta < -1.5"],
    ["tier = 3", "tier_3"],
  ])("%s", (text, written) => {
    const rows = conditionsOf(compile(text).tree);
    const back = textOf(rows ?? [], kinds);
    expect(back).toBe(written);
    expect(conditionsOf(compile(back).tree)).toEqual(rows);
  });

  it("does not pretend to hold what rows cannot say", () => {
    for (const text of ["z > 2 or ls > 1", "abs(z) > 2", "z > rsi / 20", "rsi in (0, 100)"]) {
      expect(conditionsOf(compile(text).tree)).toBeNull();
    }
  });

  it("knows which columns a rule may not name", () => {
    expect(["z_score", "live_price", "tier_5", "close"].map(isRuleColumn)).toEqual([true, false, false, true]);
  });
});

describe("the export", () => {
  const shown: Shown = {
    tf: "15m", filter: ALL, text: "", limits, listed: false, rows: [makeView()], columns: ["z_score", "live_oi_abs_usd", "tiers"],
    sort: [{ id: "z_score", desc: true }],
  };
  const asked = (over: Partial<Shown>) => {
    const found = exportQuery({ ...shown, ...over }, "csv");
    if ("why" in found) throw new Error(found.why);
    return found;
  };

  it("asks for the columns in their order, and the rows by their conditions", () => {
    const { query } = asked({ filter: { search: "bt", exchange: "okx", chip: "z" }, text: "rsi > 70 or rsi < 30" });
    expect(Object.fromEntries(query)).toEqual({
      kind: "metrics", format: "csv", tf: "15m", exchange: "okx", search: "bt", sort: "-z_score,-live_oi_abs_usd",
      columns: "exchange,symbol,z_score,live_oi_abs_usd,oi_abs_usd,tiers",
      filter: "(abs(z) > 2.5) and (rsi > 70 or rsi < 30)",
    });
    expect(compile(query.get("filter") ?? "").columns).toEqual(["z_score", "rsi"]);
  });

  it("names the pairs where the grammar has no words for the choice", () => {
    const rows = [makeView({ exchange: "okx" }), makeView({ symbol: "ETH/USDT:USDT" })];
    for (const over of [{ listed: true }, { filter: { ...ALL, chip: "tiers" as const } }, { filter: { ...ALL, search: "binance b" } }]) {
      const { query } = asked({ ...over, rows });
      expect(query.get("pairs")).toBe(rows.map(({ row }) => `${row.exchange}|${row.symbol}`).join(","));
      expect([query.has("search"), query.has("filter")]).toEqual([false, false]);
    }
  });

  it("says why it cannot, and when the order is its own", () => {
    expect(exportQuery({ ...shown, rows: [] }, "csv")).toHaveProperty("why");
    expect(asked({ sort: [{ id: "tiers", desc: true }] }).ordered).toBe(false);
  });
});
