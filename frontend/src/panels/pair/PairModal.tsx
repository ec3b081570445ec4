import { Dialog, DialogPanel } from "@tremor/react";
import { type MutableRefObject, type ReactNode, useMemo, useRef } from "react";

import type { Alert, Settings, SimulatedTrade } from "../../api/types";
import type { Bars } from "../../charts/bars";
import { warmCandles } from "../../charts/registry";
import { useUrl } from "../../hooks/useUrl";
import { exchangeName } from "../../lib/exchanges";
import type { Thresholds } from "../../lib/filter";
import type { RefreshOf } from "../../lib/provenance";
import type { RowView } from "../../lib/rows";
import { changeUrl } from "../../lib/url";
import { Segmented } from "../../ui/Segmented";
import { AlertsTab } from "./AlertsTab";
import { CandlesTab } from "./CandlesTab";
import { ChartTools } from "./ChartTools";
import { CompareTab } from "./CompareTab";
import { Header } from "./Header";
import { InputsTab } from "./InputsTab";
import { LinesTab } from "./LinesTab";
import { TradeLegend } from "./TradeLegend";
import { type Series, useBars } from "./useBars";
import { useAlertsOf } from "./useAlertsOf";
import { type Exporter, usePicture } from "./useExporter";
import { type Panes, usePanes } from "./usePanes";
import { type RunTrades, useRunTrades } from "./useRunTrades";

// The chart is what is shown first: it is fetched beside the history, not after it.
warmCandles();

const TABS = [
  { value: "candles", label: "Candles" },
  { value: "lines", label: "Lines" },
  { value: "compare", label: "Compare" },
  { value: "alerts", label: "Alerts" },
  { value: "inputs", label: "Inputs" },
];

const PANEL =
  "fixed inset-2 flex w-auto max-w-none flex-col overflow-hidden bg-panel p-0 ring-edge transition-none max-md:inset-0 max-md:rounded-none";

interface Props {
  /** `exchange|symbol`. */
  pair: string;
  tf: string;
  timeframes: readonly string[];
  /** The newest rows of the timeframe. */
  rows: readonly RowView[];
  alerts: readonly Alert[];
  settings: Settings | null;
  limits: Thresholds;
  refresh: RefreshOf;
  onTf: (tf: string) => void;
  onPair: (key: string) => void;
  onClose: () => void;
}

/** Open time of the bar in the address; null where there is none. */
function atOf(text: string | null): number | null {
  const ts = Number(text);
  return text !== null && Number.isSafeInteger(ts) && ts > 0 ? ts : null;
}

function usePair({ pair, tf, rows }: Pick<Props, "pair" | "tf" | "rows">) {
  const cut = pair.indexOf("|");
  const exchange = pair.slice(0, cut);
  const symbol = pair.slice(cut + 1);
  const series: Series = useMemo(() => ({ exchange, symbol, tf }), [exchange, symbol, tf]);
  const view = useMemo(() => rows.find(({ key, row }) => key === pair && row.timeframe === tf) ?? null, [rows, pair, tf]);
  const base = view?.row.base;
  const siblings = useMemo(
    () => rows.filter(({ row }) => row.base === base).sort((a, b) => a.key.localeCompare(b.key)),
    [rows, base],
  );
  return { series, view, siblings };
}

const isCharted = (tab: string) => tab === "candles" || tab === "lines";

interface BodyProps extends Pick<Props, "tf" | "settings" | "refresh"> {
  tab: string;
  pair: ReturnType<typeof usePair>;
  bars: Bars;
  whole: boolean;
  panes: Panes;
  alerts: ReturnType<typeof useAlertsOf>;
  trades: readonly SimulatedTrade[];
  older: () => void;
  exporterRef: MutableRefObject<Exporter | null>;
}

const goTo = (ts: number) => changeUrl({ at: String(ts), tab: null });

