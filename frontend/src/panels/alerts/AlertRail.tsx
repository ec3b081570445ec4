import { memo } from "react";

import type { Alert } from "../../api/types";
import { directionSign, placeOf, sentenceOf } from "../../lib/alertWords";
import { alertStyle, alertTag } from "../../lib/tiers";
import { alertKey } from "../../lib/toastPolicy";
import { Card } from "../../ui/Card";
import { EvidenceChip } from "../../ui/EvidenceChip";
import { Icon } from "../../ui/Icon";
import { Time } from "../../ui/Time";
import { MuteMenu } from "./MuteMenu";

interface Props {
  alerts: readonly Alert[];
  loaded: boolean;
  error: string | null;
  onOpen: (alert: Alert) => void;
  /** Leads to the alert itself: its inputs, and what its kind was worth. */
  onExplain: (alert: Alert) => void;
  onAll: () => void;
  onClose: () => void;
}

interface ItemProps {
  alert: Alert;
  onOpen: (alert: Alert) => void;
  onExplain: (alert: Alert) => void;
}

const Item = memo(function Item({ alert, onOpen, onExplain }: ItemProps) {
  const style = alertStyle(alert);
  return (
    <li className="relative border-b border-line/70">
      <span aria-hidden="true" className={`absolute inset-y-1.5 left-0 w-[3px] rounded-r ${style.bar}`} />
      <button
        type="button"
        onClick={() => onOpen(alert)}
        className="block w-full pb-0.5 pl-4 pr-3 pt-2 text-left hover:bg-raised focus-visible:-outline-offset-2"
      >
        <span className="flex items-baseline gap-2">
          <span className={`text-micro font-bold ${style.text}`}>{alertTag(alert)}</span>
          <span className="text-xs font-semibold text-ink-strong">{alert.base}</span>
          <span className="truncate text-micro text-ink-soft">{placeOf(alert)}</span>
          <Time ts={alert.ts} className="ml-auto shrink-0 text-micro text-ink-faint" />
        </span>
        <span className="mt-0.5 flex gap-1.5 text-xs leading-[1.125rem] text-ink">
          <span aria-hidden="true" className="text-[0.5625rem] text-ink-faint">
            {directionSign(alert.direction)}
          </span>
          {sentenceOf(alert)}
        </span>
      </button>
      <button
        type="button"
        onClick={() => onExplain(alert)}
        className="flex min-h-6 w-full items-baseline pb-1.5 pl-[30px] pr-3 text-left hover:bg-raised focus-visible:-outline-offset-2"
      >
        <EvidenceChip alert={alert} />
        <span className="sr-only">. Why it fired, and what such alerts were worth</span>
      </button>
    </li>
  );
});

const headerButton = "rounded p-1.5 text-ink-soft hover:bg-raised hover:text-ink-strong";

/** Every alert, newest first: what pops up is only a part of these. */
export default function AlertRail({ alerts, loaded, error, onOpen, onExplain, onAll, onClose }: Props) {
  return (
    <Card className="flex h-full flex-col overflow-hidden p-0 ring-line">
      <header className="flex h-10 shrink-0 items-center gap-1 border-b border-line pl-4 pr-2">
        <h2 className="text-xs font-semibold text-ink-strong">Alerts</h2>
        <span className="ml-auto">
          <MuteMenu />
        </span>
        <button type="button" onClick={onAll} className="rounded px-1.5 py-1 text-micro text-accent hover:bg-raised">
          All alerts
        </button>
        <button type="button" onClick={onClose} aria-label="Hide the alerts" className={headerButton}>
          <Icon name="close" className="h-3 w-3" />
        </button>
      </header>
      {error !== null && <p role="alert" className="px-4 py-2 text-xs text-down">The alert list could not be read: {error}</p>}
      {alerts.length > 0 ? (
        // The list scrolls: the keyboard reaches it through its buttons.
        <ul aria-label="Alerts" className="min-h-0 flex-1 overflow-y-auto">
          {alerts.map((alert) => (
            <Item key={alertKey(alert)} alert={alert} onOpen={onOpen} onExplain={onExplain} />
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
