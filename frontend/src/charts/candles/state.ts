import type { SeriesMarker, Time } from "lightweight-charts";

import type { Bars } from "../bars";
import type { ChartColours } from "../colours";
import type { PaneSpec, SeriesSpec } from "./panes";

/** What a chart of candles shows. */
export interface BoardState {
  bars: Bars;
  panes: readonly PaneSpec[];
  /** Lines on the price. */
  onPrice: readonly SeriesSpec[];
  markers: readonly SeriesMarker<Time>[];
  /** Slot of the bar that was asked for. */
  here: number | null;
  /** What moves between closes; drawn as a line, never as a candle. */
  live: { price: number | null; oiUsd: number | null };
  colours: ChartColours;
}

/** Which series there are, whatever the bars. */
const seriesOf = ({ onPrice, panes }: BoardState) =>
  JSON.stringify([onPrice, panes.map(({ id, series, levels, span }) => [id, series, levels, span])]);

/** Does a state need other series than the one before, or others of their colours? */
export const needsOtherSeries = (before: BoardState | null, next: BoardState): boolean =>
  before?.colours !== next.colours || seriesOf(before) !== seriesOf(next);
