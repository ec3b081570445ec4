import { memo } from "react";

import type { Alert } from "../../api/types";
import { useNow } from "../../hooks/useNow";
import { exchangeName } from "../../lib/exchanges";
import { alertStyle, alertTag } from "../../lib/tiers";
import { localTime, utcTime } from "../../lib/time";
import { alertKey } from "../../lib/toastPolicy";
import { Card } from "../../ui/Card";
import { Icon } from "../../ui/Icon";

interface Props {
  alerts: readonly Alert[];
  loaded: boolean;
  error: string | null;
  onOpen: (alert: Alert) => void;
  onClose: () => void;
}

const ARROWS: Record<string, string> = { up: "▲", long: "▲", "1": "▲", down: "▼", short: "▼", "-1": "▼" };

function Time({ ts }: { ts: number }) {
  return (
    <time dateTime={new Date(ts).toISOString()} title={utcTime(ts)} className="ml-auto shrink-0 text-micro text-ink-faint">
      {localTime(ts, useNow())}
    </time>
  );
}

const Item = memo(function Item({ alert, onOpen }: { alert: Alert; onOpen: (alert: Alert) => void }) {
  const style = alertStyle(alert);
  return (
    <li className="border-b border-line/70">
      <button
        type="button"
        onClick={() => onOpen(alert)}
        className="relative block w-full py-2 pl-4 pr-3 text-left hover:bg-raised focus-visible:-outline-offset-2"
      >
        <span aria-hidden="true" className={`absolute inset-y-1.5 left-0 w-[3px] rounded-r ${style.bar}`} />
        <span className="flex items-baseline gap-2">
          <span className={`text-micro font-bold ${style.text}`}>{alertTag(alert)}</span>
          <span className="text-xs font-semibold text-ink-strong">{alert.base}</span>
          <span className="truncate text-micro text-ink-soft">
            {exchangeName(alert.exchange)} · {alert.timeframe}
          </span>
          <Time ts={alert.ts} />
        </span>
        <span className="mt-0.5 flex gap-1.5 text-xs leading-[1.125rem] text-ink">
          <span aria-hidden="true" className="text-[0.5625rem] text-ink-faint">
            {ARROWS[String(alert.direction)] ?? "•"}
          </span>
          {alert.text}
        </span>
      </button>
    </li>
  );
});

/** Every alert, newest first: what pops up is only a part of these. */
export function AlertRail({ alerts, loaded, error, onOpen, onClose }: Props) {
  return (
    <Card className="flex h-full flex-col overflow-hidden p-0 ring-line">
      <header className="flex h-10 shrink-0 items-center gap-2 border-b border-line pl-4 pr-2">
        <h2 className="text-xs font-semibold text-ink-strong">Alerts</h2>
        <span className="text-micro text-ink-faint">all timeframes, newest first</span>
        <button
          type="button"
          onClick={onClose}
          aria-label="Hide the alerts"
          className="ml-auto rounded p-1.5 text-ink-soft hover:bg-raised hover:text-ink-strong"
        >
          <Icon name="close" className="h-3 w-3" />
        </button>
      </header>
      {error !== null && <p role="alert" className="px-4 py-2 text-xs text-down">The alert list could not be read: {error}</p>}
      {alerts.length > 0 ? (
        // The list scrolls: the keyboard reaches it through its buttons.
        <ul aria-label="Alerts" className="min-h-0 flex-1 overflow-y-auto">
          {alerts.map((alert) => (
            <Item key={alertKey(alert)} alert={alert} onOpen={onOpen} />
          ))}
        </ul>
      ) : (
        <p role="status" className="p-4 text-xs leading-5 text-ink-soft">
          {loaded
            ? "No alert yet. One appears here when a condition begins to hold on a closed bar with sound data."
            : "Reading the alerts…"}
        </p>
      )}
    </Card>
  );
}
