/** Small bars beside numbers. They repeat what the text says, so they are hidden from readers. */

interface DivergingProps {
  value: number;
  /** The value that fills one side. */
  scale: number;
}

/** Grows from the middle: right and green for plus, left and red for minus. */
export function DivergingBar({ value, scale }: DivergingProps) {
  const share = Math.min(Math.abs(value) / scale, 1) * 50;
  const side = value >= 0 ? { left: "50%" } : { right: "50%" };
  return (
    <span aria-hidden="true" className="relative h-2.5 w-8 shrink-0 overflow-hidden rounded-sm bg-raised">
      <span
        className={`absolute inset-y-0 ${value >= 0 ? "bg-up/80" : "bg-down/80"}`}
        style={{ ...side, width: `${share}%` }}
      />
      <span className="absolute inset-y-0 left-1/2 w-px bg-ink-faint/70" />
    </span>
  );
}

/** A long/short ratio as the two shares it stands for. */
export function SplitBar({ ratio, className = "w-8" }: { ratio: number; className?: string }) {
  const long = (ratio / (1 + ratio)) * 100;
  return (
    <span aria-hidden="true" className={`flex h-2.5 shrink-0 gap-px overflow-hidden rounded-sm ${className}`}>
      <span className="bg-up/75" style={{ width: `${long}%` }} />
      <span className="flex-1 bg-down/75" />
    </span>
  );
}

/** 0 to 1 as a filled track. */
export function Meter({ value, label }: { value: number; label: string }) {
  const percent = Math.round(Math.min(Math.max(value, 0), 1) * 100);
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      className="block h-1 w-full overflow-hidden rounded-full bg-raised"
    >
      <span className="block h-full rounded-full bg-accent transition-[width]" style={{ width: `${percent}%` }} />
    </span>
  );
}
