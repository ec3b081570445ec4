/** Frames of a replay as the page keeps them: numbers packed, rows made when they are looked at. Pure. */
import type { ReplayAlert, ReplayFrame, Revised } from "../../api/replay";
import type { MetricRow } from "../../api/types";
import { pairKey, type RowView } from "../rows";

const WORDS = ["exchange", "symbol", "base", "tiers", "unknown_tiers", "quality", "guarded", "source"] as const;

type Rows = ReplayFrame["rows"];
type WordColumns = Pick<Rows, (typeof WORDS)[number]>;
type NumberName = Exclude<keyof Rows, keyof WordColumns>;

/** One bar close: rows by column, NaN where a number is not known. */
export interface Frame {
  readonly ts: number;
  readonly keys: readonly string[];
  readonly numbers: Readonly<Record<string, Float64Array>>;
  readonly words: WordColumns;
  readonly alerts: readonly ReplayAlert[];
  readonly revised: readonly Revised[];
}

/** Nearly all lists of marks are empty: they share one object. */
const NONE: never[] = [];
const NOTHING = {};
const shared = <T>(lists: readonly T[][]): T[][] => lists.map((list) => (list.length === 0 ? (NONE as T[]) : list));

/** A frame of the API with its numbers packed: a third of the memory, and nothing to collect. */
export function packed({ ts, rows, alerts, revised }: ReplayFrame): Frame {
  const names = (Object.keys(rows) as (keyof Rows)[]).filter((name): name is NumberName => !(WORDS as readonly string[]).includes(name));
  const numbers = names.map((name) => [name, Float64Array.from(rows[name], (value) => value ?? NaN)] as const);
  return {
    ts,
    keys: rows.symbol.map((symbol, i) => pairKey({ exchange: rows.exchange[i] ?? "", symbol })),
    numbers: Object.fromEntries(numbers),
    words: {
      exchange: rows.exchange, symbol: rows.symbol, base: rows.base, source: rows.source,
      tiers: shared(rows.tiers), unknown_tiers: shared(rows.unknown_tiers), quality: shared(rows.quality),
      guarded: rows.guarded.map((one) => (Object.keys(one).length === 0 ? NOTHING : one)),
    },
    alerts,
    revised,
  };
}

/** A number of a frame's row; null where it is not known. */
export function valueAt(frame: Frame, column: string, row: number): number | null {
  const value = frame.numbers[column]?.[row] ?? NaN;
  return Number.isNaN(value) ? null : value;
}

/** What only the newest row of a pair has; nothing of it is known of a bar of the past. */
const LIVE = {
  live_price: null, live_ts: null, live_oi_abs_usd: null, live_source: null, price_change_24h_pct: null, volume_24h_usd: null,
  oi_change_1h_pct: null, oi_change_4h_pct: null, oi_change_24h_pct: null, oi_price_quadrant: null, funding_next: null,
  funding_next_ts: null, market_cap_usd: null, oi_mcap_pct: null, listed_ts: null, age_s: 0,
} satisfies Partial<MetricRow>;

/** A frame's row as the table shows rows. */
function viewAt(frame: Frame, row: number, timeframe: string): RowView {
  const numbers = Object.fromEntries(Object.keys(frame.numbers).map((name) => [name, valueAt(frame, name, row)]));
  const words = Object.fromEntries(WORDS.map((name) => [name, frame.words[name][row]]));
  const view = { ...LIVE, ...numbers, ...words, timeframe, ts: frame.ts };
  return { key: frame.keys[row] ?? "", row: view as unknown as MetricRow, at: frame.ts };
}

/** The rows of a frame. */
export const viewsOf = (frame: Frame, timeframe: string): RowView[] => frame.keys.map((_, row) => viewAt(frame, row, timeframe));
