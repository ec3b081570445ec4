import { describe, expect, it } from "vitest";

import type { Alert } from "../src/api/types";
import { Backoff } from "../src/lib/backoff";
import { chosen } from "../src/lib/stored";
import { mayPopUp, planMissed, planToasts, POPUPS, type Reach, SeenAlerts } from "../src/lib/toastPolicy";
import { makeAlert } from "./make";

const BTC = "binanceusdm|BTC/USDT:USDT";
const none: Reach = { popups: POPUPS.fallback, largest: new Set(), watched: new Set(), muted: () => false };
const big: Reach = { ...none, largest: new Set([BTC]) };
const watching: Reach = { ...none, watched: new Set([BTC]) };

const coin = (base: string, over: Parameters<typeof makeAlert>[0] = {}) =>
  makeAlert({ base, symbol: `${base}/USDT:USDT`, ...over });

const plans = (alerts: Alert[], reach = none, now = 0, backoff = new Backoff()) => planToasts(alerts, reach, now, backoff);

describe("what may pop up", () => {
  it.each([2, 6])("tier %i always", (tier) => expect(mayPopUp(makeAlert({ tier }), none)).toBe(true));

  it.each([1, 3, 5])("tier %i for watched and for the largest pairs", (tier) => {
    expect(mayPopUp(makeAlert({ tier }), big)).toBe(true);
    expect(mayPopUp(makeAlert({ tier }), watching)).toBe(true);
    expect(mayPopUp(makeAlert({ tier, exchange: "okx" }), big)).toBe(false);
    expect(mayPopUp(makeAlert({ tier, exchange: "okx" }), watching)).toBe(false);
  });

  it("confluence for watched and for the largest pairs", () => {
    const alert = makeAlert({ kind: "confluence", tier: null });
    expect(mayPopUp(alert, big)).toBe(true);
    expect(mayPopUp(alert, watching)).toBe(true);
    expect(mayPopUp(alert, none)).toBe(false);
  });

  it("a rule of one's own always", () => expect(mayPopUp(makeAlert({ kind: "rule", tier: null }), none)).toBe(true));

  it("tier 4 never", () => expect(mayPopUp(makeAlert({ tier: 4 }), { ...big, ...watching, largest: big.largest })).toBe(false));

  it("as the reader says: watched only, list only, always", () => {
    const say = (mode: "watched" | "list" | "always") => ({ ...big, popups: { ...POPUPS.fallback, t1: mode } });
    expect(mayPopUp(makeAlert({ tier: 1 }), say("watched"))).toBe(false);
    expect(mayPopUp(makeAlert({ tier: 1 }), { ...say("watched"), watched: new Set([BTC]) })).toBe(true);
    expect(mayPopUp(makeAlert({ tier: 1 }), { ...say("list"), watched: new Set([BTC]) })).toBe(false);
    expect(mayPopUp(makeAlert({ tier: 1, exchange: "okx" }), say("always"))).toBe(true);
  });

  it("nothing that is muted", () => expect(mayPopUp(makeAlert({ tier: 6 }), { ...none, muted: () => true })).toBe(false));

  it("keeps what it can read of a stored policy", () => {
    localStorage.setItem("futuresboard.popups", JSON.stringify({ t1: "always", t2: "shout", other: 1 }));
    expect(chosen(POPUPS)).toEqual({ ...POPUPS.fallback, t1: "always" });
  });
});

