import { useState } from "react";

import { fetchReplay, type Knowledge } from "../../api/replay";
import { useAnswer } from "../../hooks/useAnswer";
import { stretchAsked, timeIn } from "../../lib/playback/link";
import type { Stretch } from "../../lib/playback/player";
import { timeframeMs } from "../../lib/timeframe";
import { useUrl } from "../../hooks/useUrl";

/** What is replayed, beside when. */
export interface Scope {
  tf: string;
  as: Knowledge;
  exchange: string;
  /** Symbols with commas between them; "" is all. */
  symbols: string;
}

export interface Recorded {
  first: number;
  last: number;
}

export interface Found {
  stretch: Stretch;
  recorded: Recorded;
}

const MINUTE_MS = 60_000;

/** The stretch of the address, as the recording has it; `found` is null without any bars. */
export function useStretch(scope: Scope) {
  const { tf, as, exchange, symbols } = scope;
  const [from, to, at] = [useUrl("from"), useUrl("to"), timeIn(useUrl("at"))];
  // Playing moves `at`; the stretch around the bar that was led to stays while that is in it.
  const [led, setLed] = useState(at);
  const [attempt, setAttempt] = useState(0);
  const asked = stretchAsked(from, to, led);
  const key = JSON.stringify([scope, asked, attempt]);
  const answer = useAnswer(tf === "" ? null : key, async (signal) => {
    const query = { tf, as, exchange, symbols, ...asked, limit: 0 };
    return { key, page: await fetchReplay(query, signal) };
  });
  const page = answer.data?.key === key ? answer.data.page : null;
  const found = page && foundIn(page);
  // Where nothing is asked for any more, nothing leads.
  if (led !== at && leads(at, from ?? to, found)) setLed(at);
  return {
    key,
    found,
    empty: page !== null && page.start === null,
    error: answer.error,
    retry: () => setAttempt((count) => count + 1),
  };
}

/** Whether the address leads elsewhere: away, or out of a stretch that nobody chose. */
const leads = (at: number | null, chosen: string | null, found: Found | null) => at === null || (chosen === null && isOutside(found, at));

const isOutside = (found: Found | null, at: number | null) =>
  found !== null && at !== null && (at < found.stretch.start || at >= found.stretch.end + found.stretch.step);

function foundIn({ tf, start, end, recorded_first: first, recorded_last: last }: Awaited<ReturnType<typeof fetchReplay>>): Found | null {
  if (start === null || end === null || first === null || last === null) return null;
  return { stretch: { start, end, step: timeframeMs(tf) ?? MINUTE_MS }, recorded: { first, last } };
}
