import { barTime } from "../../charts/times";
import { directionSign, placeOf, sentenceOf } from "../../lib/alertWords";
import type { Noted } from "../../lib/playback/marks";
import { alertStyle, alertTag } from "../../lib/tiers";
import { utcTime } from "../../lib/time";
import { changeUrl } from "../../lib/url";
import { TierShape } from "../../ui/TierShape";

interface Props {
  alert: Noted;
  current: boolean;
  /** Shows the alert's bar and pair. */
  onGo: (alert: Noted) => void;
}

const explain = (id: number) => changeUrl({ view: "alerts", alert: String(id), at: null, pair: null, tab: null }, true);

function Direction({ direction }: Pick<Noted, "direction">) {
  return (
    <span className="text-[0.5625rem] text-ink-faint">
      <span aria-hidden="true">{directionSign(direction)}</span>
      {direction !== null && <span className="sr-only">{direction}</span>}
    </span>
  );
}

/** One alert of the stretch: it leads to its bar; its number, where it was recorded, to what it was made from. */
export function AlertItem({ alert, current, onGo }: Props) {
  const style = alertStyle(alert);
  const { id } = alert;
  return (
    <div className={`relative border-b border-line/70 ${current ? "bg-raised" : ""}`}>
      <span aria-hidden="true" className={`absolute inset-y-1.5 left-0 w-[3px] rounded-r ${style.bar}`} />
      <button
        type="button"
        aria-current={current ? "true" : undefined}
        onClick={() => onGo(alert)}
        className="block w-full py-2 pl-3.5 pr-3 text-left hover:bg-raised focus-visible:-outline-offset-2"
      >
        <span className="flex items-baseline gap-1.5">
          <TierShape alert={alert} className="h-2.5 w-2.5 shrink-0 self-center" />
          <span className={`text-micro font-bold ${style.text}`} title={style.name}>{alertTag(alert)}</span>
          <span className="text-xs font-semibold text-ink-strong">{alert.base}</span>
          <span className="truncate text-micro text-ink-soft">{placeOf(alert)}</span>
          <time dateTime={new Date(alert.ts).toISOString()} title={utcTime(alert.ts)} className="ml-auto shrink-0 text-micro text-ink-faint">
            {barTime(alert.ts)}
          </time>
        </span>
        <span className="mt-0.5 flex items-baseline gap-1.5 text-xs leading-[1.125rem] text-ink">
          <Direction direction={alert.direction} />
          {sentenceOf(alert)}
        </span>
      </button>
      {id !== null && current && (
        <button type="button" onClick={() => explain(id)} className="mb-1.5 ml-3.5 min-h-6 rounded px-1 text-micro text-accent hover:bg-raised">
          Why it fired
        </button>
      )}
    </div>
  );
}
