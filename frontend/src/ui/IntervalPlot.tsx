import type { Evidence } from "../api/alerts";
import { interval, plotOf } from "../lib/evidence";
import { percent } from "../lib/format";

/** A hit rate with its interval as bar and point, the base rate as a tick; what it says is also told in words. */
export function IntervalPlot({ cell, domain }: { cell: Evidence; domain: readonly [number, number] }) {
  const plot = plotOf(cell, domain);
  if (!plot) return <span />;
  const told = `Hit rate ${percent(cell.hit_rate ?? 0, 1)}, interval ${interval(cell)}`;
  const base = cell.base_rate === null ? "" : `, base rate ${percent(cell.base_rate, 1)}`;
  const at = (share: number) => `${share}%`;
  return (
    <svg role="img" aria-label={told + base} className="h-4 w-full overflow-visible" data-plot={`${cell.direction}-${cell.horizon}`}>
      <line x1="0" x2="100%" y1="8" y2="8" className="stroke-line" strokeWidth="1" />
      <line x1={at(plot.low)} x2={at(plot.high)} y1="8" y2="8" className="stroke-accent" strokeWidth="4" strokeOpacity="0.45" />
      {plot.base !== null && (
        <line x1={at(plot.base)} x2={at(plot.base)} y1="1" y2="15" className="stroke-ink" strokeWidth="2" strokeDasharray="3 1" />
      )}
      <circle cx={at(plot.hit)} cy="8" r="3.5" className="fill-accent stroke-panel" strokeWidth="1" />
    </svg>
  );
}
