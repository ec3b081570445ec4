import type { Alert } from "../../api/types";
import { directionSign, placeOf, sentenceOf } from "../../lib/alertWords";
import { alertStyle, alertTag } from "../../lib/tiers";
import { EvidenceChip } from "../../ui/EvidenceChip";
import { Icon } from "../../ui/Icon";
import { Time } from "../../ui/Time";

interface Props {
  alert: Alert;
  /** A narrow list: everything below each other. */
  stacked: boolean;
  chosen: boolean;
  onExplain: (alert: Alert) => void;
  onChart: (alert: Alert) => void;
}

const WIDE = "grid grid-cols-[6.5rem_2.25rem_11rem_minmax(0,1fr)_17.5rem] items-baseline gap-x-3 py-2 pl-4 pr-1";

function Direction({ direction }: Pick<Alert, "direction">) {
  return (
    <span title={direction === null ? "No side" : `Side of the takers: ${direction}`} className="text-[0.5625rem] text-ink-faint">
      <span aria-hidden="true">{directionSign(direction)}</span>
      {direction !== null && <span className="sr-only">{direction}</span>}
    </span>
  );
}

function Wide({ alert }: { alert: Alert }) {
  const style = alertStyle(alert);
  return (
    <span className={WIDE}>
      <Time ts={alert.ts} className="text-micro text-ink-soft" />
      <span title={style.name} className={`text-micro font-bold ${style.text}`}>
        {alertTag(alert)}
      </span>
      <span className="truncate">
        <span className="text-xs font-semibold text-ink-strong">{alert.base}</span>{" "}
        <span className="text-micro text-ink-soft">{placeOf(alert)}</span>
      </span>
      <span className="flex items-baseline gap-1.5 text-xs leading-[1.125rem] text-ink">
        <Direction direction={alert.direction} />
        {sentenceOf(alert)}
      </span>
      <EvidenceChip alert={alert} />
    </span>
  );
}

function Stacked({ alert }: { alert: Alert }) {
  const style = alertStyle(alert);
  return (
    <span className="block py-2 pl-4 pr-1">
      <span className="flex items-baseline gap-2">
        <span className={`text-micro font-bold ${style.text}`}>{alertTag(alert)}</span>
        <span className="text-xs font-semibold text-ink-strong">{alert.base}</span>
        <span className="truncate text-micro text-ink-soft">{placeOf(alert)}</span>
        <Time ts={alert.ts} className="ml-auto shrink-0 text-micro text-ink-faint" />
      </span>
      <span className="mt-0.5 flex items-baseline gap-1.5 text-xs leading-[1.125rem] text-ink">
        <Direction direction={alert.direction} />
        {sentenceOf(alert)}
      </span>
      <EvidenceChip alert={alert} className="mt-0.5 block pl-[14px]" />
    </span>
  );
}

/** One alert of the list: itself opens what it was made from, the button beside it the chart. */
export function AlertRow({ alert, stacked, chosen, onExplain, onChart }: Props) {
  return (
    <div className={`relative flex border-b border-line/70 ${chosen ? "bg-raised" : ""}`}>
      <span aria-hidden="true" className={`absolute inset-y-1.5 left-0 w-[3px] rounded-r ${alertStyle(alert).bar}`} />
      <button
        type="button"
        aria-pressed={chosen}
        onClick={() => onExplain(alert)}
        className="min-w-0 flex-1 text-left hover:bg-raised focus-visible:-outline-offset-2"
      >
        {stacked ? <Stacked alert={alert} /> : <Wide alert={alert} />}
      </button>
      <button
        type="button"
        aria-label={`Chart of ${alert.base} at this bar`}
        title="Chart at this bar"
        onClick={() => onChart(alert)}
        className="flex w-10 shrink-0 items-center justify-center text-ink-soft hover:bg-raised hover:text-ink-strong focus-visible:-outline-offset-2"
      >
        <Icon name="chart" className="h-3.5 w-3.5" />
      </button>
    </div>
  );
}
