import { useMemo, useState } from "react";

import type { Run, SimulatedTrade } from "../../api/types";
import { useRun } from "../../hooks/useRuns";
import { useUrl } from "../../hooks/useUrl";
import type { Series } from "./useBars";

export interface RunTrades {
  /** The run that is looked at; null where none is. */
  run: Run | null;
  /** Its trades of this pair, in order of time; none where they were made on bars of another length. */
  trades: readonly SimulatedTrade[];
  /** Those that are marked on the candles. */
  marked: readonly SimulatedTrade[];
  shown: boolean;
  setShown: (shown: boolean) => void;
}

const NONE: readonly SimulatedTrade[] = [];

/** What the run that the address names did with a pair: only where the pair was opened from the simulations. */
export function useRunTrades({ exchange, symbol, tf }: Series): RunTrades {
  const view = useUrl("view");
  const id = useUrl("run");
  const { run } = useRun(view === "simulate" ? id : null);
  const trades = useMemo(() => {
    if (run?.data.tf !== tf) return NONE;
    return run.trades.filter((trade) => trade.exchange === exchange && trade.symbol === symbol).sort((a, b) => a.entry_ts - b.entry_ts);
  }, [run, exchange, symbol, tf]);
  const [shown, setShown] = useState(true);
  return { run, trades, marked: shown ? trades : NONE, shown, setShown };
}
