import { type Ref, useMemo, useRef } from "react";

import type { LiveSnapshot } from "../api/live";
import { useChoice } from "../hooks/useChoice";
import type { Chip, Filter } from "../lib/filter";
import type { RowView } from "../lib/rows";
import { WATCH } from "../lib/watch";
import { Cards } from "../panels/screener/Cards";
import type { CellContext } from "../panels/screener/columns";
import { layoutOf } from "../panels/screener/layout";
import { Empty, SkeletonRows } from "../panels/screener/Placeholder";
import { type ScreenerHandle, ScreenerTable } from "../panels/screener/ScreenerTable";
import { sorted } from "../panels/screener/sorting";
import { Toolbar } from "../panels/screener/Toolbar";
import { START } from "../panels/screener/usePlace";
import { type Chosen, useSelection } from "../panels/screener/useSelection";
import { type SetupControl, useSetup } from "../panels/screener/useSetup";

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

/** Why there are no rows to show, and what to do about it; null when there are. */
function absence({ live, tf }: Props, chosen: Chosen, known: number, onClear: () => void) {
  const loading = live.tf !== tf || !live.loaded;
  if (loading && live.transport === "offline") {
    return (
      <Empty title="The server does not answer">
        Nothing has been received yet. Is futuresboard running? This page fills as soon as it answers.
      </Empty>
    );
  }
  if (loading || chosen.pending) return <SkeletonRows />;
  if (known === 0) {
    return <Empty title="No pairs yet">The first cycle of the scraper is not done. Pairs appear here within seconds of it.</Empty>;
  }
  if (chosen.views.length > 0) return null;
  return (
    <Empty title="No pair fits">
      {chosen.unknown > 0 ? `Of ${chosen.unknown} it is not known whether they do. ` : ""}
      Nothing matches the search and the filters together.
      <button type="button" onClick={onClear} className="mx-auto mt-3 block rounded-md border border-edge px-3 py-1.5 text-ink-strong hover:bg-raised">
        Show all pairs
      </button>
    </Empty>
  );
}

interface RowsProps extends Props {
  rows: readonly RowView[];
  chosen: Chosen;
  control: SetupControl;
}

function Rows({ rows, chosen, control, ...props }: RowsProps & { place: React.MutableRefObject<typeof START> }) {
  const { columns, density } = control.setup;
  const layout = useMemo(() => layoutOf(columns, density), [columns, density]);
  if (props.phone) return <Cards rows={rows} context={props.context} starred={chosen.starred} onOpen={props.onOpen} />;
  return (
    <ScreenerTable
      rows={rows}
      of={`${props.tf}|${chosen.filter.exchange}`}
      layout={layout}
      control={control}
      context={props.context}
      activeKey={props.activeKey}
      openKey={props.openKey}
      starred={chosen.starred}
      place={props.place}
      onActive={props.onActive}
      onOpen={props.onOpen}
      handle={props.handle}
    />
  );
}

/** Filter, sort, and the table or the cards; or why there is neither. */
export function Screener(props: Props) {
  const { live, tf, context } = props;
  const control = useSetup();
  const [, setWatch] = useChoice(WATCH);
  const place = useRef(START);
  const all = useMemo(() => (live.tf === tf ? live.rows : []), [live, tf]);
  const chosen = useSelection(all, props.filter, context.limits);
  const rows = useMemo(() => sorted(chosen.views, control.setup.sort), [chosen.views, control.setup.sort]);
  const clear = () => {
    setWatch((watch) => ({ ...watch, only: false }));
    props.onClear();
  };
  return (
    <section aria-label="Screener" className="flex min-h-0 min-w-0 flex-1 flex-col overflow-hidden bg-panel md:rounded-lg md:border md:border-line">
      <Toolbar {...props} control={control} chosen={chosen} rows={rows} total={all.length} tf={tf ?? ""} />
      <div className="min-h-0 flex-1">
        {absence(props, chosen, all.length, clear) ?? <Rows {...props} rows={rows} chosen={chosen} control={control} place={place} />}
      </div>
    </section>
  );
}
