import type { ExchangeHealth } from "../../api/types";
import { useNow } from "../../hooks/useNow";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { type FeedState, feedState, kindName, refreshWords, skewWords, sourceWords, type Tone } from "../../lib/feeds";
import { decimals, percent, whole } from "../../lib/format";
import type { RowView } from "../../lib/rows";
import { age } from "../../lib/time";
import { Moment } from "../../ui/Moment";
import { Budgets } from "./Budgets";
import { Fact, Heading, NotTold, Part, told } from "./facts";
import { Lines } from "./Lines";
import { took } from "./words";

const TONES: Record<Tone, string> = {
  good: "bg-up/15 text-up ring-up/40",
  quiet: "bg-raised text-ink-soft ring-edge",
  warn: "bg-warn/15 text-warn ring-warn/40",
  bad: "bg-down/15 text-down ring-down/40",
};

interface Props {
  id: string;
  health: ExchangeHealth;
  /** Local time (ms) at which the health was told. */
  at: number;
  /** Its rows of the timeframe shown: how their live values came. */
  rows: readonly RowView[];
}

function RefreshList({ health }: { health: ExchangeHealth }) {
  if (health.refresh === undefined) return <p className="text-xs"><NotTold /></p>;
  const kinds = Object.entries(health.refresh);
  if (kinds.length === 0) return <p className="text-xs text-ink-faint">not planned yet</p>;
  return (
    <dl className="text-xs">
      {kinds.map(([kind, refresh]) => (
        <Fact key={kind} label={kindName(kind)}>
          <span className={refresh.share < 1 ? "text-warn" : ""}>{refreshWords(refresh)}</span>
        </Fact>
      ))}
    </dl>
  );
}

/** What is wrong and what happens next; nothing when all is well. */
function Trouble({ state, health, left }: { state: FeedState; health: ExchangeHealth; left: number }) {
  if (state.tone === "good" || state.tone === "quiet") return null;
  return (
    <p className="mt-1 break-words text-xs leading-5 text-ink">
      {state.words}
      {health.state === "banned" && left > 0 && <span className="font-semibold text-warn"> {age(left)} left.</span>}
      {health.last_error && <span className="block text-micro text-ink-soft">Last error: {health.last_error}</span>}
    </p>
  );
}

const BREAKERS: Record<string, string> = { closed: "closed: requests go through", open: "open: nothing is sent", "half-open": "half open: one probe is on its way" };

/** How many of its pairs have their live values by websocket, of those whose source is told. */
function bySource(rows: readonly RowView[]): string {
  const sources = rows.map(({ row }) => row.live_source).filter((source) => source !== null && source !== undefined);
  if (sources.length === 0) return "no live value yet";
  const sockets = sources.filter((source) => sourceWords(source) === "websocket").length;
  return `${whole(sockets)} of ${whole(sources.length)} pairs by websocket (${percent(sockets / sources.length)})`;
}

function Feeds({ health, rows }: { health: ExchangeHealth; rows: readonly RowView[] }) {
  return (
    <dl className="text-xs">
      <Fact label="Pairs">{told(health.pairs, whole)}</Fact>
      <Fact label="Figures come by">{told(health.source, sourceWords)}</Fact>
      <Fact label="Live values" title="Of the pairs of the timeframe shown">{bySource(rows)}</Fact>
      <Fact label="Breaker" title="Opens after four failed requests in a row if the probe is among them">
        {told(health.breaker, ({ state }) => (
          <span className={state === "closed" ? "" : "text-down"}>{BREAKERS[state] ?? state}</span>
        ))}
      </Fact>
      <Fact label="Oldest pair" title="Since the newest closed bar of the pair that is furthest behind">
        {told(health.oldest_s, (seconds) => `${age(seconds)} after its close`)}
      </Fact>
      <Fact label="Clock" title="The exchange's clock against the server's machine; bars are dated by the exchange">
        {told(health.clock_skew_ms, skewWords)}
      </Fact>
    </dl>
  );
}

