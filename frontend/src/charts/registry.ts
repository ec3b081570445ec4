/**
 * Every chart of the page, each in a chunk of its own that is loaded when it is first shown. A chart
 * knows no panel: it is given columns and says what the pointer does.
 */
import { lazy } from "react";

const load = {
  /** Candles with panes under them, on a canvas. */
  candles: () => import("./candles/CandleChart"),
  /** Lines in panes that share their time and a brush. */
  lines: () => import("./lines/LinePanes"),
  /** Several series against one time axis. */
  overlay: () => import("./lines/OverlayLines"),
  /** What became of accounts, and their falls. */
  equity: () => import("./lines/EquityCurve"),
};

export const CandleChart = lazy(load.candles);
export const LinePanes = lazy(load.lines);
export const OverlayLines = lazy(load.overlay);
export const EquityCurve = lazy(load.equity);

/** Fetches the chart of candles before it is asked for: the first click then waits for data alone. */
export const warmCandles = () => void load.candles();
