import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

import { change, exact } from "../../lib/format";
import { type CurveRow, curveRows, type NamedRun } from "../../lib/simulation/curve";
import { utcTime } from "../../lib/time";
import { type ChartColours, useColours } from "../colours";
import { barTime } from "../times";

export interface CurveOf extends NamedRun {
  label: string;
  colour: string;
  /** Lines differ by dashes too. */
  dash: string;
}

interface TipProps {
  active?: boolean;
  payload?: { dataKey?: string | number; value?: unknown }[];
  label?: number;
  curves: readonly CurveOf[];
  part: Part;
}

type Part = "equity" | "drawdown";

function Tip({ active, payload = [], label, curves, part }: TipProps) {
  if (!active || label === undefined) return null;
  const values = new Map(payload.map(({ dataKey, value }) => [dataKey, value]));
  return (
    <div className="rounded border border-edge bg-raised px-2 py-1 text-micro text-ink">
      <p className="text-ink-soft" title={utcTime(label)}>{barTime(label)}</p>
      {curves.map(({ name, label: text }) => {
        const value = values.get(`${name}.${part}`);
        return (
          <p key={name} className="flex justify-between gap-4">
            {text}
            <span className="font-medium text-ink-strong" title={typeof value === "number" ? exact(value) : ""}>{typeof value === "number" ? `${change(value)} %` : "–"}</span>
          </p>
        );
      })}
    </div>
  );
}

const TITLES: Record<Part, { title: string; about: string; height: number }> = {
  equity: { title: "Account", about: "gain or loss on the capital, %, at bars' closes", height: 220 },
  drawdown: { title: "Drawdown", about: "below the highest so far, %", height: 110 },
};

function Panel({ part, rows, curves, colours }: { part: Part; rows: CurveRow[]; curves: readonly CurveOf[]; colours: ChartColours }) {
  const { title, about, height } = TITLES[part];
  const axis = { stroke: colours.faint, fontSize: 10, tickLine: false } as const;
  return (
    <figure className="min-w-0" data-part={part}>
      <figcaption className="text-micro text-ink-soft">
        <span className="font-medium text-ink-strong">{title}</span> {about}
      </figcaption>
      <ResponsiveContainer width="100%" height={height}>
        <LineChart data={rows} syncId="runs" margin={{ top: 6, right: 8, bottom: 0, left: 0 }}>
          <CartesianGrid stroke={colours.line} vertical={false} />
          <XAxis {...axis} dataKey="ts" type="number" scale="time" domain={["dataMin", "dataMax"]} tickFormatter={barTime} minTickGap={60} hide={part === "equity"} />
          <YAxis {...axis} orientation="right" width={60} domain={["auto", part === "drawdown" ? 0 : "auto"]} tickFormatter={change} tickCount={part === "drawdown" ? 3 : 5} />
          <ReferenceLine y={0} stroke={colours.faint} strokeDasharray="4 3" />
          <Tooltip content={<Tip curves={curves} part={part} />} isAnimationActive={false} />
          {curves.map(({ name, colour, dash }) => (
            <Line
              key={name} dataKey={`${name}.${part}`} stroke={colour} {...(dash === "" ? {} : { strokeDasharray: dash })}
              dot={false} strokeWidth={1.5} isAnimationActive={false} connectNulls={false} type="linear"
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </figure>
  );
}

/** What became of an account, and how far it fell; several runs over each other. */
export default function EquityCurve({ curves }: { curves: readonly CurveOf[] }) {
  const colours = useColours();
  const rows = curveRows(curves);
  return (
    <>
      {curves.length > 1 && (
        <ul aria-label="Lines" className="mb-1 flex flex-wrap gap-x-4 gap-y-1 text-micro text-ink">
          {curves.map(({ name, label, colour, dash }) => (
            <li key={name} className="flex min-w-0 items-center gap-1.5">
              <svg aria-hidden="true" width="22" height="4" className="shrink-0"><line x2="22" y1="2" y2="2" stroke={colour} strokeWidth="2" strokeDasharray={dash} /></svg>
              {label}
            </li>
          ))}
        </ul>
      )}
      {/* What it shows stands in the table below it too. */}
      <div aria-hidden="true">
        <Panel part="equity" rows={rows} curves={curves} colours={colours} />
        <Panel part="drawdown" rows={rows} curves={curves} colours={colours} />
      </div>
    </>
  );
}