/** What the chosen tab shows. */
function Body({ tab, tf, pair, bars, whole, panes, alerts, trades, settings, refresh, older, exporterRef }: BodyProps) {
  const { series, view, siblings } = pair;
  const at = atOf(useUrl("at"));
  const { catalog = null, mode = null } = settings ?? {};
  switch (tab) {
    case "compare":
      return <CompareTab views={siblings} tf={tf} catalog={catalog} />;
    case "alerts":
      return <AlertsTab {...alerts} at={at} onGo={goTo} />;
    case "inputs":
      return view ? (
        <InputsTab view={view} catalog={catalog} refresh={refresh} />
      ) : (
        <p role="status" className="p-4 text-xs text-ink-soft">No row of this pair and timeframe yet.</p>
      );
    case "lines":
      return (
        <LinesTab series={series} bars={bars} panes={panes} mode={mode} exporterRef={exporterRef} />
      );
    default:
      return (
        <CandlesTab
          series={series} view={view} bars={bars} whole={whole} panes={panes} alerts={alerts.alerts} trades={trades} at={at}
          catalog={catalog} mode={mode} onNeedOlder={older} exporterRef={exporterRef}
        />
      );
  }
}

/** What is going on, and what went wrong. */
function Progress({ loading, error, picture }: { loading: boolean; error: string | null; picture: string | null }) {
  if (picture !== null) return <span role="alert" className="text-micro text-down">No picture could be made: {picture}</span>;
  if (error !== null) return <span role="alert" className="text-micro text-down">The history could not be read: {error}</span>;
  return loading ? <span role="status" className="text-micro text-ink-soft">reading the history…</span> : null;
}

interface ToolsProps {
  tab: string;
  panes: Panes;
  found: RunTrades;
  tf: string;
  at: number | null;
  onTf: (tf: string) => void;
  children: ReactNode;
}

/** Which tab is shown, and what can be done with what it shows. */
function Tools({ tab, panes, found, tf, at, onTf, children }: ToolsProps) {
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1">
        <Segmented label="View" options={TABS} value={tab} onChange={(next) => changeUrl({ tab: next === "candles" ? null : next })} />
        {tab === "candles" && <ChartTools panes={panes} />}
        {children}
      </div>
      {tab === "candles" && <TradeLegend found={found} tf={tf} at={at} onGo={goTo} onTf={onTf} />}
    </>
  );
}

/** All about one pair, over the page that goes on behind it. */
export default function PairModal(props: Props) {
  const { settings } = props;
  const pair = usePair(props);
  const { series, view, siblings } = pair;
  const at = atOf(useUrl("at"));
  const asked = useUrl("tab");
  const tab = TABS.find(({ value }) => value === asked)?.value ?? "candles";
  const panes = usePanes(props.limits);
  const { bars, loading, error, whole, older } = useBars(series, view?.row ?? null, at, isCharted(tab) ? panes.overlays.join(",") : "");
  const alerts = useAlertsOf(series, props.alerts);
  const found = useRunTrades(series);
  const exporterRef = useRef<Exporter | null>(null);
  const picture = usePicture(exporterRef);
  return (
    <Dialog open onClose={props.onClose} static aria-label={`${series.symbol} on ${exchangeName(series.exchange)}`}>
      <DialogPanel className={PANEL}>
        <Header
          series={series} view={view} siblings={siblings} timeframes={props.timeframes} mode={settings?.mode ?? null}
          canExport={isCharted(tab) && bars.ts.length > 0}
          onPair={props.onPair} onTf={props.onTf} onClose={props.onClose}
          onCsv={() => exporterRef.current?.csv()} onPng={picture.save}
        />
        <Tools tab={tab} panes={panes} found={found} tf={series.tf} at={at} onTf={props.onTf}>
          <Progress loading={loading} error={error} picture={picture.failure} />
        </Tools>
        <div className="min-h-0 flex-1">
          <Body {...props} {...{ tab, pair, bars, whole, panes, alerts, older, exporterRef }} trades={found.marked} />
        </div>
      </DialogPanel>
    </Dialog>
  );
}
