import type { ReactNode } from "react";

import { exchangeName } from "../../lib/exchanges";
import { change, price, sigma, signOf, usd } from "../../lib/format";
import { isStale, notable } from "../../lib/quality";
import { oiUsd, type RowView } from "../../lib/rows";
import { severityRank } from "../../lib/tiers";
import { Age } from "../../ui/Age";
import { Icon } from "../../ui/Icon";
import { MarkChip } from "../../ui/MarkChip";
import { Segmented } from "../../ui/Segmented";
import { TierChip } from "../../ui/TierChip";
import type { Series } from "./useBars";

const TONE = { 1: "text-up", 0: "text-ink-soft", [-1]: "text-down" } as const;

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <span className="whitespace-nowrap text-xs">
      <span className="text-micro text-ink-soft">{name}</span> <span className="font-medium text-ink-strong">{children}</span>
    </span>
  );
}

function Signed({ value, format, unit }: { value: number | null; format: (value: number) => string; unit: string }) {
  if (value === null) return <span title="Not known">–</span>;
  return <span className={TONE[signOf(value)]}>{format(value)} {unit}</span>;
}

/** What the pair is doing now. */
function Figures({ view }: { view: RowView }) {
  const { row } = view;
  const oi = oiUsd(row);
  const tiers = [...(row.tiers ?? [])].sort((a, b) => severityRank(a) - severityRank(b));
  return (
    <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
      <span data-live-price className="text-xl font-semibold text-ink-strong">{row.live_price === null ? "–" : price(row.live_price)}</span>
      <Figure name="24 h"><Signed value={row.price_change_24h_pct} format={change} unit="%" /></Figure>
      <Figure name="OI">{oi === null ? "–" : `${usd(oi)} USD`}</Figure>
      <Figure name="Z"><Signed value={row.z_score} format={sigma} unit="σ" /></Figure>
      {tiers.length > 0 && <span className="flex gap-1">{tiers.map((tier) => <TierChip key={tier} tier={tier} />)}</span>}
      <span className="flex flex-wrap gap-1 empty:hidden">
        {isStale(row) && <span className="rounded border border-warn/40 px-1 text-micro text-warn">stale</span>}
        {notable(row).filter((mark) => mark !== "stale").map((mark) => <MarkChip key={mark} mark={mark} />)}
      </span>
      <span className="text-micro text-ink-soft">heard <Age view={view} /> ago</span>
    </div>
  );
}

const BUTTON =
  "flex h-8 items-center gap-1.5 rounded-md border border-edge px-2.5 text-xs text-ink-soft hover:bg-raised hover:text-ink-strong disabled:opacity-50";

interface Props {
  series: Series;
  view: RowView | null;
  /** The coin's pairs, one an exchange. */
  siblings: readonly RowView[];
  timeframes: readonly string[];
  mode: "live" | "simulated" | null;
  canExport: boolean;
  onPair: (key: string) => void;
  onTf: (tf: string) => void;
  onCsv: () => void;
  onPng: () => void;
  onClose: () => void;
}

export function Header(props: Props) {
  const { series, view, siblings, timeframes, mode, canExport } = props;
  const key = `${series.exchange}|${series.symbol}`;
  const exchanges = siblings.map(({ key: value, row }) => ({ value, label: exchangeName(row.exchange), title: row.symbol }));
  return (
    <header className="border-b border-line px-3 py-1.5">
      <div className="flex flex-wrap items-center gap-2">
        {/* Not a button: the Enter that opened the pair would press it. */}
        <h2 tabIndex={-1} data-autofocus className="outline-none text-base font-semibold text-ink-strong">{series.symbol.split(":")[0]}</h2>
        {mode === "simulated" && <span className="rounded border border-warn/50 px-1 text-micro font-semibold text-warn">SIMULATED</span>}
        <Segmented label="Exchange" options={exchanges} value={key} onChange={props.onPair} />
        <Segmented label="Timeframe of the chart" options={timeframes.map((value) => ({ value, label: value }))} value={series.tf} onChange={props.onTf} />
        <span className="ml-auto flex gap-1.5">
          <button type="button" onClick={props.onPng} disabled={!canExport} className={BUTTON} title="The chart as a picture"><Icon name="download" className="h-3.5 w-3.5" />PNG</button>
          <button type="button" onClick={props.onCsv} disabled={!canExport} className={BUTTON} title="Bars and panes in view as CSV"><Icon name="download" className="h-3.5 w-3.5" />CSV</button>
          <button type="button" onClick={props.onClose} aria-label="Close the pair" className={BUTTON}><Icon name="close" className="h-3.5 w-3.5" /></button>
        </span>
      </div>
      <div className="mt-0.5">
        {view ? <Figures view={view} /> : <p role="status" className="text-xs text-ink-soft">No live figures of this pair and timeframe yet.</p>}
      </div>
    </header>
  );
}
