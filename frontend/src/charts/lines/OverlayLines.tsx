import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

import { utcTime } from "../../lib/time";
import { useColours } from "../colours";
import { barTime } from "../times";
import type { LineRow } from "./points";

export interface OverlayLine {
  name: string;
  label: string;
  colour: string;
  dash?: string;
}

interface Props {
  title: string;
  about: string;
  rows: readonly LineRow[];
  lines: readonly OverlayLine[];
  format: (value: number) => string;
  unit: string;
  level: number;
}

interface TipProps extends Pick<Props, "lines" | "format" | "unit"> {
  active?: boolean;
  payload?: { dataKey?: string | number; value?: unknown }[];
  label?: number;
}

function Tip({ active, payload = [], label, lines, format, unit }: TipProps) {
  if (!active || label === undefined) return null;
  const values = new Map(payload.map(({ dataKey, value }) => [dataKey, value]));
  return (
    <div className="rounded border border-edge bg-raised px-2 py-1 text-micro text-ink">
      <p className="text-ink-soft" title={utcTime(label)}>{barTime(label)}</p>
      {lines.map(({ name, label: text }) => {
        const value = values.get(name);
        return (
          <p key={name} className="flex justify-between gap-4">
            {text} <span className="font-medium text-ink-strong">{typeof value === "number" ? `${format(value)} ${unit}` : "–"}</span>
          </p>
        );
      })}
    </div>
  );
}

/** Several series on one scale; lines differ by dashes too. */
export default function OverlayLines({ title, about, rows, lines, format, unit, level }: Props) {
  const colours = useColours();
  return (
    <figure className="min-w-0">
      <figcaption className="flex flex-wrap items-baseline gap-x-3 text-micro text-ink-soft">
        <span className="font-medium text-ink-strong">{title}</span> {about}
        <span className="ml-auto flex gap-3">
          {lines.map(({ name, label, colour, dash }) => (
            <span key={name} className="flex items-center gap-1">
              <svg aria-hidden="true" width="20" height="4"><line x2="20" y1="2" y2="2" stroke={colour} strokeWidth="2" strokeDasharray={dash} /></svg>
              {label}
            </span>
          ))}
        </span>
      </figcaption>
      <ResponsiveContainer width="100%" height={220}>
        <LineChart data={rows as LineRow[]} margin={{ top: 8, right: 8, bottom: 0, left: 0 }}>
          <CartesianGrid stroke={colours.line} vertical={false} />
          <XAxis dataKey="ts" tickFormatter={barTime} stroke={colours.faint} fontSize={10} minTickGap={60} tickLine={false} />
          <YAxis orientation="right" width={60} domain={["auto", "auto"]} tickFormatter={format} stroke={colours.faint} fontSize={10} tickLine={false} />
          <ReferenceLine y={level} stroke={colours.faint} strokeDasharray="4 3" />
          <Tooltip content={<Tip lines={lines} format={format} unit={unit} />} isAnimationActive={false} />
          {lines.map(({ name, colour, dash }) => (
            <Line key={name} dataKey={name} stroke={colour} {...(dash ? { strokeDasharray: dash } : {})} dot={false} strokeWidth={1.5} isAnimationActive={false} connectNulls={false} type="linear" />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </figure>
  );
}
