import { useNow } from "../hooks/useNow";
import { ageOf, exchangeNow, type RowView } from "../lib/rows";
import { age, countdown, utcTime } from "../lib/time";

/** Seconds since the exchange spoke, ticking. */
export function Age({ view }: { view: RowView }) {
  return <span className="whitespace-nowrap">{age(ageOf(view, useNow()))}</span>;
}

/** Time to the next funding on the exchange's own clock, ticking. */
export function FundingCountdown({ view }: { view: RowView }) {
  const now = useNow();
  const next = view.row.funding_next_ts;
  if (next === null) return null;
  return <span title={utcTime(next)}>{countdown(next - exchangeNow(view, now))}</span>;
}
