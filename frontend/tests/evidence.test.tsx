import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { EvidenceCell } from "../src/api/types";
import { CHIP_HORIZON, chipCell, chipText, domainOf, plotOf } from "../src/lib/evidence";
import { frameMs, matures } from "../src/lib/outcomes";
import { EvidenceCard } from "../src/panels/history/EvidenceCard";
import { makeAlert } from "./make";

function cell(over: Partial<EvidenceCell> = {}): EvidenceCell {
  return {
    timeframe: "5m", source: "live", kind: "tier", tier: 1, direction: "long", horizon: CHIP_HORIZON, n: 214, clusters: 60, wilson_low: 0.42, wilson_high: 0.56, base_bars: 1000, p: 0.8,
    hit_rate: 0.49, low: 0.42, high: 0.56, base_rate: 0.48, uplift: 0.01, late: -0.012, expectancy: -0.0008, q: 0.85,
    verdict: "no measurable edge", words: "No measurable edge: …", ...over,
  };
}

describe("the evidence chip", () => {
  it("says n, rate, interval, base and verdict", () => {
    expect(chipText(cell())).toBe("n 214 · 49% [42–56] · base 48% · no edge");
    expect(chipText(cell({ verdict: "too few", clusters: 12 }))).toBe("n 214 · 49% [42–56] · base 48% · too few (12/30 events)");
    expect(chipText(cell({ n: 0, clusters: 0, hit_rate: null, verdict: "too few" }))).toBe("n 0 · too few (0/30 events)");
  });

  it("takes the one horizon, the alert's own direction, kind and timeframe", () => {
    const cells = [
      cell({ horizon: 3 }), cell({ direction: "short", n: 1 }), cell({ tier: 2, n: 2 }), cell({ timeframe: "15m", n: 3 }),
      cell({ kind: "confluence", tier: null, n: 4 }), cell({ n: 5 }),
    ];
    expect(chipCell(cells, makeAlert({ tier: 1, direction: null }))?.n).toBe(5);
    expect(chipCell(cells, makeAlert({ tier: 1, direction: "short" }))?.n).toBe(1);
    expect(chipCell(cells, makeAlert({ kind: "confluence", tier: null }))?.n).toBe(4);
    expect(chipCell(cells, makeAlert({ tier: 6 }))).toBeNull();
  });

  it("prefers live evidence once it has enough events", () => {
    const past = cell({ source: "historical", clusters: 400 });
    const alert = makeAlert({ tier: 1 });
    expect(chipCell([past, cell({ clusters: 29 })], alert)?.source).toBe("historical");
    expect(chipCell([past, cell({ clusters: 30 })], alert)?.source).toBe("live");
  });
});

describe("the evidence plot", () => {
  it("has one scale for all cells, at whole tenths", () => {
    expect(domainOf([cell(), cell({ low: 0.31, high: 0.6 })])).toEqual([0.3, 0.6]);
    expect(domainOf([cell({ low: 0.01, high: 0.02, hit_rate: 0.015, base_rate: 0.011 })])).toEqual([0, 0.2]);
    expect(domainOf([cell({ low: null, high: null, hit_rate: null, base_rate: null })])).toEqual([0, 1]);
    const [from, to] = domainOf([cell({ low: 0.97, high: 1, hit_rate: 0.99, base_rate: 0.98 })]);
    expect(from).toBeCloseTo(0.8);
    expect(to).toBe(1);
  });

  it("places interval, rate and base in it", () => {
    const plot = plotOf(cell({ low: 0.4, hit_rate: 0.5, high: 0.6, base_rate: 0.45 }), [0.3, 0.7]);
    expect(plot?.low).toBeCloseTo(25);
    expect(plot?.hit).toBeCloseTo(50);
    expect(plot?.high).toBeCloseTo(75);
    expect(plot?.base).toBeCloseTo(37.5);
    expect(plotOf(cell({ hit_rate: null }), [0, 1])).toBeNull();
    expect(plotOf(cell({ base_rate: null }), [0, 1])?.base).toBeNull();
  });
});

describe("the evidence card", () => {
  it("shows live and historical side by side, every figure and the verdict in words", () => {
    render(<EvidenceCard cells={[cell({ verdict: "edge" }), cell({ source: "historical", direction: "short", clusters: 12, n: 20, verdict: "too few" })]} />);
    expect(screen.getByRole("heading", { name: "Live alerts" })).toBeInTheDocument();
    expect(screen.getByRole("heading", { name: "Alerts of stored history" })).toBeInTheDocument();
    const [live, past] = screen.getAllByRole("listitem");
    expect(live).toHaveTextContent(/12 bars.*edge.*n 214 in 60 events.*49\.0% \[42–56\].*base 48\.0%.*late −1\.20.*net −0\.080%.*q 0\.85/);
    expect(past).toHaveTextContent(/too few.*n 20 in 12 events/);
    expect(screen.getAllByRole("img")[0]).toHaveAccessibleName("Hit rate 49.0%, interval [42–56], base rate 48.0%");
  });

  it("says so where nothing has been judged", () => {
    render(<EvidenceCard cells={[]} />);
    expect(screen.getByText(/Nothing judged yet/)).toBeInTheDocument();
  });
});

describe("when an outcome comes", () => {
  it("at the close of the last bar held; a late entry one bar later", () => {
    const alert = { ts: 0, timeframe: "5m" };
    expect(matures(alert, 1, false)).toBe(600_000);
    expect(matures(alert, 12, true)).toBe(14 * 300_000);
    expect(frameMs("4h")).toBe(14_400_000);
    expect(matures({ ts: 0, timeframe: "x" }, 1, false)).toBeNull();
  });
});
