import { exchangeName } from "../../../lib/exchanges";
import { type Chip, CHIP_TEXTS, type Filter, type Thresholds } from "../../../lib/filter";
import type { RowView } from "../../../lib/rows";
import type { Sort } from "../../../lib/setup";
import { columnOf, columnsOf } from "../columns";

export interface Shown {
  tf: string;
  filter: Filter;
  /** The reader's condition; empty: none. */
  text: string;
  limits: Thresholds;
  /** Only a watchlist is shown. */
  listed: boolean;
  /** What is shown, for a choice that has no words in the grammar. */
  rows: readonly RowView[];
  columns: readonly string[];
  sort: readonly Sort[];
}

/** What the server is asked for, or why it cannot be. */
export type Query = { query: URLSearchParams; ordered: boolean } | { why: string };

const MAX_LETTERS = 2000;

/** The search in the words of the server, which looks in coin and symbol only; null when it means more here. */
function searchOf(search: string): string | null {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const [word = ""] = words;
  if (words.length > 1) return null;
  const inName = ["binanceusdm", "bybit", "okx"].some((id) => `${id} ${exchangeName(id)}`.toLowerCase().includes(word));
  return word !== "" && inName ? null : word;
}

const joined = (texts: readonly string[]) => {
  const known = texts.filter((text) => text !== "");
  return known.length < 2 ? known.join("") : known.map((text) => `(${text})`).join(" and ");
};

const chipText = (chip: Chip, limits: Thresholds) => CHIP_TEXTS[chip]?.(limits) ?? null;

/** The server's words for an order; what only the page knows how to order is left out. */
function orderOf(sort: readonly Sort[]): { keys: string[]; ordered: boolean } {
  const known = sort.map(({ id, desc }) => ({ order: columnOf(id)?.order ?? null, desc }));
  const keys = known.flatMap(({ order, desc }) => (order ?? []).map((name) => `${desc ? "-" : ""}${name}`));
  // Ties stand here as they come, the largest first.
  return { keys: [...keys, "-live_oi_abs_usd"], ordered: known.every(({ order }) => order !== null) };
}

/** What is shown in the server's words: by its conditions, or by the names of its rows where it has none. */
function choiceOf({ filter, limits, listed, text, rows }: Shown): Record<"search" | "filter" | "pairs", string> {
  const search = searchOf(filter.search);
  const chip = chipText(filter.chip, limits);
  const condition = chip === null ? "" : joined([chip, text]);
  if (listed || search === null || chip === null || condition.length > MAX_LETTERS) {
    return { search: "", filter: "", pairs: rows.map(({ key }) => key).join(",") };
  }
  return { search, filter: condition, pairs: "" };
}

/** How to ask the server for exactly the rows and columns that are shown. */
export function exportQuery(shown: Shown, format: string): Query {
  if (shown.rows.length === 0) return { why: "Nothing is shown, so there is nothing to export." };
  const { keys, ordered } = orderOf(shown.sort);
  const fields = columnsOf(shown.columns).flatMap((column) => column.fields);
  const query = new URLSearchParams({ kind: "metrics", format, tf: shown.tf, sort: keys.join(","), columns: [...new Set(fields)].join(",") });
  const asked = { exchange: shown.filter.exchange, ...choiceOf(shown) };
  for (const [name, value] of Object.entries(asked)) if (value !== "") query.set(name, value);
  return { query, ordered };
}
