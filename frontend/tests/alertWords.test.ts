import { describe, expect, it } from "vitest";

import type { AlertWithEvidence } from "../src/api/types";
import { sentenceOf } from "../src/lib/alertWords";
import { conditionsOf, counterfactual } from "../src/lib/counterfactual";
import { makeAlert } from "./make";

const THRESHOLDS = { z: 2.5, ls: 2, imbalance_pct: 3, oi_delta_pct: 1, funding_pct: 0.01, divergence_sigma: 2, confluence_min: 2, cooldown: 12 };

function detail(over: Partial<AlertWithEvidence>): AlertWithEvidence {
  return {
    ...makeAlert(), window: {}, thresholds: THRESHOLDS, code_version: "1", settings_hash: "x", created_ts: 0,
    calibration: null, rule: null, evidence: [], values: {}, ...over,
  };
}

const ALL = { z_score: 3.12, z_raw: 3.12, global_ls: 2.34, imbalance: -4.5 };

describe("what would have kept an alert away", () => {
  it("tier 1: its one threshold", () => {
    expect(counterfactual(detail({ tier: 1, values: ALL }))).toBe("Would not have fired if Z were 2.50 or less (it was 3.12).");
  });

  it("tier 2: any of three, nearest first, the imbalance by its size", () => {
    expect(counterfactual(detail({ tier: 2, values: ALL }))).toBe(
      "Would not have fired if LS were 2.00 or less (it was 2.34), or if Z were 2.50 or less (it was 3.12), " +
        "or if the size of the imbalance were 3.00 % or less (it was 4.50 %).",
    );
  });

  it("tier 3: growth, or flow against the price", () => {
    const words = counterfactual(detail({ tier: 3, values: { oi_delta_pct: 1.4 }, window: { close: [1.5, 1.6, 1.4] } }));
    expect(words).toContain("the change of open interest were 1.00 % or less (it was 1.40 %)");
    expect(words).toContain("pointed against the price (which went from 1.5000 to 1.4000)");
  });

  it("tier 4: funding per 8 h, or open interest not lower than 12 bars before", () => {
    const words = counterfactual(detail({ tier: 4, values: { funding_8h_pct: 0.0531 }, window: { oi_contracts: [200, 190, 180] } }));
    expect(words).toContain("funding per 8 h were 0.0100 % or less (it was 0.0531 %)");
    expect(words).toContain("open interest had not fallen over 12 bars (it fell 10.00 %)");
  });

  it("tier 5: the size of the divergence", () => {
    expect(counterfactual(detail({ tier: 5, values: { divergence: -2.5 } }))).toContain("2.00 σ or less (it was 2.50 σ)");
  });

  it("tier 6: fewer alerts", () => {
    expect(counterfactual(detail({ tier: 6, values: { recent_alerts: 4 } }))).toContain("2 alerts of tiers 1 to 5 or fewer within 12 bars (there were 4)");
  });

  it("confluence: only what held counts; with one to spare two must break", () => {
    const confluence = { kind: "confluence", tier: null } as const;
    const two = detail({ ...confluence, values: { ...ALL, z_score: 1, z_raw: 1 } });
    expect(conditionsOf(two)).toHaveLength(2);
    expect(counterfactual(two)).toMatch(/^Would not have fired if LS were .*, or if the size of the imbalance/);
    expect(counterfactual(detail({ ...confluence, values: ALL }))).toMatch(/^Would not have fired if 2 of these were so: /);
  });

  it("takes a calibrated threshold where it is the stricter", () => {
    const calibration = { day: 0, made_ts: 0, budget: 50, statistic: "z_raw", threshold: 2.9, p_value: 0.01, discovery: false };
    expect(counterfactual(detail({ tier: 1, values: ALL, calibration }))).toContain("Z were 2.90 or less");
  });

  it("a rule: its expression; nothing where nothing is known", () => {
    const rule = { id: 1, name: "r", expression: "z > 2", normal: "z_score > 2", created_ts: 0 };
    expect(counterfactual(detail({ kind: "rule", tier: null, rule }))).toContain("z > 2");
    expect(counterfactual(detail({ tier: 1, values: {} }))).toBeNull();
  });
});

describe("the sentence of an alert", () => {
  it("leaves out the place where that stands beside it", () => {
    expect(sentenceOf({ base: "BTC", text: "BTC on OKX, 5m: longs pay: a lot" })).toBe("Longs pay: a lot");
    expect(sentenceOf({ base: "BTC", text: "Something else: as it is" })).toBe("Something else: as it is");
  });
});
