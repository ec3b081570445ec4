import { ColorType, CrosshairMode, type DeepPartial, type TimeChartOptions, type UTCTimestamp } from "lightweight-charts";

import type { ChartColours } from "../colours";
import { barTime, tickText } from "../times";

const BAR_PX = 5;
const msOf = (time: unknown) => (time as UTCTimestamp) * 1000;

/** The part of the options that carries colours. */
export function colourOptions(colours: ChartColours) {
  const crosshair = { color: colours.faint, labelBackgroundColor: colours.soft };
  return {
    layout: {
      background: { type: ColorType.Solid as const, color: colours.panel },
      textColor: colours.soft,
      panes: { separatorColor: colours.line, separatorHoverColor: colours.line, enableResize: false },
    },
    grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
    crosshair: { mode: CrosshairMode.Normal, vertLine: crosshair, horzLine: crosshair },
    rightPriceScale: { borderColor: colours.line },
    timeScale: { borderColor: colours.line },
  };
}

/** Options of the chart; `still`: the reader wishes no motion. */
export function chartOptions(colours: ChartColours, still: boolean): DeepPartial<TimeChartOptions> {
  const coloured = colourOptions(colours);
  return {
    ...coloured,
    autoSize: true,
    layout: {
      ...coloured.layout,
      fontSize: 11,
      fontFamily: getComputedStyle(document.body).fontFamily,
      // The licence of the library asks for it.
      attributionLogo: true,
    },
    rightPriceScale: { ...coloured.rightPriceScale, minimumWidth: 68, entireTextOnly: true },
    timeScale: {
      ...coloured.timeScale,
      timeVisible: true,
      barSpacing: BAR_PX,
      rightOffset: 6,
      tickMarkMaxCharacterLength: 13,
      tickMarkFormatter: (time: unknown, weight: number) => tickText(msOf(time), weight),
    },
    localization: { timeFormatter: (time: unknown) => barTime(msOf(time)) },
    kineticScroll: { mouse: false, touch: !still },
    // What does not fit is scrolled with the finger up and down; the wheel is the chart's.
    handleScroll: { vertTouchDrag: false },
  };
}

/** Smallest step of prices of this size: five digits are shown. */
export const stepOfPrice = (price: number) => 10 ** Math.min(0, Math.floor(Math.log10(Math.abs(price) || 1)) - 5);

/** The scale of a series, widened so that it shows some values too. */
export const widened = (span: readonly number[]) => (original: () => { priceRange: { minValue: number; maxValue: number } | null } | null) => {
  const found = original();
  if (!found?.priceRange) return found;
  const { minValue, maxValue } = found.priceRange;
  return { ...found, priceRange: { minValue: Math.min(minValue, ...span), maxValue: Math.max(maxValue, ...span) } };
};
