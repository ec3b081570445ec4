import type { MetricRow } from "../../api/types";
import { change, coins, decimals, funding, price, ratio, sigma, signOf, usd } from "../../lib/format";
import { notable } from "../../lib/quality";
import { oiUsd } from "../../lib/rows";
import { severityRank } from "../../lib/tiers";
import { FundingCountdown } from "../../ui/Age";
import { DivergingBar, SplitBar } from "../../ui/bars";
import { type Column, heat, number, words } from "./column";
import { OiTrailCell } from "./OiTrailCell";
import { RAW_COLUMNS } from "./rawColumns";
import { AgeCell, ConfluenceCell, QuadrantCell, QualityCell, SymbolCell, TiersCell } from "./wordCells";

export type { CellContext, Column } from "./column";

/** Three significant digits of a percentage: 0.0123 · 1.23 · 12.3. */
const share = (value: number) => decimals(value, value >= 10 ? 1 : value >= 1 ? 2 : 3);

const signed = (value: number) => signOf(value);
const fundingSign = (value: number) => signOf(value * 100, 4);

/** Tinted by the rate of eight hours: an hourly rate weighs eight times as much. */
const FULL_FUNDING = 0.001;
const fundingHeat = heat(FULL_FUNDING, 0.25);
const heatOfRate = (value: number, row: MetricRow) => fundingHeat((value * 8) / (row.funding_interval_h ?? 8));

const funded = (row: MetricRow) =>
  row.funding_interval_h === null ? null : <span className="w-4 text-micro text-ink-faint">{row.funding_interval_h}h</span>;

/** Which pair a row is; always the first, and always in sight. */
export const PAIR: Column = {
  id: "symbol",
  group: "Pair",
  label: "Pair",
  unit: "exchange",
  width: 208,
  metric: "symbol",
  doc: "Coin, quote and exchange of the perpetual contract.",
  align: "left",
  sortValue: ({ row }) => `${row.base} ${row.exchange}`,
  fields: ["exchange", "symbol"],
  order: ["base", "exchange"],
  cell: ({ row }) => <SymbolCell row={row} />,
};

const oi = (id: "oi_change_1h_pct" | "oi_change_4h_pct" | "oi_change_24h_pct", label: string, ago: string, scale: number) =>
  number("OI trend", id, { label, unit: "%", width: 68, doc: `Open interest in coins against ${ago} ago.`, format: change, signed, heat: heat(scale, 0.25) });

