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

/** A part of a chart, `top` px under its upper edge. */
export interface Part {
  image: CanvasImageSource;
  top: number;
  width: number;
  height: number;
}

/** The chart with its caption above and the panes named: a picture explains itself. Lengths in CSS px. */
export function pictureOf(parts: readonly Part[], scale: number, caption: readonly [string, string], names: readonly { top: number; text: string }[], colours: ChartColours): HTMLCanvasElement {
  const picture = document.createElement("canvas");
  const width = Math.max(...parts.map((part) => part.width));
  const height = CAPTION_PX + Math.max(...parts.map((part) => part.top + part.height));
  picture.width = Math.round(width * scale);
  picture.height = Math.round(height * scale);
  const context = picture.getContext("2d");
  if (!context) return picture;
  context.scale(scale, scale);
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  const family = getComputedStyle(document.body).fontFamily;
  context.textBaseline = "top";
  context.fillStyle = colours.ink;
  context.font = `600 14px ${family}`;
  context.fillText(caption[0], 10, 6);
  context.fillStyle = colours.soft;
  context.font = `11px ${family}`;
  context.fillText(caption[1], 10, 26);
  for (const part of parts) context.drawImage(part.image, 0, CAPTION_PX + part.top, part.width, part.height);
  for (const { top, text } of names) context.fillText(text, 10, CAPTION_PX + top + 4);
  return picture;
}

/** A drawing as it stands in the page, which gives it its letters, as an image of its own. */
export async function imageOf(svg: SVGElement): Promise<HTMLImageElement> {
  const alone = svg.cloneNode(true) as SVGElement;
  alone.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  alone.style.fontFamily = getComputedStyle(svg).fontFamily;
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(alone))}`;
  await image.decode().catch(() => {
    throw new Error("the browser cannot read the drawing back");
  });
  return image;
}

/** The picture as a file; rejects where the browser cannot make one. */
export async function savePicture(picture: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((made) => picture.toBlob(made));
  if (!blob) throw new Error(`the browser makes no picture of ${picture.width} × ${picture.height} pixels`);
  save(blob, name);
}

export const saveCsv = (shown: Shown) => save(new Blob([csvOf(shown)], { type: "text/csv;charset=utf-8" }), fileName(shown, "csv"));

/** Hands a file to the reader. */
function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken it by the next task.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
