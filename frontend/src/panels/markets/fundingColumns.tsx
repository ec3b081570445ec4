import type { Catalog } from "../../api/types";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { change, exact, funding, signOf, usd, whole } from "../../lib/format";
import { intervalOf, isDefaultRate, per8h, perYear } from "../../lib/funding";
import { explain } from "../../lib/quality";
import { oiUsd } from "../../lib/rows";
import { FundingCountdown } from "../../ui/Age";
import { Unknown } from "../../ui/Unknown";
import type { FundingRow } from "./fundingRows";
import type { Column } from "../../ui/grid/column";
import { coinOf, shortSymbol } from "./pairs";

export type Per = "interval" | "8h" | "year";

export interface FundingContext {
  per: Per;
  catalog: Catalog | null;
}

type FundingColumn = Column<FundingRow, FundingContext>;

const TONE = { 1: "text-up", 0: "text-ink", [-1]: "text-down" } as const;

/** A rate as the switch wants it, as a fraction. */
export function scaled(rate: number, intervalH: number, per: Per): number {
  if (per === "interval") return rate;
  return per === "8h" ? per8h(rate, intervalH) : perYear(rate, intervalH);
}

/** Percent: four decimals of a rate, two of a year's. */
const percentText = (fraction: number, per: Per) => (per === "year" ? change(fraction * 100) : funding(fraction));

function Rate({ rate, intervalH, per, why }: { rate: number | null; intervalH: number; per: Per; why: string }) {
  if (rate === null) return <Unknown why={why} />;
  const value = scaled(rate, intervalH, per);
  const usual = isDefaultRate(per8h(rate, intervalH));
  const tone = TONE[signOf(value * 100, per === "year" ? 2 : 4)];
  return (
    <span
      title={`${exact(value * 100)}\nThe rate itself: ${exact(rate * 100)} % per ${exact(intervalH)} h${usual ? "\nThe exchanges' default rate" : ""}`}
      className={usual ? "text-ink-faint" : tone}
    >
      {percentText(value, per)}
      {usual && <span className="sr-only"> default</span>}
    </span>
  );
}

const rateOf = (column: "funding" | "funding_next") => ({ view: { row } }: FundingRow, { per }: FundingContext) => {
  const rate = row[column];
  return rate === null ? null : Math.abs(scaled(rate, intervalOf(row), per));
};

const UNITS: Record<Per, string> = { interval: "% per interval", "8h": "% per 8 h", year: "% a year" };

/** The spread is of rates per 8 hours; a year's where the table shows years. */
const spreadFactor = (per: Per) => (per === "year" ? perYear(1, 8) : 1);

/** Units stand in the headers, and depend on the switch. */
export const fundingColumns = (per: Per): readonly FundingColumn[] => [
  {
    id: "pair", label: "Pair", unit: "", width: 104, text: true, doc: "The contract",
    sort: ({ view }) => view.row.symbol,
    cell: ({ view }) => <span title={shortSymbol(view.row.symbol)} className="block truncate font-semibold text-ink-strong">{coinOf(view.row.symbol)}</span>,
  },
  {
    id: "exchange", label: "Exchange", unit: "", width: 96, text: true, doc: "Where it is traded",
    sort: ({ view }) => exchangeName(view.row.exchange),
    cell: ({ view }) => (
      <span className="flex items-center gap-1.5 whitespace-nowrap">
        <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(view.row.exchange)}`} />
        {exchangeName(view.row.exchange)}
      </span>
    ),
  },
  {
    id: "settled", label: "Settled", unit: UNITS[per], width: 104,
    doc: "The rate last settled; plus: longs pay. Sorted by its size, whichever way it goes. Grey: the exchanges' default of 0.01 % per 8 h.",
    sort: rateOf("funding"),
    cell: ({ view: { row } }, { catalog }) => (
      <Rate rate={row.funding} intervalH={intervalOf(row)} per={per} why={explain(row, "funding", catalog).reason} />
    ),
  },
  {
    id: "predicted", label: "Predicted", unit: UNITS[per], width: 104,
    doc: "The rate the exchange predicts for the next settlement; it moves until then",
    sort: rateOf("funding_next"),
    cell: ({ view: { row } }, { catalog }) => (
      <Rate rate={row.funding_next} intervalH={intervalOf(row)} per={per} why={explain(row, "funding_next", catalog).reason} />
    ),
  },
  {
    id: "interval", label: "Interval", unit: "h", width: 68, doc: "Hours between settlements",
    sort: ({ view }) => view.row.funding_interval_h,
    cell: ({ view: { row } }, { catalog }) =>
      row.funding_interval_h === null ? (
        <Unknown why={`${explain(row, "funding_interval_h", catalog).reason}; rates are read as of 8 hours`} />
      ) : (
        <span title={exact(row.funding_interval_h)}>{whole(row.funding_interval_h)}</span>
      ),
  },
  {
    id: "next", label: "Settles in", unit: "h:mm:ss", width: 88, doc: "Time to the next settlement, by the exchange's clock",
    sort: ({ view }) => view.row.funding_next_ts,
    cell: ({ view }) =>
      view.row.funding_next_ts === null ? <Unknown why="Not known: the exchange has not told it yet" /> : <FundingCountdown view={view} />,
  },
  {
    id: "spread", label: "Spread", unit: per === "year" ? UNITS.year : UNITS["8h"], width: 88,
    doc: "Largest less smallest settled rate of the coin over the exchanges, brought to the same hours",
    sort: ({ spread }) => spread?.value ?? null,
    cell: ({ spread }) =>
      spread === null ? (
        <Unknown why="Not known: fewer than two exchanges have a fresh settled rate of this coin" sign="–" word="not known" />
      ) : (
        <span title={`${exact(spread.value * spreadFactor(per) * 100)}\nover ${spread.n} exchanges`}>
          {percentText(spread.value * spreadFactor(per), per).replace("+", "")}
        </span>
      ),
  },
  {
    id: "oi", label: "OI", unit: "USD, live", width: 84, doc: "Open interest, one side: what the rate is paid on",
    sort: ({ view }) => oiUsd(view.row),
    cell: ({ view }) => {
      const value = oiUsd(view.row);
      return value === null ? <Unknown why="Not known: the exchange has not told it" /> : <span title={exact(value)}>{usd(value)}</span>;
    },
  },
];
