import type { ReactNode } from "react";

import { change, coins, exact, price } from "../../lib/format";
import { utcTime } from "../../lib/time";
import { MarkChip } from "../../ui/MarkChip";
import type { Bars } from "../bars";
import { barTime } from "../times";
import type { PaneSpec, SeriesSpec } from "./panes";
import { type Pointer, usePointer } from "./pointer";

interface Common {
  bars: Bars;
  pointer: Pointer;
  /** Why a value is not there. */
  reasonAt: (column: string, slot: number) => string;
}

/** The slot the legends speak of: under the crosshair, else the newest. */
export function useSlot({ bars, pointer }: Pick<Common, "bars" | "pointer">): number {
  const { slot } = usePointer(pointer);
  const newest = bars.ts.length - 1;
  return slot !== null && slot <= newest ? slot : newest;
}

interface ValueProps extends Common {
  slot: number;
  series: SeriesSpec;
  format: (value: number) => string;
}

function Value({ bars, slot, series, format, reasonAt }: ValueProps) {
  const value = bars.columns[series.column]?.[slot] ?? null;
  const name = series.name ? `${series.name} ` : "";
  if (value !== null) {
    return (
      <span data-column={series.column} data-value={value} title={exact(value)} className="text-ink-strong">
        <span className="text-ink-soft">{name}</span>
        {format(value)}
      </span>
    );
  }
  const refused = bars.guarded[slot]?.[series.column] !== undefined;
  return (
    <span data-column={series.column} title={reasonAt(series.column, slot)} className={refused ? "hatched rounded-sm px-1 text-warn" : "text-ink-soft"}>
      {name}
      {refused ? "refused" : "–"}
    </span>
  );
}

const BUTTON =
  "rounded px-1 leading-4 text-ink-soft hover:bg-raised hover:text-ink-strong";

interface PaneProps extends Common {
  spec: PaneSpec;
  top: number;
  onMove: (id: string, delta: -1 | 1) => void;
  onHide: (id: string) => void;
}

const ROW = "absolute left-1.5 flex max-w-[calc(100%-5rem)] flex-wrap items-baseline gap-x-1.5 rounded bg-panel/75 px-1 text-micro";

/** Name, value and unit of a pane at the crosshair; its buttons when the pointer is there. */
export function PaneLegend({ spec, top, onMove, onHide, ...common }: PaneProps) {
  const slot = useSlot(common);
  return (
    <div data-pane={spec.id} className={`group pointer-events-auto ${ROW}`} style={{ top: top + 2 }}>
      <span className="font-medium text-ink-soft" title={spec.about}>{spec.title}</span>
      {spec.series.map((series) => (
        <Value key={series.column} {...common} slot={slot} series={series} format={spec.format} />
      ))}
      <span className="text-ink-faint">{spec.unit(common.bars, slot)}</span>
      <span className="flex max-w-0 overflow-hidden focus-within:max-w-none group-hover:max-w-none max-md:hidden">
        <button type="button" aria-label={`Move ${spec.title} up`} onClick={() => onMove(spec.id, -1)} className={BUTTON}>↑</button>
        <button type="button" aria-label={`Move ${spec.title} down`} onClick={() => onMove(spec.id, 1)} className={BUTTON}>↓</button>
        <button type="button" aria-label={`Hide ${spec.title}`} onClick={() => onHide(spec.id)} className={BUTTON}>×</button>
      </span>
    </div>
  );
}

const PRICES = [["O", "open"], ["H", "high"], ["L", "low"], ["C", "close"]] as const;

function BarChange({ bars, slot }: { bars: Bars; slot: number }) {
  const now = bars.columns.close?.[slot] ?? null;
  const before = bars.columns.close?.[slot - 1] ?? null;
  if (now === null || before === null) return null;
  const moved = (now / before - 1) * 100;
  return <span className={moved > 0 ? "text-up" : moved < 0 ? "text-down" : "text-ink-soft"}>{change(moved)} %</span>;
}

interface PriceProps extends Common {
  onPrice: readonly SeriesSpec[];
  children?: ReactNode;
}

/** The bar at the crosshair: its time, prices, volume, and what its marks say. */
export function PriceLegend({ onPrice, ...common }: PriceProps) {
  const slot = useSlot(common);
  const { bars } = common;
  const ts = bars.ts[slot];
  if (ts === undefined) return null;
  const marks = (bars.quality[slot] ?? []).filter((mark) => !mark.startsWith("unpublished:"));
  return (
    <div data-pane="price" className={`pointer-events-auto ${ROW}`} style={{ top: 4 }}>
      <time dateTime={new Date(ts).toISOString()} data-ts={ts} title={utcTime(ts)} className="font-medium text-ink-strong">{barTime(ts)}</time>
      {PRICES.map(([name, column]) => (
        <Value key={column} {...common} slot={slot} series={{ column, kind: "line", tone: "first", name }} format={price} />
      ))}
      <BarChange bars={bars} slot={slot} />
      <Value {...common} slot={slot} series={{ column: "volume", kind: "line", tone: "first", name: "Vol" }} format={(value) => coins(value).replace("+", "")} />
      <span className="text-ink-faint">coins</span>
      {onPrice.map((series) => (
        <Value key={series.column} {...common} slot={slot} series={{ ...series, name: series.column.replace("bollinger_", "BB ") }} format={price} />
      ))}
      {marks.map((mark) => <MarkChip key={mark} mark={mark} />)}
    </div>
  );
}
