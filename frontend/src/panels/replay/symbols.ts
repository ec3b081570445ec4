import type { RowView } from "../../lib/rows";

/**
 * Symbols for what a reader typed, commas between them: a coin means its pairs on every exchange; what is
 * neither stays as it is, and the server says that it knows none of that name.
 */
export function symbolsOf(typed: string, rows: readonly RowView[]): string {
  const words = typed.split(/[\s,;]+/).filter(Boolean).map((word) => word.toUpperCase());
  const found = words.flatMap((word) => {
    const coins = rows.filter(({ row }) => row.base.toUpperCase() === word || row.symbol.toUpperCase() === word);
    return coins.length > 0 ? coins.map(({ row }) => row.symbol) : [word];
  });
  return [...new Set(found)].sort().join(",");
}
