import { type ReactNode, useMemo } from "react";

import type { LiveSnapshot } from "../../api/live";
import type { Health } from "../../api/types";
import { capWords } from "../../lib/feeds";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { Moment } from "../../ui/Moment";
import { Cycles } from "./Cycles";
import { FeedCard } from "./FeedCard";
import { NotTold, Part } from "./facts";
import { Notifier } from "./Notifier";
import { Server } from "./Server";
import { Store } from "./Store";

interface Props {
  health: Health | null;
  /** The newest attempt to read it failed. */
  failed: boolean;
  live: LiveSnapshot;
}

const LINKS = [
  ["/metrics", "Metrics for Prometheus"],
  ["/api/docs", "Pages of the API"],
  ["/health", "This page as JSON"],
] as const;

function MarketCaps({ health }: { health: Health }) {
  const words = health.coingecko === undefined ? <NotTold /> : (capWords(health) ?? "Off: no market caps are asked for.");
  return (
    <Part title="Market caps">
      <p className="text-xs leading-5 text-ink">{words}</p>
    </Part>
  );
}

function Links() {
  return (
    <Part title="Elsewhere">
      <ul className="space-y-1.5 text-xs">
        {LINKS.map(([href, name]) => (
          <li key={href}>
            <a href={href} className="text-accent underline underline-offset-2">{name}</a> <span className="text-ink-faint">{href}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

const Waiting = ({ children }: { children: ReactNode }) => (
  <div role="status" className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center text-xs leading-5 text-ink-soft">
    {children}
  </div>
);

/** How the recording goes: the server, every exchange, the database, notifications. */
export default function Ops({ health, failed, live }: Props) {
  const rows = useMemo(() => {
    const byExchange = new Map<string, LiveSnapshot["rows"]>();
    for (const view of live.rows) byExchange.set(view.row.exchange, [...(byExchange.get(view.row.exchange) ?? []), view]);
    return byExchange;
  }, [live.rows]);

  if (health === null) {
    return <Waiting>{failed ? <p>The state of the server could not be read yet. It is asked again every ten seconds.</p> : <p>Asking the server how it is…</p>}</Waiting>;
  }
  const feeds = Object.entries(health.exchanges ?? {});
  return (
    // Scrolls, so the keyboard must reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label="Operations" tabIndex={0} className="min-h-0 flex-1 space-y-3 overflow-y-auto overflow-x-hidden p-3 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-accent">
      <h2 className="flex flex-wrap items-baseline gap-x-3 text-sm font-semibold text-ink-strong">
        Operations
        <span className="text-micro font-normal text-ink-soft">
          {health.at === undefined ? "as of –" : <>as of <Moment ts={health.at} /></>}
          {failed && <span className="text-warn">; the newest attempt to read it failed, it is asked again</span>}
        </span>
      </h2>
      <Server health={health} />
      {feeds.length === 0 && (
        <p className="text-xs text-ink-soft">{health.exchanges === undefined ? <>Exchanges: <NotTold /> (without its token a server tells its status alone)</> : "Nothing is known of the exchanges yet: no scraper has told."}</p>
      )}
      <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
        {feeds.map(([id, one]) => (
          <ErrorBoundary key={id} name={id}>
            <FeedCard id={id} health={one} at={health.at ?? 0} rows={rows.get(id) ?? []} />
          </ErrorBoundary>
        ))}
      </div>
      <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
        <Cycles cycles={health.cycles} />
        <Store database={health.database} />
        <div className="grid content-start gap-3">
          <Notifier notify={health.notify} />
          <MarketCaps health={health} />
          <Links />
        </div>
      </div>
    </div>
  );
}
