import { beforeEach, describe, expect, it, vi } from "vitest";

import { type Bars, parseHistory } from "../src/charts/bars";
import { CandleBoard, type Library } from "../src/charts/candles/board";
import { metricPanes } from "../src/charts/candles/panes";
import type { BoardState } from "../src/charts/candles/state";
import type { ChartColours } from "../src/charts/colours";
import { thresholdsOf } from "../src/lib/filter";

const STEP = 300_000;
const COLOURS = Object.fromEntries(
  ["panel", "line", "ink", "soft", "faint", "accent", "up", "down", "upSoft", "downSoft", "warn", "tier2", "first", "second", "third"].map((name) => [name, name]),
) as unknown as ChartColours;

interface Line {
  options: Record<string, unknown>;
  applyOptions: (more: Record<string, unknown>) => void;
}

function fakeSeries(pane: number) {
  const lines: Line[] = [];
  return {
    pane, lines,
    setData: vi.fn<(points: readonly unknown[]) => void>(),
    update: vi.fn<(point: unknown, past: boolean) => void>(),
    applyOptions: vi.fn(),
    attachPrimitive: vi.fn(),
    detachPrimitive: vi.fn(),
    getPane: () => ({ paneIndex: () => pane }),
    priceToCoordinate: (value: number) => value * 10,
    priceScale: () => ({ applyOptions: vi.fn() }),
    createPriceLine: (options: Record<string, unknown>) => {
      const line: Line = { options, applyOptions: (more) => Object.assign(options, more) };
      lines.push(line);
      return line;
    },
    removePriceLine: (line: Line) => lines.splice(lines.indexOf(line), 1),
  };
}

/** A library that draws nothing and remembers what it was told. */
function fakeLibrary() {
  const series: ReturnType<typeof fakeSeries>[] = [];
  const one = (pane: number) => {
    const made = fakeSeries(pane);
    series.push(made);
    return made;
  };
  const setMarkers = vi.fn();
  const chart = {
    addSeries: (_kind: unknown, _options: unknown, pane = 0) => one(pane),
    addCustomSeries: (_view: unknown, _options: unknown, pane = 0) => one(pane),
    removeSeries: (gone: (typeof series)[number]) => series.splice(series.indexOf(gone), 1),
    applyOptions: vi.fn(),
    timeScale: () => ({ getVisibleLogicalRange: () => ({ from: -3.2, to: 1.4 }), width: () => 700 }),
    panes: () => [{ getHeight: () => 200 }, { getHeight: () => 50 }],
    takeScreenshot: vi.fn(() => series.flatMap(({ lines }) => lines.map(({ options }) => options.title))),
    remove: vi.fn(),
  };
  const library = { createChart: () => chart, createSeriesMarkers: () => ({ setMarkers }) } as unknown as Library;
  return { library, series, setMarkers, chart };
}

function bars(close: readonly (number | null)[]): Bars {
  return parseHistory({ ts: close.map((_, i) => i * STEP), open: close, high: close, low: close, close, volume: close, oi_abs_usd: close });
}

const PANES = metricPanes(thresholdsOf({}));
const oiPane = PANES.filter(({ id }) => id === "oi");

function state(over: Partial<BoardState> = {}): BoardState {
  return { bars: bars([1, 2, 3]), panes: oiPane, onPrice: NONE, markers: NONE, here: null, live: { price: null, oiUsd: null }, colours: COLOURS, ...over };
}

const NONE: never[] = [];

