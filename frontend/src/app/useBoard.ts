import { useCallback, useEffect, useMemo, useRef } from "react";

import type { Alert, Health, Settings } from "../api/types";
import { useAlerts } from "../hooks/useAlerts";
import { useLive } from "../hooks/useLive";
import { thresholdsOf } from "../lib/filter";
import type { RefreshOf } from "../lib/provenance";
import { largestByOi, type RowView } from "../lib/rows";
import type { ToastPlan } from "../lib/toastPolicy";
import { popUp } from "../panels/alerts/Toasts";
import type { CellContext } from "../panels/screener/columns";

/** Alerts of these many pairs, the largest by open interest, may pop up. */
const POPS_UP_FOR = 50;

/** Rows and alerts as they come in, and the toasts that follow from them. */
export function useBoard(tf: string | null, openAlert: (alert: Alert) => void, told: (part: Partial<Health>) => void) {
  const rowsRef = useRef<readonly RowView[]>([]);
  const largest = useCallback(() => largestByOi(rowsRef.current, POPS_UP_FOR), []);
  const notify = useCallback((plans: ToastPlan[]) => popUp(plans, openAlert), [openAlert]);
  const alerts = useAlerts(largest, notify);
  const live = useLive(tf, { onAlerts: alerts.take, onHealth: told });
  useEffect(() => {
    rowsRef.current = live.rows;
  }, [live]);
  return { alerts, live };
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
