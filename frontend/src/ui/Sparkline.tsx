interface Props {
  values: readonly (number | null)[];
  width: number;
  height: number;
  className?: string;
  /** Said to readers; without it the line is decoration. */
  label?: string;
  fill?: boolean;
}

const PAD = 1.5;

/** Runs of known values as separate lines: a gap stays a gap. */
function segments(values: readonly (number | null)[], x: (i: number) => number, y: (v: number) => number) {
  const runs: string[][] = [[]];
  values.forEach((value, i) => {
    if (value === null) runs.push([]);
    else runs[runs.length - 1]?.push(`${x(i).toFixed(1)},${y(value).toFixed(1)}`);
  });
  return runs.filter((run) => run.length > 1);
}

export function Sparkline({ values, width, height, className = "text-accent", label, fill = false }: Props) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const x = (i: number) => PAD + (i / Math.max(1, values.length - 1)) * (width - 2 * PAD);
  const y = (value: number) => height - PAD - ((value - low) / span) * (height - 2 * PAD);
  const runs = known.length > 1 ? segments(values, x, y) : [];
  const a11y = label ? { role: "img", "aria-label": label } : { "aria-hidden": true as const };
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className={className} {...a11y}>
      {runs.map((run) => (
        <g key={run[0]}>
          {fill && (
            <polygon
              points={`${run[0]?.split(",")[0]},${height} ${run.join(" ")} ${run[run.length - 1]?.split(",")[0]},${height}`}
              fill="currentColor"
              opacity="0.12"
            />
          )}
          <polyline
            points={run.join(" ")}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
        </g>
      ))}
    </svg>
  );
}
