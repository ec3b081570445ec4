import { type IChartApi, type IPriceLine, type ISeriesApi, type ISeriesPrimitive, LineStyle, type SeriesType, type Time } from "lightweight-charts";

import { plotOf } from "./layout";

type Series = ISeriesApi<SeriesType>;

interface Shown {
  series: Series;
  value: number;
  colour: string;
  /** The value as its axis writes it. */
  text: string;
}

/**
 * A line named "live" at a value that moves between closes. It lies over the chart, which is not painted
 * again for it: with ten panes that takes 15 ms, every second. The chart says when its scales move.
 */
export class LiveLine implements ISeriesPrimitive<Time> {
  private shown: Shown | null = null;
  private readonly line = document.createElement("div");
  private readonly name = document.createElement("span");
  private readonly label = document.createElement("span");

  constructor(host: HTMLElement, private readonly chart: IChartApi) {
    this.line.setAttribute("aria-hidden", "true");
    this.line.dataset.live = "";
    this.line.style.cssText = "position: absolute; left: 0; top: 0; height: 0; z-index: 5; pointer-events: none; border-top: 1px dotted";
    const tag = "position: absolute; top: -8px; padding: 0 4px; font-size: 11px; line-height: 15px; white-space: nowrap";
    this.name.style.cssText = `${tag}; right: 0`;
    this.label.style.cssText = `${tag}; left: 100%`;
    this.name.textContent = "live";
    this.line.append(this.name, this.label);
    this.line.hidden = true;
    host.append(this.line);
  }

  draw(series: Series | null, value: number | null, colours: { line: string; ink: string }, text: string): void {
    if (this.shown && this.shown.series !== series) this.clear();
    if (series === null || value === null) {
      this.clear();
      return;
    }
    if (!this.shown) series.attachPrimitive(this);
    this.shown = { series, value, colour: colours.line, text };
    this.line.style.borderColor = colours.line;
    for (const tag of [this.name, this.label]) {
      tag.style.background = colours.line;
      tag.style.color = colours.ink;
    }
    this.label.textContent = text;
    this.place();
  }

  /** Before its series goes. */
  clear(): void {
    this.shown?.series.detachPrimitive(this);
    this.shown = null;
    this.line.hidden = true;
  }

  /** The library calls it with every paint that may have moved a scale. */
  updateAllViews(): void {
    this.place();
  }

  /** As a line of the chart's own, for as long as `run` takes: pictures are of the chart alone. */
  within(run: () => void): void {
    const line = this.asPriceLine();
    run();
    if (line) this.shown?.series.removePriceLine(line);
  }

  private asPriceLine(): IPriceLine | null {
    if (!this.shown) return null;
    const { series, value, colour } = this.shown;
    return series.createPriceLine({
      price: value, title: "live", color: colour, lineStyle: LineStyle.Dotted, lineWidth: 1, axisLabelVisible: true,
    });
  }

  private place(): void {
    if (!this.shown) return;
    const plot = plotOf(this.chart, this.shown.series);
    const y = this.shown.series.priceToCoordinate(this.shown.value);
    const inside = plot !== null && y !== null && y >= 0 && y <= plot.height;
    this.line.hidden = !inside;
    if (!inside) return;
    this.line.style.width = `${plot.width}px`;
    this.line.style.transform = `translateY(${Math.round(plot.top + y)}px)`;
  }
}
