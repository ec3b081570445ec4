import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";

import { exchangeShort, exchangeTone } from "../../../lib/exchanges";
import { decimals } from "../../../lib/format";
import { button, input } from "../../../ui/forms";
import { sorted } from "../../../ui/grid/column";
import { Time } from "../../../ui/Time";
import { coinOf, COLUMNS, heldBars, Net, Percent, Price, type TradeContext, type TradeRow, Way } from "./columns";

interface Props {
  rows: readonly TradeRow[];
  context: TradeContext;
  targetOf: (row: TradeRow) => string | null;
  onOpen: (id: string) => void;
}

const HEIGHT = 104;
const GAP = 8;
const SORTS = COLUMNS.filter(({ id }) => ["entry_ts", "net", "pnl", "held", "regret", "pair"].includes(id));

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <span className="flex min-w-0 flex-col">
      <span className="text-[0.625rem] leading-3 text-ink-faint">{name}</span>
      <span className="truncate text-cell text-ink">{children}</span>
    </span>
  );
}

function Card({ row: { trade, id }, context, target, onOpen }: { row: TradeRow; context: TradeContext; target: string | null; onOpen: (id: string) => void }) {
  return (
    <button
      type="button"
      disabled={target === null}
      onClick={() => onOpen(id)}
      className="flex h-full w-full flex-col justify-between rounded-lg border border-line bg-panel p-3 text-left"
    >
      <span className="flex w-full items-baseline gap-2">
        <span className="truncate text-sm font-semibold text-ink-strong">{coinOf(trade.symbol)}</span>
        <span className="flex shrink-0 items-center gap-1 text-micro text-ink-soft">
          <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(trade.exchange)}`} />
          {exchangeShort(trade.exchange)}
        </span>
        <span className="shrink-0 text-micro"><Way direction={trade.direction} /></span>
        <span className="ml-auto shrink-0 text-sm font-semibold">
          <Net trade={trade} /> %
        </span>
      </span>
      <span className="text-micro text-ink-soft">
        <Time ts={trade.entry_ts} /> · {heldBars(trade, context.stepMs)} bars · {trade.reason}
      </span>
      <span className="grid w-full grid-cols-4 gap-x-2">
        <Fact name="Entry"><Price value={trade.entry} /></Fact>
        <Fact name="Exit"><Price value={trade.exit} /></Fact>
        <Fact name="PnL USDT">{trade.pnl === null ? "–" : decimals(trade.pnl, 2)}</Fact>
        <Fact name="Regret %"><Percent value={trade.regret} /></Fact>
      </span>
    </button>
  );
}

/** The trades on a phone: one card each, only the visible ones in the document. */
export function TradeCards({ rows, context, targetOf, onOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [sort, setSort] = useState({ id: "entry_ts", desc: true });
  const shown = useMemo(() => sorted(rows, COLUMNS, sort, context), [rows, sort, context]);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT + GAP,
    getItemKey: (index) => shown[index]?.id ?? index,
    overscan: 4,
  });
  return (
    <div className="flex h-full flex-col">
      <div className="flex items-center gap-2 px-3 py-2 text-micro text-ink-soft">
        <label className="flex items-center gap-2">
          Sort by
          <select className={input} value={sort.id} onChange={(event) => setSort({ ...sort, id: event.target.value })}>
            {SORTS.map(({ id, label }) => (
              <option key={id} value={id}>{label}</option>
            ))}
          </select>
        </label>
        <button type="button" className={button} onClick={() => setSort({ ...sort, desc: !sort.desc })}>
          {sort.desc ? "▼ down" : "▲ up"}
        </button>
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-auto px-3">
        <ul aria-label="Trades" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = shown[item.index];
            if (!row) return null;
            return (
              <li
                key={row.id} data-key={row.id} aria-posinset={item.index + 1} aria-setsize={shown.length}
                className="absolute inset-x-0" style={{ height: HEIGHT, transform: `translateY(${item.start}px)` }}
              >
                <Card row={row} context={context} target={targetOf(row)} onOpen={onOpen} />
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
