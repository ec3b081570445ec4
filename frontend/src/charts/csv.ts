/** CSV of what a chart shows: one line a bar, unknown is empty. */
import { type Bars, slice } from "./bars";

/** A cell a spreadsheet would run as a formula becomes text; numbers stay numbers. */
export function harmless(text: string): string {
  const numeric = text.trim() !== "" && Number.isFinite(Number(text));
  return /^[=+\-@\t\r]/.test(text) && !numeric ? `'${text}` : text;
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const cell = (value: string | number | null | undefined) =>
  value === null || value === undefined ? "" : quoted(harmless(String(value)));

export interface CsvWanted {
  exchange: string;
  symbol: string;
  timeframe: string;
  /** Slots, both inclusive. */
  from: number;
  to: number;
  columns: readonly string[];
}

export function toCsv(bars: Bars, wanted: CsvWanted): string {
  const shown = slice(bars, Math.max(0, wanted.from), wanted.to + 1);
  const header = ["exchange", "symbol", "timeframe", "ts", "time_utc", ...wanted.columns, "tiers", "quality"];
  const lines = shown.ts.map((ts, i) =>
    [
      wanted.exchange, wanted.symbol, wanted.timeframe, ts, new Date(ts).toISOString(),
      ...wanted.columns.map((name) => shown.columns[name]?.[i]),
      shown.tiers[i]?.join(" "), shown.quality[i]?.join(" "),
    ].map(cell).join(","),
  );
  return `${[header.join(","), ...lines].join("\r\n")}\r\n`;
}
