import { useMemo } from "react";

import type { LiveSnapshot } from "../../api/live";
import { fetchWeightedOi } from "../../api/markets";
import type { Health, WeightedCoin } from "../../api/types";
import { useClosedBars } from "../../hooks/useClosedBars";
import { useTrail } from "../../hooks/useTrail";
import { exchangeName, exchangeTone } from "../../lib/exchanges";
import { change, decimals, funding, percent, ratio, signOf, usd, whole } from "../../lib/format";
import { computeKpis, type Kpis, marketOi } from "../../lib/kpis";
import { SplitBar } from "../../ui/bars";
import { Count, Tile } from "./Tile";

interface Props {
  live: LiveSnapshot;
  tf: string | null;
  /** One exchange, or all (""). */
  exchange: string;
  health: Health | null;
  zThreshold: number;
}

interface TileProps {
  kpis: Kpis;
  /** What the rows are of: another one begins another line. */
  scope: string;
}

const TONE = { 1: "text-up", 0: "text-ink-strong", [-1]: "text-down" } as const;

const Signed = ({ value, digits, text }: { value: number; digits: number; text: string }) => (
  <span className={TONE[signOf(value, digits)]}>{text}</span>
);

function OpenInterest({ kpis: { oi, rows }, scope }: TileProps) {
  return (
    <Tile
      label="Open interest"
      unit="USD, live"
      title={"Sum of the live open interest of the pairs, one side, in USD. Where no live value has come yet, that of the closed bar.\nThe line: since the page was opened."}
      value={oi.usd === null ? null : usd(oi.usd)}
      trail={useTrail("oi", oi.usd, scope)}
      note={<Count n={oi.n} of={rows} />}
    />
  );
}

const NONE: readonly WeightedCoin[] = [];

/** Across exchanges by its nature: the choice of one exchange does not change it. */
function WeightedOi({ live, tf }: { live: LiveSnapshot; tf: string | null }) {
  const { data, error } = useClosedBars(live, tf, "weighted-oi", (signal) => fetchWeightedOi(tf ?? "", signal));
  const found = useMemo(() => marketOi(data ?? NONE), [data]);
  return (
    <Tile
      label="Weighted OI"
      unit={`USD, ${tf ?? ""} bar, all exchanges`}
      title={
        "Each coin's mean of open interest over its exchanges, weighted by the volume of the newest bar: Σ(OI·volume) / Σ volume; summed over the coins. " +
        "It jumps when the shares of volume move.\n" +
        `Δ: change of open interest over one ${tf ?? ""} bar, in percent: each coin's chained over exchanges (weights: volume of the 24 bars before), coins weighted by their weighted OI. Known for ${found.changeKnown} of ${found.coins} coins.`
      }
      value={found.usd === null ? null : usd(found.usd)}
      aside={
        found.changePct !== null && (
          <span className="whitespace-nowrap text-xs font-semibold">
            <Signed value={found.changePct} digits={2} text={`Δ ${change(found.changePct)} %`} />
          </span>
        )
      }
      trail={useTrail("weighted", found.usd, tf ?? "")}
      note={error !== null && data === null ? "could not be read, asked again" : <Count n={found.usdKnown} of={found.coins} what="coins" />}
    />
  );
}

function Mood({ kpis: { ls, rows }, scope }: TileProps) {
  return (
    <Tile
      label="Long / short"
      unit="mean ratio"
      title="Mean of the global long/short ratios (accounts) of the closed bars, and the share of pairs above 1."
      value={ls.mean === null ? null : ratio(ls.mean)}
      aside={ls.mean !== null && <SplitBar ratio={ls.mean} className="w-12" />}
      trail={useTrail("mood", ls.mean, scope)}
      note={
        <>
          {ls.longHeavy !== null && `${percent(ls.longHeavy)} more longs ·`} <Count n={ls.n} of={rows} />
        </>
      }
    />
  );
}

