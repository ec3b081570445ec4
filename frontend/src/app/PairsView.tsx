import type { RowView } from "../lib/rows";
import { AlertRail } from "../panels/alerts/AlertRail";
import { KpiStrip } from "../panels/kpis/KpiStrip";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Screener } from "./Screener";
import { useKpis } from "./useBoard";
import { useTrail } from "./useTrail";
import type { Board } from "./views";

const RAIL =
  "w-80 shrink-0 max-xl:absolute max-xl:inset-y-0 max-xl:right-3 max-xl:z-30 max-xl:pb-3 max-xl:drop-shadow-2xl max-md:inset-0 max-md:w-full max-md:pb-0";

/** The first view: the overview, every pair, and the alerts beside them. */
export function PairsView({ board }: { board: Board }) {
  const { page, live, alerts, context, health } = board;
  const { filter, tf, railOpen } = page;
  const kpis = useKpis(live, tf, filter.exchange, context.limits.z);
  const oiTrail = useTrail(kpis.oiUsd, filter.exchange);
  const open = (key: RowView["key"]) => page.open(key);
  return (
    <>
      <ErrorBoundary name="The overview">
        <KpiStrip kpis={kpis} oiTrail={oiTrail} health={health} zThreshold={context.limits.z} />
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
              <AlertRail
                alerts={alerts.alerts}
                loaded={alerts.loaded}
                error={alerts.error}
                onOpen={page.openAlert}
                onClose={() => {
                  page.setRail(false);
                  alerts.markRead();
                }}
              />
            </ErrorBoundary>
          </aside>
        )}
      </div>
    </>
  );
}
