import type { Catalog, MetricRow } from "../api/types";

export type CellState = "ok" | "unpublished" | "unlisted" | "guarded" | "gap" | "warming" | "unknown";

export interface CellNote {
  state: CellState;
  /** Plain words for a tooltip; empty when all is well. */
  reason: string;
}

/** What a derived column is made of: it is unknown where its source is not published. */
const SOURCES: Partial<Record<keyof MetricRow, readonly string[]>> = {
  taker_sell: ["taker_buy"],
  imbalance: ["taker_buy"],
  cvd: ["taker_buy"],
  confluence: ["taker_buy", "global_ls"],
  tiers: ["taker_buy"],
  ls_delta_pct: ["global_ls"],
  z_score: ["oi_contracts"],
  oi_delta_pct: ["oi_contracts"],
};

/** Bars a column needs before it can say anything. */
const WARM_UP: Partial<Record<keyof MetricRow, string>> = {
  z_score: "needs 21 closed bars without a gap",
  confluence: "needs Z, which needs 21 closed bars",
  rsi: "needs 100 closed bars without a gap",
  cvd: "starts at 00:00 UTC",
  oi_change_24h_pct: "needs the bar of 24 hours ago",
  oi_change_4h_pct: "needs the bar of 4 hours ago",
  oi_change_1h_pct: "needs the bar of 1 hour ago",
  price_change_24h_pct: "needs the bar of 24 hours ago",
};

const OK: CellNote = { state: "ok", reason: "" };

export const marks = (row: MetricRow): readonly string[] => row.quality ?? [];

export const isStale = (row: MetricRow) => marks(row).includes("stale");

function unpublishedReason(row: MetricRow, column: string, catalog: Catalog | null): string | null {
  // The row decides: some pairs have by another way what their exchange does not publish.
  if (!marks(row).includes(`unpublished:${column}`)) return null;
  return catalog?.unpublished[row.exchange]?.[column] ?? `${row.exchange} does not publish it`;
}

type Rule = (row: MetricRow, column: keyof MetricRow, catalog: Catalog | null) => CellNote | null;

const guarded: Rule = (row, column) => {
  const raw = row.guarded?.[column];
  if (raw === undefined && !marks(row).includes(`guarded:${column}`)) return null;
  return { state: "guarded", reason: `Not fit to use: the raw value was ${raw === undefined ? "refused" : JSON.stringify(raw)}` };
};

const unpublished: Rule = (row, column, catalog) => {
  for (const source of [column, ...(SOURCES[column] ?? [])]) {
    const reason = unpublishedReason(row, source, catalog);
    if (reason === null) continue;
    const via = source === column ? "" : ` (made from ${source})`;
    return { state: "unpublished", reason: `Not published${via}: ${reason}` };
  }
  return null;
};

const OF_THE_COIN: ReadonlySet<keyof MetricRow> = new Set(["market_cap_usd", "oi_mcap_pct"] as const);

const unlisted: Rule = (_row, column) =>
  OF_THE_COIN.has(column)
    ? { state: "unlisted", reason: "No coin on CoinGecko's list has this ticker at this price" }
    : null;

/** What a hole in the record leaves unknown, and when it is known again. */
const GAPS: Partial<Record<keyof MetricRow, string>> = {
  oi_delta_pct: "the bar before this one is missing",
  ls_delta_pct: "the bar before this one is missing",
  z_score: "its 21 bars are not all there",
  z_raw: "its 21 bars are not all there",
  rsi: "it starts anew after a gap and needs 100 bars",
  taker_buy: "the exchange keeps no history of it",
  taker_sell: "the exchange keeps no history of it",
  imbalance: "the exchange keeps no history of it",
  cvd: "it is known again from 00:00 UTC on",
  confluence: "an input of it is missing",
  tiers: "an input of them is missing",
};

const gap: Rule = (row, column) => {
  const why = GAPS[column];
  if (!why || !marks(row).includes("gap")) return null;
  return { state: "gap", reason: `Gap in the record: ${why}` };
};

const warming: Rule = (row, column) => {
  const need = WARM_UP[column];
  if (!need || !marks(row).includes("warming")) return null;
  return { state: "warming", reason: `Warming up: ${need}` };
};

/** The first that applies is the reason. */
const RULES: readonly Rule[] = [guarded, unpublished, unlisted, gap, warming];

/** Why a cell is empty, or that it is fine. `column` may be derived: its sources are asked too. */
export function explain(row: MetricRow, column: keyof MetricRow, catalog: Catalog | null): CellNote {
  const value = row[column];
  if (value !== null && value !== undefined) return OK;
  for (const rule of RULES) {
    const note = rule(row, column, catalog);
    if (note) return note;
  }
  return { state: "unknown", reason: `Not known: ${WARM_UP[column] ?? "an input is missing"}` };
}

const WORDS: Record<string, string> = {
  stale: "stale: the exchange has not updated it in time",
  revised: "revised: a late row changed this bar after it was first seen",
  "ls:late": "long/short ratio is up to two bars older than the bar",
  "stamp:assumed": "time stamps assumed: not yet verified from data",
  partial: "partial: provisional until the last late figures are in, or a bar of its window is missing",
  gap: "gap: bars before this one are missing",
  backfilled: "backfilled: fetched from the exchange's history after it had been missed",
  warming: "warming up: some windows are not full yet",
  "oi:live": "open interest from the last live snapshot before the close",
};

/** A quality mark in words. */
export function inWords(mark: string): string {
  const known = WORDS[mark];
  if (known) return known;
  const [kind, column] = mark.split(":");
  if (kind === "guarded" && column) return `${column}: the raw value was refused as not fit`;
  if (kind === "unpublished" && column) return `${column}: not published by this exchange`;
  return mark;
}

export type MarkKind = "stale" | "guarded" | "gap" | "backfilled" | "warming" | "other";

const KINDS: readonly MarkKind[] = ["stale", "guarded", "gap", "backfilled", "warming"];

/** What sort of mark it is: each is shown in a form of its own. */
export const markKind = (mark: string): MarkKind => KINDS.find((kind) => mark.startsWith(kind)) ?? "other";

const rank = (mark: string) => [...KINDS, "other"].indexOf(markKind(mark));

/** Marks worth a flag in the table: what is merely not published is said in its own cell. */
export const notable = (row: MetricRow) =>
  marks(row)
    .filter((mark) => !mark.startsWith("unpublished:"))
    .sort((a, b) => rank(a) - rank(b));
