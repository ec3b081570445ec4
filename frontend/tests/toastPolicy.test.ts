import { describe, expect, it } from "vitest";

import { mayPopUp, planToasts, SeenAlerts } from "../src/lib/toastPolicy";
import { makeAlert } from "./make";

const big = new Set(["binanceusdm|BTC/USDT:USDT"]);
const none = new Set<string>();

const coin = (base: string, over: Parameters<typeof makeAlert>[0] = {}) =>
  makeAlert({ base, symbol: `${base}/USDT:USDT`, ...over });

describe("what may pop up", () => {
  it.each([2, 6])("tier %i always", (tier) => expect(mayPopUp(makeAlert({ tier }), none)).toBe(true));

  it.each([1, 3, 5])("tier %i for the largest pairs only", (tier) => {
    expect(mayPopUp(makeAlert({ tier }), big)).toBe(true);
    expect(mayPopUp(makeAlert({ tier, exchange: "okx" }), big)).toBe(false);
  });

  it("confluence for the largest pairs only", () => {
    const alert = makeAlert({ kind: "confluence", tier: null });
    expect(mayPopUp(alert, big)).toBe(true);
    expect(mayPopUp(alert, none)).toBe(false);
  });

  it("a rule of one's own always", () => expect(mayPopUp(makeAlert({ kind: "rule", tier: null }), none)).toBe(true));

  it("tier 4 never", () => expect(mayPopUp(makeAlert({ tier: 4 }), big)).toBe(false));
});

describe("the toasts of one cycle", () => {
  it("shows up to three coins each by itself, most severe first", () => {
    const plans = planToasts([coin("A", { tier: 2 }), coin("B", { tier: 6 }), coin("C", { tier: 2 })], none);
    expect(plans.map((plan) => plan.kind)).toEqual(["single", "single", "single"]);
    expect(plans[0]).toMatchObject({ alert: { base: "B" } });
  });

  it("makes one toast of a coin, however many exchanges and timeframes say it", () => {
    const plans = planToasts(
      [coin("A", { tier: 2 }), coin("A", { tier: 6, exchange: "okx" }), coin("A", { tier: 2, timeframe: "15m" })],
      none,
    );
    expect(plans).toHaveLength(1);
    expect(plans[0]).toMatchObject({ kind: "single", alert: { exchange: "okx", tier: 6 } });
    expect(plans[0]?.kind === "single" && plans[0].also).toHaveLength(2);
  });

  it("folds four coins or more into one summary that names the top three", () => {
    const plans = planToasts(
      [coin("A", { tier: 2 }), coin("B", { tier: 2 }), coin("C", { tier: 6 }), coin("D", { tier: 2 })],
      none,
    );
    expect(plans).toHaveLength(1);
    expect(plans[0]).toMatchObject({ kind: "summary", count: 4, lead: { base: "C" } });
    expect(plans[0]?.kind === "summary" && plans[0].top.map(({ base }) => base)).toEqual(["C", "A", "B"]);
  });

  it("counts coins, not alerts: four of one coin are no summary", () => {
    const four = ["binanceusdm", "okx", "bybit", "other"].map((exchange) => coin("A", { tier: 2, exchange }));
    expect(planToasts(four, none).map((plan) => plan.kind)).toEqual(["single"]);
  });

  it("shows nothing for nothing", () => expect(planToasts([makeAlert({ tier: 4 })], big)).toEqual([]));
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
