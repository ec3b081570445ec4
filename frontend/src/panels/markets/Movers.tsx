import { useMemo } from "react";

import type { NumberColumn } from "../../api/types";
import { useChoice } from "../../hooks/useChoice";
import { useSampled } from "../../hooks/useSampled";
import { exchangeName } from "../../lib/exchanges";
import { change, sigma as sigmas, usd, whole } from "../../lib/format";
import { freshestAt } from "../../lib/rows";
import { oneOf } from "../../lib/stored";
import { Segmented } from "../../ui/Segmented";
import type { MarketProps } from "./Markets";
import { MoverList } from "./MoverList";
import { Nothing, Pane, Skeleton } from "./Pane";
import { rowsOf } from "./pairs";
import { type Ranking, rank } from "./ranking";

const IDS = ["oi1h", "oi4h", "oi24h", "price24h", "z", "volume"] as const;
type By = (typeof IDS)[number];

interface Kind {
  column: NumberColumn;
  switch: string;
  label: string;
  unit: string;
  format: (value: number) => string;
  signed: boolean;
  /** Why it can be unknown. */
  needs: string;
}

const percentOver = (column: NumberColumn, name: string, span: string): Kind => ({
  column, switch: `${name} ${span}`, label: `${name} Δ`, unit: `%, ${span}`, format: change, signed: true,
  needs: `the bar of ${span} before is missing`,
});

const KINDS: Record<By, Kind> = {
  oi1h: percentOver("oi_change_1h_pct", "OI", "1 h"),
  oi4h: percentOver("oi_change_4h_pct", "OI", "4 h"),
  oi24h: percentOver("oi_change_24h_pct", "OI", "24 h"),
  price24h: percentOver("price_change_24h_pct", "Price", "24 h"),
  z: { column: "z_score", switch: "Z", label: "Z", unit: "σ, closed bar", format: sigmas, signed: true, needs: "its 21 bars are not all there" },
  volume: { column: "volume_24h_usd", switch: "Volume", label: "Volume", unit: "USD, 24 h", format: usd, signed: false, needs: "the exchange has not told it" },
};
const BY = oneOf("markets.movers", IDS, "oi1h");
const OPTIONS = IDS.map((value) => ({ value, label: KINDS[value].switch }));
const TOP = 20;

const leftOut = ({ unknown, stale }: Ranking, needs: string) => {
  const parts = [
    ...(unknown > 0 ? [`${whole(unknown)} not known (${needs})`] : []),
    ...(stale > 0 ? [`${whole(stale)} stale`] : []),
  ];
  return parts.length === 0 ? "none left out" : `left out: ${parts.join(", ")}`;
};

/** Who moves most, either way. */
export function Movers({ live, tf, exchange, search, onOpen }: MarketProps) {
  const [by, setBy] = useChoice(BY);
  const all = useSampled(live, tf);
  const kind = KINDS[by];
  const shown = useMemo(() => rowsOf(all, exchange, search, exchangeName), [all, exchange, search]);
  const ranking = useMemo(() => rank(shown, kind.column, TOP), [shown, kind]);
  const scale = Math.max(1e-9, ...[...ranking.up, ...ranking.down].map(({ value }) => Math.abs(value)));
  const { label, unit, format, signed } = kind;
  const shared = { label, unit, format, signed, scale, onOpen };

  const content = () => {
    if (ranking.n > 0 && !signed) {
      return (
        <div className="h-full overflow-y-auto">
          <MoverList title="Most traded" rows={ranking.up} {...shared} />
        </div>
      );
    }
    if (ranking.n > 0) {
      return (
        <div className="grid h-full min-h-0 overflow-y-auto xl:grid-cols-2 xl:divide-x xl:divide-line">
          <MoverList title="▲ Up" rows={ranking.up} {...shared} />
          <MoverList title="▼ Down" rows={ranking.down} {...shared} />
        </div>
      );
    }
    if (all.length > 0) return <Nothing title="No pair to rank">No fresh pair fits whose {kind.switch} is known ({kind.needs}).</Nothing>;
    if (live.transport === "offline") return <Nothing title="The server does not answer">Nothing has been received yet; the page keeps trying.</Nothing>;
    return <Skeleton of="the movers" />;
  };
  return (
    <Pane
      title="Movers"
      about={
        <>
          The {TOP} furthest each way of {whole(ranking.n)} pairs; {leftOut(ranking, kind.needs)}. Renewed every ten seconds and when a bar closes.
        </>
      }
      asOf={freshestAt(all)}
      controls={
        <Segmented
          label="Rank by"
          options={OPTIONS}
          value={by}
          onChange={(value) => setBy(IDS.find((known) => known === value) ?? by)}
          className="max-w-full overflow-x-auto"
        />
      }
    >
      {content()}
    </Pane>
  );
}
