import type { Alert } from "../../api/types";
import { placeOf, sentenceOf } from "../../lib/alertWords";
import { alertStyle, alertTag } from "../../lib/tiers";
import { leadOf, type ToastPlan } from "../../lib/toastPolicy";
import { Icon } from "../../ui/Icon";

export interface ToastActions {
  onOpen: (alert: Alert) => void;
  onList: () => void;
  onMute: (alert: Alert) => void;
}

interface Props extends ToastActions {
  plan: ToastPlan;
  onDismiss: () => void;
}

type Single = Extract<ToastPlan, { kind: "single" }>;
type Many = Exclude<ToastPlan, Single>;

const small = "rounded px-1 py-0.5 text-micro text-ink-soft hover:bg-line hover:text-ink-strong";

function Held({ count }: { count: number }) {
  if (count === 0) return null;
  return <span className="block text-micro text-ink-faint">and {count} more of this kind held back since the last toast</span>;
}

function One({ plan, onOpen, onMute }: { plan: Single } & Pick<Props, "onOpen" | "onMute">) {
  const { alert } = plan;
  const style = alertStyle(alert);
  const also = [...new Set(plan.also.map(placeOf))].filter((place) => place !== placeOf(alert));
  return (
    <>
      <button type="button" className="block w-full px-3 pt-2.5 text-left hover:bg-line focus-visible:-outline-offset-2" onClick={() => onOpen(alert)}>
        <span className="flex items-baseline gap-1.5">
          <span className="text-[0.8125rem] font-semibold text-ink-strong">{alert.base}</span>
          <span className={`text-xs font-semibold ${style.text}`}>
            {alertTag(alert)} {style.name}
          </span>
        </span>
        <span className="mt-0.5 block text-xs leading-[1.125rem] text-ink">
          {sentenceOf(alert)}
          <span className="mt-0.5 block text-micro text-ink-faint">
            {placeOf(alert)}
            {also.length > 0 && ` · also ${also.join(", ")}`}
          </span>
          <Held count={plan.held} />
        </span>
      </button>
      <span className="flex px-2 pb-1.5">
        <button type="button" className={small} title="No more toasts, sounds and notifications of this pair" onClick={() => onMute(alert)}>
          Mute {alert.base} on this exchange
        </button>
      </span>
    </>
  );
}

function headline(plan: Many): string {
  if (plan.kind === "summary") return `${plan.count} coins alert together`;
  const count = `${plan.count}${plan.more ? "+" : ""}`;
  return `${count} ${plan.count === 1 ? "alert" : "alerts"} while you were away`;
}

function Several({ plan, onOpen, onList }: { plan: Many } & Pick<Props, "onOpen" | "onList">) {
  const rest = plan.count - plan.top.length;
  return (
    <span className="block px-3 py-2.5">
      <span className="block text-[0.8125rem] font-semibold text-ink-strong">{headline(plan)}</span>
      <span className="-mx-1 mt-0.5 block">
        {plan.top.map((alert) => (
          <button key={`${alert.base}${alert.id}`} type="button" className="block w-full rounded px-1 py-0.5 text-left text-xs text-ink hover:bg-line" onClick={() => onOpen(alert)}>
            {alert.base} <span className={alertStyle(alert).text}>{alertStyle(alert).name}</span>{" "}
            <span className="text-micro text-ink-faint">{placeOf(alert)}</span>
          </button>
        ))}
        <button type="button" className="mt-0.5 block w-full rounded px-1 py-0.5 text-left text-xs text-accent hover:bg-line" onClick={onList}>
          {rest > 0 ? `… and +${rest} more in the list` : "Show the list"}
        </button>
      </span>
      {plan.kind === "summary" && <Held count={plan.held} />}
    </span>
  );
}

/** One toast: what happened, where it leads, and how to be rid of it. */
export function ToastBody({ plan, onDismiss, onOpen, onList, onMute }: Props) {
  const then = <A extends unknown[]>(act: (...args: A) => void) => (...args: A) => {
    act(...args);
    onDismiss();
  };
  return (
    <div className="relative flex w-[312px] max-w-[calc(100vw-24px)] overflow-hidden rounded-lg border border-edge bg-raised shadow-pop">
      <span aria-hidden="true" className={`w-1 shrink-0 ${alertStyle(leadOf(plan)).bar}`} />
      <div className="min-w-0 flex-1">
        {plan.kind === "single" ? (
          <One plan={plan} onOpen={then(onOpen)} onMute={then(onMute)} />
        ) : (
          <Several plan={plan} onOpen={then(onOpen)} onList={then(onList)} />
        )}
      </div>
      <button type="button" aria-label="Dismiss" onClick={onDismiss} className="self-start p-2.5 text-ink-soft hover:text-ink-strong focus-visible:-outline-offset-2">
        <Icon name="close" className="h-3 w-3" />
      </button>
    </div>
  );
}
