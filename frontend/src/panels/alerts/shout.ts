import type { Alert } from "../../api/types";
import { sentenceOf } from "../../lib/alertWords";
import { play, prepareToPlay, sideOf, SOUND } from "../../lib/audio";
import { type Channel, Leader } from "../../lib/leader";
import { NOTIFY, notifyReader } from "../../lib/notify";
import { chosen } from "../../lib/stored";
import { alertStyle, slotOf } from "../../lib/tiers";
import { leadOf, type ToastPlan } from "../../lib/toastPolicy";

let leader: Leader | null = null;

/** Joins the other tabs of this page: one of them makes the sounds and sends the notifications. */
export function attend(): () => void {
  const channel = "BroadcastChannel" in window ? (new BroadcastChannel("futuresboard.leader") as Channel) : null;
  const joined = new Leader(`${Math.random()}`, document.hidden ? 0 : Date.now(), channel);
  leader = joined;
  const onVisible = () => {
    if (!document.hidden) joined.claim(Date.now());
  };
  const onFocus = () => joined.claim(Date.now());
  const onLeave = () => joined.leave();
  document.addEventListener("visibilitychange", onVisible);
  window.addEventListener("focus", onFocus);
  window.addEventListener("pagehide", onLeave);
  const stop = prepareToPlay();
  return () => {
    stop();
    document.removeEventListener("visibilitychange", onVisible);
    window.removeEventListener("focus", onFocus);
    window.removeEventListener("pagehide", onLeave);
    joined.leave();
    leader = null;
  };
}

const alertsOf = (plan: ToastPlan): readonly Alert[] => (plan.kind === "single" ? [plan.alert, ...plan.also] : plan.top);

function sound(plans: readonly ToastPlan[]): void {
  const { slots, volume, tones } = chosen(SOUND);
  const first = plans.flatMap(alertsOf).find((alert) => slots.includes(slotOf(alert)));
  if (first) play(tones[sideOf(first)], volume);
}

function titleOf(plan: ToastPlan): string {
  if (plan.kind === "single") return `${plan.alert.base}: ${alertStyle(plan.alert).name}`;
  return `${plan.count} coins alert together`;
}

function bodyOf(plan: ToastPlan): string {
  if (plan.kind === "single") return sentenceOf(plan.alert);
  const rest = plan.count - plan.top.length;
  const named = plan.top.map((alert) => `${alert.base} (${alertStyle(alert).name})`).join(", ");
  return rest > 0 ? `${named} and +${rest} more` : named;
}

/** Sound for what pops up now and, while nobody sees the page, notifications; by one tab alone. */
export function shout(plans: readonly ToastPlan[], onOpen: (alert: Alert) => void): void {
  const live = plans.filter((plan) => plan.kind !== "missed");
  if (live.length === 0 || !leader?.leads) return;
  sound(live);
  if (!document.hidden || !chosen(NOTIFY)) return;
  for (const plan of live) {
    const lead = leadOf(plan);
    notifyReader(titleOf(plan), bodyOf(plan), `futuresboard-${lead.base}`, () => onOpen(lead));
  }
}
