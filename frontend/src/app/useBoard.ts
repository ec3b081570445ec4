import { useEffect, useMemo, useRef } from "react";

import type { Transport } from "../api/feed";
import { keeper } from "../api/kept";
import type { Health, Settings } from "../api/types";
import { type AlertFeed, useAlerts } from "../hooks/useAlerts";
import { useChoice } from "../hooks/useChoice";
import { useLive } from "../hooks/useLive";
import { thresholdsOf } from "../lib/filter";
import { isMuted, MUTE, withPair } from "../lib/mute";
import { PERSONAL } from "../lib/personal";
import type { RefreshOf } from "../lib/provenance";
import { largestByOi, pairKey, type RowView } from "../lib/rows";
import { choose, chosen } from "../lib/stored";
import { POPUPS, type ToastPlan } from "../lib/toastPolicy";
import { watchedPairs } from "../lib/watch";
import type { ToastActions } from "../panels/alerts/ToastBody";
import type { CellContext } from "../panels/screener/columns";
import type { PageState } from "./usePage";

/** Alerts of these many pairs, the largest by open interest, may pop up. */
const POPS_UP_FOR = 50;

/** The newest alerts are kept for a visit without a server, and shown again in one. */
function useKeptAlerts({ alerts, take }: AlertFeed, offline: boolean): void {
  useEffect(() => {
    if (alerts.length > 0) keeper.offerAlerts(alerts);
  }, [alerts]);
  const none = alerts.length === 0;
  useEffect(() => {
    if (!offline || !none) return;
    let gone = false;
    void keeper.alerts().then((kept) => {
      if (!gone && kept.length > 0) take(kept, false);
    });
    return () => {
      gone = true;
    };
  }, [offline, none, take]);
}

/** What comes within so long after the live stream is back happened before. */
const SETTLED_MS = 2000;

const lookAt = (page: PageState): ToastActions => ({
  onOpen: page.openAlert,
  onList: page.showAlerts,
  onMute: (alert) => choose(MUTE, withPair(chosen(MUTE), pairKey(alert), true)),
});

/** Toasts, sounds and notifications; all that makes them is loaded after the page has its rows. */
function announce(plans: ToastPlan[], seen: boolean, actions: ToastActions): void {
  if (seen) void import("../panels/alerts/Toasts").then(({ popUp }) => popUp(plans, actions));
  void import("../panels/alerts/shout").then(({ shout }) => shout(plans, actions.onOpen));
}

/** Joins the tabs of this page once it has rows. */
function useAttendance(loaded: boolean): void {
  useEffect(() => {
    if (!loaded) return undefined;
    let leave: (() => void) | null = null;
    let gone = false;
    void import("../panels/alerts/shout").then(({ attend }) => {
      if (!gone) leave = attend();
    });
    return () => {
      gone = true;
      leave?.();
    };
  }, [loaded]);
}

/** When the live stream came back (ms of `performance.now`); null while it is away. */
function noted(backAt: number | null, transport: Transport): number | null {
  if (transport === "offline" || transport === "http") return null;
  return backAt ?? performance.now();
}

/** Rows and alerts as they come in, and the toasts that follow from them. */
export function useBoard(
  page: PageState,
  told: (part: Partial<Health>) => void,
  onOtherDatabase: () => void,
  failed: boolean,
) {
  const rowsRef = useRef<readonly RowView[]>([]);
  // Read as alerts come, between two paintings: no state of React.
  const backAt = useRef<number | null>(-Infinity);
  const alerts = useAlerts({
    reach: () => ({
      popups: chosen(POPUPS),
      largest: largestByOi(rowsRef.current, POPS_UP_FOR),
      watched: watchedPairs(),
      muted: (alert) => isMuted(chosen(MUTE), alert, Date.now()),
    }),
    away: () => performance.now() < (backAt.current ?? Infinity) + SETTLED_MS,
    notify: (plans, seen) => announce(plans, seen, lookAt(page)),
  });
  const { live, settled } = useLive(page.tf, { onAlerts: alerts.take, onHealth: told, onOtherDatabase }, failed);
  useKeptAlerts(alerts, live.transport === "offline");
  useEffect(() => {
    rowsRef.current = live.rows;
    backAt.current = noted(backAt.current, live.transport);
  }, [live]);
  useAttendance(live.loaded);
  return { alerts, live, settled };
}

const refreshOf = (health: Health | null): RefreshOf =>
  Object.fromEntries(Object.entries(health?.exchanges ?? {}).map(([id, { refresh = {} }]) => [id, refresh]));

/** What cells need beside their row. Health comes every few seconds; cells change only when the plan does. */
export function useCellContext(settings: Settings | null, health: Health | null): CellContext {
  const plan = JSON.stringify(refreshOf(health));
  const [personal] = useChoice(PERSONAL);
  return useMemo(
    () => ({
      catalog: settings?.catalog ?? null,
      limits: { ...thresholdsOf(settings?.thresholds), ...personal },
      refresh: JSON.parse(plan) as RefreshOf,
    }),
    [settings, plan, personal],
  );
}
