import { useMemo } from "react";

import { fetchWeightedOi } from "../../api/markets";
import type { WeightedCoin } from "../../api/types";
import { useClosedBars } from "../../hooks/useClosedBars";
import { exchangeName } from "../../lib/exchanges";
import { decimals, whole } from "../../lib/format";
import { pairKey } from "../../lib/rows";
import { timeframeMs } from "../../lib/timeframe";
import { compareColumns, furthest, largest, listingOf } from "./compareColumns";
import { Grid } from "../../ui/grid/Grid";
import type { MarketProps } from "./Markets";
import { Nothing, Pane, Skeleton } from "./Pane";
import { fits } from "./pairs";

const FIRST = { id: "weighted_oi", desc: true };
const NONE: readonly WeightedCoin[] = [];

const pairOf = (coin: WeightedCoin) => {
  const listing = largest(coin);
  return listing === undefined ? null : pairKey(listing);
};

/** Each coin across exchanges: where open interest is, and which exchange departs from the others. */
export function Compare({ live, tf, exchange, search, exchanges, divergenceSigma, onOpen }: MarketProps) {
  const { data, error, again } = useClosedBars(live, tf, "weighted-oi", (signal) => fetchWeightedOi(tf ?? "", signal));
  const coins = data ?? NONE;
  const newest = coins.reduce((latest, { ts }) => Math.max(latest, ts), 0);
  const columns = useMemo(() => compareColumns(exchanges), [exchanges]);
  const context = useMemo(() => ({ sigma: divergenceSigma, newest }), [divergenceSigma, newest]);
  const rows = useMemo(
    () =>
      coins.filter(
        (coin) =>
          (exchange === "" || listingOf(coin, exchange) !== undefined) &&
          fits(`${coin.base} ${coin.exchanges.map(({ symbol }) => symbol).join(" ")}`, search),
      ),
    [coins, exchange, search],
  );
  const far = rows.filter((coin) => Math.abs(furthest(coin) ?? 0) > divergenceSigma).length;
  const bar = tf === null ? null : timeframeMs(tf);

  const content = () => {
    if (data === null) return error === null ? <Skeleton of="the comparison" /> : <Nothing title="No comparison">The server has not answered yet.</Nothing>;
    if (rows.length > 0) {
      return (
        <Grid
          label="Coins compared across exchanges"
          rows={rows}
          columns={columns}
          context={context}
          first={FIRST}
          idOf={(coin) => coin.base}
          targetOf={pairOf}
          onOpen={onOpen}
        />
      );
    }
    if (coins.length > 0) return <Nothing title="No coin fits">Nothing matches the search and the exchange together.</Nothing>;
    return <Nothing title="No coins yet">They come with the first closed bars.</Nothing>;
  };
  return (
    <Pane
      title="Exchanges compared"
      about={
        <>
          {whole(rows.length)} coins{exchange !== "" && ` that ${exchangeName(exchange)} has`}; {whole(far)} where an exchange departs by more than{" "}
          {decimals(divergenceSigma, 1)} σ (tier 5). A click opens the chart of that exchange&apos;s pair.
        </>
      }
      asOf={newest === 0 || bar === null ? null : newest + bar}
      error={error}
      onRetry={again}
    >
      {content()}
    </Pane>
  );
}
