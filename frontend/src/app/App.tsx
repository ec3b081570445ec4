import { lazy, Suspense, useCallback, useEffect, useMemo, useRef } from "react";

import { useAlerts } from "../hooks/useAlerts";
import { useLive } from "../hooks/useLive";
import { useMedia } from "../hooks/useMedia";
import { useHealth, useSettings } from "../hooks/useServer";
import { thresholdsOf } from "../lib/filter";
import { computeKpis } from "../lib/kpis";
import { largestByOi, type RowView } from "../lib/rows";
import type { ToastPlan } from "../lib/toastPolicy";
import { AlertRail } from "../panels/alerts/AlertRail";
import { popUp, Toasts } from "../panels/alerts/Toasts";
import { KpiStrip } from "../panels/kpis/KpiStrip";
import { BottomBar } from "../panels/topbar/BottomBar";
import { TopBar } from "../panels/topbar/TopBar";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Banners } from "./Banners";
import { Screener } from "./Screener";
import { useKeys } from "./useKeys";
import { usePage } from "./usePage";
import { useTrail } from "./useTrail";

const Drawer = lazy(() => import("../panels/drawer/Drawer"));
const Help = lazy(() => import("../panels/help/Help"));

const POPS_UP_FOR = 50;

export function App() {
  const phone = useMedia("(max-width: 767px)");
  const wide = useMedia("(min-width: 1280px)");
  const { settings, error: settingsError } = useSettings();
  const { health, told } = useHealth();
  const page = usePage(settings, wide);
  const { tf, filter, openAlert, railOpen, setRail } = page;

  const rowsRef = useRef<readonly RowView[]>([]);
  const largest = useCallback(() => largestByOi(rowsRef.current, POPS_UP_FOR), []);
  const notify = useCallback((plans: ToastPlan[]) => popUp(plans, openAlert), [openAlert]);
  const alerts = useAlerts(largest, notify);
  const live = useLive(tf, { onAlerts: alerts.take, onHealth: told });
  useEffect(() => {
    rowsRef.current = live.rows;
  }, [live]);

  const limits = useMemo(() => thresholdsOf(settings?.thresholds), [settings]);
  const catalog = settings?.catalog ?? null;
  const context = useMemo(() => ({ catalog, limits }), [catalog, limits]);
  const kpis = useMemo(() => {
    const rows = live.tf === tf ? live.rows : [];
    return computeKpis(filter.exchange === "" ? rows : rows.filter(({ row }) => row.exchange === filter.exchange), limits.z);
  }, [live, tf, filter.exchange, limits]);
  const oiTrail = useTrail(kpis.oiUsd, filter.exchange);

  const toggleRail = () => {
    setRail(!railOpen);
    alerts.markRead();
  };
  useKeys({
    search: page.focusSearch,
    move: (delta) => page.tableRef.current?.move(delta),
    escape: page.escape,
    nextTimeframe: page.nextTimeframe,
    toggleRail,
    help: () => page.setHelpOpen(true),
  });

  const opened = page.openKey === null ? undefined : live.rows.find((view) => view.key === page.openKey);
  const rail = (
    <ErrorBoundary name="The alert list">
      <AlertRail alerts={alerts.alerts} loaded={alerts.loaded} error={alerts.error} onOpen={openAlert} onClose={toggleRail} />
    </ErrorBoundary>
  );

  return (
    <div className="flex h-full flex-col">
      <TopBar
        mode={settings?.mode ?? null}
        transport={live.transport}
        freshAt={live.freshAt}
        timeframes={page.timeframes}
        tf={tf ?? ""}
        exchanges={settings?.exchanges ?? []}
        exchange={filter.exchange}
        search={filter.search}
        unread={alerts.unread}
        railOpen={railOpen}
        searchRef={page.searchRef}
        onTf={page.setTf}
        onExchange={page.setExchange}
        onSearch={page.setSearch}
        onBell={toggleRail}
        onHelp={() => page.setHelpOpen(true)}
      />
      <Banners live={live} settingsError={settingsError} health={health} />
      <main className="flex min-h-0 flex-1 flex-col">
        <ErrorBoundary name="The overview">
          <KpiStrip kpis={kpis} oiTrail={oiTrail} health={health} zThreshold={limits.z} />
        </ErrorBoundary>
        <div className="relative flex min-h-0 flex-1 gap-2 md:px-3 md:pb-3">
          <ErrorBoundary name="The screener">
            <Screener
              live={live}
              tf={tf}
              phone={phone}
              filter={filter}
              context={context}
              activeKey={page.activeKey}
              openKey={page.openKey}
              handle={page.tableRef}
              onChip={page.setChip}
              onClear={page.clearFilters}
              onActive={page.activate}
              onOpen={page.open}
            />
          </ErrorBoundary>
          {railOpen && (
            <aside
              aria-label="Alerts"
              className="w-80 shrink-0 max-xl:absolute max-xl:inset-y-0 max-xl:right-3 max-xl:z-30 max-xl:pb-3 max-xl:drop-shadow-2xl max-md:inset-0 max-md:w-full max-md:pb-0"
            >
              {rail}
            </aside>
          )}
        </div>
      </main>
      <BottomBar
        view={railOpen ? "alerts" : "pairs"}
        unread={alerts.unread}
        onPairs={() => setRail(false)}
        onAlerts={() => {
          setRail(true);
          alerts.markRead();
        }}
        onSearch={page.focusSearch}
        onHelp={() => page.setHelpOpen(true)}
      />
      <Toasts />
      <Suspense fallback={null}>
        {opened && (
          <ErrorBoundary name="The details">
            <Drawer view={opened} catalog={catalog} onClose={page.closeDrawer} />
          </ErrorBoundary>
        )}
        {page.helpOpen && <Help catalog={catalog} onClose={() => page.setHelpOpen(false)} />}
      </Suspense>
    </div>
  );
}
