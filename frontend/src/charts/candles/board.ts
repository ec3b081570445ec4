import {
  CandlestickSeries,
  type createChart,
  type createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type MouseEventParams,
  type SeriesType,
  type Time,
} from "lightweight-charts";

import { price, usd } from "../../lib/format";
import { type Bars, firstChange, NO_BARS } from "../bars";
import type { ChartColours } from "../colours";
import { BandPrimitive } from "./bandPrimitive";
import { candleBands, paneBands } from "./bands";
import { BrokenLine } from "./brokenLine";
import { LiveLine } from "./liveLine";
import { chartOptions, colourOptions, stepOfPrice, widened } from "./options";
import type { PaneSpec, SeriesSpec } from "./panes";
import { candle, type Point, point, points } from "./shape";
import { type BoardState, needsOtherSeries } from "./state";

/** The parts of the library that make something: tests put their own in. */
export interface Library {
  createChart: typeof createChart;
  createSeriesMarkers: typeof createSeriesMarkers;
}

interface Drawn {
  series: ISeriesApi<SeriesType>;
  column: string | null;
  make: (bars: Bars, slot: number) => Point;
}

interface Pane {
  spec: PaneSpec;
  bands: BandPrimitive;
  first: ISeriesApi<SeriesType>;
}

const VOLUME: SeriesSpec = { column: "volume", kind: "histogram", tone: "sign", by: "candle" };
const PRICES = ["open", "high", "low", "close", "volume"];
/** More points than this are set at once: updating the past is the slow way. */
const MOST_UPDATES = 12;
const LIVE_OI_COLUMN = "oi_abs_usd";

/** One chart of candles with panes under it. It draws a state and tells what the pointer does. */
export class CandleBoard {
  readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly marks: ISeriesMarkersPluginApi<Time>;
  private readonly bands: BandPrimitive;
  private base: Drawn[];
  private extra: Drawn[] = [];
  private panes: Pane[] = [];
  private state: BoardState | null = null;
  private readonly livePrice: LiveLine;
  private readonly liveOi: LiveLine;

