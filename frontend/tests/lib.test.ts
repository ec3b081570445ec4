import { describe, expect, it } from "vitest";

import { applyFilter, type Filter, thresholdsOf } from "../src/lib/filter";
import { explain, inWords, markKind, notable } from "../src/lib/quality";
import { severityRank } from "../src/lib/tiers";
import { makeCatalog, makeRow, makeView } from "./make";

const catalog = makeCatalog({ unpublished: { bybit: { taker_buy: "only by trades" } } });

describe("why a cell is empty", () => {
  it("says nothing about a known value, zero included", () => {
    expect(explain(makeRow({ cvd: 0 }), "cvd", catalog).state).toBe("ok");
  });

  it("gives the catalog's reason, also for what is derived", () => {
    const row = makeRow({ exchange: "bybit", imbalance: null, quality: ["unpublished:taker_buy"] });
    expect(explain(row, "imbalance", catalog)).toEqual({
      state: "unpublished",
      reason: "Not published (made from taker_buy): only by trades",
    });
    // A pair whose trades are listened to has taker volume, and gaps in it.
    expect(explain({ ...row, quality: ["gap"] }, "imbalance", catalog).state).toBe("gap");
  });

  it("reads the mark of the row where the catalog is silent", () => {
    const row = makeRow({ top_ls: null, quality: ["unpublished:top_ls"] });
    expect(explain(row, "top_ls", null).state).toBe("unpublished");
  });

  it("shows the raw value a guard refused", () => {
    const note = explain(makeRow({ imbalance: null, guarded: { imbalance: 63.1 } }), "imbalance", catalog);
    expect(note.state).toBe("guarded");
    expect(note.reason).toContain("63.1");
  });

  it("tells warming from unknown", () => {
    expect(explain(makeRow({ z_score: null, quality: ["warming"] }), "z_score", null).state).toBe("warming");
    expect(explain(makeRow({ z_score: null }), "z_score", null).state).toBe("unknown");
    expect(explain(makeRow({ funding: null, quality: ["warming"] }), "funding", null).state).toBe("unknown");
  });

  it("tells a gap from warming, with when it is known again", () => {
    const row = makeRow({ cvd: null, imbalance: null, funding: null, rsi: null, quality: ["gap", "warming"] });
    expect(explain(row, "cvd", null)).toEqual({ state: "gap", reason: "Gap in the record: it is known again from 00:00 UTC on" });
    expect(explain(row, "imbalance", null).state).toBe("gap");
    expect(explain(row, "funding", null).state).toBe("unknown");
    // The mark may speak of taker volume alone: yesterday's bar may just not be here yet.
    expect(explain(makeRow({ oi_change_24h_pct: null, quality: ["gap"] }), "oi_change_24h_pct", null).state).toBe("unknown");
    expect(explain(makeRow({ rsi: null, quality: ["warming"] }), "rsi", null).state).toBe("warming");
  });

  it("says that a coin is not on the list, not that something failed", () => {
    const row = makeRow({ market_cap_usd: null, oi_mcap_pct: null });
    expect(explain(row, "market_cap_usd", null).state).toBe("unlisted");
    expect(explain(row, "oi_mcap_pct", null).state).toBe("unlisted");
  });

  it("puts the gravest mark first and gives each kind a form", () => {
    const row = makeRow({ quality: ["revised", "warming", "backfilled", "gap", "guarded:imbalance", "stale"] });
    expect(notable(row)).toEqual(["stale", "guarded:imbalance", "gap", "backfilled", "warming", "revised"]);
    expect(["guarded:cvd", "gap", "oi:live"].map(markKind)).toEqual(["guarded", "gap", "other"]);
  });

  it("puts marks into words and flags only what is notable", () => {
    expect(inWords("guarded:imbalance")).toContain("imbalance");
    expect(inWords("brand-new")).toBe("brand-new");
    expect(notable(makeRow({ quality: ["unpublished:top_ls", "ls:late"] }))).toEqual(["ls:late"]);
  });
});

describe("filters", () => {
  const limits = thresholdsOf({ z_threshold: 3 });
  const views = [
    makeView({ z_score: 4, tiers: [1], tier: 1 }),
    makeView({ symbol: "1000PEPE/USDT:USDT", base: "PEPE", exchange: "okx", z_score: null, global_ls: null }),
    makeView({ symbol: "ETH/USDT:USDT", base: "ETH", z_score: -3.5, global_ls: 2.5, funding: 0.0004, funding_interval_h: 4 }),
  ];
  const bases = (filter: Partial<Filter>) =>
    applyFilter(views, { search: "", exchange: "", chip: "all", ...filter }, limits).views.map(({ row }) => row.base);

  it("takes thresholds from the server and defaults for the rest", () => {
    expect(limits).toMatchObject({ z: 3, ls: 2, funding: 0.01 });
  });

  it("finds by coin, exchange and several words", () => {
    expect(bases({ search: "pepe" })).toEqual(["PEPE"]);
    expect(bases({ search: "1000 okx" })).toEqual(["PEPE"]);
    expect(bases({ search: "binance eth" })).toEqual(["ETH"]);
    expect(bases({ search: "nothing" })).toEqual([]);
  });

  it("never matches a condition with an unknown value", () => {
    expect(bases({ chip: "z" })).toEqual(["BTC", "ETH"]);
    expect(bases({ chip: "crowded" })).toEqual(["ETH"]);
    expect(bases({ chip: "tiers" })).toEqual(["BTC"]);
    expect(bases({ exchange: "okx" })).toEqual(["PEPE"]);
  });

  it("does not call the default funding rate unusual, and brings rates to eight hours", () => {
    expect(bases({ chip: "funding" })).toEqual(["ETH"]);
  });
});

it("ranks tiers by severity, not by number", () => {
  const order = [1, 2, 3, 4, 5, 6].sort((a, b) => severityRank(a) - severityRank(b));
  expect(order).toEqual([6, 2, 5, 3, 1, 4]);
  expect(severityRank(null)).toBeGreaterThan(severityRank(4));
});
