import type { ReactNode } from "react";

import type { Health } from "../../api/types";
import { useNow } from "../../hooks/useNow";
import { percent, whole } from "../../lib/format";
import { age } from "../../lib/time";
import { Meter } from "../../ui/bars";
import { Moment } from "../../ui/Moment";
import { told } from "./facts";
import { took } from "./words";

const STATUS: Record<Health["status"], { words: string; tone: string }> = {
  starting: { words: "starting", tone: "text-ink-strong" },
  ok: { words: "all is well", tone: "text-up" },
  degraded: { words: "degraded", tone: "text-warn" },
  down: { words: "down", tone: "text-down" },
};

function Figure({ label, title, children, note }: { label: string; title: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div title={title} className="min-w-36 flex-1 rounded-lg border border-line bg-panel px-3 py-2">
      <dt className="text-micro text-ink-soft">{label}</dt>
      <dd className="text-base font-semibold leading-6 text-ink-strong">{children}</dd>
      <dd className="min-h-4 text-micro text-ink-faint">{note}</dd>
    </div>
  );
}

const Lag = ({ lag }: { lag: Health["closed_bar_lag_s"] }) => (
  <>
    {told(lag, ({ p50, p99 }) =>
      p50 === null ? (
        <span className="text-xs font-normal text-ink-faint">no bar has closed yet</span>
      ) : (
        <>
          {took(p50)} · {told(p99, took)}
        </>
      ),
    )}
  </>
);

function LastCycle({ last }: { last: Health["last_cycle"] }) {
  return (
    <Figure
      label="Last cycle took"
      title="One round of live values, and of closed bars where one has closed"
      note={
        last && (
          <>
            {whole(last.rows)} rows, {whole(last.errors)} errors, at <Moment ts={last.started} />
            {last.bar_close && ", bar close"}
          </>
        )
      }
    >
      {told(last, ({ duration_s: seconds }) => took(seconds), "none yet")}
    </Figure>
  );
}

/** The server as a whole, in five figures. */
export function Server({ health }: { health: Health }) {
  const now = useNow();
  const since = Math.max(0, now - (health.at ?? now)) / 1000;
  const status = STATUS[health.status];
  return (
    <dl className="flex flex-wrap gap-2">
      <Figure label="Status" title="down: the last cycle is older than three intervals, or the database fails" note={health.detail ?? health.failure ?? (health.version && `version ${health.version}`)}>
        <span className={status.tone}>{status.words}</span>
      </Figure>
      <Figure label="Running for" title="Since the server was started" note={health.kept_s_ago === undefined ? null : `the scraper told ${age(health.kept_s_ago + since)} ago`}>
        {told(health.uptime_s, (seconds) => age(seconds + since))}
      </Figure>
      <Figure label="History loaded" title="Share of the start-up history requests that are done" note={typeof health.warm === "number" && <Meter value={health.warm} label="History loaded" />}>
        {told(health.warm, (share) => percent(share))}
      </Figure>
      <Figure
        label="Closed bar readable after"
        title="From a bar's close until it can be read from the API: half of the bars within the first figure, 99 % within the second"
        note="p50 · p99"
      >
        <Lag lag={health.closed_bar_lag_s} />
      </Figure>
      <LastCycle last={health.last_cycle} />
    </dl>
  );
}
