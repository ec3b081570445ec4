import type { RowView } from "../../lib/rows";

/** BTC/USDT:USDT as a reader calls it. */
export const shortSymbol = (symbol: string) => symbol.split(":")[0] ?? symbol;

export const coinOf = (symbol: string) => symbol.split("/")[0] ?? symbol;

/** Whether every word of a search occurs in the text. */
export function fits(text: string, search: string): boolean {
  const lower = text.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

export const rowsOf = (views: readonly RowView[], exchange: string, search: string, name: (id: string) => string) =>
  views.filter(
    ({ row }) =>
      (exchange === "" || row.exchange === exchange) &&
      fits(`${row.base} ${row.symbol} ${row.exchange} ${name(row.exchange)}`, search),
  );
