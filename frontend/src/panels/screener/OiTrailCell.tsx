import { useCallback, useSyncExternalStore } from "react";

import { amount, change } from "../../lib/format";
import type { RowView } from "../../lib/rows";
import { Sparkline } from "../../ui/Sparkline";
import { TRAILS } from "./trails";

/** Change over the trail in percent; null where its ends are not both known. */
function changeOver(trail: readonly (number | null)[]): number | null {
  const [first, last] = [trail[0] ?? null, trail[trail.length - 1] ?? null];
  return first === null || last === null || first === 0 ? null : ((last - first) / first) * 100;
}

/** Open interest of the newest bars as a line; loaded when the row is in sight. */
export function OiTrailCell({ view }: { view: RowView }) {
  const { ts, timeframe } = view.row;
  const { key } = view;
  // Asked anew when the row has a new bar, not whenever a live figure moves.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const subscribe = useCallback((listener: () => void) => TRAILS.watch(view, listener), [key, ts, timeframe]);
  const trail = useSyncExternalStore(subscribe, () => TRAILS.of(view));
  if (trail === null) return <span title="Not loaded yet" className="block h-5 w-20" />;
  const over = changeOver(trail);
  const known = trail.filter((value) => value !== null);
  const ends = known.length === 0 ? "nothing known" : `${amount(Math.min(...known))} to ${amount(Math.max(...known))} coins`;
  const words = over === null ? "change not known" : `${change(over)} %`;
  const tone = over === null || over === 0 ? "text-ink-faint" : over > 0 ? "text-up" : "text-down";
  return (
    <span title={`${trail.length} closed bars: ${words}\nBetween ${ends}`} className="block">
      <Sparkline values={trail} width={80} height={20} className={`h-5 w-20 ${tone}`} label={`Open interest, ${trail.length} bars: ${words}`} />
    </span>
  );
}
