import type { ReactNode } from "react";

import type { Catalog, MetricRow, NumberColumn } from "../../api/types";
import type { Thresholds } from "../../lib/filter";
import { change, coins, decimals, funding, price, ratio, sigma, signOf, usd } from "../../lib/format";
import { notable } from "../../lib/quality";
import type { RefreshOf } from "../../lib/provenance";
import { oiUsd, type RowView } from "../../lib/rows";
import { severityRank } from "../../lib/tiers";
import { FundingCountdown } from "../../ui/Age";
import { DivergingBar, SplitBar } from "../../ui/bars";
import { NumberCell } from "./cells";
import { AgeCell, ConfluenceCell, QuadrantCell, QualityCell, SymbolCell, TiersCell } from "./wordCells";

export interface CellContext {
  catalog: Catalog | null;
  limits: Thresholds;
  /** How often each exchange's series are renewed. */
  refresh: RefreshOf;
}

export interface Column {
  id: string;
  group: string;
  label: string;
  unit: string;
  width: number;
  /** Name in the server's catalog, for the header's explanation. */
  metric: string;
  /** Used when the catalog has no words for it. */
  doc: string;
  align: "left" | "right";
  /** Undefined sorts last, whichever way. */
  sortValue: (view: RowView) => number | string | undefined;
  cell: (view: RowView, context: CellContext) => ReactNode;
}

interface NumberSpec {
  label: string;
  unit: string;
  width: number;
  doc: string;
  format: (value: number) => string;
  signed?: (value: number) => -1 | 0 | 1;
  before?: (value: number) => ReactNode;
  after?: (row: MetricRow) => ReactNode;
  heat?: (value: number) => string | undefined;
  className?: string;
  /** Shown while the column itself is not known. */
  fallback?: NumberColumn;
}

/** Three significant digits of a percentage: 0.0123 · 1.23 · 12.3. */
const share = (value: number) => decimals(value, value >= 10 ? 1 : value >= 1 ? 2 : 3);

const signed = (value: number) => signOf(value);

function number(group: string, column: NumberColumn, spec: NumberSpec): Column {
  return {
    id: column,
    group,
    label: spec.label,
    unit: spec.unit,
    width: spec.width,
    metric: column,
    doc: spec.doc,
    align: "right",
    sortValue: ({ row }) => row[column] ?? undefined,
    cell: ({ row }, { catalog, refresh }) => (
      <NumberCell
        row={row}
        refresh={refresh}
        column={column}
        fallback={spec.fallback}
        catalog={catalog}
        format={spec.format}
        tone={spec.signed}
        before={spec.before}
        after={spec.after?.(row)}
        heat={spec.heat}
        className={spec.className}
      />
    ),
  };
}

/** Stronger with distance from the mean; the number and its sign stand on top of it. */
function zHeat(z: number): string | undefined {
  const strength = Math.min(Math.abs(z) / 5, 1);
  if (strength < 0.2) return undefined;
  return `rgb(var(--${z > 0 ? "up" : "down"}) / ${(strength * 0.34).toFixed(3)})`;
}

const funded = (row: MetricRow) =>
  row.funding_interval_h === null ? null : <span className="w-4 text-micro text-ink-faint">{row.funding_interval_h}h</span>;

