/** What is to be known about slots, as runs along the time axis. Pure. */
import { markKind, type MarkKind } from "../../lib/quality";
import type { Bars } from "../bars";

/** `tier2` and `here` fill the pane, `gap` and `refused` hatch it, marks are a strip along its floor. */
export type BandKind = "tier2" | "here" | "refused" | MarkKind;

export interface Band {
  kind: BandKind;
  /** Slots, both inclusive. */
  from: number;
  to: number;
}

/** Runs of slots for which `holds` is true. */
function bandsWhere(count: number, kind: BandKind, holds: (slot: number) => boolean): Band[] {
  const found: Band[] = [];
  for (let i = 0; i < count; i += 1) {
    if (!holds(i)) continue;
    const last = found[found.length - 1];
    if (last?.to === i - 1) last.to = i;
    else found.push({ kind, from: i, to: i });
  }
  return found;
}

/** Warming and what an exchange does not publish are no event of a bar: the legend tells them. */
const STRIP: readonly MarkKind[] = ["stale", "guarded", "backfilled", "other"];

const kindsAt = (bars: Bars, i: number) =>
  (bars.quality[i] ?? []).filter((mark) => !mark.startsWith("unpublished:")).map(markKind);

const isGap = (bars: Bars, i: number) => bars.columns.close?.[i] == null;

/** Bands of the candles: tier 2, slots without a bar, quality marks, the bar that was asked for. */
export function candleBands(bars: Bars, here: number | null): Band[] {
  const count = bars.ts.length;
  const strips = STRIP.flatMap((kind) => bandsWhere(count, kind, (i) => !isGap(bars, i) && kindsAt(bars, i).includes(kind)));
  return [
    ...bandsWhere(count, "tier2", (i) => bars.tiers[i]?.includes(2) ?? false),
    ...bandsWhere(count, "gap", (i) => isGap(bars, i)),
    ...strips,
    ...(here !== null && here >= 0 && here < count ? [{ kind: "here" as const, from: here, to: here }] : []),
  ];
}

/** Bands of a pane: slots without a bar, and values of its columns that a guard refused. */
export function paneBands(bars: Bars, columns: readonly string[], here: number | null): Band[] {
  const count = bars.ts.length;
  const refused = (i: number) => columns.some((name) => bars.guarded[i]?.[name] !== undefined);
  return [
    ...bandsWhere(count, "gap", (i) => isGap(bars, i)),
    ...bandsWhere(count, "refused", refused),
    ...(here !== null && here >= 0 && here < count ? [{ kind: "here" as const, from: here, to: here }] : []),
  ];
}
