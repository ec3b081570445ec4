import { createPortal } from "react-dom";
import toast, { type Toast, useToaster } from "react-hot-toast/headless";

import type { Alert } from "../../api/types";
import { leadOf, type ToastPlan } from "../../lib/toastPolicy";
import { type ToastActions, ToastBody } from "./ToastBody";

const SHOWN = 4;
const PLAIN_MS = 8000;
const URGENT_MS = 15_000;
const URGENT = new Set([2, 6]);

const isUrgent = (alert: Alert) => alert.kind === "tier" && alert.tier !== null && URGENT.has(alert.tier);

/** What was missed stays until it is dismissed: nobody may be there yet. */
const durationOf = (plan: ToastPlan) =>
  plan.kind === "missed" ? Infinity : isUrgent(leadOf(plan)) ? URGENT_MS : PLAIN_MS;

/** Hands the plans of one cycle to the toaster; plans, not markup, wait in its queue. */
export function popUp(plans: readonly ToastPlan[], actions: ToastActions): void {
  for (const plan of plans) {
    const urgent = plan.kind !== "missed" && isUrgent(leadOf(plan));
    toast((shown) => <ToastBody plan={plan} onDismiss={() => toast.dismiss(shown.id)} {...actions} />, {
      duration: durationOf(plan),
      ariaProps: urgent ? { role: "alert", "aria-live": "assertive" } : { role: "status", "aria-live": "polite" },
    });
  }
}

const content = (item: Toast) => (typeof item.message === "function" ? item.message(item) : item.message);

/**
 * The corner where toasts stand, over an open dialog too; pointing at them keeps them. They are beside
 * the page, not in it: a dialog makes the page it stands over inert.
 */
export default function Toasts() {
  const { toasts, handlers } = useToaster();
  const shown = toasts.filter((item) => item.visible).slice(0, SHOWN);
  return createPortal(
    <div
      onMouseEnter={handlers.startPause}
      onMouseLeave={handlers.endPause}
      className="pointer-events-none fixed bottom-4 right-4 z-[60] flex flex-col-reverse gap-2 max-md:bottom-16 max-md:right-3"
    >
      {shown.map((item) => (
        <div key={item.id} data-toast="" className="toast-in pointer-events-auto" {...item.ariaProps}>
          {content(item)}
        </div>
      ))}
    </div>,
    document.body,
  );
}