function Requests({ health }: { health: ExchangeHealth }) {
  return (
    <dl className="text-xs">
      <Fact label="Requests">{told(health.request_rate, (rate) => `${decimals(rate, 1)} a second`)}</Fact>
      <Fact label="Answers in (p50 · p95)" title="Half of the requests are answered within the first figure, 95 % within the second">
        {told(health.latency_p50_s, took)} · {told(health.latency_p95_s, took)}
      </Fact>
      <Fact label="Failed since start">
        {told(health.errors, whole)}
        {typeof health.requests === "number" && ` of ${whole(health.requests)}`}
        {typeof health.error_rate === "number" && ` (${percent(health.error_rate, 1)})`}
      </Fact>
      <Fact label="Reconnects">{told(health.reconnects, whole)}</Fact>
      <Fact label="In flight, at most">
        {told(health.in_flight, whole)} · {told(health.peak_in_flight, whole)}
      </Fact>
    </dl>
  );
}

function Gaps({ health }: { health: ExchangeHealth }) {
  if (health.gaps === undefined) return <p className="text-xs"><NotTold /></p>;
  const { missing, open, pairs, healing, healed, given_up: givenUp, looked_ts: looked } = health.gaps;
  return (
    <dl className="text-xs">
      <Fact label="Missing bars" title="Closed bars that were not there at the end of the last look and that the exchange may have">
        {told(missing, (bars) => <span className={bars > 0 ? "text-warn" : ""}>{whole(bars)}</span>, "no look has ended yet")}
      </Fact>
      <Fact label="Missing or incomplete" title="Those, and the bars of which a value is unknown or stood in for">
        {told(open, (bars) => (bars === 0 ? "none" : `${whole(bars)} bars of ${whole(pairs ?? 0)} pairs`), "no look has ended yet")}
      </Fact>
      <Fact label="Healed since start" title="Bars stored by looks since start that were not there">{whole(healed)} bars</Fact>
      <Fact label="Given up since start" title="Rows looked for twice that the exchange does not have">{whole(givenUp)} rows</Fact>
      <Fact label="Last look">
        {healing ? "under way" : told(looked, (ts) => <Moment ts={ts} />, "none yet")}
      </Fact>
    </dl>
  );
}

const Refused = ({ health }: { health: ExchangeHealth }) => {
  const marks = Object.entries(health.guarded ?? {});
  if (marks.length === 0) return null;
  return (
    <p className="mt-2 text-micro text-warn">
      Refused on the newest bar: {marks.map(([mark, count]) => `${mark.replace("guarded:", "")} on ${whole(count)} pairs`).join(", ")}
    </p>
  );
};

/** One exchange: what it does now, how its figures come, how much of its limits is used. */
export function FeedCard({ id, health, at, rows }: Props) {
  const now = useNow();
  const state = feedState(health, { at, now });
  const left = (health.banned_for_s ?? 0) - Math.max(0, now - at) / 1000;
  const name = exchangeName(id);
  return (
    <Part
      title={name}
      aside={
        <>
          <span aria-hidden="true" className={`-order-1 h-2 w-2 rounded-full ${exchangeTone(id)}`} />
          <span className={`ml-auto whitespace-nowrap rounded px-1.5 py-0.5 text-micro font-semibold ring-1 ring-inset ${TONES[state.tone]}`}>{state.word}</span>
        </>
      }
    >
      <Trouble state={state} health={health} left={left} />
      <Feeds health={health} rows={rows} />
      <Refused health={health} />
      <Heading>Requests</Heading>
      <Requests health={health} />
      <Heading>Official limits in use</Heading>
      <Budgets name={name} health={health} />
      <Heading>Websockets</Heading>
      {health.websockets === undefined ? <p className="text-xs"><NotTold /></p> : <Lines lines={health.websockets} />}
      <Heading>How often each series is renewed</Heading>
      <RefreshList health={health} />
      <Heading>Gaps in the record</Heading>
      <Gaps health={health} />
    </Part>
  );
}
