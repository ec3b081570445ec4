import type { ReactNode } from "react";

import { whole } from "../../lib/format";
import { Sparkline } from "../../ui/Sparkline";

interface TileProps {
  label: string;
  unit?: string;
  /** Null: not known. */
  value: ReactNode;
  aside?: ReactNode;
  note: ReactNode;
  /** What the figure is, and what it is made of. */
  title: string;
  trail?: readonly number[];
}

const LEAST_TRAIL = 3;

/** One figure of the strip: what it is, its value, its course since the page was opened, and over what. */
export function Tile({ label, unit, value, aside, note, title, trail = [] }: TileProps) {
  return (
    <div title={title} className="flex h-[62px] min-w-fit flex-1 flex-col justify-between rounded-lg border border-line bg-panel px-3 py-1.5">
      <p className="flex items-baseline gap-1.5 whitespace-nowrap text-micro font-medium text-ink-soft">
        {label}
        {unit && <span className="text-ink-faint">{unit}</span>}
      </p>
      <div className="flex items-center gap-2">
        <p className="whitespace-nowrap text-base font-semibold leading-5 text-ink-strong">{value ?? "–"}</p>
        {aside}
        {trail.length >= LEAST_TRAIL && (
          <Sparkline values={trail} width={56} height={18} fill className="ml-auto h-[18px] w-14 shrink-0 text-accent" />
        )}
      </div>
      <p className="flex items-center gap-1.5 whitespace-nowrap text-[0.625rem] leading-3 text-ink-faint">{note}</p>
    </div>
  );
}

/** How many a figure is made of, and how many could not be. */
export function Count({ n, of, what = "pairs" }: { n: number; of: number; what?: string }) {
  if (of === 0) return "not known yet";
  return n === of ? `n ${whole(n)} ${what}` : `n ${whole(n)} ${what}, ${whole(of - n)} not known`;
}
