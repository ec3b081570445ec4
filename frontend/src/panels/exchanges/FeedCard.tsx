import type { ReactNode } from "react";

import type { ExchangeHealth } from "../../api/types";
import { useNow } from "../../hooks/useNow";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { type FeedState, feedState, kindName, refreshWords, skewWords, sourceWords, type Tone } from "../../lib/feeds";
import { decimals, percent, whole } from "../../lib/format";
import { age } from "../../lib/time";
import { Meter } from "../../ui/bars";

const TONES: Record<Tone, string> = {
  good: "bg-up/15 text-up ring-up/40",
  quiet: "bg-raised text-ink-soft ring-edge",
  warn: "bg-warn/15 text-warn ring-warn/40",
  bad: "bg-down/15 text-down ring-down/40",
};

function Fact({ label, title, children }: { label: string; title?: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4 py-[3px]" title={title}>
      <dt className="shrink-0 text-ink-soft">{label}</dt>
      <dd className="min-w-0 text-right text-ink-strong">{children}</dd>
    </div>
  );
}

const seconds = (value: number | null | undefined) => (typeof value === "number" ? `${whole(value * 1000)} ms` : "–");

function Budgets({ health }: { health: ExchangeHealth }) {
  const used = health.budget_used ?? 0;
  const shares = Object.entries(health.budgets ?? {}).filter(([, share]) => share > 0);
  const closed = Object.entries(health.throttled ?? {});
  return (
    <Fact
      label="Budget used"
      title={`Share of the official limits in use, the fullest first\n${shares.map(([name, share]) => `${name}: ${percent(share)}`).join("\n")}`}
    >
      <span className="flex items-center justify-end gap-2">
        <span className="w-16">
          <Meter value={used} label={`Budget used on ${health.state}`} />
        </span>
        {percent(used)}
      </span>
      {closed.map(([name, left]) => (
        <span key={name} className="block text-micro text-warn">
          {name}: closed for {age(left)}
        </span>
      ))}
    </Fact>
  );
}

function RefreshList({ health }: { health: ExchangeHealth }) {
  const kinds = Object.entries(health.refresh ?? {});
  if (kinds.length === 0) return null;
  return (
    <>
      <h4 className="mt-2 border-t border-line pt-2 text-micro font-medium uppercase tracking-wider text-ink-faint">
        How often each series is renewed
      </h4>
      <dl className="mt-1 text-xs">
        {kinds.map(([kind, refresh]) => (
          <Fact key={kind} label={kindName(kind)}>
            <span className={refresh.share < 1 ? "text-warn" : ""}>{refreshWords(refresh)}</span>
          </Fact>
        ))}
      </dl>
    </>
  );
}

/** What is wrong and what happens next; nothing when all is well. */
function Trouble({ state, lastError }: { state: FeedState; lastError: string | null | undefined }) {
  if (state.tone === "good" || state.tone === "quiet") return null;
  return (
    <p className="mt-2 break-words text-xs leading-5 text-ink">
      {state.words}
      {lastError && <span className="block text-micro text-ink-soft">Last error: {lastError}</span>}
    </p>
  );
}

function Facts({ health }: { health: ExchangeHealth }) {
  const { oldest_s: oldest, clock_skew_ms: skew } = health;
  return (
    <dl className="mt-2 text-xs">
      <Fact label="Pairs">{whole(health.pairs ?? 0)}</Fact>
      <Fact label="Figures come by">{sourceWords(health.source ?? "rest")}</Fact>
      <Fact label="Reconnects">{whole(health.reconnects ?? 0)}</Fact>
      <Fact label="Oldest pair" title="Since the newest closed bar of the pair that is furthest behind">
        {typeof oldest === "number" ? `${age(oldest)} after its close` : "–"}
      </Fact>
      <Fact label="Clock" title="The exchange's clock against the server's machine; bars are dated by the exchange">
        {typeof skew === "number" ? skewWords(skew) : "–"}
      </Fact>
      <Fact label="Answers in" title="Half of the requests are answered within the first figure, 95 % within the second">
        {seconds(health.latency_p50_s)} · {seconds(health.latency_p95_s)}
      </Fact>
      <Fact label="Requests">
        {decimals(health.request_rate ?? 0, 1)} a second, {percent(health.error_rate ?? 0, 1)} failed
      </Fact>
      <Budgets health={health} />
    </dl>
  );
}

/** One exchange: what it does now, how its figures come, how much of its limits is used. */
export function FeedCard({ id, health, at }: { id: string; health: ExchangeHealth; at: number }) {
  const state = feedState(health, { at, now: useNow() });
  return (
    <section aria-label={exchangeName(id)} className="rounded-lg border border-line bg-page p-3">
      <div className="flex flex-wrap items-center gap-2">
        <span aria-hidden="true" className={`h-2 w-2 rounded-full ${exchangeTone(id)}`} />
        <h3 className="text-sm font-semibold text-ink-strong">{exchangeName(id)}</h3>
        <span className={`ml-auto whitespace-nowrap rounded px-1.5 py-0.5 text-micro font-semibold ring-1 ring-inset ${TONES[state.tone]}`}>
          {state.word}
        </span>
      </div>
      <Trouble state={state} lastError={health.last_error} />
      <Facts health={health} />
      <RefreshList health={health} />
    </section>
  );
}
