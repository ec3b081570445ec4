import { type Ref, useImperativeHandle, useRef, useState } from "react";
import { Brush, CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

import { exact } from "../../lib/format";
import { utcTime } from "../../lib/time";
import { type Bars, slotOf } from "../bars";
import type { PaneSpec, Tone } from "../candles/panes";
import { type ChartColours, useColours } from "../colours";
import { barTime } from "../times";
import { lineRows, MOST_POINTS } from "./points";

export interface LinesHandle {
  /** Slots in view, both inclusive. */
  view: () => { from: number; to: number } | null;
  /** The panes as they are drawn, top to bottom. */
  drawings: () => SVGElement[];
}

interface Props {
  bars: Bars;
  panes: readonly PaneSpec[];
  label: string;
  handle: Ref<LinesHandle>;
}

const PANE_PX = 78;
const BRUSH_PX = 30;
const AXIS_PX = 64;

const colourOf = (tone: Tone, colours: ChartColours) => (tone === "sign" ? colours.first : colours[tone]);

interface TipProps {
  active?: boolean;
  payload?: { dataKey?: string | number; value?: unknown }[];
  label?: number;
  spec: PaneSpec;
}

function Tip({ active, payload = [], label, spec }: TipProps) {
  if (!active || label === undefined) return null;
  return (
    <div className="rounded border border-edge bg-raised px-2 py-1 text-micro text-ink">
      <span className="text-ink-soft" title={utcTime(label)}>{barTime(label)}</span>
      {payload.map(({ dataKey, value }) => (
        <span key={String(dataKey)} className="ml-2 font-medium text-ink-strong" title={typeof value === "number" ? exact(value) : ""}>
          {typeof value === "number" ? spec.format(value) : "–"}
        </span>
      ))}
    </div>
  );
}

interface PaneProps {
  spec: PaneSpec;
  rows: ReturnType<typeof lineRows>;
  colours: ChartColours;
}

function Pane({ spec, rows, colours }: PaneProps) {
  const axis = { stroke: colours.faint, fontSize: 10, tickLine: false } as const;
  return (
    <figure>
      <figcaption className="px-1 text-micro text-ink-soft">
        <span className="font-medium text-ink">{spec.title}</span> {spec.about}
      </figcaption>
      <ResponsiveContainer width="100%" height={PANE_PX}>
        <LineChart data={rows} syncId="pair-lines" margin={{ top: 4, right: 8, bottom: 0, left: 0 }}>
          <CartesianGrid stroke={colours.line} vertical={false} />
          <XAxis dataKey="ts" hide />
          <YAxis {...axis} orientation="right" width={AXIS_PX} domain={["auto", "auto"]} tickFormatter={spec.format} tickCount={3} />
          {spec.levels.map(({ value, name }) => (
            <ReferenceLine key={`${value}${name}`} y={value} stroke={colours.faint} strokeDasharray="4 3" />
          ))}
          <Tooltip content={<Tip spec={spec} />} isAnimationActive={false} />
          {spec.series.map((series) => (
            <Line
              key={series.column} dataKey={series.column} stroke={colourOf(series.tone, colours)}
              dot={false} strokeWidth={1.5} isAnimationActive={false} connectNulls={false} type="linear"
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </figure>
  );
}

/** Each pane a line over the same bars; the brush at the foot chooses which of them. */
export default function LinePanes({ bars, panes, label, handle }: Props) {
  const colours = useColours();
  const columns = panes.flatMap((spec) => spec.series.map(({ column }) => column));
  const rows = lineRows(bars, columns);
  const [range, setRange] = useState<{ from: number; to: number } | null>(null);
  const from = rows.findIndex(({ ts }) => ts >= (range?.from ?? 0));
  const last = rows.findLastIndex(({ ts }) => ts <= (range?.to ?? Infinity));
  const shown = rows.slice(Math.max(0, from), last + 1);
  const newest = rows.length - 1;
  const figures = useRef<HTMLDivElement>(null);
  useImperativeHandle(handle, () => ({
    view: () => {
      const [begin, end] = [shown[0], shown[shown.length - 1]];
      return begin && end ? { from: slotOf(bars, begin.ts), to: slotOf(bars, end.ts) } : null;
    },
    drawings: () => [...(figures.current?.querySelectorAll<SVGElement>("figure svg") ?? [])],
  }), [bars, shown]);
  return (
    <div role="region" aria-label={label} className="flex h-full flex-col">
      <p role="status" className="px-2 py-1 text-micro text-ink-soft">
        {bars.ts.length > MOST_POINTS
          ? `The newest ${MOST_POINTS} of ${bars.ts.length} bars loaded: lines are drawn of so many at most. Nothing is averaged.`
          : `${rows.length} bars, every one of them drawn.`}
      </p>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard */}
      <div ref={figures} tabIndex={0} role="group" aria-label="Lines" className="min-h-0 flex-1 overflow-y-auto">
        {panes.map((spec) => <Pane key={spec.id} spec={spec} rows={shown} colours={colours} />)}
      </div>
      <ResponsiveContainer width="100%" height={BRUSH_PX + 8}>
        <LineChart data={rows} margin={{ top: 4, right: AXIS_PX + 8, bottom: 0, left: 8 }}>
          <XAxis dataKey="ts" hide />
          <Brush
            dataKey="ts" height={BRUSH_PX} stroke={colours.faint} fill={colours.panel} travellerWidth={8} tickFormatter={barTime}
            ariaLabel="Part of the bars that is shown" startIndex={Math.max(0, from)} endIndex={last < 0 ? newest : last}
            onChange={({ startIndex = 0, endIndex = newest }) => {
              const begin = rows[startIndex];
              const end = rows[endIndex];
              // At the right edge the view follows new bars.
              if (begin && end) setRange({ from: begin.ts, to: endIndex === newest ? Infinity : end.ts });
            }}
          />
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}
