import { useNow } from "../hooks/useNow";
import { localTime, utcTime } from "../lib/time";

/** A moment in local time; UTC on hover. */
export function Time({ ts, className = "" }: { ts: number; className?: string }) {
  return (
    <time dateTime={new Date(ts).toISOString()} title={utcTime(ts)} className={className}>
      {localTime(ts, useNow())}
    </time>
  );
}
