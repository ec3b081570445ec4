import { lazy, Suspense } from "react";

import type { Catalog, Health } from "../api/types";
import { useMedia } from "../hooks/useMedia";
import { useHealth, useSettings } from "../hooks/useServer";
import { worstTone } from "../lib/feeds";
import { AlertRail } from "../panels/alerts/AlertRail";
import { Toasts } from "../panels/alerts/Toasts";
import { KpiStrip } from "../panels/kpis/KpiStrip";
import { BottomBar } from "../panels/topbar/BottomBar";
import { TopBar } from "../panels/topbar/TopBar";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Banners } from "./Banners";
import { Screener } from "./Screener";
import { useBoard, useCellContext, useKpis } from "./useBoard";
import { useKeys } from "./useKeys";
import { usePage } from "./usePage";
import { useTrail } from "./useTrail";

const Drawer = lazy(() => import("../panels/drawer/Drawer"));
const Exchanges = lazy(() => import("../panels/exchanges/Exchanges"));
const Help = lazy(() => import("../panels/help/Help"));

const RAIL =
  "w-80 shrink-0 max-xl:absolute max-xl:inset-y-0 max-xl:right-3 max-xl:z-30 max-xl:pb-3 max-xl:drop-shadow-2xl max-md:inset-0 max-md:w-full max-md:pb-0";

/** What stands over the page when asked for. */
function Dialogs({ page, health, catalog }: { page: ReturnType<typeof usePage>; health: Health | null; catalog: Catalog | null }) {
  return (
    <>
      {page.feedsOpen && <Exchanges health={health} onClose={() => page.setFeedsOpen(false)} />}
      {page.helpOpen && <Help catalog={catalog} onClose={() => page.setHelpOpen(false)} />}
    </>
  );
}

export function App() {
  const phone = useMedia("(max-width: 767px)");
  const wide = useMedia("(min-width: 1280px)");
  const { settings, error: settingsError } = useSettings();
  const { health, failed, told } = useHealth();
  const page = usePage(settings, wide);
  const { tf, filter, railOpen } = page;
  const { alerts, live } = useBoard(tf, page.openAlert, told);
  const context = useCellContext(settings, health);
  const feeds = worstTone(health);
  const kpis = useKpis(live, tf, filter.exchange, context.limits.z);
  const oiTrail = useTrail(kpis.oiUsd, filter.exchange);

  const showRail = (shown: boolean) => {
    page.setRail(shown);
    alerts.markRead();
  };
  const showHelp = () => page.setHelpOpen(true);
  const showFeeds = () => page.setFeedsOpen(true);
  useKeys({
    search: page.focusSearch,
    move: (delta) => page.tableRef.current?.move(delta),
    escape: page.escape,
    nextTimeframe: page.nextTimeframe,
    toggleRail: () => showRail(!railOpen),
    feeds: showFeeds,
    help: showHelp,
  });
  const opened = page.openKey !== null && live.rows.find((view) => view.key === page.openKey);
  return (
    <div className="flex h-full flex-col">
      <TopBar
        mode={settings?.mode ?? null}
        transport={live.transport}
        freshAt={live.freshAt}
        timeframes={page.timeframes}
        tf={page.tfShown}
        exchanges={page.exchanges}
        exchange={filter.exchange}
        search={filter.search}
        unread={alerts.unread}
        railOpen={railOpen}
        searchRef={page.searchRef}
        onTf={page.setTf}
        onExchange={page.setExchange}
        onSearch={page.setSearch}
        onBell={() => showRail(!railOpen)}
        feeds={feeds}
        onFeeds={showFeeds}
        onHelp={showHelp}
      />
      <Banners live={live} settingsError={settingsError} health={health} healthFailed={failed} />
      <main className="relative flex min-h-0 flex-1 flex-col">
        <ErrorBoundary name="The overview">
          <KpiStrip kpis={kpis} oiTrail={oiTrail} health={health} zThreshold={context.limits.z} />
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
            <aside aria-label="Alerts" className={RAIL} onMouseEnter={alerts.markRead} onFocus={alerts.markRead}>
              <ErrorBoundary name="The alert list">
                <AlertRail
                  alerts={alerts.alerts}
                  loaded={alerts.loaded}
                  error={alerts.error}
                  onOpen={page.openAlert}
                  onClose={() => showRail(false)}
                />
              </ErrorBoundary>
            </aside>
          )}
        </div>
        <Suspense fallback={null}>
          {opened && (
            <ErrorBoundary name="The details">
              <Drawer view={opened} catalog={context.catalog} onClose={page.closeDrawer} />
            </ErrorBoundary>
          )}
          <Dialogs page={page} health={health} catalog={context.catalog} />
        </Suspense>
      </main>
      <BottomBar
        view={railOpen ? "alerts" : "pairs"}
        unread={alerts.unread}
        onPairs={() => page.setRail(false)}
        onAlerts={() => showRail(true)}
        onSearch={page.focusSearch}
        feeds={feeds}
        onFeeds={showFeeds}
        onHelp={showHelp}
      />
      <Toasts beside={Boolean(opened)} />
    </div>
  );
}