describe("the toasts of one cycle", () => {
  it("shows up to three coins each by itself, most severe first", () => {
    const found = plans([coin("A", { tier: 2 }), coin("B", { tier: 6 }), coin("C", { tier: 2 })]);
    expect(found.map((plan) => plan.kind)).toEqual(["single", "single", "single"]);
    expect(found[0]).toMatchObject({ alert: { base: "B" } });
  });

  it("makes one toast of a coin, however many exchanges and timeframes say it", () => {
    const found = plans([coin("A", { tier: 2 }), coin("A", { tier: 6, exchange: "okx" }), coin("A", { tier: 2, timeframe: "15m" })]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind: "single", held: 0, alert: { exchange: "okx", tier: 6 } });
    expect(found[0]?.kind === "single" && found[0].also).toHaveLength(2);
  });

  it("folds four coins or more into one summary that names the top three", () => {
    const found = plans([coin("A", { tier: 2 }), coin("B", { tier: 2 }), coin("C", { tier: 6 }), coin("D", { tier: 2 })]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind: "summary", count: 4, lead: { base: "C" } });
    expect(found[0]?.kind === "summary" && found[0].top.map(({ base }) => base)).toEqual(["C", "A", "B"]);
  });

  it("counts coins, not alerts: four of one coin are no summary", () => {
    const four = ["binanceusdm", "okx", "bybit", "other"].map((exchange) => coin("A", { tier: 2, exchange }));
    expect(plans(four).map((plan) => plan.kind)).toEqual(["single"]);
  });

  it("shows nothing for nothing", () => expect(plans([makeAlert({ tier: 4 })], big)).toEqual([]));

  it("lets a coin's tier rest, another tier of it not, and tells what was held back", () => {
    const backoff = new Backoff();
    const at = (seconds: number, alerts: Alert[]) => plans(alerts, none, seconds * 1000, backoff);
    expect(at(0, [coin("A", { tier: 2 })])).toHaveLength(1);
    expect(at(10, [coin("A", { tier: 2 }), coin("A", { tier: 2, exchange: "okx" })])).toEqual([]);
    expect(at(11, [coin("A", { tier: 6 })])).toMatchObject([{ alert: { tier: 6 }, held: 0 }]);
    expect(at(30, [coin("A", { tier: 2 })])).toMatchObject([{ alert: { tier: 2 }, held: 2 }]);
  });

  it("does not count what may not pop up as held back", () => {
    const backoff = new Backoff();
    plans([coin("A", { tier: 2 })], none, 0, backoff);
    plans([coin("A", { tier: 4 }), coin("A", { tier: 1 })], none, 1000, backoff);
    expect(plans([coin("A", { tier: 2 })], none, 30_000, backoff)).toMatchObject([{ held: 0 }]);
  });
});

describe("Backoff", () => {
  it("rests 30 s, doubled up to 300 s", () => {
    const backoff = new Backoff();
    let now = 0;
    const rests: number[] = [];
    backoff.admit("k", now);
    for (let round = 0; round < 6; round += 1) {
      const from = now;
      while (backoff.admit("k", now) === null) now += 1000;
      rests.push((now - from) / 1000);
    }
    expect(rests).toEqual([30, 60, 120, 240, 300, 300]);
  });

  it("starts anew after as long again without a word", () => {
    const backoff = new Backoff();
    backoff.admit("k", 0);
    expect(backoff.admit("k", 30_000)).toBe(0);
    expect(backoff.admit("k", 150_000)).toBe(0);
    expect(backoff.admit("k", 180_000)).toBe(0);
    expect(backoff.admit("k", 209_000)).toBeNull();
  });

  it("counts what it held", () => {
    const backoff = new Backoff();
    backoff.admit("k", 0);
    backoff.admit("k", 1, 3);
    backoff.admit("k", 2);
    expect(backoff.admit("k", 30_000)).toBe(4);
    expect(backoff.admit("k", 200_000)).toBe(0);
  });
});

describe("what was missed", () => {
  it("is one toast that counts all and names the severest coins that may pop up", () => {
    const missed = [coin("A", { tier: 2 }), coin("B", { tier: 4 }), coin("C", { tier: 6 }), coin("C", { tier: 2 }), coin("D", { tier: 1 })];
    const plan = planMissed(missed, false, none);
    expect(plan).toMatchObject({ kind: "missed", count: 5, more: false, lead: { base: "C", tier: 6 } });
    expect(plan?.kind === "missed" && plan.top.map(({ base }) => base)).toEqual(["C", "A"]);
  });

  it("is none when nothing of it may pop up", () => expect(planMissed([coin("B", { tier: 4 })], false, none)).toBeNull());
});

describe("SeenAlerts", () => {
  it("lets each alert through once, also after being stored", () => {
    const alert = makeAlert();
    const seen = new SeenAlerts();
    expect(seen.add(alert)).toBe(true);
    expect(seen.add({ ...alert })).toBe(false);
    expect(new SeenAlerts(seen.dump()).add(alert)).toBe(false);
  });

  it("tells an id of another database apart", () => {
    const seen = new SeenAlerts();
    seen.add(makeAlert({ id: 1 }));
    expect(seen.add(makeAlert({ id: 1, ts: 1 }))).toBe(true);
  });

  it("forgets the oldest first", () => {
    const seen = new SeenAlerts([], 2);
    const [a, b, c] = [makeAlert(), makeAlert(), makeAlert()];
    for (const alert of [a, b, c]) seen.add(alert);
    expect(seen.dump()).toHaveLength(2);
    expect(seen.add(c)).toBe(false);
    expect(seen.add(a)).toBe(true);
  });
});
