/** What became other from one frame to the next. Pure. */
import type { Frame } from "./frame";

export interface TierChange {
  key: string;
  base: string;
  exchange: string;
  tier: number;
}

export interface Changes {
  /** Conditions that hold now and did not one bar before, and the other way round; unknown is neither. */
  began: TierChange[];
  ended: TierChange[];
  /** Pairs that have this bar and had none before; pairs that had one and have none now. */
  appeared: string[];
  missing: string[];
}

function tierChanges(from: Frame, to: Frame, places: ReadonlyMap<string, number>): TierChange[] {
  return to.keys.flatMap((key, row) => {
    const before = places.get(key);
    const tiers = to.words.tiers[row] ?? [];
    if (before === undefined || tiers.length === 0) return [];
    const held = new Set([...(from.words.tiers[before] ?? []), ...(from.words.unknown_tiers[before] ?? [])]);
    const place = { key, base: to.words.base[row] ?? "", exchange: to.words.exchange[row] ?? "" };
    return tiers.filter((tier) => !held.has(tier)).map((tier) => ({ ...place, tier }));
  });
}

const placesOf = (frame: Frame) => new Map(frame.keys.map((key, row) => [key, row]));

/** The changes at a frame; null while the one before is not known. */
export function changesAt(before: Frame | null, now: Frame): Changes | null {
  if (before === null) return null;
  const [old, fresh] = [placesOf(before), placesOf(now)];
  return {
    began: tierChanges(before, now, old),
    ended: tierChanges(now, before, fresh),
    appeared: now.keys.filter((key) => !old.has(key)),
    missing: before.keys.filter((key) => !fresh.has(key)),
  };
}
