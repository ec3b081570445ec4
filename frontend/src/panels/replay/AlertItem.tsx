import { barTime } from "../../charts/times";
import { directionSign, placeOf, sentenceOf } from "../../lib/alertWords";
import type { Noted } from "../../lib/playback/marks";
import { alertStyle, alertTag } from "../../lib/tiers";
import { utcTime } from "../../lib/time";
import { changeUrl } from "../../lib/url";
import { Icon } from "../../ui/Icon";
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
    <div className={`relative flex border-b border-line/70 ${current ? "bg-raised" : ""}`}>
      <span aria-hidden="true" className={`absolute inset-y-1.5 left-0 w-[3px] rounded-r ${style.bar}`} />
      <button
        type="button"
        aria-current={current ? "true" : undefined}
        onClick={() => onGo(alert)}
        className="min-w-0 flex-1 py-2 pl-3.5 pr-1 text-left hover:bg-raised focus-visible:-outline-offset-2"
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
      {id !== null && (
        <button
          type="button"
          aria-label={`Why ${alertTag(alert)} of ${alert.base} fired`}
          title="Why it fired"
          onClick={() => explain(id)}
          className="flex w-8 shrink-0 items-center justify-center text-ink-soft hover:bg-raised hover:text-ink-strong focus-visible:-outline-offset-2"
        >
          <Icon name="help" className="h-3.5 w-3.5" />
        </button>
      )}
    </div>
  );
}
