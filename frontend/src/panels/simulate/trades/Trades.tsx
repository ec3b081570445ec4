import { useMemo, useState } from "react";

import type { Run, SimulatedTrade } from "../../../api/types";
import { whole } from "../../../lib/format";
import { hasWon } from "../../../lib/simulation/words";
import { timeframeMs } from "../../../lib/timeframe";
import { Grid } from "../../../ui/grid/Grid";
import { Segmented } from "../../../ui/Segmented";
import { COLUMNS, type TradeContext, type TradeRow } from "./columns";
import { TradeCards } from "./TradeCards";

interface Props {
  run: Run;
  phone: boolean;
  /** Exchanges whose charts this server has. */
  exchanges: readonly string[];
  onOpen: (trade: SimulatedTrade) => void;
}

const ENDS = [
  { value: "all", label: "All" },
  { value: "won", label: "Won" },
  { value: "lost", label: "Lost" },
] as const;
type End = (typeof ENDS)[number]["value"];

const FIRST = { id: "entry_ts", desc: true };
const idOf = ({ id }: TradeRow) => id;

const fits = (end: End, trade: SimulatedTrade) => end === "all" || hasWon(trade) === (end === "won");

function Count({ run, shown }: { run: Run; shown: number }) {
  const { trade_count: all, trades } = run;
  const cut = trades.length < all ? ` The first ${whole(trades.length)} of ${whole(all)} in order of time are here; the files have them all.` : "";
  return (
    <p role="status" className="text-micro leading-4 text-ink-soft">
      {whole(shown)} {shown === 1 ? "trade" : "trades"}. A click opens the chart at the bar entered in.{cut}
    </p>
  );
}

/** Every trade of a run; each leads to its place on the candles. */
export function Trades({ run, phone, exchanges, onOpen }: Props) {
  const [end, setEnd] = useState<End>("all");
  const rows = useMemo(
    () => run.trades.map((trade, i) => ({ id: String(i), trade })).filter(({ trade }) => fits(end, trade)),
    [run, end],
  );
  const context: TradeContext = useMemo(() => ({ stepMs: timeframeMs(run.data.tf) ?? 1 }), [run]);
  const targetOf = ({ id, trade }: TradeRow) => (exchanges.includes(trade.exchange) ? id : null);
  const open = (id: string) => {
    const trade = run.trades[Number(id)];
    if (trade) onOpen(trade);
  };
  if (run.trade_count === 0) {
    return <p role="status" className="p-6 text-center text-xs leading-5 text-ink-soft">No trade. The result says what became of the signals.</p>;
  }
  return (
    <section aria-label="Trades of the run" className="flex min-h-0 flex-1 flex-col overflow-hidden bg-panel md:rounded-lg md:border md:border-line">
      <header className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-3 py-2">
        <div className="min-w-0 flex-1 basis-64"><Count run={run} shown={rows.length} /></div>
        <Segmented label="Which trades" options={ENDS} value={end} onChange={(value) => setEnd(ENDS.find((one) => one.value === value)?.value ?? end)} />
      </header>
      <div className="min-h-0 flex-1">
        {phone ? (
          <TradeCards rows={rows} context={context} targetOf={targetOf} onOpen={open} />
        ) : (
          <Grid label="Trades of the run" rows={rows} columns={COLUMNS} context={context} first={FIRST} idOf={idOf} targetOf={targetOf} onOpen={open} />
        )}
      </div>
    </section>
  );
}
