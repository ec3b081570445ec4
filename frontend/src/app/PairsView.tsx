import { lazy, Suspense } from "react";

import type { RowView } from "../lib/rows";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Screener } from "./Screener";
import type { Board } from "./views";

const KpiStrip = lazy(async () => ({ default: (await import("../panels/kpis/KpiStrip")).KpiStrip }));
const AlertRail = lazy(() => import("../panels/alerts/AlertRail"));

const RAIL =
  "w-80 shrink-0 max-xl:absolute max-xl:inset-y-0 max-xl:right-3 max-xl:z-30 max-xl:pb-3 max-xl:drop-shadow-2xl max-md:inset-0 max-md:w-full max-md:pb-0";

/** The first view: the overview, every pair, and the alerts beside them. */
export function PairsView({ board }: { board: Board }) {
  const { page, live, alerts, context, health } = board;
  const { filter, tf, railOpen } = page;
  const open = (key: RowView["key"]) => page.open(key);
  return (
    <>
      <ErrorBoundary name="The overview">
        {/* Its figures are of the rows: loaded with them, in a place that is kept for it. */}
        <div className="h-[86px] shrink-0">
          {board.settled && (
            <Suspense fallback={null}>
              <KpiStrip live={live} tf={tf} exchange={filter.exchange} health={health} zThreshold={context.limits.z} />
            </Suspense>
          )}
        </div>
      </ErrorBoundary>
      <div className="relative flex min-h-0 flex-1 gap-2 md:px-3 md:pb-3">
        <ErrorBoundary name="The screener">
          <Screener
            live={live}
            tf={tf}
            phone={board.phone}
            filter={filter}
            context={context}
            activeKey={page.activeKey}
            openKey={page.openKey}
            handle={page.tableRef}
            onChip={page.setChip}
            onClear={page.clearFilters}
            onActive={page.activate}
            onOpen={open}
          />
        </ErrorBoundary>
        {railOpen && (
          <aside aria-label="Alerts" className={RAIL} onMouseEnter={alerts.markRead} onFocus={alerts.markRead}>
            <ErrorBoundary name="The alert list">
              {board.settled && (
                <Suspense fallback={<div className="h-full rounded-lg border border-line bg-panel" />}>
                  <AlertRail
                    alerts={alerts.alerts}
                    loaded={alerts.loaded}
                    error={alerts.error}
                    onOpen={page.openAlert}
                    onExplain={page.showAlert}
                    onAll={page.showAlerts}
                    onClose={() => {
                      page.setRail(false);
                      alerts.markRead();
                    }}
                  />
                </Suspense>
              )}
            </ErrorBoundary>
          </aside>
        )}
      </div>
    </>
  );
}
