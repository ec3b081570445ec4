import { describe, expect, it } from "vitest";

import { provenance } from "../src/lib/provenance";
import { makeRow } from "./make";

const lines = (column: Parameters<typeof provenance>[1], over: Parameters<typeof makeRow>[0] = {}, refresh = {}) =>
  provenance(makeRow(over), column, refresh);

describe("where a figure comes from", () => {
  it("tells live values from the closed bar's, with their times", () => {
    expect(lines("live_price")).toEqual(["Live, heard 2023-11-14 22:18:20 UTC"]);
    expect(lines("global_ls")).toEqual(["Closed bar opened 2023-11-14 22:13:20 UTC, by REST"]);
    expect(lines("live_price", { live_ts: null })).toEqual(["Live"]);
  });

  it("names the way it came where that is known", () => {
    expect(lines("live_price", { live_source: "websocket" })[0]).toContain("by websocket");
    expect(lines("rsi", { source: "rest" })[0]).toContain("by REST");
    expect(lines("rsi", { live_source: "websocket" })[0]).not.toContain("websocket");
  });

  it("says how often a series is renewed where not all pairs are asked at each close", () => {
    const refresh = { binanceusdm: { top_ls: { every_s: 900, share: 1 / 3 }, oi: { every_s: 300, share: 1 } } };
    expect(lines("top_ls", {}, refresh)).toContain("Refreshed at the latest every 15 min, 33 % of the pairs a bar");
    expect(lines("oi_delta_pct", {}, refresh)).toHaveLength(1);
    expect(lines("top_ls", { exchange: "okx" }, refresh)).toHaveLength(1);
  });

  it("gives each mark to the columns it speaks of", () => {
    const row = { quality: ["ls:late", "oi:live", "backfilled"] };
    expect(lines("global_ls", row).join()).toMatch(/two bars older.*backfilled/);
    expect(lines("oi_abs_usd", row).join()).toMatch(/snapshot.*backfilled/);
    expect(lines("live_price", row)).toHaveLength(1);
  });

  it("names CoinGecko for market caps", () => {
    expect(lines("market_cap_usd")[0]).toContain("CoinGecko");
    expect(lines("oi_mcap_pct")[0]).toContain("CoinGecko");
  });
});
