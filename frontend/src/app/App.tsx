import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";

import type { Transport } from "../api/feed";
import { keeper } from "../api/kept";
import type { Catalog } from "../api/types";
import { useDenied } from "../hooks/useDenied";
import { useMedia } from "../hooks/useMedia";
import { useHealth, useSettings } from "../hooks/useServer";
import { TrailKeeper } from "../hooks/useTrail";
import { worstTone } from "../lib/feeds";
import type { RowView } from "../lib/rows";
import { toggleStar } from "../lib/watch";
import { BottomBar } from "../panels/topbar/BottomBar";
import { TopBar } from "../panels/topbar/TopBar";
import { checkForUpdate } from "../sw/register";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Banners } from "./Banners";
import { useBoard, useCellContext } from "./useBoard";
import { useKeys } from "./useKeys";
import { type PageState, usePage } from "./usePage";
import { type Board, viewOf, VIEWS } from "./views";

const Help = lazy(() => import("../panels/help/Help"));
const Login = lazy(() => import("../panels/login/Login"));
const Toasts = lazy(() => import("../panels/alerts/Toasts"));
const WARM_AFTER_MS = 2000;

const loadPair = () => import("../panels/pair/PairModal");
const PairModal = lazy(loadPair);

/** The pair of the address; null where neither a row nor an exchange is known by it. */
function knownPair({ openKey, isOver, exchanges }: PageState, rows: readonly RowView[]): string | null {
  if (openKey === null || !isOver) return null;
  const known = exchanges.some((id) => openKey.startsWith(`${id}|`)) || rows.some(({ key }) => key === openKey);
  return known ? openKey : null;
}

/** What stands over the page when asked for. */
function Overlays({ page, live, alerts, settings, context }: Board) {
  const catalog: Catalog | null = context.catalog;
  const pair = knownPair(page, live.rows);
  return (
    <Suspense fallback={null}>
      {pair !== null && page.tf !== null && (
        <ErrorBoundary name="The pair">
          <PairModal
            pair={pair} tf={page.tf} timeframes={page.timeframes}
            rows={live.tf === page.tf ? live.rows : []} alerts={alerts.alerts}
            settings={settings} limits={context.limits} refresh={context.refresh}
            onTf={page.setTf} onPair={page.activate} onClose={page.closePair}
          />
        </ErrorBoundary>
      )}
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
    move: (delta) => page.tableRef.current?.move(delta) ?? false,
    aside: (delta) => page.tableRef.current?.aside?.(delta),
    escape: () => page.tableRef.current?.dismiss?.() === true || page.escape(),
    star: () => page.activeKey !== null && toggleStar(page.activeKey),
    nextTimeframe: page.nextTimeframe,
    toggleRail: () => showRail(!page.railOpen),
    feeds: page.showOps,
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
    onFeeds: page.showOps,
    onHelp: () => page.setHelpOpen(true),
  };
  // Beside the pairs the bell shows the newest alerts; elsewhere it leads to all of them.
  const onBell = () => (page.view === "" ? showRail(!page.railOpen) : page.showAlerts());
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
        railOpen={page.railOpen && page.view === ""}
        searchRef={page.searchRef}
        onTf={page.setTf}
        onExchange={page.setExchange}
        onSearch={page.setSearch}
        onBell={onBell}
      />
      {children}
      <BottomBar
        {...common}
        onRail={showRail}
      />
    </>
  );
}

/** When the server is there again: is it the one it was, and is the page still the newest? */
function useReturn(transport: Transport, refresh: () => void): void {
  const away = useRef(false);
  useEffect(() => {
    if (transport === "offline") away.current = true;
    else if (transport !== "connecting" && away.current) {
      away.current = false;
      refresh();
      checkForUpdate();
    }
  }, [transport, refresh]);
}

function Page({ onOther }: { onOther: () => void }) {
  const phone = useMedia("(max-width: 767px)");
  const wide = useMedia("(min-width: 1280px)");
  const { settings, error: settingsError, refresh, take: onSettings } = useSettings(onOther);
  const { health, failed, told } = useHealth();
  const page = usePage(settings, wide);
  const { alerts, live, settled } = useBoard(page, told, onOther, settingsError !== null);
  useReturn(live.transport, refresh);
  const context = useCellContext(settings, health);
  const board: Board = { page, live, alerts, settings, onSettings, health, healthFailed: failed, context, phone, settled };
  const view = viewOf(page.view);

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
          <ErrorBoundary key={view.id} name={`The view ${view.label}`}>
            <Suspense fallback={<p role="status" className="p-6 text-xs text-ink-soft">Loading…</p>}>
              {view.render(board)}
            </Suspense>
          </ErrorBoundary>
          <Overlays {...board} />
        </main>
      </Bars>
      {settled && (
        <Suspense fallback={null}>
          <Toasts />
        </Suspense>
      )}
    </div>
  );
}

/** What this tab remembers of the data it has shown. */
function forgetSession(): void {
  try {
    const ours = Object.keys(sessionStorage).filter((key) => key.startsWith("futuresboard."));
    ours.forEach((key) => sessionStorage.removeItem(key));
  } catch {
    // Without storage there is nothing to forget.
  }
}

/** The page; a login where the server wants one; begun anew where the server holds another database. */
export function App() {
  const denied = useDenied();
  const [epoch, setEpoch] = useState(0);
  const startOver = useCallback(() => {
    forgetSession();
    void keeper.clear().then(() => setEpoch((before) => before + 1));
  }, []);
  if (!denied) {
    return (
      <TrailKeeper key={epoch}>
        <Page onOther={startOver} />
      </TrailKeeper>
    );
  }
  return (
    <Suspense fallback={null}>
      <Login onDone={startOver} />
    </Suspense>
  );
}
