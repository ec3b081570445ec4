import { type ReactNode, useMemo } from "react";

import type { Bars } from "../../charts/bars";
import { barTime } from "../../charts/times";
import { exchangeName } from "../../lib/exchanges";
import { type Noted } from "../../lib/playback/marks";
import { pairKey } from "../../lib/rows";
import { Icon } from "../../ui/Icon";
import { usePairBars } from "./usePairBars";
import type { Playing } from "./usePlayer";
import type { Recorded, Scope } from "./useStretch";

/** What a chart of a replay draws. */
export interface Charted {
  exchange: string;
  symbol: string;
  tf: string;
  bars: Bars;
  /** Of the pair, up to the bar that is shown. */
  alerts: readonly Noted[];
}

interface Props {
  pair: string;
  scope: Scope;
  playing: Playing;
  recorded: Recorded;
  alerts: readonly Noted[];
  draw: (charted: Charted) => ReactNode;
  onClose: () => void;
}

/** Alerts of a pair up to a bar: none of them tells of what is to come. */
function useAlertsUntil(alerts: readonly Noted[], pair: string, at: number): readonly Noted[] {
  const mine = useMemo(() => alerts.filter((alert) => pairKey(alert) === pair), [alerts, pair]);
  const count = mine.filter(({ ts }) => ts <= at).length;
  return useMemo(() => mine.slice(0, count), [mine, count]);
}

function note(replayedFrom: number | null, bars: Bars): string {
  const first = bars.ts[0];
  if (replayedFrom === null || first === undefined || replayedFrom <= first) return "";
  return `As seen from ${barTime(replayedFrom)} on`;
}

/** The chosen pair's candles and panes, up to the bar that is shown. */
export function PairChart({ pair, scope, playing, recorded, alerts, draw, onClose }: Props) {
  const { bars, error, loading, replayedFrom } = usePairBars(pair, scope.tf, playing, recorded);
  const cut = pair.indexOf("|");
  const [exchange, symbol] = [pair.slice(0, cut), pair.slice(cut + 1)];
  const until = useAlertsUntil(alerts, pair, playing.player.at);
  return (
    <section aria-label="Chart" className="flex h-full min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex h-9 shrink-0 items-center gap-2 border-b border-line px-3">
        <h2 className="shrink-0 text-xs font-semibold text-ink-strong" title={symbol}>{symbol.split("/")[0]}</h2>
        <span className="shrink-0 text-micro text-ink-soft">{exchangeName(exchange)} · {scope.tf}</span>
        {error !== null && <span role="alert" className="truncate text-micro text-down" title={error}>The bars before could not be read: {error}</span>}
        {loading && error === null && <span role="status" className="text-micro text-ink-soft">reading the record…</span>}
        <span className="ml-auto truncate text-micro text-ink-faint" title="What was seen then is known of the bars that have been replayed; those before are as the record has them now">
          {scope.as === "seen" && error === null && !loading && note(replayedFrom, bars)}
        </span>
        <button type="button" aria-label="Close the chart" title="Close the chart (Esc)" onClick={onClose} className="shrink-0 rounded p-1.5 text-ink-soft hover:bg-raised hover:text-ink-strong">
          <Icon name="close" className="h-3 w-3" />
        </button>
      </header>
      <div className="min-h-0 flex-1">{draw({ exchange, symbol, tf: scope.tf, bars, alerts: until })}</div>
    </section>
  );
}
