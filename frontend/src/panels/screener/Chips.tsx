import type { Chip, Thresholds } from "../../lib/filter";
import { decimals } from "../../lib/format";

interface Props {
  chip: Chip;
  limits: Thresholds;
  onChip: (chip: Chip) => void;
}

const chips = (limits: Thresholds): { id: Chip; label: string; title: string }[] => [
  { id: "all", label: "All pairs", title: "Every pair" },
  { id: "tiers", label: "Tiers", title: "Pairs with an alert condition on the newest bar" },
  { id: "z", label: `|Z| > ${decimals(limits.z, 1)}`, title: "Open interest moved far beyond its own habit" },
  { id: "crowded", label: `LS > ${decimals(limits.ls, 0)}`, title: "More than so many long accounts for each short" },
  { id: "funding", label: "Funding off default", title: `Beyond ±${limits.funding} % per 8 hours` },
];

/** Ready-made filters; on a narrow screen they scroll. */
export function Chips({ chip, limits, onChip }: Props) {
  return (
    <div role="group" aria-label="Filters" className="flex min-w-0 gap-1.5 overflow-x-auto py-1 [scrollbar-width:none]">
      {chips(limits).map(({ id, label, title }) => (
        <button
          key={id}
          type="button"
          title={title}
          aria-pressed={chip === id}
          onClick={() => onChip(id)}
          className={`h-6 shrink-0 whitespace-nowrap rounded-full border px-2.5 text-micro font-medium max-md:h-8 max-md:px-3 ${
            chip === id
              ? "border-accent bg-accent/15 text-accent"
              : "border-edge text-ink-soft hover:border-ink-faint hover:text-ink-strong"
          }`}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
