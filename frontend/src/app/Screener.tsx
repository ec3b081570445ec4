import { type Ref, useDeferredValue, useMemo } from "react";

import type { LiveSnapshot } from "../api/live";
import { applyFilter, type Chip, type Filter } from "../lib/filter";
import { Cards } from "../panels/screener/Cards";
import type { CellContext } from "../panels/screener/columns";
import { Empty, SkeletonRows } from "../panels/screener/Placeholder";
import { type ScreenerHandle, ScreenerTable } from "../panels/screener/ScreenerTable";
import { Toolbar } from "../panels/screener/Toolbar";
import { useScreener } from "../panels/screener/useScreener";

interface Props {
  live: LiveSnapshot;
  tf: string | null;
  phone: boolean;
  filter: Filter;
  context: CellContext;
  activeKey: string | null;
  openKey: string | null;
  handle: Ref<ScreenerHandle>;
  onChip: (chip: Chip) => void;
  onClear: () => void;
  onActive: (key: string) => void;
  onOpen: (key: string) => void;
}

/** Filter, sort, and the table or the cards; or why there is neither. */
export function Screener(props: Props) {
  const { live, tf, phone, context, onOpen } = props;
  const filter = useDeferredValue(props.filter);
  const all = useMemo(() => (live.tf === tf ? live.rows : []), [live, tf]);
  const views = useMemo(() => applyFilter(all, filter, context.limits), [all, filter, context]);
  const { rows, sorting, sort } = useScreener(views);
  const loading = live.tf !== tf || !live.loaded;

  const content = () => {
    if (loading && live.transport === "offline") {
      return (
        <Empty title="The server does not answer">
          Nothing has been received yet. Is futuresboard running? This page fills as soon as it answers.
        </Empty>
      );
    }
    if (loading) return <SkeletonRows />;
    if (all.length === 0) {
      return (
        <Empty title="No pairs yet">The first cycle of the scraper is not done. Pairs appear here within seconds of it.</Empty>
      );
    }
    if (rows.length === 0) {
      return (
        <Empty title="No pair fits">
          Nothing matches the search and the filters together.
          <button type="button" onClick={props.onClear} className="mx-auto mt-3 block rounded-md border border-edge px-3 py-1.5 text-ink-strong hover:bg-raised">
            Show all pairs
          </button>
        </Empty>
      );
    }
    if (phone) return <Cards rows={rows} context={context} onOpen={onOpen} />;
    return (
      <ScreenerTable
        key={tf}
        rows={rows}
        sorting={sorting}
        context={context}
        activeKey={props.activeKey}
        openKey={props.openKey}
        onSort={sort}
        onActive={props.onActive}
        onOpen={onOpen}
        handle={props.handle}
      />
    );
  };

  return (
    <section aria-label="Screener" className="flex min-h-0 min-w-0 flex-1 flex-col overflow-hidden bg-panel md:rounded-lg md:border md:border-line">
      <Toolbar chip={props.filter.chip} limits={context.limits} shown={rows.length} total={all.length} onChip={props.onChip} />
      <div className="min-h-0 flex-1">{content()}</div>
    </section>
  );
}
