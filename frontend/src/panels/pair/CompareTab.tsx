import { Suspense, useMemo } from "react";

import type { Catalog, MetricRow } from "../../api/types";
import { useColours } from "../../charts/colours";
import type { OverlayLine } from "../../charts/lines/OverlayLines";
import { OverlayLines } from "../../charts/registry";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { change, decimals, exact, price, ratio, sigma, usd } from "../../lib/format";
import { explain, isStale } from "../../lib/quality";
import { oiUsd, type RowView } from "../../lib/rows";
import { themeColour } from "../../lib/theme";
import { Age } from "../../ui/Age";
import { coinPrice, type Listed, multiplierOf, oiIndexed, per8h, shares, spreadBps } from "./compare";
import { useListed } from "./useListed";

interface Props {
  /** The coin's pairs, one an exchange. */
  views: readonly RowView[];
  tf: string;
  catalog: Catalog | null;
}

interface Figure {
  title: string;
  unit: string;
  column: keyof MetricRow;
  value: (row: MetricRow, share: number | null) => number | null;
  format: (value: number) => string;
}

const FIGURES: readonly Figure[] = [
  { title: "Price of one coin", unit: "USDT", column: "live_price", value: (row) => coinPrice(row.live_price, row), format: price },
  { title: "OI", unit: "USD", column: "oi_abs_usd", value: oiUsd, format: usd },
  { title: "Share of OI", unit: "%", column: "oi_abs_usd", value: (_row, share) => share, format: (value) => decimals(value, 1) },
  { title: "OI Δ, one bar", unit: "%", column: "oi_delta_pct", value: (row) => row.oi_delta_pct, format: change },
  { title: "Funding per 8 h", unit: "%", column: "funding", value: (row) => per8h(row.funding, row.funding_interval_h), format: (value) => `${value > 0 ? "+" : ""}${decimals(value, 4)}` },
  { title: "LS global", unit: "ratio", column: "global_ls", value: (row) => row.global_ls, format: ratio },
  { title: "Z of OI Δ", unit: "σ", column: "z_score", value: (row) => row.z_score, format: sigma },
];

const DASHES = [undefined, "7 3", "2 3"];

function Cell({ figure, view, share, catalog }: { figure: Figure; view: RowView; share: number | null; catalog: Catalog | null }) {
  const value = figure.value(view.row, share);
  if (value !== null) {
    return <td data-figure={figure.title} data-value={value} title={exact(value)} className="px-3 py-1.5 text-right text-ink-strong">{figure.format(value)}</td>;
  }
  const why = explain(view.row, figure.column, catalog).reason || "Not known: another exchange's open interest is missing";
  return <td title={why} className="px-3 py-1.5 text-right text-ink-faint">–</td>;
}

function Table({ views, catalog }: Pick<Props, "views" | "catalog">) {
  const shared = shares(views.map(({ row }) => oiUsd(row)));
  return (
    <table className="w-full min-w-[44rem] text-xs">
      <caption className="sr-only">The coin on every exchange that lists it</caption>
      <thead>
        <tr className="border-b border-line text-micro text-ink-soft">
          <th scope="col" className="px-3 py-1.5 text-left font-medium">Exchange</th>
          {FIGURES.map(({ title, unit }) => (
            <th key={title} scope="col" className="px-3 py-1.5 text-right font-medium">{title} <span className="text-ink-faint">{unit}</span></th>
          ))}
          <th scope="col" className="px-3 py-1.5 text-right font-medium">Heard</th>
        </tr>
      </thead>
      <tbody>
        {views.map((view, i) => (
          <tr key={view.key} className={`border-b border-line/70 ${isStale(view.row) ? "text-ink-faint" : ""}`}>
            <th scope="row" className="whitespace-nowrap px-3 py-1.5 text-left font-medium text-ink-strong">
              <span aria-hidden="true" className={`mr-2 inline-block h-2 w-2 rounded-full ${exchangeTone(view.row.exchange)}`} />
              {exchangeName(view.row.exchange)}
              {multiplierOf(view.row.symbol, view.row.base) !== 1 && <span className="ml-1 text-micro text-ink-faint">{view.row.symbol.split("/")[0]}</span>}
            </th>
            {FIGURES.map((figure) => <Cell key={figure.title} figure={figure} view={view} share={shared[i] ?? null} catalog={catalog} />)}
            <td className="px-3 py-1.5 text-right text-ink-soft"><Age view={view} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function useLines(views: readonly RowView[]): OverlayLine[] {
  const colours = useColours();
  return useMemo(
    () => views.map(({ key, row }, i) => {
      const dash = DASHES[i % DASHES.length];
      const tone = exchangeTone(row.exchange).slice("bg-".length);
      return { name: key, label: exchangeName(row.exchange), colour: themeColour(tone), ...(dash ? { dash } : {}) };
    }),
    // The theme's colours are read anew when they change.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [views, colours],
  );
}

/** The same coin on all exchanges: figures side by side, open interest indexed, prices against their mean. */
export function CompareTab({ views, tf, catalog }: Props) {
  const { bars, failed } = useListed(views, tf);
  const lines = useLines(views);
  // Rows change with every tick; which pairs there are does not.
  const names = views.map(({ key, row }) => `${key}|${row.base}`).join(" ");
  const listed = useMemo(
    () => names.split(" ").filter(Boolean).flatMap((name): Listed[] => {
      const [exchange = "", symbol = "", base = ""] = name.split("|");
      const key = `${exchange}|${symbol}`;
      const found = bars[key];
      return found ? [{ name: key, bars: found, multiplier: multiplierOf(symbol, base) }] : [];
    }),
    [bars, names],
  );
  const indexed = useMemo(() => oiIndexed(listed), [listed]);
  const spread = useMemo(() => spreadBps(listed), [listed]);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard
    <div tabIndex={0} role="region" aria-label="All exchanges" className="h-full space-y-4 overflow-auto p-3">
      <Table views={views} catalog={catalog} />
      {failed.length > 0 && <p role="alert" className="text-xs text-down">The history could not be read: {failed.map((key) => exchangeName(key.split("|")[0] ?? "")).join(", ")}</p>}
      <Suspense fallback={<div className="skeleton h-56" />}>
        {indexed.length > 0 ? (
          <OverlayLines title="Open interest, indexed" about="in coins; 100 at the first bar that is known on every exchange" rows={indexed} lines={lines} format={(value) => decimals(value, 1)} unit="" level={100} />
        ) : (
          listed.length > 0 && <p className="text-xs text-ink-soft">No bar at which the open interest of every exchange is known: nothing to index.</p>
        )}
        {listed.length > 1 && (
          <OverlayLines title="Price against the mean" about="each exchange's close against the mean of all, where at least two are known" rows={spread} lines={lines} format={(value) => decimals(value, 1)} unit="bps" level={0} />
        )}
      </Suspense>
      {views.length === 1 && <p className="text-xs text-ink-soft">No other exchange here lists this coin.</p>}
    </div>
  );
}
