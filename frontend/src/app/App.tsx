import { lazy, Suspense, useEffect } from "react";

import type { Catalog } from "../api/types";
import { useMedia } from "../hooks/useMedia";
import { useHealth, useSettings } from "../hooks/useServer";
import { worstTone } from "../lib/feeds";
import { Toasts } from "../panels/alerts/Toasts";
import { BottomBar } from "../panels/topbar/BottomBar";
import { TopBar } from "../panels/topbar/TopBar";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Banners } from "./Banners";
import { useBoard, useCellContext } from "./useBoard";
import { useKeys } from "./useKeys";
import { type PageState, usePage } from "./usePage";
import { type Board, viewOf, VIEWS } from "./views";

const Exchanges = lazy(() => import("../panels/exchanges/Exchanges"));
const Help = lazy(() => import("../panels/help/Help"));
const WARM_AFTER_MS = 2000;

const loadPair = () => import("../panels/pair/PairModal");
const PairModal = lazy(loadPair);

/** What stands over the page when asked for. */
function Overlays({ page, live, alerts, settings, health, context }: Board) {
  const catalog: Catalog | null = context.catalog;
  return (
    <Suspense fallback={null}>
      {page.openKey !== null && page.tf !== null && (
        <ErrorBoundary name="The pair">
          <PairModal
            pair={page.openKey} tf={page.tf} timeframes={page.timeframes}
            rows={live.tf === page.tf ? live.rows : []} alerts={alerts.alerts}
            settings={settings} limits={context.limits} refresh={context.refresh}
            onTf={page.setTf} onPair={page.activate} onClose={page.closePair}
          />
        </ErrorBoundary>
      )}
      {page.feedsOpen && <Exchanges health={health} onClose={() => page.setFeedsOpen(false)} />}
      {page.helpOpen && <Help catalog={catalog} onClose={() => page.setHelpOpen(false)} />}
    </Suspense>
  );
}

/** Fetches the pair's chunks once the first rows are painted and nothing else is to be done. */
function useWarmPair(loaded: boolean) {
  useEffect(() => {
    if (!loaded) return;
    const timer = setTimeout(() => void loadPair(), WARM_AFTER_MS);
    return () => clearTimeout(timer);
  }, [loaded]);
}

function useCommands(page: PageState, showRail: (shown: boolean) => void) {
  useKeys({
    search: page.focusSearch,
    move: (delta) => page.tableRef.current?.move(delta),
    escape: page.escape,
    nextTimeframe: page.nextTimeframe,
    toggleRail: () => showRail(!page.railOpen),
    feeds: () => page.setFeedsOpen(true),
    help: () => page.setHelpOpen(true),
  });
}

function Bars({ board, showRail, children }: { board: Board; showRail: (shown: boolean) => void; children: React.ReactNode }) {
  const { page, live, alerts, settings, health } = board;
  const common = {
    views: VIEWS,
    view: viewOf(page.view).id,
    onView: page.setView,
    unread: alerts.unread,
    feeds: worstTone(health),
    onFeeds: () => page.setFeedsOpen(true),
    onHelp: () => page.setHelpOpen(true),
  };
  return (
    <>
      <TopBar
        {...common}
        mode={settings?.mode ?? null}
        transport={live.transport}
        freshAt={live.freshAt}
        timeframes={page.timeframes}
        tf={page.tfShown}
        exchanges={page.exchanges}
        exchange={page.filter.exchange}
        search={page.filter.search}
        railOpen={page.railOpen}
        searchRef={page.searchRef}
        onTf={page.setTf}
        onExchange={page.setExchange}
        onSearch={page.setSearch}
        onBell={() => showRail(!page.railOpen)}
      />
      {children}
      <BottomBar
        {...common}
        railOpen={page.railOpen}
        onRail={showRail}
      />
    </>
  );
}

export function App() {
  const phone = useMedia("(max-width: 767px)");
  const wide = useMedia("(min-width: 1280px)");
  const { settings, error: settingsError } = useSettings();
  const { health, failed, told } = useHealth();
  const page = usePage(settings, wide);
  const { alerts, live } = useBoard(page.tf, page.openAlert, told);
  const context = useCellContext(settings, health);
  const board: Board = { page, live, alerts, settings, health, context, phone };

  const showRail = (shown: boolean) => {
    page.setRail(shown);
    alerts.markRead();
  };
  useCommands(page, showRail);
  useWarmPair(live.loaded);
  return (
    <div className="flex h-full flex-col">
      <Bars board={board} showRail={showRail}>
        <Banners live={live} settingsError={settingsError} health={health} healthFailed={failed} />
        <main className="relative flex min-h-0 flex-1 flex-col">
          <Suspense fallback={<p role="status" className="p-6 text-xs text-ink-soft">Loading…</p>}>
            {viewOf(page.view).render(board)}
          </Suspense>
          <Overlays {...board} />
        </main>
      </Bars>
      <Toasts beside={page.openKey !== null} />
    </div>
  );
}
