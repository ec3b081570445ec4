import { isStale } from "../../lib/quality";
import { settled8h } from "../../lib/funding";
import type { RowView } from "../../lib/rows";

export interface Spread {
  /** Largest less smallest settled rate per 8 hours, as a fraction. */
  value: number;
  /** Exchanges it is over. */
  n: number;
}

export interface FundingRow {
  view: RowView;
  /** Null with fewer than two exchanges. */
  spread: Spread | null;
}

/** How far the exchanges' rates of each coin lie apart; stale rows take no part. */
export function spreads(views: readonly RowView[]): ReadonlyMap<string, Spread> {
  const byCoin = new Map<string, Map<string, number[]>>();
  for (const { row } of views) {
    const rate = settled8h(row);
    if (rate === null || isStale(row)) continue;
    const coin = byCoin.get(row.base) ?? new Map<string, number[]>();
    coin.set(row.exchange, [...(coin.get(row.exchange) ?? []), rate]);
    byCoin.set(row.base, coin);
  }
  return new Map(
    [...byCoin].flatMap(([base, coin]) => {
      if (coin.size < 2) return [];
      const rates = [...coin.values()].flat();
      return [[base, { value: Math.max(...rates) - Math.min(...rates), n: coin.size }] as const];
    }),
  );
}

/** The rows of the table; spreads are over all exchanges, whichever are shown. */
export function fundingRows(all: readonly RowView[], shown: readonly RowView[]): FundingRow[] {
  const apart = spreads(all);
  return shown.map((view) => ({ view, spread: apart.get(view.row.base) ?? null }));
}