export const COLUMNS: readonly Column[] = [
  {
    id: "symbol",
    group: "Pair",
    label: "Pair",
    unit: "exchange",
    width: 140,
    metric: "symbol",
    doc: "Coin, quote and exchange of the perpetual contract.",
    align: "left",
    sortValue: ({ row }) => `${row.base} ${row.exchange}`,
    cell: ({ row }) => <SymbolCell row={row} />,
  },
  number("Price", "live_price", { label: "Price", unit: "USDT", width: 80, doc: "Last traded price.", format: price, className: "text-ink-strong" }),
  number("Price", "price_change_24h_pct", { label: "24 h", unit: "%", width: 66, doc: "Price against the closed bar of 24 hours ago.", format: change, signed }),
  number("Signal", "z_score", { label: "Z", unit: "σ", width: 62, doc: "How unusual this bar's change of open interest is against the 20 bars before it.", format: sigma, signed, heat: zHeat, className: "font-semibold" }),
  {
    id: "tiers",
    group: "Signal",
    label: "Tiers",
    unit: "1–6",
    width: 68,
    metric: "tiers",
    doc: "Alert conditions that hold on the newest closed bar, most severe first.",
    align: "left",
    sortValue: ({ row }) => (row.tiers === null || row.tier === null ? undefined : -severityRank(row.tier)),
    cell: ({ row }, { catalog, limits }) => <TiersCell row={row} catalog={catalog} zThreshold={limits.z} />,
  },
  {
    id: "confluence",
    group: "Signal",
    label: "Confl.",
    unit: "of 3",
    width: 52,
    metric: "confluence",
    doc: "How many of the three conditions hold: Z, long/short, taker imbalance.",
    align: "right",
    sortValue: ({ row }) => row.confluence ?? undefined,
    cell: ({ row }, { catalog }) => <ConfluenceCell row={row} catalog={catalog} />,
  },
  {
    ...number("Open interest", "live_oi_abs_usd", { label: "OI", unit: "USD", width: 76, doc: "Open interest now (else at the last close), one side, in US dollars.", format: usd, fallback: "oi_abs_usd", className: "text-ink-strong" }),
    sortValue: ({ row }) => oiUsd(row) ?? undefined,
  },
  number("Open interest", "oi_delta_pct", { label: "OI Δ", unit: "% bar", width: 92, doc: "Change of open interest in coins over the newest closed bar.", format: change, signed, before: (v) => <DivergingBar value={v} scale={3} /> }),
  number("Long / short", "global_ls", { label: "LS global", unit: "ratio", width: 84, doc: "Long accounts for each short account, all traders.", format: ratio, before: (v) => <SplitBar ratio={v} /> }),
  number("Long / short", "top_ls", { label: "LS top", unit: "ratio", width: 58, doc: "Long for each short, top traders.", format: ratio }),
  number("Long / short", "ls_delta_pct", { label: "LS Δ", unit: "% bar", width: 60, doc: "Change of the global ratio over the newest closed bar.", format: change, signed }),
  number("Flow", "imbalance", { label: "Imbalance", unit: "%", width: 92, doc: "Taker buying less taker selling, as a share of both.", format: change, signed, before: (v) => <DivergingBar value={v} scale={15} /> }),
  number("Flow", "cvd", { label: "CVD", unit: "coins", width: 80, doc: "Taker buying less selling since 00:00 UTC.", format: coins, signed: (v) => Math.sign(v) as -1 | 0 | 1 }),
  number("Flow", "rsi", { label: "RSI", unit: "0–100", width: 52, doc: "Wilder's RSI over 14 bars.", format: (v) => decimals(v, 1) }),
  number("Funding", "funding", { label: "Funding", unit: "% / interval", width: 92, doc: "Rate last settled, for its own interval.", format: funding, signed: (v) => signOf(v * 100, 4), after: funded }),
  number("Funding", "funding_next", { label: "Predicted", unit: "% / interval", width: 80, doc: "Rate the exchange expects at the next settlement.", format: funding, signed: (v) => signOf(v * 100, 4) }),
  {
    id: "funding_next_ts",
    group: "Funding",
    label: "Next in",
    unit: "h:mm:ss",
    width: 72,
    metric: "funding_next_ts",
    doc: "Time to the next funding settlement.",
    align: "right",
    sortValue: ({ row }) => row.funding_next_ts ?? undefined,
    cell: (view) => <FundingCountdown view={view} />,
  },
  number("OI trend", "oi_change_1h_pct", { label: "OI 1 h", unit: "%", width: 66, doc: "Open interest in coins against 1 hour ago.", format: change, signed }),
  number("OI trend", "oi_change_4h_pct", { label: "OI 4 h", unit: "%", width: 66, doc: "Open interest in coins against 4 hours ago.", format: change, signed }),
  number("OI trend", "oi_change_24h_pct", { label: "OI 24 h", unit: "%", width: 68, doc: "Open interest in coins against 24 hours ago.", format: change, signed }),
  {
    id: "oi_price_quadrant",
    group: "OI trend",
    label: "Quadrant",
    unit: "price · OI, 1 h",
    width: 142,
    metric: "oi_price_quadrant",
    doc: "What price and open interest did together over one hour.",
    align: "left",
    sortValue: ({ row }) => row.oi_price_quadrant ?? undefined,
    cell: ({ row }, { catalog }) => <QuadrantCell row={row} catalog={catalog} />,
  },
  number("Market", "volume_24h_usd", { label: "Volume 24 h", unit: "USD", width: 88, doc: "Traded value of the last 24 hours.", format: usd }),
  number("Market", "market_cap_usd", { label: "Market cap", unit: "USD", width: 84, doc: "Market value of the coin, from CoinGecko, where known.", format: usd }),
  number("Market", "oi_mcap_pct", { label: "OI / cap", unit: "%", width: 66, doc: "Open interest of this pair as a share of its coin's market cap: how much leverage stands on how much coin.", format: share }),
  {
    id: "age_s",
    group: "Data",
    label: "Age",
    unit: "since heard",
    width: 92,
    metric: "age_s",
    doc: "Time since the exchange last spoke about this pair, and how: ws by websocket, rest by request.",
    align: "right",
    sortValue: ({ row, at }) => (row.age_s === null ? undefined : row.age_s * 1000 - at),
    cell: (view) => <AgeCell view={view} />,
  },
  {
    id: "quality",
    group: "Data",
    label: "Quality",
    unit: "marks",
    width: 128,
    metric: "quality",
    doc: "Anything to know about these figures. Empty: all is well.",
    align: "left",
    sortValue: ({ row }) => notable(row).length,
    cell: ({ row }) => <QualityCell row={row} />,
  },
];

export const TEMPLATE = COLUMNS.map((column) => `minmax(${column.width}px, ${column.width}fr)`).join(" ");
export const MIN_WIDTH = COLUMNS.reduce((sum, column) => sum + column.width, 0);

/** Neighbouring columns of one group, for the first header line. */
export const GROUPS = COLUMNS.reduce<{ name: string; span: number; start: number }[]>((groups, column, i) => {
  const last = groups[groups.length - 1];
  if (last?.name === column.group) last.span += 1;
  else groups.push({ name: column.group, span: 1, start: i });
  return groups;
}, []);

export const GROUP_STARTS: ReadonlySet<number> = new Set(GROUPS.map((group) => group.start));
