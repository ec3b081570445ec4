/** One coin on several exchanges. Pure. */
import type { MetricRow } from "../../api/types";
import type { Bars, Column } from "../../charts/bars";
import { joinRows, type LineRow } from "../../charts/lines/points";

const FACTORS: Record<string, number> = { "1000": 1e3, "10000": 1e4, "1000000": 1e6, "1M": 1e6 };

/** How many coins one unit of a symbol is: 1000 for 1000PEPE/USDT:USDT of PEPE, 1 for BTC and for 1INCH. */
export function multiplierOf(symbol: string, base: string): number {
  const name = symbol.split("/")[0] ?? "";
  return name.endsWith(base) ? (FACTORS[name.slice(0, name.length - base.length)] ?? 1) : 1;
}

/** A price of one coin. */
export const coinPrice = (price: number | null, row: Pick<MetricRow, "symbol" | "base">) =>
  price === null ? null : price / multiplierOf(row.symbol, row.base);

/** Funding as percent per 8 hours; null when the rate or its interval is not known. */
export const per8h = (funding: number | null, hours: number | null) =>
  funding === null || hours === null || hours <= 0 ? null : ((funding * 8) / hours) * 100;

/** Share of each value in the sum of all, percent; null for all when one is not known: the whole is then unknown too. */
export function shares(values: readonly (number | null)[]): (number | null)[] {
  const total = values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
  return values.map((value) => (value === null || total === null || total <= 0 ? null : (value / total) * 100));
}

export interface Listed {
  name: string;
  bars: Bars;
  multiplier: number;
}

const times = (listed: readonly Listed[], pick: (bars: Bars) => Column | undefined): LineRow[] =>
  joinRows(Object.fromEntries(listed.map(({ name, bars }) => [name, { ts: bars.ts, values: pick(bars) ?? bars.ts.map(() => null) }])));

const known = (value: number | null | undefined): value is number => typeof value === "number" && value > 0;

/** Open interest in coins, 100 at the first bar at which every exchange's is known; before it nothing. */
export function oiIndexed(listed: readonly Listed[]): LineRow[] {
  const rows = times(listed, (bars) => bars.columns.oi_contracts);
  const names = listed.map(({ name }) => name);
  const begin = rows.findIndex((row) => names.every((name) => known(row[name])));
  const base = rows[begin];
  if (!base) return [];
  return rows.slice(begin).map((row) => {
    const one: LineRow = { ts: row.ts };
    for (const name of names) {
      const value = row[name];
      const first = base[name];
      one[name] = known(value) && known(first) ? (value / first) * 100 : null;
    }
    return one;
  });
}

/** Each exchange's close against the mean of all, in basis points; only where at least two are known. */
export function spreadBps(listed: readonly Listed[]): LineRow[] {
  const rows = times(listed, (bars) => bars.columns.close);
  return rows.map((row) => {
    const prices = listed.map(({ name, multiplier }) => (known(row[name]) ? row[name] / multiplier : null));
    const some = prices.filter((price) => price !== null);
    const mean = some.reduce((sum, price) => sum + price, 0) / some.length;
    const one: LineRow = { ts: row.ts };
    listed.forEach(({ name }, i) => {
      const price = prices[i] ?? null;
      one[name] = some.length < 2 || price === null ? null : (price / mean - 1) * 1e4;
    });
    return one;
  });
}
