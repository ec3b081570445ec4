import toast, { type Toast, useToaster } from "react-hot-toast/headless";

import type { Alert } from "../../api/types";
import { exchangeName } from "../../lib/exchanges";
import { alertStyle, alertTag } from "../../lib/tiers";
import type { ToastPlan } from "../../lib/toastPolicy";
import { Icon } from "../../ui/Icon";

const SHOWN = 4;
const PLAIN_MS = 8000;
const URGENT_MS = 15_000;
const URGENT = new Set([2, 6]);

const leadOf = (plan: ToastPlan) => (plan.kind === "single" ? plan.alert : plan.lead);

const isUrgent = (alert: Alert) => alert.kind === "tier" && alert.tier !== null && URGENT.has(alert.tier);

/** Hands the plans of one cycle to the toaster; plans, not markup, wait in its queue. */
export function popUp(plans: readonly ToastPlan[], onOpen: (alert: Alert) => void): void {
  for (const plan of plans) {
    const lead = leadOf(plan);
    const urgent = isUrgent(lead);
    toast((shown) => <Body plan={plan} toastId={shown.id} onOpen={onOpen} />, {
      duration: urgent ? URGENT_MS : PLAIN_MS,
      ariaProps: urgent ? { role: "alert", "aria-live": "assertive" } : { role: "status", "aria-live": "polite" },
    });
  }
}

const where = (alert: Alert) => `${exchangeName(alert.exchange)} ${alert.timeframe}`;

function Headline({ plan }: { plan: ToastPlan }) {
  const lead = leadOf(plan);
  const style = alertStyle(lead);
  if (plan.kind === "summary") {
    return <span className="text-[0.8125rem] font-semibold text-ink-strong">{plan.count} coins alert together</span>;
  }
  return (
    <span className="flex items-baseline gap-1.5">
      <span className="text-[0.8125rem] font-semibold text-ink-strong">{lead.base}</span>
      <span className={`text-xs font-semibold ${style.text}`}>
        {alertTag(lead)} {style.name}
      </span>
    </span>
  );
}

function Detail({ plan }: { plan: ToastPlan }) {
  if (plan.kind === "summary") {
    const rest = plan.count - plan.top.length;
    return (
      <>
        {plan.top.map((alert) => `${alert.base} (${alertStyle(alert).name})`).join(", ")}
        {rest > 0 && ` and ${rest} more in the list.`}
      </>
    );
  }
  const also = [...new Set(plan.also.map(where))].filter((place) => place !== where(plan.alert));
  return (
    <>
      {plan.alert.text}
      <span className="mt-0.5 block text-micro text-ink-faint">
        {where(plan.alert)}
        {also.length > 0 && ` · also ${also.join(", ")}`}
      </span>
    </>
  );
}

interface BodyProps {
  plan: ToastPlan;
  toastId: string;
  onOpen: (alert: Alert) => void;
}

function Body({ plan, toastId, onOpen }: BodyProps) {
  const lead = leadOf(plan);
  return (
    <div className="relative flex w-[312px] max-w-[calc(100vw-24px)] overflow-hidden rounded-lg border border-edge bg-raised shadow-pop">
      <span aria-hidden="true" className={`w-1 shrink-0 ${alertStyle(lead).bar}`} />
      <button
        type="button"
        className="min-w-0 flex-1 px-3 py-2.5 text-left hover:bg-line focus-visible:-outline-offset-2"
        onClick={() => {
          onOpen(lead);
          toast.dismiss(toastId);
        }}
      >
        <Headline plan={plan} />
        <span className="mt-0.5 block text-xs leading-[1.125rem] text-ink">
          <Detail plan={plan} />
        </span>
      </button>
      <button
        type="button"
        aria-label="Dismiss"
        onClick={() => toast.dismiss(toastId)}
        className="self-start p-2.5 text-ink-soft hover:text-ink-strong focus-visible:-outline-offset-2"
      >
        <Icon name="close" className="h-3 w-3" />
      </button>
    </div>
  );
}

const content = (item: Toast) => (typeof item.message === "function" ? item.message(item) : item.message);

/** The corner where toasts stand, `beside` the open details; pointing at them keeps them. */
export function Toasts({ beside }: { beside: boolean }) {
  const { toasts, handlers } = useToaster();
  const shown = toasts.filter((item) => item.visible).slice(0, SHOWN);
  return (
    <div
      onMouseEnter={handlers.startPause}
      onMouseLeave={handlers.endPause}
      className={`pointer-events-none fixed bottom-4 z-50 flex flex-col-reverse gap-2 max-md:bottom-16 max-md:right-3 ${
        beside ? "right-[436px]" : "right-4"
      }`}
    >
      {shown.map((item) => (
        <div key={item.id} className="toast-in pointer-events-auto" {...item.ariaProps}>
          {content(item)}
        </div>
      ))}
    </div>
  );
}
