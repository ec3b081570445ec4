import { type MutableRefObject, Suspense, useCallback, useMemo, useRef, useState } from "react";

import type { Alert, Catalog, MetricRow, SimulatedTrade } from "../../api/types";
import { type Bars, slotOf, stepOf } from "../../charts/bars";
import type { CandleHandle } from "../../charts/candles/CandleChart";
import type { ChartMark } from "../../charts/candles/markers";
import { readColours, useColours } from "../../charts/colours";
import { CandleChart } from "../../charts/registry";
import { explain } from "../../lib/quality";
import type { RowView } from "../../lib/rows";
import { alertStyle, alertTag, severityRank } from "../../lib/tiers";
import { themeColour } from "../../lib/theme";
import { captionOf, pictureOf, type Shown } from "./exports";
import type { Series } from "./useBars";
import { tradeMarks } from "./tradeMarks";
import { type Exporter, useExporter } from "./useExporter";
import type { Panes } from "./usePanes";

/** What a mark tells of an alert. */
type MarkedAlert = Pick<Alert, "ts" | "kind" | "tier" | "direction" | "text">;

interface Props {
  series: Series;
  view: RowView | null;
  bars: Bars;
  /** Nothing older will come. */
  whole: boolean;
  panes: Panes;
  alerts: readonly MarkedAlert[];
  /** Of the simulated run that is looked at. */
  trades: readonly SimulatedTrade[];
  at: number | null;
  catalog: Catalog | null;
  mode: "live" | "simulated" | null;
  onNeedOlder: () => void;
  exporterRef: MutableRefObject<Exporter | null>;
}

const DOWN = new Set(["down", "short", "-1"]);

/** Alerts and a run's trades as marks; the theme gives alerts the colours of their chips. */
function useMarks(alerts: readonly MarkedAlert[], trades: readonly SimulatedTrade[]): ChartMark[] {
  const colours = useColours();
  return useMemo(
    () => [...tradeMarks(trades, colours), ...alerts.map((alert): ChartMark => ({
      kind: "alert", ts: alert.ts, tag: alertTag(alert), text: alert.text,
      colour: themeColour(alertStyle(alert).text.slice("text-".length)),
      rank: severityRank(alert.kind === "tier" ? alert.tier : null),
      down: DOWN.has(String(alert.direction)),
    }))],
    // Colours are read anew when the theme changes.
    [alerts, trades, colours],
  );
}

/** A past bar as a row, for the words that explain what is not there. */
function pastRow(bars: Bars, slot: number, exchange: string): MetricRow {
  const values = Object.fromEntries(Object.entries(bars.columns).map(([name, column]) => [name, column[slot] ?? null]));
  return { ...values, exchange, quality: bars.quality[slot] ?? [], guarded: bars.guarded[slot] ?? null } as unknown as MetricRow;
}

/** Overlays are known to the chart alone. */
const reasonOf = (bars: Bars, column: string, slot: number, exchange: string, catalog: Catalog | null) =>
  /^(obv|macd|bollinger|atr)/.test(column)
    ? "Not known: it is warming up, or a bar of its window is missing"
    : explain(pastRow(bars, slot, exchange), column as keyof MetricRow, catalog).reason;

/** The chart as it stands, with its panes named. */
function drawn(chart: CandleHandle | null, shown: Shown, mode: Props["mode"]): HTMLCanvasElement | null {
  const picture = chart?.picture();
  if (!picture) return null;
  const tops = chart?.tops() ?? [];
  const names = shown.panes.map((pane, i) => ({ top: tops[i + 1] ?? 0, text: `${pane.title} ${pane.unit(shown.bars, shown.to)}` }));
  const scale = window.devicePixelRatio;
  const part = { image: picture, top: 0, width: picture.width / scale, height: picture.height / scale };
  return pictureOf([part], scale, captionOf(shown, mode), names, readColours());
}

/** Is the bar that was asked for among those that are here? */
function hereOf(bars: Bars, at: number | null, tf: string): number | null {
  if (at === null || bars.ts.length === 0) return null;
  const slot = slotOf(bars, at);
  return slot >= 0 && at < (bars.ts[slot] ?? 0) + stepOf(tf) ? slot : null;
}

/** True from the first time that it holds. No chart is drawn empty before the first bars: that would cost as much as drawing them. */
function useOnce(holds: boolean): boolean {
  const [held, setHeld] = useState(holds);
  if (holds && !held) setHeld(true);
  return held;
}

function useLiveValues(view: RowView | null) {
  const price = view?.row.live_price ?? null;
  const oiUsd = view?.row.live_oi_abs_usd ?? null;
  return useMemo(() => ({ price, oiUsd }), [price, oiUsd]);
}

const WAITING = <div className="skeleton m-2 h-[calc(100%-1rem)]" />;

/** Candles and panes, with what to draw on and under them. */
export function CandlesTab(props: Props) {
  const { series, view, bars, whole, panes, alerts, trades, at, catalog, mode, onNeedOlder, exporterRef } = props;
  const chart = useRef<CandleHandle>(null);
  const marks = useMarks(alerts, trades);
  const here = hereOf(bars, at, series.tf);
  const reasonAt = useCallback(
    (column: string, slot: number) => reasonOf(bars, column, slot, series.exchange, catalog),
    [bars, series.exchange, catalog],
  );
  const shown = useCallback((): Shown | null => {
    const view = chart.current?.view();
    return view ? { series, bars, ...view, panes: panes.panes, onPrice: panes.onPrice } : null;
  }, [series, bars, panes]);
  const picture = useCallback((one: Shown) => drawn(chart.current, one, mode), [mode]);
  useExporter(exporterRef, shown, picture);
  const begun = useOnce(bars.ts.length > 0 || whole);
  const live = useLiveValues(view);
  const missed = at !== null && here === null && whole;
  return (
    <div className="relative h-full">
      {missed && <p role="status" className="absolute right-20 top-6 z-20 rounded bg-panel px-2 text-micro text-warn">The bar of the link is not among the bars that are recorded and drawn.</p>}
      <Suspense fallback={WAITING}>
        {begun ? (
          <CandleChart
            label={`Candles of ${series.symbol}, ${series.tf}, with ${panes.panes.length} panes`}
            bars={bars} panes={panes.panes} onPrice={panes.onPrice} marks={marks} here={here} live={live}
            reasonAt={reasonAt} onNeedOlder={onNeedOlder} onMove={panes.move} onHide={panes.toggle} handle={chart}
          />
        ) : (
          WAITING
        )}
      </Suspense>
    </div>
  );
}
