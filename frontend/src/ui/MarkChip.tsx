import { inWords, type MarkKind, markKind } from "../lib/quality";

/** Each kind of mark has a form of its own, so that it does not depend on colour. */
const FORMS: Record<MarkKind, string> = {
  stale: "border-ink-faint text-ink-soft",
  guarded: "hatched border-warn/50 text-warn",
  gap: "border-dashed border-hole/80 text-hole",
  backfilled: "border-dotted border-accent/80 text-accent",
  warming: "border-transparent italic text-ink-soft",
  other: "border-warn/40 text-warn",
};

/** A quality mark as a small label, in words as its tooltip. */
export function MarkChip({ mark, className = "" }: { mark: string; className?: string }) {
  return (
    <span title={inWords(mark)} className={`rounded border px-1 text-micro ${FORMS[markKind(mark)]} ${className}`}>
      {mark}
    </span>
  );
}
