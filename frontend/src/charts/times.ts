/** Times on axes: the reader's own. Labels carry what a tick can not: UTC stands in the legend. */
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** What the library calls the weight of a tick: 0 year, 1 month, 2 day, 3 and 4 time of day. Days begin at 00:00 UTC. */
export function tickText(ts: number, weight: number): string {
  if (weight <= 1) return month.format(ts);
  if (weight > 2) return clock.format(ts);
  const midnight = new Date(ts).getHours() === 0 && new Date(ts).getMinutes() === 0;
  return midnight ? day.format(ts) : full.format(ts);
}

/** Day and time of a bar. */
export const barTime = (ts: number) => full.format(ts);
