import { useNow } from "../hooks/useNow";
import { localTime, utcTime } from "../lib/time";

/** A moment in the reader's time, in UTC when hovered. */
export function Moment({ ts }: { ts: number }) {
  return (
    <time dateTime={new Date(ts).toISOString()} title={utcTime(ts)} className="whitespace-nowrap">
      {localTime(ts, useNow())}
    </time>
  );
}
