/** Which panes a chart of candles can have: what each draws, in which unit, and where its thresholds lie. */
import type { Thresholds } from "../../lib/filter";
import { change, coins, decimals, funding, price, ratio, sigma, usd } from "../../lib/format";
import type { Bars } from "../bars";

/** A colour by its meaning; the theme says which it is. */
export type Tone = "first" | "second" | "third" | "sign";

export interface SeriesSpec {
  column: string;
  kind: "line" | "histogram";
  tone: Tone;
  /** Named in the legend where a pane has several lines. */
  name?: string;
  /** Histograms: coloured by the candle's body instead of their own sign. */
  by?: "candle";
}

export interface Level {
  value: number;
  name: string;
}

export interface PaneSpec {
  id: string;
  title: string;
  /** One line for the menu. */
  about: string;
  unit: (bars: Bars, slot: number) => string;
  format: (value: number) => string;
  series: readonly SeriesSpec[];
  levels: readonly Level[];
  /** Values the scale always shows, beside those of the bars in view. */
  span: readonly number[];
}

const always = (unit: string) => () => unit;

type Rest = Partial<Pick<PaneSpec, "levels" | "span" | "about">> & { unit?: string; name?: string };

function pane(id: string, title: string, format: PaneSpec["format"], series: readonly SeriesSpec[], rest: Rest): PaneSpec {
  return { id, title, format, series, about: rest.about ?? "", unit: always(rest.unit ?? ""), levels: rest.levels ?? [], span: rest.span ?? [] };
}

const line = (column: string, tone: Tone = "first", name?: string): SeriesSpec => ({ column, kind: "line", tone, ...(name ? { name } : {}) });
const signed = (column: string, name?: string): SeriesSpec => ({ column, kind: "histogram", tone: "sign", ...(name ? { name } : {}) });

const level = (value: number, name = ""): Level => ({ value, name });

const FUNDING: PaneSpec = {
  ...pane("funding", "Funding", funding, [line("funding")], { span: [0], about: "the last rate settled at or before the close" }),
  unit: (bars, slot) => {
    const hours = bars.columns.funding_interval_h?.[slot] ?? null;
    return hours === null ? "%" : `% per ${hours} h`;
  },
};

/** The panes of the record, in the order of a new reader. */
export const metricPanes = (limits: Thresholds): readonly PaneSpec[] => [
  pane("oi", "OI", usd, [line("oi_abs_usd")], { unit: "USD", about: "open interest, one side" }),
  pane("oi_delta", "OI Δ", change, [signed("oi_delta_pct")], { unit: "%", levels: [level(limits.oiDelta)], span: [0], about: "change of open interest in coins over one bar" }),
  pane("global_ls", "LS global", ratio, [line("global_ls")], { unit: "ratio", levels: [level(limits.ls)], about: "long/short, accounts of all traders" }),
  pane("top_ls", "LS top", ratio, [line("top_ls", "second")], { unit: "ratio", about: "long/short of top traders, as the exchange counts them" }),
  pane("imbalance", "Imbalance", change, [signed("imbalance")], { unit: "%", levels: [level(limits.imbalance), level(-limits.imbalance)], span: [0], about: "(taker buy − taker sell) / both" }),
  pane("cvd", "CVD", coins, [line("cvd", "third")], { unit: "coins", about: "taker buy − taker sell since 00:00 UTC" }),
  pane("rsi", "RSI 14", (value) => decimals(value, 1), [line("rsi", "second")], { levels: [level(70), level(30)], span: [25, 75], about: "Wilder's RSI of 14 bars" }),
  pane("z", "Z", sigma, [signed("z_score")], { unit: "σ", levels: [level(limits.z), level(-limits.z, "flush")], span: [limits.z, -limits.z], about: "OI Δ against its 20 bars before" }),
  FUNDING,
];

/** Open interest in coins: what is tested, where the dollar value moves with the price. Hidden at first. */
export const OI_COINS = pane("oi_coins", "OI, coins", (value) => coins(value).replace("+", ""), [line("oi_contracts", "third")], { unit: "coins", about: "open interest in coins, without the price in it" });

