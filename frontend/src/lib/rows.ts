import type { MetricRow } from "../api/types";

/** A row on the page: identity is kept while the data behind it stays the same. */
export interface RowView {
  /** `pairKey` of the row. */
  key: string;
  row: MetricRow;
  /** Local clock (ms) when the row came: its age is counted from here, never from server time. */
  at: number;
}

/** A pair of an exchange. Stores hold one timeframe each, so this names a row there. */
export const pairKey = (row: Pick<MetricRow, "exchange" | "symbol">) => `${row.exchange}|${row.symbol}`;

/** Seconds since the exchange spoke, at local time `now`. */
export const ageOf = (view: RowView, now: number) => view.row.age_s + Math.max(0, now - view.at) / 1000;

/** Rows as old as this are grey while the page hears nothing: nobody else marks them then. */
const GREY_AFTER_S = 90;

const greyed = new WeakMap<RowView, RowView>();

/** A row as it stands without a server at local time `now`: marked `stale` once it is old. */
export function withoutServer(view: RowView, now: number): RowView {
  const { quality } = view.row;
  if (quality.includes("stale") || ageOf(view, now) < GREY_AFTER_S) return view;
  const found = greyed.get(view) ?? { ...view, row: { ...view.row, quality: ["stale", ...quality] } };
  greyed.set(view, found);
  return found;
}

/** The exchange's own clock at local time `now`, as well as a row can tell it. */
export function exchangeNow(view: RowView, now: number): number {
  const { live_ts: liveTs, age_s: ageS } = view.row;
  return liveTs === null ? now : liveTs + ageS * 1000 + (now - view.at);
}

/** Newest rows of one timeframe. Updates may repeat or come late; each pair ends on its newest. */
export class RowStore {
  seq: number | null = null;
  private views = new Map<string, RowView>();

  /** A full snapshot: what it does not name is gone. */
  replace(rows: readonly MetricRow[], seq: number | null, at: number): void {
    this.views = new Map(rows.map((row) => [pairKey(row), { key: pairKey(row), row, at }]));
    this.seq = seq;
  }

  /** Rows kept from before, each with the moment it came. */
  restore(views: readonly Omit<RowView, "key">[], seq: number | null): void {
    this.views = new Map(views.map(({ row, at }) => [pairKey(row), { key: pairKey(row), row, at }]));
    this.seq = seq;
  }

  /** Changed rows; false when they are older than what is here and were left out. */
  merge(rows: readonly MetricRow[], seq: number, at: number): boolean {
    if (this.seq !== null && seq < this.seq) return false;
    for (const row of rows) {
      const key = pairKey(row);
      this.views.set(key, { key, row, at });
    }
    this.seq = seq;
    return true;
  }

  list(): RowView[] {
    return [...this.views.values()];
  }

  get size(): number {
    return this.views.size;
  }
}

/** Local time (ms) at which the newest figure was true; null without any. */
export function freshestAt(views: readonly RowView[]): number | null {
  let best: number | null = null;
  for (const { row, at } of views) {
    const moment = at - row.age_s * 1000;
    if (best === null || moment > best) best = moment;
  }
  return best;
}

/** Keys of the `count` pairs with the largest open interest, one entry per (exchange, symbol). */
export function largestByOi(views: readonly RowView[], count: number): Set<string> {
  const known = views.filter(({ row }) => oiUsd(row) !== null);
  known.sort((a, b) => (oiUsd(b.row) ?? 0) - (oiUsd(a.row) ?? 0));
  return new Set(known.slice(0, count).map(({ key }) => key));
}

/** Live open interest, else that of the closed bar. */
export const oiUsd = (row: MetricRow) => row.live_oi_abs_usd ?? row.oi_abs_usd;
