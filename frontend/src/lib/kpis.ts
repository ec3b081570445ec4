import type { RowView } from "./rows";
import { oiUsd } from "./rows";

export interface Kpis {
  oiUsd: number | null;
  pairs: { exchange: string; count: number }[];
  /** Mean of the known global long/short ratios, and the share of pairs above 1. */
  meanLs: number | null;
  longHeavy: number | null;
  zHigh: number;
  zLow: number;
  zKnown: number;
  /** Mean funding as a fraction per 8 hours, and the share of pairs above 0. */
  funding8h: number | null;
  fundingPositive: number | null;
  tiered: number;
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

const share = (values: readonly number[], test: (value: number) => boolean) =>
  values.length === 0 ? null : values.filter(test).length / values.length;

const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);

/** The strip above the table, from the rows it shows. Unknown values take no part. */
export function computeKpis(views: readonly RowView[], zThreshold: number): Kpis {
  const rows = views.map((view) => view.row);
  const oi = known(rows.map(oiUsd));
  const ls = known(rows.map((row) => row.global_ls));
  const z = known(rows.map((row) => row.z_score));
  const per8h = known(
    rows.map((row) => (row.funding === null ? null : (row.funding * 8) / (row.funding_interval_h ?? 8))),
  );
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.exchange, (counts.get(row.exchange) ?? 0) + 1);
  return {
    oiUsd: oi.length === 0 ? null : oi.reduce((sum, value) => sum + value, 0),
    pairs: [...counts].sort().map(([exchange, count]) => ({ exchange, count })),
    meanLs: mean(ls),
    longHeavy: share(ls, (value) => value > 1),
    zHigh: z.filter((value) => value > zThreshold).length,
    zLow: z.filter((value) => value < -zThreshold).length,
    zKnown: z.length,
    funding8h: mean(per8h),
    fundingPositive: share(per8h, (value) => value > 0),
    tiered: rows.filter((row) => (row.tiers ?? []).length > 0).length,
  };
}
