import { useEffect, useMemo } from "react";

import { fetchRules } from "../../api/alerts";
import type { Alert, Settings } from "../../api/types";
import { useAnswer } from "../../hooks/useAnswer";
import { useMedia } from "../../hooks/useMedia";
import { useUrl } from "../../hooks/useUrl";
import { type AlertFilter, digits, fits, queryOf, symbolOf } from "../../lib/alertFilter";
import { exchangeName } from "../../lib/exchanges";
import { whole } from "../../lib/format";
import type { RowView } from "../../lib/rows";
import { changeUrl } from "../../lib/url";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { AlertDetails } from "./AlertDetails";
import { AlertList } from "./AlertList";
import { Filters } from "./Filters";
import { useAlertPages } from "./useAlertPages";

interface Props {
  /** As chosen in the bar above; "" is all. */
  exchange: string;
  timeframes: readonly string[];
  rows: readonly RowView[];
  settings: Settings | null;
  /** The alerts the page knows, newest first: what of them the list does not have yet is news. */
  known: readonly Alert[];
  onChart: (alert: Alert) => void;
  onSeen: () => void;
}

function useFilter(exchange: string): AlertFilter {
  const kind = useUrl("kind") ?? "";
  const tier = useUrl("tier") ?? "";
  const rule = useUrl("rule") ?? "";
  const timeframe = useUrl("alerttf") ?? "";
  const symbol = useUrl("symbol") ?? "";
  const since = useUrl("since") ?? "";
  const until = useUrl("until") ?? "";
  return useMemo(
    () => ({ exchange, kind, tier, rule, timeframe, symbol, since, until }),
    [exchange, kind, tier, rule, timeframe, symbol, since, until],
  );
}

const change = ({ timeframe, ...patch }: Partial<AlertFilter>) =>
  changeUrl(timeframe === undefined ? patch : { ...patch, alerttf: timeframe });

const clear = () => changeUrl({ kind: null, tier: null, rule: null, alerttf: null, symbol: null, since: null, until: null, exchange: null });

const explain = (alert: Alert) => changeUrl({ view: "alerts", alert: String(alert.id) }, true);
const close = () => changeUrl({ view: "alerts", alert: null });

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <div role="status" className="p-6 text-center text-xs leading-5 text-ink-soft">
      {filtered ? "No alert fits these filters." : "No alert yet. One is stored when a condition begins to hold on a closed bar with sound data."}
      {filtered && (
        <button type="button" onClick={clear} className="mx-auto mt-3 block rounded-md border border-edge px-3 py-1.5 text-ink-strong hover:bg-raised">
          Show all alerts
        </button>
      )}
    </div>
  );
}

function Title({ total, exchange }: { total: number | null; exchange: string }) {
  return (
    <div className="flex items-baseline gap-2 md:mb-2">
      <h2 className="text-sm font-semibold text-ink-strong">Alerts</h2>
      <span className="text-micro text-ink-soft" data-total={total ?? ""}>
        {total === null ? "…" : `${whole(total)} stored`}
        {exchange !== "" && ` on ${exchangeName(exchange)}`}, newest first
      </span>
    </div>
  );
}

/** How many alerts there are that the list of this query does not have yet. */
function countNews(known: readonly Alert[], query: ReturnType<typeof queryOf>, top: Alert | undefined, total: number | null): number {
  if (total === null || (total > 0 && top === undefined)) return 0;
  return known.filter((alert) => Number(alert.id) > Number(top?.id ?? 0) && fits(alert, query)).length;
}

/** Every stored alert, filtered as the address says; one of them opened beside the list, or over it on a phone. */
export default function AlertHistory({ exchange, timeframes, rows, settings, known, onChart, onSeen }: Props) {
  const filter = useFilter(exchange);
  const pairs = useMemo(() => rows.map(({ row: { symbol, base } }) => ({ symbol, base })), [rows]);
  // The address keeps what was typed; which symbol it means is known once the pairs are.
  const query = useMemo(
    () => queryOf({ ...filter, symbol: symbolOf(filter.symbol, pairs) }, timeframes),
    [filter, pairs, timeframes],
  );
  const pages = useAlertPages(query);
  const openId = digits(useUrl("alert") ?? "");
  const phone = useMedia("(max-width: 767px)");
  const narrow = useMedia("(max-width: 1023px)");
  const rules = useAnswer("rules", fetchRules);
  const news = countNews(known, query, pages.at(0), pages.total);
  useEffect(onSeen, [onSeen, known]);

  const openDetails = openId !== null && (
    <ErrorBoundary name="The alert">
      <AlertDetails key={openId} id={openId} catalog={settings?.catalog ?? null} onChart={onChart} onClose={close} />
    </ErrorBoundary>
  );
  if (narrow && openId !== null) return openDetails;
  return (
    <div className="flex min-h-0 flex-1 gap-2 md:p-3">
      <section aria-label="Alert list" className="flex min-h-0 min-w-0 flex-1 flex-col overflow-hidden bg-panel md:rounded-lg md:border md:border-line">
        <header className="shrink-0 border-b border-line px-4 py-3">
          <Title total={pages.total} exchange={exchange} />
          <Filters phone={phone} filter={filter} query={query} timeframes={timeframes} rules={rules.data ?? []} pairs={pairs} onChange={change} />
        </header>
        <AlertList
          pages={pages}
          news={news}
          stacked={narrow || openId !== null}
          chosenId={openId}
          empty={<Nothing filtered={Object.values(query).some(Boolean)} />}
          onExplain={explain}
          onChart={onChart}
        />
      </section>
      {openDetails}
    </div>
  );
}
