import type { SimulatedTrade } from "../../api/types";
import { whole } from "../../lib/format";
import { titleOf } from "../../lib/simulation/words";
import type { RunTrades } from "./useRunTrades";

interface Props {
  found: RunTrades;
  tf: string;
  /** Open time of the bar that is looked at. */
  at: number | null;
  onGo: (ts: number) => void;
  onTf: (tf: string) => void;
}

const BUTTON = "rounded border border-edge px-1.5 py-0.5 text-micro text-ink-strong hover:bg-raised disabled:opacity-50";

/** The nearest trade entered before or after a bar; the last or the first where no bar is looked at. */
export function neighbour(trades: readonly SimulatedTrade[], at: number | null, way: -1 | 1): SimulatedTrade | null {
  if (at === null) return (way < 0 ? trades[trades.length - 1] : trades[0]) ?? null;
  return (way < 0 ? trades.findLast((one) => one.entry_ts < at) : trades.find((one) => one.entry_ts > at)) ?? null;
}

function Step({ trade, name, sign, onGo }: { trade: SimulatedTrade | null; name: string; sign: string; onGo: (ts: number) => void }) {
  return (
    <button type="button" className={BUTTON} aria-label={name} title={name} disabled={trade === null} onClick={() => trade && onGo(trade.entry_ts)}>
      {sign}
    </button>
  );
}

/** Which run's trades are on the candles, what their marks mean, and a way through them. */
export function TradeLegend({ found: { run, trades, shown, setShown }, tf, at, onGo, onTf }: Props) {
  if (run === null) return null;
  const cut = run.trades.length < run.trade_count ? ` of the run's first ${whole(run.trades.length)}` : "";
  return (
    <div role="group" aria-label="Trades of a simulated run" className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-1 text-micro text-ink-soft">
      <span>
        Run <span className="font-semibold text-ink-strong [overflow-wrap:anywhere]">{titleOf(run.settings)}</span>
      </span>
      {run.data.tf === tf ? (
        <>
          <span>{whole(trades.length)} {trades.length === 1 ? "trade" : "trades"} of this pair{cut}</span>
          <span><span className="text-accent">▲ ▼ in</span> · <span className="text-up">■ ✓</span> <span className="text-down">■ ✗</span> out, won or lost</span>
          <span className="flex gap-1">
            <Step trade={neighbour(trades, at, -1)} name="The trade before" sign="‹" onGo={onGo} />
            <Step trade={neighbour(trades, at, 1)} name="The next trade" sign="›" onGo={onGo} />
          </span>
          <label className="flex items-center gap-1.5">
            <input type="checkbox" className="accent-[rgb(var(--accent))]" checked={shown} onChange={(event) => setShown(event.target.checked)} />
            shown
          </label>
        </>
      ) : (
        <span>
          Its trades were made on {run.data.tf}.{" "}
          <button type="button" className={BUTTON} onClick={() => onTf(run.data.tf)}>
            Show {run.data.tf}
          </button>
        </span>
      )}
    </div>
  );
}
