import type { Chip, Thresholds } from "../../lib/filter";
import { decimals, whole } from "../../lib/format";

interface Props {
  chip: Chip;
  limits: Thresholds;
  shown: number;
  total: number;
  onChip: (chip: Chip) => void;
}

const chips = (limits: Thresholds): { id: Chip; label: string; title: string }[] => [
  { id: "all", label: "All pairs", title: "Every pair" },
  { id: "tiers", label: "Tiers", title: "Pairs with an alert condition on the newest bar" },
  { id: "z", label: `|Z| > ${decimals(limits.z, 1)}`, title: "Open interest moved far beyond its own habit" },
  { id: "crowded", label: `LS > ${decimals(limits.ls, 0)}`, title: "More than so many long accounts for each short" },
  { id: "funding", label: "Funding off default", title: `Beyond ±${limits.funding} % per 8 hours` },
];

/** Ready-made filters, how many pairs they leave, and what the marks in the table mean. */
export function Toolbar({ chip, limits, shown, total, onChip }: Props) {
  return (
    <div className="flex h-10 shrink-0 items-center gap-3 border-b border-line px-3">
      <div role="group" aria-label="Filters" className="flex gap-1.5 overflow-x-auto py-1">
        {chips(limits).map(({ id, label, title }) => (
          <button
            key={id}
            type="button"
            title={title}
            aria-pressed={chip === id}
            onClick={() => onChip(id)}
            className={`h-6 shrink-0 whitespace-nowrap rounded-full border px-2.5 text-micro font-medium ${
              chip === id
                ? "border-accent bg-accent/15 text-accent"
                : "border-edge text-ink-soft hover:border-ink-faint hover:text-ink-strong"
            }`}
          >
            {label}
          </button>
        ))}
      </div>
      <p aria-live="polite" className="whitespace-nowrap text-micro text-ink-soft">
        {total > 0 && (
          <>
            <span className="font-semibold text-ink-strong">{whole(shown)}</span> of {whole(total)}
            <span className="max-sm:hidden"> pairs</span>
          </>
        )}
      </p>
      <p className="ml-auto hidden items-center gap-4 whitespace-nowrap text-micro text-ink-faint min-[1440px]:flex">
        <span>– not published</span>
        <span className="flex items-center gap-1">
          <span className="hatched inline-block h-2.5 w-4 rounded-sm" /> refused
        </span>
        <span className="italic">warming</span>
        <span>grey: stale</span>
      </p>
    </div>
  );
}