  constructor(container: HTMLElement, library: Library, colours: ChartColours, still: boolean) {
    this.chart = library.createChart(container, chartOptions(colours, still));
    this.candles = this.chart.addSeries(CandlestickSeries, { priceLineVisible: false, lastValueVisible: false });
    const volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume", priceLineVisible: false, lastValueVisible: false,
    });
    volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.18 } });
    this.bands = new BandPrimitive(colours);
    this.candles.attachPrimitive(this.bands);
    this.marks = library.createSeriesMarkers<Time>(this.candles, []);
    this.livePrice = new LiveLine(container, this.chart);
    this.liveOi = new LiveLine(container, this.chart);
    this.base = [
      { series: this.candles, column: null, make: candle },
      { series: volume, column: "volume", make: (bars, slot) => point(bars, slot, VOLUME, this.volumeColours()) },
    ];
  }

  /** As a new reader finds it: the newest bars at the first scale, every price scale by itself. */
  begin(): void {
    this.chart.timeScale().resetTimeScale();
    this.chart.clearCrosshairPosition();
    for (const { series } of [...this.base, ...this.extra]) series.priceScale().applyOptions({ autoScale: true });
  }

  /** Draws a state: only what differs from the one before. */
  draw(next: BoardState): void {
    const before = this.state;
    this.state = next;
    const changed = (...names: (keyof BoardState)[]) => !before || names.some((name) => before[name] !== next[name]);
    const rebuild = needsOtherSeries(before, next);
    if (changed("colours")) this.paint(next.colours);
    if (rebuild) this.rebuild(next);
    if (rebuild || changed("bars")) this.feed(before?.bars ?? NO_BARS, next.bars, rebuild);
    if (rebuild || changed("bars", "here")) this.mark(next);
    if (changed("markers")) this.marks.setMarkers([...next.markers]);
    this.drawLive(next);
  }

  /** Heights in px: of the candles, and of each pane under them. */
  size(candles: number, pane: number): void {
    this.chart.panes().forEach((one, i) => one.setStretchFactor(i === 0 ? candles : pane));
  }

  /** Slots in view, both inclusive; null before anything is. */
  view(): { from: number; to: number } | null {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    const count = this.state?.bars.ts.length ?? 0;
    if (!range || count === 0) return null;
    const from = Math.max(0, Math.ceil(range.from));
    const to = Math.min(count - 1, Math.floor(range.to));
    return to < from ? null : { from, to };
  }

  /** Brings a slot to the middle, at the scale there is. */
  goTo(slot: number): void {
    const scale = this.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    const half = range ? (range.to - range.from) / 2 : 100;
    scale.setVisibleLogicalRange({ from: slot - half, to: slot + half });
  }

  /** Tells the slot under the pointer and the marker it is on; returns how to stop. */
  onPointer(told: (slot: number | null, hovered: string | null, at: { x: number; y: number } | null) => void): () => void {
    const onMove = (event: MouseEventParams) => {
      const count = this.state?.bars.ts.length ?? 0;
      const slot = event.point && event.logical !== undefined ? Math.round(event.logical) : -1;
      const hovered = typeof event.hoveredObjectId === "string" ? event.hoveredObjectId : null;
      told(slot >= 0 && slot < count ? slot : null, hovered, event.point ?? null);
    };
    this.chart.subscribeCrosshairMove(onMove);
    return () => this.chart.unsubscribeCrosshairMove(onMove);
  }

  /** Tells the first slot in view when that changes; returns how to stop. */
  onView(told: (from: number) => void): () => void {
    const onRange = (range: { from: number } | null) => {
      if (range) told(range.from);
    };
    const scale = this.chart.timeScale();
    scale.subscribeVisibleLogicalRangeChange(onRange);
    return () => scale.unsubscribeVisibleLogicalRangeChange(onRange);
  }

  /** The chart as a picture, with what lies over it. */
  picture(): HTMLCanvasElement | null {
    let taken: HTMLCanvasElement | null = null;
    this.livePrice.within(() => this.liveOi.within(() => (taken = this.chart.takeScreenshot(true, false))));
    return taken;
  }

  close(): void {
    this.chart.remove();
  }

  private drawLive({ live, colours }: BoardState): void {
    const oi = this.extra.find(({ column }) => column === LIVE_OI_COLUMN);
    const both = { line: colours.warn, ink: colours.panel };
    this.livePrice.draw(this.candles, live.price, both, live.price === null ? "" : price(live.price));
    this.liveOi.draw(oi?.series ?? null, live.oiUsd, both, live.oiUsd === null ? "" : usd(live.oiUsd));
  }

  private volumeColours() {
    const colours = this.state?.colours;
    return { up: colours?.upSoft ?? "", down: colours?.downSoft ?? "", flat: colours?.faint ?? "" };
  }

  private paint(colours: ChartColours): void {
    this.chart.applyOptions(colourOptions(colours));
    this.candles.applyOptions({
      upColor: colours.up, downColor: colours.down, borderVisible: false,
      wickUpColor: colours.up, wickDownColor: colours.down,
    });
  }

  private rebuild({ panes, onPrice, colours }: BoardState): void {
    this.liveOi.clear();
    for (const { series } of this.extra) this.chart.removeSeries(series);
    this.extra = onPrice.map((spec) => this.add(spec, 0, colours, price, []));
    this.panes = panes.map((spec, i) => this.addPane(spec, i + 1, colours));
  }

  private addPane(spec: PaneSpec, index: number, colours: ChartColours): Pane {
    const drawn = spec.series.map((series) => this.add(series, index, colours, spec.format, spec.span));
    this.extra.push(...drawn);
    const first = drawn[0]?.series;
    if (!first) throw new Error(`pane ${spec.id} draws nothing`);
    first.priceScale().applyOptions({ scaleMargins: { top: 0.28, bottom: 0.08 } });
    for (const { value, name } of spec.levels) {
      first.createPriceLine({
        price: value, title: name, color: colours.faint, lineStyle: LineStyle.Dashed, lineWidth: 1, axisLabelVisible: false,
      });
    }
    const bands = new BandPrimitive(colours);
    first.attachPrimitive(bands);
    return { spec, bands, first };
  }

  private add(spec: SeriesSpec, pane: number, colours: ChartColours, format: (v: number) => string, span: readonly number[]): Drawn {
    const options = {
      priceLineVisible: false, lastValueVisible: false,
      priceFormat: { type: "custom" as const, formatter: format, minMove: 1e-8 },
      ...(span.length > 0 ? { autoscaleInfoProvider: widened(span) } : {}),
    };
    const series: ISeriesApi<SeriesType> =
      spec.kind === "histogram"
        ? this.chart.addSeries(HistogramSeries, options, pane)
        : this.chart.addCustomSeries(new BrokenLine(), { ...options, color: spec.tone === "sign" ? colours.ink : colours[spec.tone] }, pane);
    const signs = { up: colours.up, down: colours.down, flat: colours.faint };
    return { series, column: spec.column, make: (bars, slot) => point(bars, slot, spec, signs) };
  }

  /** Gives the series what is new. `all`: series are new, so they know nothing yet. */
  private feed(before: Bars, after: Bars, all: boolean): void {
    const drawn = [...this.base, ...this.extra];
    const names = [...PRICES, ...this.extra.flatMap(({ column }) => column ?? [])];
    const from = all ? null : firstChange(before, after, names);
    if (from === null || after.ts.length - from > MOST_UPDATES) {
      this.fit(after);
      for (const { series, make } of drawn) series.setData(points(after, (slot) => make(after, slot)));
      return;
    }
    if (from < 0) return;
    for (let slot = from; slot < after.ts.length; slot += 1) {
      const past = slot < before.ts.length - 1;
      for (const { series, make } of drawn) series.update(make(after, slot), past);
    }
  }

  private fit(bars: Bars): void {
    const known = bars.columns.close?.findLast((value) => value !== null) ?? 1;
    this.candles.applyOptions({ priceFormat: { type: "custom", formatter: price, minMove: stepOfPrice(known) } });
  }

  private mark({ bars, here, colours }: BoardState): void {
    this.bands.set(candleBands(bars, here), colours);
    for (const { spec, bands } of this.panes) {
      bands.set(paneBands(bars, spec.series.map(({ column }) => column), here), colours);
    }
  }
}
