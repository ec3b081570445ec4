import type { Alert } from "../api/types";
import { alertStyle, slotOf, type Slot } from "../lib/tiers";

/** A form for each sort of alert: colour alone tells nothing. */
const SHAPES: Record<Slot, string> = {
  t6: "M5 0l5 5-5 5-5-5z",
  t2: "M5 0l1.5 3.4 3.5.4-2.6 2.5.7 3.7L5 8.1 1.9 10l.7-3.7L0 3.8l3.5-.4z",
  t5: "M.8.8h8.4v8.4H.8z",
  t3: "M5 .6l5 8.8H0z",
  t1: "M5 .4a4.6 4.6 0 1 1 0 9.2 4.6 4.6 0 0 1 0-9.2z",
  t4: "M5 9.4L0 .6h10z",
  confluence: "M3.4 0h3.2v3.4H10v3.2H6.6V10H3.4V6.6H0V3.4h3.4z",
  rule: "M0 2.2h10v2H0zM0 5.8h10v2H0z",
};

/** The mark of an alert, in the colour of its sort. */
export function TierShape({ alert, className = "h-2.5 w-2.5" }: { alert: Pick<Alert, "kind" | "tier">; className?: string }) {
  return (
    <svg viewBox="0 0 10 10" aria-hidden="true" className={`${className} ${alertStyle(alert).text}`}>
      <path d={SHAPES[slotOf(alert)]} fill="currentColor" />
    </svg>
  );
}
