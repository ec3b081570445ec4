import { useMemo } from "react";

import { useChoice } from "../../hooks/useChoice";
import { useSampled } from "../../hooks/useSampled";
import { exchangeName } from "../../lib/exchanges";
import { whole } from "../../lib/format";
import { isStale } from "../../lib/quality";
import { freshestAt } from "../../lib/rows";
import { oneOf } from "../../lib/stored";
import { Segmented } from "../../ui/Segmented";
import { type FundingContext, fundingColumns, type Per } from "./fundingColumns";
import { type FundingRow, fundingRows } from "./fundingRows";
import { Grid } from "../../ui/grid/Grid";
import type { MarketProps } from "./Markets";
import { Nothing, Pane, Skeleton } from "./Pane";
import { rowsOf } from "./pairs";

const PERS = ["interval", "8h", "year"] as const;
const PER = oneOf<Per>("markets.per", PERS, "8h");
const OPTIONS = [
  { value: "interval", label: "Interval", title: "Per the pair's own interval" },
  { value: "8h", label: "8 h", title: "Brought to 8 hours" },
  { value: "year", label: "1 y", title: "365 days of it, not compounded" },
];
const FIRST = { id: "settled", desc: true };

const idOf = ({ view }: FundingRow) => view.key;

/** Who pays whom, on every pair. */
export function Funding({ live, tf, exchange, search, catalog, onOpen }: MarketProps) {
  const [per, setPer] = useChoice(PER);
  const all = useSampled(live, tf);
  const rows = useMemo(() => fundingRows(all, rowsOf(all, exchange, search, exchangeName)), [all, exchange, search]);
  const columns = useMemo(() => fundingColumns(per), [per]);
  const context: FundingContext = useMemo(() => ({ per, catalog }), [per, catalog]);
  const unknown = rows.filter(({ view }) => view.row.funding === null).length;

  const content = () => {
    if (rows.length > 0) {
      return (
        <Grid
          label="Funding of every pair"
          rows={rows}
          columns={columns}
          context={context}
          first={FIRST}
          idOf={idOf}
          targetOf={idOf}
          fadedOf={({ view }) => isStale(view.row)}
          onOpen={onOpen}
        />
      );
    }
    if (all.length > 0) return <Nothing title="No pair fits">Nothing matches the search and the exchange together.</Nothing>;
    if (live.loaded && live.tf === tf) return <Nothing title="No pairs yet">They come with the scraper&apos;s first cycle.</Nothing>;
    if (live.transport === "offline") return <Nothing title="The server does not answer">Nothing has been received yet; the page keeps trying.</Nothing>;
    return <Skeleton of="the funding rates" />;
  };
  return (
    <Pane
      title="Funding"
      about={
        <>
          {whole(rows.length)} pairs, {unknown === 0 ? "all rates known" : `${whole(unknown)} without a known rate, last`}. Plus: longs pay shorts. Renewed every ten seconds and
          when a bar closes.
        </>
      }
      asOf={freshestAt(all)}
      controls={<Segmented label="Rates per" options={OPTIONS} value={per} onChange={(value) => setPer(PERS.find((known) => known === value) ?? per)} />}
    >
      {content()}
    </Pane>
  );
}