function Breadth({ kpis: { z, rows }, zThreshold, scope }: TileProps & { zThreshold: number }) {
  return (
    <Tile
      label="Z breadth"
      unit={`|Z| > ${decimals(zThreshold, 1)}`}
      title={`Share of the pairs whose open interest moved far beyond their own habit on the newest closed bar: up (Z > ${decimals(zThreshold, 1)}) and down (Z < −${decimals(zThreshold, 1)}).\nThe line: up less down.`}
      value={
        z.high === null || z.low === null ? null : (
          <span className="flex gap-2 whitespace-nowrap">
            <span className="text-up">▲ {percent(z.high, 1)}</span>
            <span className="text-down">▼ {percent(z.low, 1)}</span>
          </span>
        )
      }
      trail={useTrail("breadth", z.high === null || z.low === null ? null : z.high - z.low, scope)}
      note={<Count n={z.n} of={rows} />}
    />
  );
}

function Funding({ kpis: { funding: rates, rows }, scope }: TileProps) {
  const { mean: weighted, n: weighed } = rates.weighted;
  return (
    <Tile
      label="Funding"
      unit="% per 8 h"
      title={`The last settled rates, each brought to 8 hours: their mean weighted by open interest in USD (n ${weighed}), beside it the plain mean and the share of pairs where longs pay (n ${rates.n}).`}
      value={weighted === null ? null : <Signed value={weighted * 100} digits={4} text={funding(weighted)} />}
      aside={rates.plain !== null && <span className="whitespace-nowrap text-micro text-ink-soft">plain {funding(rates.plain)}</span>}
      trail={useTrail("funding", weighted, scope)}
      note={
        <>
          {rates.longsPay !== null && `longs pay ${percent(rates.longsPay)} ·`} <Count n={rates.n} of={rows} />
        </>
      }
    />
  );
}

function Coverage({ kpis: { rows, fresh, byExchange }, health }: { kpis: Kpis; health: Health | null }) {
  const warm = health?.warm ?? null;
  return (
    <Tile
      label="Coverage"
      unit="pairs fresh"
      title={
        "Pairs whose exchange has spoken in time, of all recorded ones; how many each exchange has; " +
        "and the share of the start-up history that is loaded (Z, RSI and CVD need it)."
      }
      value={rows === 0 ? null : `${whole(fresh)} of ${whole(rows)}`}
      aside={
        <span className={`whitespace-nowrap text-micro ${warm !== null && warm < 1 ? "text-warn" : "text-ink-soft"}`}>
          {warm === null ? "history not told" : warm < 1 ? `warming up ${percent(warm)}` : "history loaded"}
        </span>
      }
      note={
        rows === 0
          ? "not known yet"
          : byExchange.map(({ exchange, count }) => (
              <span key={exchange} className="flex items-center gap-1">
                <span aria-hidden="true" className={`h-1.5 w-1.5 rounded-full ${exchangeTone(exchange)}`} />
                {exchangeName(exchange)} <span className="text-ink">{whole(count)}</span>
              </span>
            ))
      }
    />
  );
}

/** The market in six figures. */
export function KpiStrip({ live, tf, exchange, health, zThreshold }: Props) {
  const kpis = useMemo(() => {
    const rows = live.tf === tf ? live.rows : [];
    return computeKpis(exchange === "" ? rows : rows.filter(({ row }) => row.exchange === exchange), zThreshold);
  }, [live, tf, exchange, zThreshold]);
  const shared = { kpis, scope: `${tf ?? ""} ${exchange}` };
  return (
    <section
      aria-label="Overview"
      // Scrolls on a narrow screen, so the keyboard must reach it.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className="flex shrink-0 gap-2 overflow-x-auto px-3 py-2"
    >
      <OpenInterest {...shared} />
      <WeightedOi live={live} tf={tf} />
      <Mood {...shared} />
      <Breadth {...shared} zThreshold={zThreshold} />
      <Funding {...shared} />
      <Coverage kpis={kpis} health={health} />
    </section>
  );
}
