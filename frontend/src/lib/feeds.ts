/** The exchanges' health in words: what each does now, and what it is waiting for. */
import type { ExchangeHealth, Health, Refresh } from "../api/types";
import { exchangeName } from "./exchanges";
import { age, localTime } from "./time";

export type Tone = "good" | "quiet" | "warn" | "bad";

export interface FeedState {
  tone: Tone;
  /** One or two words for a badge. */
  word: string;
  /** A sentence with what happens next; empty when all is well. */
  words: string;
}

interface Moment {
  /** Local time (ms) at which the health was told: what it counts in seconds counts from here. */
  at: number;
  now: number;
}

const STATES: Record<string, FeedState> = {
  ok: { tone: "good", word: "ok", words: "" },
  starting: { tone: "quiet", word: "starting", words: "It is being asked for its pairs." },
  degraded: { tone: "warn", word: "degraded", words: "Some requests of the last cycle failed; they are asked again." },
  down: { tone: "bad", word: "down", words: "It does not answer; it is asked again now and then." },
  blocked: { tone: "bad", word: "blocked", words: "It does not serve this address (often its country); it is asked again every ten minutes." },
};

const until = (seconds: number, { at, now }: Moment) => localTime(at + seconds * 1000, now);

const nextTry = (health: ExchangeHealth, moment: Moment) => {
  const seconds = health.breaker?.next_probe_s;
  return typeof seconds === "number" ? ` Next try at ${until(seconds, moment)}.` : "";
};

function banned(health: ExchangeHealth, moment: Moment): FeedState {
  const end = until(health.banned_for_s ?? 0, moment);
  return { tone: "bad", word: `banned until ${end}`, words: `It asked for silence: nothing is sent to it before ${end}.` };
}

function broken(health: ExchangeHealth, moment: Moment): FeedState {
  const why = health.breaker?.reason ?? "too many failures in a row";
  const word = health.breaker?.state === "open" ? "breaker open" : "breaker half open";
  return { tone: "bad", word, words: `Nothing is sent for a while (${why}).${nextTry(health, moment)}` };
}

const isBroken = ({ state, breaker }: ExchangeHealth) =>
  state !== "blocked" && breaker !== undefined && breaker.state !== "closed";

/** What an exchange does now. */
export function feedState(health: ExchangeHealth, moment: Moment): FeedState {
  if (health.state === "banned") return banned(health, moment);
  if (isBroken(health)) return broken(health, moment);
  const known = STATES[health.state] ?? { tone: "warn", word: health.state, words: "" };
  return known.tone === "bad" ? { ...known, words: known.words + nextTry(health, moment) } : known;
}

const RANK: Record<Tone, number> = { good: 0, quiet: 1, warn: 2, bad: 3 };

/** The worst of all exchanges' states; null before any is known. */
export function worstTone(health: Health | null): Tone | null {
  const tones = Object.values(health?.exchanges ?? {}).map((one) => feedState(one, { at: 0, now: 0 }).tone);
  return tones.reduce<Tone | null>((worst, tone) => (worst === null || RANK[tone] > RANK[worst] ? tone : worst), null);
}

/** Exchanges that do not work as they should, each in a few words. */
export function troubles(health: Health, now: number): string[] {
  return Object.entries(health.exchanges ?? {}).flatMap(([id, one]) => {
    const { tone, word } = feedState(one, { at: health.at ?? now, now });
    return tone === "warn" || tone === "bad" ? [`${exchangeName(id)}: ${word}`] : [];
  });
}

const SOURCES: Record<string, string> = {
  rest: "REST",
  ws: "websocket",
  websocket: "websocket",
  mixed: "websocket and REST",
  trades: "trades stream",
  backfill: "history requests",
};

/** How figures came, in words. */
export const sourceWords = (source: string) => SOURCES[source] ?? source;

const KINDS: Record<string, string> = {
  tickers: "Prices, live",
  live_oi: "Open interest, live",
  candles: "Candles",
  oi: "Open interest",
  global_ls: "LS, all accounts",
  top_ls: "LS, top traders",
  taker: "Taker volume",
  funding: "Funding",
};

export const kindName = (kind: string) => KINDS[kind] ?? kind;

/** Seconds as one plain unit: 30 s · 5 min · 2 h. */
function period(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** How often a series of each pair is renewed; where pairs take turns, the longest it takes. */
export function refreshWords({ every_s: every, share }: Refresh): string {
  const often = `every ${period(every)}`;
  return share >= 1 ? `${often}, all pairs` : `at the latest ${often}, ${Math.round(share * 100)} % of the pairs a bar`;
}

/** Signed seconds of a clock against the server's machine. */
export function skewWords(ms: number): string {
  if (Math.abs(ms) < 50) return "in step";
  return `${(Math.abs(ms) / 1000).toFixed(Math.abs(ms) < 10_000 ? 1 : 0)} s ${ms > 0 ? "ahead" : "behind"}`;
}

/** Where market caps stand, in a sentence. */
export function capWords(health: Health): string | null {
  const caps = health.coingecko;
  if (!caps || caps.state === "off") return null;
  const old = typeof caps.age_s === "number" ? `${age(caps.age_s)} old` : "none yet";
  const pairs = caps.matched === undefined ? "" : `, ${caps.matched} pairs matched`;
  const state = caps.state === "unreachable" ? " CoinGecko does not answer; it is asked again now and then." : "";
  return `Market caps from CoinGecko: ${old}${pairs}.${state}`;
}