/** Every column beside the pair's name, as the chooser lists them. */
export const COLUMNS: readonly Column[] = [
  number("Price", "live_price", { label: "Price", unit: "USDT", width: 96, doc: "Last traded price.", format: price, className: "text-ink-strong" }),
  number("Price", "price_change_24h_pct", { label: "24 h", unit: "%", width: 66, doc: "Price against the closed bar of 24 hours ago.", format: change, signed }),
  number("Signal", "z_score", { label: "Z", unit: "σ", width: 62, doc: "How unusual this bar's change of open interest is against the 20 bars before it.", format: sigma, signed, heat: heat(5, 0.34), className: "font-semibold" }),
  words("Signal", "tiers", {
    label: "Tiers",
    unit: "1–6",
    width: 98,
    doc: "Alert conditions that hold on the newest closed bar, most severe first.",
    descFirst: true,
    order: null,
    sortValue: ({ row }) => (row.tiers === null || row.tier === null ? undefined : -severityRank(row.tier)),
    cell: ({ row }, { catalog, limits }) => <TiersCell row={row} catalog={catalog} zThreshold={limits.z} />,
  }),
  words("Signal", "confluence", {
    label: "Confl.",
    unit: "of 3",
    width: 56,
    doc: "How many of the three conditions hold: Z, long/short, taker imbalance.",
    align: "right",
    cell: ({ row }, { catalog }) => <ConfluenceCell row={row} catalog={catalog} />,
  }),
  {
    ...number("Open interest", "live_oi_abs_usd", { label: "OI", unit: "USD", width: 76, doc: "Open interest now (else at the last close), one side, in US dollars.", format: usd, fallback: "oi_abs_usd", className: "text-ink-strong" }),
    sortValue: ({ row }) => oiUsd(row) ?? undefined,
  },
  {
    id: "oi_trail",
    group: "Open interest",
    label: "OI, 24 bars",
    unit: "coins",
    width: 92,
    metric: "oi_contracts",
    doc: "Open interest in coins over the 24 newest closed bars.",
    align: "left",
    sortValue: null,
    fields: ["oi_contracts"],
    order: null,
    cell: (view) => <OiTrailCell view={view} />,
  },
  number("Open interest", "oi_delta_pct", { label: "OI Δ", unit: "% bar", width: 92, doc: "Change of open interest in coins over the newest closed bar.", format: change, signed, heat: heat(3, 0.25), before: (v) => <DivergingBar value={v} scale={3} /> }),
  number("Long / short", "global_ls", { label: "LS global", unit: "ratio", width: 88, doc: "Long accounts for each short account, all traders.", format: ratio, before: (v) => <SplitBar ratio={v} /> }),
  number("Long / short", "top_ls", { label: "LS top", unit: "ratio", width: 60, doc: "Long for each short, top traders.", format: ratio }),
  number("Long / short", "ls_delta_pct", { label: "LS Δ", unit: "% bar", width: 60, doc: "Change of the global ratio over the newest closed bar.", format: change, signed }),
  number("Flow", "imbalance", { label: "Imbalance", unit: "%", width: 96, doc: "Taker buying less taker selling, as a share of both.", format: change, signed, heat: heat(25, 0.25), before: (v) => <DivergingBar value={v} scale={15} /> }),
  number("Flow", "cvd", { label: "CVD", unit: "coins", width: 80, doc: "Taker buying less selling since 00:00 UTC.", format: coins, signed: (v) => Math.sign(v) as -1 | 0 | 1 }),
  number("Flow", "rsi", { label: "RSI", unit: "0–100", width: 56, doc: "Wilder's RSI over 14 bars.", format: (v) => decimals(v, 1) }),
  number("Funding", "funding", { label: "Funding", unit: "% / interval", width: 92, doc: "Rate last settled, for its own interval.", format: funding, signed: fundingSign, after: funded, heat: heatOfRate }),
  number("Funding", "funding_next", { label: "Predicted", unit: "% / interval", width: 80, doc: "Rate the exchange expects at the next settlement.", format: funding, signed: fundingSign, heat: heatOfRate }),
  words("Funding", "funding_next_ts", {
    label: "Next in",
    unit: "h:mm:ss",
    width: 72,
    doc: "Time to the next funding settlement.",
    align: "right",
    cell: (view) => <FundingCountdown view={view} />,
  }),
  oi("oi_change_1h_pct", "OI 1 h", "1 hour", 8),
  oi("oi_change_4h_pct", "OI 4 h", "4 hours", 12),
  oi("oi_change_24h_pct", "OI 24 h", "24 hours", 25),
  words("OI trend", "oi_price_quadrant", {
    label: "Quadrant",
    unit: "price · OI, 1 h",
    width: 142,
    doc: "What price and open interest did together over one hour.",
    cell: ({ row }, { catalog }) => <QuadrantCell row={row} catalog={catalog} />,
  }),
  number("Market", "volume_24h_usd", { label: "Volume 24 h", unit: "USD", width: 98, doc: "Traded value of the last 24 hours.", format: usd }),
  number("Market", "market_cap_usd", { label: "Market cap", unit: "USD", width: 88, doc: "Market value of the coin, from CoinGecko, where known.", format: usd }),
  number("Market", "oi_mcap_pct", { label: "OI / cap", unit: "%", width: 70, doc: "Open interest of this pair as a share of its coin's market cap: how much leverage stands on how much coin.", format: share }),
  words("Data", "age_s", {
    label: "Age",
    unit: "since heard",
    width: 92,
    doc: "Time since the exchange last spoke about this pair, and how: ws by websocket, rest by request.",
    align: "right",
    sortValue: ({ row, at }) => (row.age_s === null ? undefined : row.age_s * 1000 - at),
    cell: (view) => <AgeCell view={view} />,
  }),
  words("Data", "quality", {
    label: "Quality",
    unit: "marks",
    width: 128,
    doc: "Anything to know about these figures. Empty: all is well.",
    order: null,
    sortValue: ({ row }) => notable(row).length,
    cell: ({ row }) => <QualityCell row={row} />,
  }),
  ...RAW_COLUMNS,
];

const BY_ID = new Map([PAIR, ...COLUMNS].map((column) => [column.id, column]));

export const columnOf = (id: string): Column | undefined => BY_ID.get(id);

/** The columns of a choice in its order, the pair's name before them; what is no column any more is left out. */
export const columnsOf = (ids: readonly string[]): Column[] => [
  PAIR,
  ...ids.filter((id) => id !== PAIR.id).map(columnOf).filter((column) => column !== undefined),
];
