/** What is shown, as files. */
import { type Bars } from "../../charts/bars";
import type { PaneSpec, SeriesSpec } from "../../charts/candles/panes";
import type { ChartColours } from "../../charts/colours";
import { toCsv } from "../../charts/csv";
import { exchangeName } from "../../lib/exchanges";
import { utcTime } from "../../lib/time";
import type { Series } from "./useBars";

export interface Shown {
  series: Series;
  bars: Bars;
  /** Slots in view, both inclusive. */
  from: number;
  to: number;
  panes: readonly PaneSpec[];
  onPrice: readonly SeriesSpec[];
}

const PRICES = ["open", "high", "low", "close", "volume"];

/** Columns of a CSV: the candles', then those of each pane that is shown. */
export const csvColumns = ({ panes, onPrice }: Pick<Shown, "panes" | "onPrice">) => [
  ...new Set([...PRICES, ...[...onPrice, ...panes.flatMap((pane) => pane.series)].map(({ column }) => column)]),
];

export const csvOf = (shown: Shown) =>
  toCsv(shown.bars, {
    exchange: shown.series.exchange, symbol: shown.series.symbol, timeframe: shown.series.tf,
    from: shown.from, to: shown.to, columns: csvColumns(shown),
  });

/** Pair, exchange, timeframe and range in a file's name, without what a file system minds. */
export function fileName({ series, bars, to }: Shown, ending: string): string {
  const end = new Date(bars.ts[to] ?? 0).toISOString().slice(0, 16).replaceAll(":", "-");
  const pair = (series.symbol.split(":")[0] ?? "").replaceAll(/[^\w.-]+/g, "-");
  return `${pair}_${series.exchange}_${series.tf}_${end}Z.${ending}`;
}

/** Lines of the caption: what it is, of when, and whether the exchanges are real. */
export function captionOf({ series, bars, from, to }: Shown, mode: "live" | "simulated" | null): [string, string] {
  const kind = mode === null ? "" : ` · ${mode.toUpperCase()}`;
  return [
    `${series.symbol} · ${exchangeName(series.exchange)} · ${series.tf}${kind}`,
    `${utcTime(bars.ts[from] ?? 0)} to ${utcTime(bars.ts[to] ?? 0)} (open times of the first and last bar)`,
  ];
}

const CAPTION_PX = 44;

/** The chart with its caption above and the panes named: a picture explains itself. */
export function pictureOf(chart: HTMLCanvasElement, scale: number, caption: readonly [string, string], names: readonly { top: number; text: string }[], colours: ChartColours): HTMLCanvasElement {
  const picture = document.createElement("canvas");
  picture.width = chart.width;
  picture.height = chart.height + CAPTION_PX * scale;
  const context = picture.getContext("2d");
  if (!context) return chart;
  context.scale(scale, scale);
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, picture.width / scale, picture.height / scale);
  const family = getComputedStyle(document.body).fontFamily;
  context.textBaseline = "top";
  context.fillStyle = colours.ink;
  context.font = `600 14px ${family}`;
  context.fillText(caption[0], 10, 6);
  context.fillStyle = colours.soft;
  context.font = `11px ${family}`;
  context.fillText(caption[1], 10, 26);
  context.drawImage(chart, 0, CAPTION_PX, chart.width / scale, chart.height / scale);
  for (const { top, text } of names) context.fillText(text, 10, CAPTION_PX + top + 4);
  return picture;
}

/** Hands a file to the reader. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken it by the next task.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
