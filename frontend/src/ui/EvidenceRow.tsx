import type { Evidence } from "../api/alerts";
import { interval, netPercent, points, verdictOf } from "../lib/evidence";
import { decimals, percent, whole } from "../lib/format";
import { IntervalPlot } from "./IntervalPlot";

const rate = (value: number | null) => (value === null ? "?" : percent(value, 1));

/** One horizon: the plot, the verdict in words, and every figure it rests on. */
export function EvidenceRow({ cell, domain }: { cell: Evidence; domain: readonly [number, number] }) {
  const { short, sign, tone } = verdictOf(cell.verdict);
  const figures = cell.n === 0 ? [] : [
    `n ${whole(cell.n)} in ${whole(cell.clusters)} ${cell.clusters === 1 ? "event" : "events"}`,
    `${rate(cell.hit_rate)} ${interval(cell)}`,
    `base ${rate(cell.base_rate)}`,
    `late ${points(cell.late)}`,
    `net ${netPercent(cell.expectancy)}`,
    ...(cell.q === null || cell.q === undefined ? [] : [`q ${decimals(cell.q, 2)}`]),
  ];
  return (
    <li title={cell.words} className="border-t border-line/60 py-1">
      <div className="grid grid-cols-[3.25rem_minmax(0,1fr)_4rem] items-center gap-2">
        <span className="text-micro text-ink">
          {cell.horizon} {cell.horizon === 1 ? "bar" : "bars"}
        </span>
        <IntervalPlot cell={cell} domain={domain} />
        <span className={`text-right text-micro font-semibold ${tone}`}>
          <span aria-hidden="true">{sign} </span>
          {short}
        </span>
      </div>
      <p className="flex flex-wrap gap-x-2 text-[0.625rem] leading-4 text-ink-soft">
        {figures.length === 0 && "no such trade has ended yet"}
        {figures.map((figure) => (
          <span key={figure} className="whitespace-nowrap">
            {figure}
          </span>
        ))}
      </p>
    </li>
  );
}
