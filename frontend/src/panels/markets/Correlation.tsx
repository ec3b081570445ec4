import { useState } from "react";

import { fetchCorrelations } from "../../api/markets";
import type { Correlations } from "../../api/types";
import { useChoice } from "../../hooks/useChoice";
import { useClosedBars } from "../../hooks/useClosedBars";
import { exchangeName } from "../../lib/exchanges";
import { sigma as signed } from "../../lib/format";
import { pairKey } from "../../lib/rows";
import { oneOf } from "../../lib/stored";
import { timeframeMs } from "../../lib/timeframe";
import { Segmented } from "../../ui/Segmented";
import { type Cell, Heatmap } from "./Heatmap";
import { type On, WINDOWS } from "./heat";
import type { MarketProps } from "./Markets";
import { Nothing, Pane, Skeleton } from "./Pane";
import { coinOf } from "./pairs";

const WINDOW = oneOf("markets.window", WINDOWS, "24h");
const ON = oneOf<On>("markets.on", ["changes", "levels"], "changes");

const LEVELS =
  "On levels two independent random walks show |r| > 0.6 in 28 % of windows, on changes in at most 0.3 %: a high r here may mean nothing.";

const listing = (found: Correlations, at: number) => ({
  symbol: found.symbols[at] ?? "",
  exchange: found.exchanges[at] ?? "",
});

/** Where two pairs meet now: the order changes from bar to bar, and a pair may leave. */
function cellOf(found: Correlations, [first, second]: readonly [string, string]): Cell | null {
  const cell = [found.symbols.indexOf(first), found.symbols.indexOf(second)] as const;
  return cell.includes(-1) ? null : cell;
}

/** The two pairs of a cell, and the way to the chart of either. */
function Chosen({ found, cell: [i, j], onOpen }: { found: Correlations; cell: Cell; onOpen: (pair: string) => void }) {
  const r = found.r[i]?.[j] ?? null;
  const sides = [listing(found, i), listing(found, j)];
  return (
    <div aria-label="The chosen pairs" role="group" className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-t border-line px-3 py-2 text-xs">
      <p className="text-ink-strong">
        {sides.map(({ symbol }) => coinOf(symbol)).join(" × ")}:{" "}
        <span className="font-semibold">{r === null ? "r not known" : `r ${signed(r)}`}</span>
      </p>
      {sides.map((side) => (
        <button
          key={side.symbol}
          type="button"
          onClick={() => onOpen(pairKey(side))}
          className="rounded border border-edge px-2 py-1 text-ink hover:bg-raised hover:text-ink-strong"
        >
          Open {coinOf(side.symbol)} on {exchangeName(side.exchange)}
        </button>
      ))}
    </div>
  );
}

function Legend() {
  return (
    <p className="flex flex-wrap items-center gap-x-4 gap-y-1 px-3 py-2 text-micro text-ink-soft">
      <span className="flex items-center gap-1.5">
        <span aria-hidden="true" className="h-3 w-3 ring-1 ring-inset ring-ink-strong/70" /> framed: |r| &gt; 0.6
      </span>
      <span className="flex items-center gap-1.5">
        <span aria-hidden="true" className="flex">
          <span className="h-3 w-3 bg-down/45" />
          <span className="h-3 w-3 bg-up/45" />
        </span>
        against each other, together
      </span>
      <span>? not known</span>
      <span>Arrow keys move, Enter opens the chart of the row&apos;s pair.</span>
    </p>
  );
}

interface ContentProps {
  data: Correlations | null;
  failed: boolean;
  on: On;
  cell: Cell | null;
  onChoose: (cell: Cell) => void;
  onOpen: (pair: string) => void;
}

function Content({ data, failed, on, cell, onChoose, onOpen }: ContentProps) {
  if (data === null) return failed ? <Nothing title="No correlations">The server has not answered yet.</Nothing> : <Skeleton of="the correlations" />;
  if (data.symbols.length < 2) {
    return <Nothing title="Too few coins">Two coins with a known volume of 24 h are needed. They come with the scraper&apos;s first cycles.</Nothing>;
  }
  return (
    <div className="flex h-full flex-col">
      {/* Scrolls on a narrow screen, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div role="region" aria-label="Correlation table" tabIndex={0} className="relative min-h-0 flex-1 overflow-auto px-3 pt-1 focus-visible:-outline-offset-2 max-md:px-0">
        <Heatmap found={data} on={on} chosen={cell} onChoose={onChoose} />
        <Legend />
      </div>
      {cell && <Chosen found={data} cell={cell} onOpen={onOpen} />}
    </div>
  );
}

const aboutOf = (tf: string, window: string, on: On) =>
  on === "changes"
    ? `Pearson's r of the ${tf} closes' log changes over ${window}, the most liquid listing of each of the 20 most traded coins of all exchanges; what moves together stands together.`
    : `Pearson's r of the ${tf} closes themselves over ${window}.`;

/** Which coins move together, of the twenty most traded. */
export function Correlation({ live, tf, onOpen }: MarketProps) {
  const [window, setWindow] = useChoice(WINDOW);
  const [on, setOn] = useChoice(ON);
  const [chosen, setChosen] = useState<readonly [string, string] | null>(null);
  const { data, error, again } = useClosedBars(live, tf, `corr ${window} ${on}`, (signal) =>
    fetchCorrelations(tf ?? "", window, on, signal),
  );
  const bar = tf === null ? null : timeframeMs(tf);
  const choose = (cell: Cell) => {
    if (data === null) return;
    const [first, second] = [listing(data, cell[0]), listing(data, cell[1])];
    setChosen([first.symbol, second.symbol]);
    onOpen(pairKey(first));
  };
  const cell = data !== null && chosen !== null ? cellOf(data, chosen) : null;

  return (
    <Pane
      title="Correlation"
      about={
        <>
          {aboutOf(tf ?? "", window, on)}
          {on === "levels" && <span className="mt-0.5 block font-medium text-warn">{LEVELS}</span>}
        </>
      }
      asOf={data?.ts == null || bar === null ? null : data.ts + bar}
      error={error}
      onRetry={again}
      controls={
        <>
          <Segmented label="Window" options={WINDOWS.map((value) => ({ value, label: value }))} value={window} onChange={(value) => setWindow(WINDOWS.find((known) => known === value) ?? window)} />
          <Segmented
            label="Correlate"
            options={[
              { value: "changes", label: "Changes" },
              { value: "levels", label: "Levels", title: LEVELS },
            ]}
            value={on}
            onChange={(value) => setOn(value === "levels" ? "levels" : "changes")}
          />
        </>
      }
    >
      <Content data={data} failed={error !== null} on={on} cell={cell} onChoose={choose} onOpen={onOpen} />
    </Pane>
  );
}
