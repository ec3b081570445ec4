import type { Alert } from "../../api/types";
import { useNow } from "../../hooks/useNow";
import { alertStyle, alertTag } from "../../lib/tiers";
import { localTime, utcTime } from "../../lib/time";
import { alertKey } from "../../lib/toastPolicy";

interface Props {
  alerts: readonly Alert[];
  loaded: boolean;
  error: string | null;
  /** Open time of the bar that is marked. */
  at: number | null;
  onGo: (ts: number) => void;
}

/** The pair's alerts, newest first; each leads to its bar. */
export function AlertsTab({ alerts, loaded, error, at, onGo }: Props) {
  const now = useNow();
  if (error !== null) return <p role="alert" className="p-4 text-xs text-down">The alerts could not be read: {error}</p>;
  if (alerts.length === 0) {
    return (
      <p role="status" className="p-4 text-xs leading-5 text-ink-soft">
        {loaded ? "No alert of this pair and timeframe is recorded." : "Reading the alerts…"}
      </p>
    );
  }
  return (
    <ul aria-label="Alerts of this pair" className="h-full overflow-y-auto">
      {alerts.map((alert) => {
        const style = alertStyle(alert);
        return (
          <li key={alertKey(alert)} className="border-b border-line/70">
            <button
              type="button"
              aria-current={alert.ts === at ? "true" : undefined}
              onClick={() => onGo(alert.ts)}
              className="relative block w-full px-4 py-2 text-left hover:bg-raised focus-visible:-outline-offset-2 aria-[current]:bg-raised"
            >
              <span aria-hidden="true" className={`absolute inset-y-1.5 left-0 w-[3px] rounded-r ${style.bar}`} />
              <span className="flex items-baseline gap-2">
                <span className={`text-micro font-bold ${style.text}`}>{alertTag(alert)}</span>
                <span className="text-xs font-semibold text-ink-strong">{style.name}</span>
                <time dateTime={new Date(alert.ts).toISOString()} title={utcTime(alert.ts)} className="ml-auto shrink-0 text-micro text-ink-faint">
                  {localTime(alert.ts, now)}
                </time>
              </span>
              <span className="mt-0.5 block text-xs leading-[1.125rem] text-ink">{alert.text}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