describe("the board", () => {
  let fake: ReturnType<typeof fakeLibrary>;
  let board: CandleBoard;
  let place: HTMLElement;
  beforeEach(() => {
    fake = fakeLibrary();
    place = document.createElement("div");
    board = new CandleBoard(place, fake.library, COLOURS, true);
  });
  const live = () => [...place.querySelectorAll<HTMLElement>("[data-live]")].filter(({ hidden }) => !hidden);

  it("draws candles, volume and a series a pane, every slot a point", () => {
    board.draw(state({ bars: bars([1, null, 3]) }));
    expect(fake.series.map(({ pane }) => pane)).toEqual([0, 0, 1]);
    expect(fake.series[0]?.setData).toHaveBeenCalledExactlyOnceWith([
      { time: 0, open: 1, high: 1, low: 1, close: 1 }, { time: 300 }, { time: 600, open: 3, high: 3, low: 3, close: 3 },
    ]);
    expect(fake.series[2]?.setData).toHaveBeenCalledExactlyOnceWith([{ time: 0, value: 1 }, { time: 300 }, { time: 600, value: 3 }]);
  });

  it("appends a bar that closed without setting the others again", () => {
    board.draw(state());
    board.draw(state({ bars: bars([1, 2, 3, 4]) }));
    const [candles] = fake.series;
    expect(candles?.setData).toHaveBeenCalledTimes(1);
    expect(candles?.update.mock.calls).toEqual([[{ time: 900, open: 4, high: 4, low: 4, close: 4 }, false]]);
  });

  it("corrects a bar that was revised, as one of the past", () => {
    board.draw(state());
    board.draw(state({ bars: bars([1, 20, 3]) }));
    expect(fake.series[0]?.update.mock.calls.map(([, past]) => past)).toEqual([true, false]);
  });

  it("sets everything when older bars come in front", () => {
    board.draw(state({ bars: parseHistory({ ts: [STEP], close: [2], open: [2], high: [2], low: [2] }) }));
    board.draw(state());
    expect(fake.series[0]?.setData).toHaveBeenCalledTimes(2);
  });

  it("lays what moves between closes over the chart, in its pane, and never as a candle", () => {
    board.draw(state({ live: { price: 3.5, oiUsd: 4 } }));
    expect(live().map(({ textContent, style }) => [textContent, style.transform, style.width])).toEqual([
      ["live3.5000", "translateY(35px)", "700px"], ["live4", "translateY(241px)", "700px"],
    ]);
    board.draw(state({ live: { price: 3.6, oiUsd: null } }));
    expect(live().map(({ textContent, style }) => [textContent, style.transform])).toEqual([["live3.6000", "translateY(36px)"]]);
    expect(fake.series.map(({ lines }) => lines.length)).toEqual([0, 0, 0]);
    expect(fake.series[0]?.update).not.toHaveBeenCalled();
  });

  it("follows the scales, and hides what is out of sight", () => {
    board.draw(state({ live: { price: 3.5, oiUsd: 6 } }));
    expect(live().map(({ textContent }) => textContent)).toEqual(["live3.5000"]);
    const [candles] = fake.series;
    if (!candles) throw new Error("no candles");
    candles.priceToCoordinate = (value) => value * 20;
    const primitive = candles.attachPrimitive.mock.calls.at(-1)?.[0] as { updateAllViews: () => void };
    primitive.updateAllViews();
    expect(live()[0]?.style.transform).toBe("translateY(70px)");
    candles.priceToCoordinate = () => -1;
    primitive.updateAllViews();
    expect(live()).toEqual([]);
  });

  it("has the live lines in its picture, and only there", () => {
    board.draw(state({ live: { price: 3.5, oiUsd: 4 } }));
    expect(board.picture()).toEqual(["live", "live"]);
    expect(fake.series.map(({ lines }) => lines.length)).toEqual([0, 0, 0]);
  });

  it("draws thresholds as lines of their pane", () => {
    board.draw(state({ panes: PANES.filter(({ id }) => id === "z") }));
    expect(fake.series[2]?.lines.map(({ options }) => options.price)).toEqual([2.5, -2.5]);
  });

  it("keeps its series for panes that say the same, and makes others where a level moved", () => {
    board.draw(state());
    const before = [...fake.series];
    board.draw(state({ panes: metricPanes(thresholdsOf({})).filter(({ id }) => id === "oi"), bars: bars([7, 8]) }));
    expect(fake.series).toEqual(before);
    const zOf = (z: number) => metricPanes({ ...thresholdsOf({}), z }).filter(({ id }) => id === "z");
    board.draw(state({ panes: zOf(2) }));
    const two = fake.series.at(-1);
    board.draw(state({ panes: zOf(3) }));
    expect(fake.series.at(-1)).not.toBe(two);
    expect(fake.series.at(-1)?.lines.map(({ options }) => options.price)).toEqual([3, -3]);
  });

  it("has no series of a pane that is hidden", () => {
    board.draw(state());
    board.draw(state({ panes: NONE, live: { price: null, oiUsd: 5 } }));
    expect(fake.series.map(({ pane }) => pane)).toEqual([0, 0]);
  });

  it("says which slots are in view, of those there are", () => {
    expect(board.view()).toBeNull();
    board.draw(state());
    expect(board.view()).toEqual({ from: 0, to: 1 });
  });
});
