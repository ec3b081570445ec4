import { useCallback, useEffect, useMemo, useRef } from "react";

import { keeper } from "../api/kept";
import type { LiveSnapshot } from "../api/live";
import type { Alert, Health, Settings } from "../api/types";
import { type AlertFeed, useAlerts } from "../hooks/useAlerts";
import { useLive } from "../hooks/useLive";
import { thresholdsOf } from "../lib/filter";
import { computeKpis } from "../lib/kpis";
import type { RefreshOf } from "../lib/provenance";
import { largestByOi, type RowView } from "../lib/rows";
import type { ToastPlan } from "../lib/toastPolicy";
import type { CellContext } from "../panels/screener/columns";

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

/** Rows and alerts as they come in, and the toasts that follow from them. */
export function useBoard(
  tf: string | null,
  openAlert: (alert: Alert) => void,
  told: (part: Partial<Health>) => void,
  onOtherDatabase: () => void,
  failed: boolean,
) {
  const rowsRef = useRef<readonly RowView[]>([]);
  const largest = useCallback(() => largestByOi(rowsRef.current, POPS_UP_FOR), []);
  const notify = useCallback(
    (plans: ToastPlan[]) => void import("../panels/alerts/Toasts").then(({ popUp }) => popUp(plans, openAlert)),
    [openAlert],
  );
  const alerts = useAlerts(largest, notify);
  const { live, settled } = useLive(tf, { onAlerts: alerts.take, onHealth: told, onOtherDatabase }, failed);
  useKeptAlerts(alerts, live.transport === "offline");
  useEffect(() => {
    rowsRef.current = live.rows;
  }, [live]);
  return { alerts, live, settled };
}

const refreshOf = (health: Health | null): RefreshOf =>
  Object.fromEntries(Object.entries(health?.exchanges ?? {}).map(([id, { refresh = {} }]) => [id, refresh]));

/** What cells need beside their row. Health comes every few seconds; cells change only when the plan does. */
export function useCellContext(settings: Settings | null, health: Health | null): CellContext {
  const plan = JSON.stringify(refreshOf(health));
  return useMemo(
    () => ({
      catalog: settings?.catalog ?? null,
      limits: thresholdsOf(settings?.thresholds),
      refresh: JSON.parse(plan) as RefreshOf,
    }),
    [settings, plan],
  );
}

/** The overview of the rows of one exchange, or of all (""). */
export function useKpis(live: LiveSnapshot, tf: string | null, exchange: string, zThreshold: number) {
  return useMemo(() => {
    const rows = live.tf === tf ? live.rows : [];
    const shown = exchange === "" ? rows : rows.filter(({ row }) => row.exchange === exchange);
    return computeKpis(shown, zThreshold);
  }, [live, tf, exchange, zThreshold]);
}
