import { Suspense, useMemo } from "react";

import type { Run } from "../../../api/types";
import { useColours } from "../../../charts/colours";
import { EquityCurve } from "../../../charts/registry";
import { decimals } from "../../../lib/format";
import { periodRows } from "../../../lib/simulation/curve";
import { share, signedPercent } from "../../../lib/simulation/words";
import { Time } from "../../../ui/Time";
import { Box } from "../parts";

const cell = "px-2 py-1 text-right";

/** The curve as a table, for who cannot see it and who wants its figures. */
function CurveTable({ run }: { run: Run }) {
  const { days, rows } = useMemo(() => periodRows(run.curve), [run.curve]);
  return (
    <details className="mt-2">
      <summary className="cursor-pointer text-micro text-accent">The account as a table, {days === 1 ? "day by day" : `every ${days} days`}</summary>
      {/* Scrolls, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div role="region" aria-label="The account as a table" tabIndex={0} className="max-h-72 overflow-auto">
        <table className="w-full max-w-lg text-micro text-ink">
          <thead className="sticky top-0 bg-panel text-ink-soft">
            <tr>
              <th scope="col" className="py-1 text-left font-normal">Up to</th>
              <th scope="col" className={`${cell} font-normal`}>Account, USDT</th>
              <th scope="col" className={`${cell} font-normal`}>Since the start</th>
              <th scope="col" className={`${cell} font-normal`}>Deepest drawdown</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ ts, equity, drawdown }) => (
              <tr key={ts} className="border-t border-line/60">
                <th scope="row" className="py-1 text-left font-normal"><Time ts={ts} /></th>
                <td className={cell}>{equity === null ? "–" : decimals(equity, 2)}</td>
                <td className={cell}>{equity === null ? "–" : signedPercent(equity / run.portfolio.capital - 1)}</td>
                <td className={cell}>{share(drawdown)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** What became of the account. */
export function Equity({ run }: { run: Run }) {
  const colours = useColours();
  const curves = useMemo(() => [{ name: "run", label: "Account", run, colour: colours.first, dash: "" }], [run, colours.first]);
  return (
    <Box title="Equity and drawdown" about="Every position marked at each bar's close. A fall within a stretch that is drawn as one point is kept.">
      {run.curve.ts.length === 0 ? (
        <p className="text-xs text-ink-soft">No bar, so no curve.</p>
      ) : (
        <>
          <Suspense fallback={<div className="skeleton h-[346px]" />}>
            <EquityCurve curves={curves} />
          </Suspense>
          <CurveTable run={run} />
        </>
      )}
    </Box>
  );
}
