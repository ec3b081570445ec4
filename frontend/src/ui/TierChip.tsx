import { tierStyle } from "../lib/tiers";

/** A tier by its number; colour only repeats it. */
export function TierChip({ tier }: { tier: number }) {
  const style = tierStyle(tier);
  return (
    <span
      data-tier={tier}
      title={`Tier ${tier}: ${style.name} (${style.short})`}
      className={`inline-flex h-[18px] min-w-[18px] items-center justify-center rounded px-1 text-micro font-bold ring-1 ring-inset ${style.chip}`}
    >
      {tier}
    </span>
  );
}