/** The close as a line, where there are no candles. */
export const PRICE_LINE = pane("close", "Close", price, [line("close")], { unit: "USDT" });

export interface Overlay {
  id: string;
  title: string;
  /** Its own pane; lines on the price where it has none. */
  pane: PaneSpec | null;
  lines: readonly SeriesSpec[];
}

/** What `/api/history?overlays=` can add. */
export const OVERLAYS: readonly Overlay[] = [
  { id: "bollinger", title: "Bollinger 20, 2", pane: null, lines: [line("bollinger_upper", "second"), line("bollinger_middle", "third"), line("bollinger_lower", "second")] },
  { id: "obv", title: "OBV", lines: [], pane: pane("obv", "OBV", coins, [line("obv", "third")], { unit: "coins", about: "on-balance volume from the first bar loaded" }) },
  {
    id: "macd", title: "MACD 12, 26, 9", lines: [],
    pane: pane("macd", "MACD", (value) => decimals(value, Math.abs(value) >= 10 ? 2 : 5), [signed("macd_hist", "histogram"), line("macd", "first", "MACD"), line("macd_signal", "second", "signal")], { unit: "USDT", span: [0] }),
  },
  { id: "atr", title: "ATR 14", lines: [], pane: pane("atr", "ATR 14", price, [line("atr", "second")], { unit: "USDT" }) },
];

/** What the reader has chosen: an order of pane ids, and those not shown. */
export interface PaneChoice {
  order: readonly string[];
  hidden: readonly string[];
}

export const FIRST_CHOICE: PaneChoice = { order: [], hidden: ["oi_coins"] };

/** Panes in the chosen order; one that the order does not name keeps its place behind its neighbour. */
export function ordered(all: readonly PaneSpec[], { order }: PaneChoice): PaneSpec[] {
  const rank = new Map(order.map((id, i) => [id, i]));
  let last = -1;
  const placed = all.map((spec, i) => {
    last = rank.get(spec.id) ?? last;
    return { spec, at: last, known: rank.has(spec.id), i };
  });
  placed.sort((a, b) => a.at - b.at || Number(b.known) - Number(a.known) || a.i - b.i);
  return placed.map(({ spec }) => spec);
}

/** The choice after a pane has moved by one place among those shown. */
export function moved(all: readonly PaneSpec[], choice: PaneChoice, id: string, delta: -1 | 1): PaneChoice {
  const order = ordered(all, choice).map((spec) => spec.id);
  const shown = order.filter((one) => !choice.hidden.includes(one));
  const other = shown[shown.indexOf(id) + delta];
  if (other === undefined || !shown.includes(id)) return choice;
  const swap: Record<string, string> = { [id]: other, [other]: id };
  return { ...choice, order: order.map((one) => swap[one] ?? one) };
}

/** The choice with a pane hidden or shown again. */
export function toggled(choice: PaneChoice, id: string): PaneChoice {
  const hidden = choice.hidden.includes(id) ? choice.hidden.filter((one) => one !== id) : [...choice.hidden, id];
  return { ...choice, hidden };
}

export const CANDLE_SHARE = 0.45;
export const MIN_PANE_PX = 42;
const MIN_CANDLES_PX = 200;

/** Heights in px of the candles and of `count` panes under them: what does not fit scrolls. */
export function heights(available: number, count: number): { candles: number; pane: number; total: number } {
  if (count === 0) return { candles: Math.max(available, MIN_CANDLES_PX), pane: 0, total: Math.max(available, MIN_CANDLES_PX) };
  const pane = Math.max(MIN_PANE_PX, Math.floor((available * (1 - CANDLE_SHARE)) / Math.max(count, 4)));
  const candles = Math.max(MIN_CANDLES_PX, Math.floor(available * CANDLE_SHARE), available - count * pane);
  return { candles, pane, total: candles + count * pane };
}
