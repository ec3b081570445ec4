import type { SimulatedTrade } from "../../../api/types";
import { exchangeName, exchangeTone } from "../../../lib/exchanges";
import { decimals, exact, price, signOf, whole } from "../../../lib/format";
import { hasWon } from "../../../lib/simulation/words";
import type { Column } from "../../../ui/grid/column";
import { Time } from "../../../ui/Time";
import { Unknown } from "../../../ui/Unknown";

/** A trade and its place in the order of time, which is its name here. */
export interface TradeRow {
  id: string;
  trade: SimulatedTrade;
}

export interface TradeContext {
  /** Length of a bar, ms. */
  stepMs: number;
}

const TONE = { 1: "text-up", 0: "text-ink", [-1]: "text-down" } as const;

/** Fractions as signed percent of three decimals, the unit in the header. */
export const percentText = (fraction: number) => `${fraction > 0 ? "+" : ""}${decimals(fraction * 100, 3)}`;

export function Percent({ value, toned = false, why = "A price within the trade is not known" }: { value: number | null; toned?: boolean; why?: string }) {
  if (value === null) return <Unknown why={why} />;
  return (
    <span title={exact(value * 100)} className={toned ? TONE[signOf(value * 100, 3)] : ""}>
      {percentText(value)}
    </span>
  );
}

export function Way({ direction }: Pick<SimulatedTrade, "direction">) {
  return direction > 0 ? <span className="text-up">▲ long</span> : <span className="text-down">▼ short</span>;
}

export function Price({ value }: { value: number | null }) {
  return value === null ? <Unknown why="The price is not known" /> : <span title={exact(value)}>{price(value)}</span>;
}

/** What is left of a trade, with a sign for who sees no colours. */
export function Net({ trade }: { trade: SimulatedTrade }) {
  const won = hasWon(trade);
  return (
    <>
      {won !== null && <span aria-hidden="true" className={won ? "text-up" : "text-down"}>{won ? "✓ " : "✗ "}</span>}
      <Percent value={trade.net} toned />
    </>
  );
}

/** Fees and slippage as they are taken off. */
const costsOf = ({ fees, slippage }: SimulatedTrade) => (fees === null || slippage === null ? null : -(fees + slippage));

export const coinOf = (symbol: string) => symbol.split("/")[0] ?? symbol;
export const heldBars = ({ entry_ts, exit_ts }: SimulatedTrade, stepMs: number) => Math.round((exit_ts - entry_ts) / stepMs) + 1;

type TradeColumn = Column<TradeRow, TradeContext>;

type Fraction = "gross" | "funding" | "net" | "regret" | "favourable" | "adverse";

const fraction = (id: Fraction, label: string, doc: string, toned = false): TradeColumn => ({
  id, label, unit: "%", doc, width: 80,
  sort: ({ trade }) => trade[id],
  cell: ({ trade }) => <Percent value={trade[id]} toned={toned} />,
});

const moment = (id: "entry_ts" | "exit_ts", label: string, doc: string): TradeColumn => ({
  id, label, unit: "bar opens", doc, width: 116,
  sort: ({ trade }) => trade[id],
  cell: ({ trade }) => <Time ts={trade[id]} className="whitespace-nowrap" />,
});

const paid = (id: "entry" | "exit", label: string, doc: string): TradeColumn => ({
  id, label, unit: "USDT", doc, width: 96,
  sort: ({ trade }) => trade[id],
  cell: ({ trade }) => <Price value={trade[id]} />,
});

export const COLUMNS: readonly TradeColumn[] = [
  {
    id: "pair", label: "Pair", unit: "", width: 96, text: true, doc: "The contract",
    sort: ({ trade }) => trade.symbol,
    cell: ({ trade }) => <span title={trade.symbol} className="block truncate font-semibold text-ink-strong">{coinOf(trade.symbol)}</span>,
  },
  {
    id: "exchange", label: "Exchange", unit: "", width: 88, text: true, doc: "Where it is traded",
    sort: ({ trade }) => exchangeName(trade.exchange),
    cell: ({ trade }) => (
      <span className="flex items-center gap-1.5 whitespace-nowrap">
        <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(trade.exchange)}`} />
        {exchangeName(trade.exchange)}
      </span>
    ),
  },
  { id: "direction", label: "Way", unit: "", width: 68, text: true, doc: "Long bets on a rise", sort: ({ trade }) => trade.direction, cell: ({ trade }) => <Way direction={trade.direction} /> },
  moment("entry_ts", "In", "The bar it enters at the open of"),
  moment("exit_ts", "Out", "The bar it leaves in"),
  {
    id: "held", label: "Held", unit: "bars", width: 56, doc: "Bars from the one entered in to the one left in, both counted",
    sort: ({ trade }, { stepMs }) => heldBars(trade, stepMs),
    cell: ({ trade }, { stepMs }) => whole(heldBars(trade, stepMs)),
  },
  paid("entry", "Entry", "Price entered at"),
  paid("exit", "Exit", "Price left at"),
  {
    id: "net", label: "Net", unit: "%", width: 92, doc: "What is left: the trade won where it is above 0",
    sort: ({ trade }) => trade.net,
    cell: ({ trade }) => (
      <span className="font-semibold"><Net trade={trade} /></span>
    ),
  },
  {
    id: "pnl", label: "PnL", unit: "USDT", width: 84, doc: "What it earned the account",
    sort: ({ trade }) => trade.pnl,
    cell: ({ trade }) =>
      trade.pnl === null ? <Unknown why="Nothing was traded with money" /> : <span title={exact(trade.pnl)} className={TONE[signOf(trade.pnl)]}>{`${trade.pnl > 0 ? "+" : ""}${decimals(trade.pnl, 2)}`}</span>,
  },
  fraction("regret", "Regret", "What the best close while it was held would have brought beyond its net; known only afterwards"),
  fraction("gross", "Gross", "Before costs"),
  {
    id: "costs", label: "Costs", unit: "%", width: 72, doc: "Fees and slippage of both sides",
    sort: ({ trade }) => costsOf(trade),
    cell: ({ trade }) => <Percent value={costsOf(trade)} />,
  },
  {
    id: "funding", label: "Funding", unit: "%", width: 72, doc: "Paid while it was held; below 0: received",
    sort: ({ trade }) => trade.funding,
    cell: ({ trade }) => <Percent value={trade.funding} />,
  },
  fraction("favourable", "Best", "Farthest in favour while it was held (MFE)"),
  fraction("adverse", "Worst", "Farthest against while it was held (MAE)"),
  { id: "reason", label: "Closed by", unit: "", width: 116, text: true, doc: "What ended it", sort: ({ trade }) => trade.reason, cell: ({ trade }) => <span title={trade.reason} className="block truncate">{trade.reason}</span> },
];
