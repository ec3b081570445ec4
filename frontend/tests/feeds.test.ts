import { describe, expect, it } from "vitest";

import type { ExchangeHealth, Health } from "../src/api/types";
import { capWords, feedState, refreshWords, skewWords, sourceWords, troubles, worstTone } from "../src/lib/feeds";
import { localTime } from "../src/lib/time";
import { makeExchange } from "./make";

const AT = new Date(2026, 10, 23, 14, 0, 0).getTime();
const moment = { at: AT, now: AT + 5000 };
const state = (health: Partial<ExchangeHealth>) => feedState(makeExchange(health), moment);
const breaker = (over: Partial<ExchangeHealth["breaker"]>) => ({ ...makeExchange().breaker, ...over });

describe("the state of an exchange", () => {
  it("says nothing of one that works", () => {
    expect(state({ state: "ok", breaker: breaker({ state: "closed" }) })).toEqual({ tone: "good", word: "ok", words: "" });
  });

  it("names the end of a ban, counted from when it was told", () => {
    const end = localTime(AT + 600_000, AT);
    expect(state({ state: "banned", banned_for_s: 600 })).toMatchObject({ tone: "bad", word: `banned until ${end}` });
    // Asked again later with the same facts: the same end.
    expect(feedState(makeExchange({ state: "banned", banned_for_s: 600 }), { at: AT, now: AT + 300_000 }).word).toBe(`banned until ${end}`);
  });

  it("tells an open breaker with its reason and its next try", () => {
    const told = state({ state: "down", breaker: breaker({ state: "open", reason: "HTTP 503", next_probe_s: 120 }) });
    expect(told.word).toBe("breaker open");
    expect(told.words).toContain("HTTP 503");
    expect(told.words).toContain(localTime(AT + 120_000, AT));
    expect(state({ state: "down", breaker: breaker({ state: "half-open" }) }).word).toBe("breaker half open");
  });

  it("calls a block a block, whatever its breaker says", () => {
    expect(state({ state: "blocked", breaker: breaker({ state: "open", next_probe_s: 60 }) })).toMatchObject({ word: "blocked", tone: "bad" });
  });

  it("shows a state of a newer server as it is", () => {
    expect(state({ state: "resting" as ExchangeHealth["state"] })).toMatchObject({ word: "resting", tone: "warn" });
  });
});

describe("all exchanges together", () => {
  const health: Health = {
    status: "degraded",
    at: AT,
    exchanges: {
      binanceusdm: makeExchange(),
      bybit: makeExchange({ state: "starting" }),
      okx: makeExchange({ state: "degraded" }),
    },
  };

  it("are as well as the worst of them", () => {
    expect(worstTone(health)).toBe("warn");
    expect(worstTone({ status: "ok", exchanges: { okx: makeExchange() } })).toBe("good");
    expect(worstTone({ status: "ok" })).toBeNull();
    expect(worstTone(null)).toBeNull();
  });

  it("name only those in trouble", () => {
    expect(troubles(health, AT)).toEqual(["OKX: degraded"]);
  });
});

describe("in words", () => {
  it("sources", () => {
    expect(["rest", "websocket", "mixed", "carrier pigeon"].map(sourceWords)).toEqual([
      "REST", "websocket", "websocket and REST", "carrier pigeon",
    ]);
  });

  it("how often a series is renewed", () => {
    expect(refreshWords({ every_s: 300, share: 1 })).toBe("every 5 min, all pairs");
    expect(refreshWords({ every_s: 900, share: 1 / 3 })).toBe("at the latest every 15 min, 33 % of the pairs a bar");
    expect(refreshWords({ every_s: 30, share: 1 })).toBe("every 30 s, all pairs");
    expect(refreshWords({ every_s: 7200, share: 1 })).toBe("every 2 h, all pairs");
  });

  it("clocks", () => {
    expect([10, -49, 300_000, -1500].map(skewWords)).toEqual(["in step", "in step", "300 s ahead", "1.5 s behind"]);
  });

  it("market caps", () => {
    const told = (coingecko: Health["coingecko"]) => capWords(coingecko ? { status: "ok", coingecko } : { status: "ok" });
    expect(told({ state: "ok", age_s: 130, matched: 512 })).toBe("Market caps from CoinGecko: 2 m 10 s old, 512 pairs matched.");
    expect(told({ state: "unreachable", age_s: null })).toContain("does not answer");
    expect(told({ state: "off" })).toBeNull();
    expect(told(undefined)).toBeNull();
  });
});
