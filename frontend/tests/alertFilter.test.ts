import { describe, expect, it } from "vitest";

import { type AlertFilter, fits, fromLocalInput, localInput, ofWhat, queryOf, symbolOf, whatOf } from "../src/lib/alertFilter";
import { exportAddress } from "../src/panels/history/exporting";
import { makeAlert } from "./make";

const NOTHING: AlertFilter = { exchange: "", kind: "", tier: "", rule: "", timeframe: "", symbol: "", since: "", until: "" };

describe("the filters of the alert list", () => {
  it("leave out what the API would refuse", () => {
    const query = queryOf({ ...NOTHING, kind: "<b>", tier: "9", rule: "x", timeframe: "7m", since: "now" }, ["5m"]);
    expect(Object.values(query).filter(Boolean)).toEqual([]);
    expect(queryOf({ ...NOTHING, tier: "2", timeframe: "5m", since: "12" }, ["5m"])).toMatchObject({ tier: "2", tf: "5m", since: "12" });
  });

  it.each(["t2", "confluence", "rule", "rule:7", ""])("say what in one word: %s", (what) => {
    expect(whatOf({ ...NOTHING, ...ofWhat(what) })).toBe(what);
  });

  it("know which live alerts belong into the list", () => {
    const alert = { ...makeAlert({ tier: 2, exchange: "okx", ts: 100 }), rule: { id: 7, name: "r", expression: "z > 1", normal: "z_score > 1", created_ts: 0 } };
    const asks = (over: Partial<AlertFilter>) => fits(alert, queryOf({ ...NOTHING, ...over }, ["5m", "15m"]));
    expect(asks({})).toBe(true);
    expect(asks({ tier: "2", exchange: "okx", timeframe: "5m", rule: "7", since: "100", until: "100" })).toBe(true);
    for (const other of [{ tier: "1" }, { exchange: "bybit" }, { timeframe: "15m" }, { rule: "8" }, { since: "101" }, { until: "99" }, { symbol: "X" }]) {
      expect(asks(other)).toBe(false);
    }
  });

  it("take a coin for its symbol where it is known", () => {
    const known = [{ symbol: "1000PEPE/USDT:USDT", base: "PEPE" }, { symbol: "BTC/USDT:USDT", base: "BTC" }];
    expect(symbolOf(" btc ", known)).toBe("BTC/USDT:USDT");
    expect(symbolOf("1000pepe/usdt:usdt", known)).toBe("1000PEPE/USDT:USDT");
    expect(symbolOf("DOGE/USDT:USDT", known)).toBe("DOGE/USDT:USDT");
  });

  it("read and write local time", () => {
    const ms = String(new Date(2026, 10, 29, 18, 5).getTime());
    expect(localInput(ms)).toBe("2026-11-29T18:05");
    expect(fromLocalInput("2026-11-29T18:05")).toBe(ms);
    expect(localInput("x")).toBe("");
    expect(fromLocalInput("")).toBe("");
  });

  it("export what is listed; there `kind` says what is exported", () => {
    const query = queryOf({ ...NOTHING, kind: "rule", rule: "7", symbol: "BTC/USDT:USDT" }, []);
    expect(exportAddress(query, "parquet")).toBe("/api/export?kind=alerts&format=parquet&alert_kind=rule&rule=7&symbol=BTC%2FUSDT%3AUSDT");
  });
});
