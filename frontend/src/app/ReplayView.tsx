import { useCallback, useMemo, useRef, useState } from "react";

import { applyFilter } from "../lib/filter";
import type { RowView } from "../lib/rows";
import { currentList, WATCH } from "../lib/watch";
import { useChoice } from "../hooks/useChoice";
import { CandlesTab } from "../panels/pair/CandlesTab";
import type { Exporter } from "../panels/pair/useExporter";
import { usePanes } from "../panels/pair/usePanes";
import type { Charted } from "../panels/replay/PairChart";
import Replay from "../panels/replay/Replay";
import { Cards } from "../panels/screener/Cards";
import { layoutOf } from "../panels/screener/layout";
import { PAST_GROUPS, PAST_SETUP, pastColumns } from "../panels/screener/past";
import { ScreenerTable } from "../panels/screener/ScreenerTable";
import { sorted } from "../panels/screener/sorting";
import { START } from "../panels/screener/usePlace";
import { useSetup } from "../panels/screener/useSetup";
import type { Board } from "./views";

interface TableProps {
  board: Board;
  rows: readonly RowView[];
  chosen: string | null;
  onChoose: (key: string | null) => void;
}

/** The screener's own table, on rows of the past. */
function Table({ board: { page, context, phone }, rows, chosen, onChoose }: TableProps) {
  const control = useSetup(PAST_SETUP);
  const [watch] = useChoice(WATCH);
  const place = useRef(START);
  const [active, setActive] = useState(chosen);
  const { columns, density, sort } = control.setup;
  const layout = useMemo(() => layoutOf(pastColumns(columns), density, PAST_GROUPS), [columns, density]);
  const { search } = page.filter;
  const shown = useMemo(() => {
    const { views } = applyFilter(rows, { search, exchange: "", chip: "all" }, context.limits);
    return sorted(views, sort);
  }, [rows, search, context.limits, sort]);
  const starred = useMemo(() => new Set(currentList(watch).pairs), [watch]);
  const activate = useCallback(
    (key: string) => {
      setActive(key);
      // With the chart open, moving through the table moves it along.
      if (chosen !== null) onChoose(key);
    },
    [chosen, onChoose],
  );
  if (phone) return <Cards rows={shown} context={context} starred={starred} past onOpen={onChoose} />;
  return (
    <ScreenerTable
      rows={shown}
      of="replay"
      layout={layout}
      control={control}
      context={context}
      activeKey={active}
      openKey={chosen}
      starred={starred}
      place={place}
      onActive={activate}
      onOpen={onChoose}
      handle={page.tableRef}
    />
  );
}

const nothing = () => undefined;

const NO_TRADES: never[] = [];

/** The pair's own chart, on bars that end where the replay stands. */
function Chart({ board: { context, settings }, charted }: { board: Board; charted: Charted }) {
  const panes = usePanes(context.limits, false);
  const exporter = useRef<Exporter | null>(null);
  const { exchange, symbol, tf, bars, alerts } = charted;
  const series = useMemo(() => ({ exchange, symbol, tf }), [exchange, symbol, tf]);
  return (
    <CandlesTab
      series={series} view={null} bars={bars} whole panes={panes} alerts={alerts} trades={NO_TRADES} at={null}
      catalog={context.catalog} mode={settings?.mode ?? null} onNeedOlder={nothing} exporterRef={exporter}
    />
  );
}

/** The replay with the screener's table and the pair's chart in it. */
export default function ReplayView({ board }: { board: Board }) {
  const { page, live, phone } = board;
  return (
    <Replay
      tf={page.tfShown}
      exchange={page.filter.exchange}
      rows={live.rows}
      pair={page.openKey}
      phone={phone}
      table={(rows, chosen, onChoose) => <Table board={board} rows={rows} chosen={chosen} onChoose={onChoose} />}
      chart={(charted) => <Chart board={board} charted={charted} />}
    />
  );
}
