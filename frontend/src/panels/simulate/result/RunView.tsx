import type { Run } from "../../../api/types";
import { whole } from "../../../lib/format";
import { FIGURES, SETTINGS } from "../../../lib/simulation/compare";
import { titleOf, VERDICT_WORDS } from "../../../lib/simulation/words";
import { Box, Facts } from "../parts";
import { Equity } from "./Equity";
import { RatePlot } from "./RatePlot";
import { RunHeader } from "./RunHeader";
import { Verdict } from "./Verdict";

interface Props {
  run: Run;
  onAgain: () => void;
  onCompare: () => void;
}

const F = FIGURES;

/** What became of every signal, by how it ended; most frequent first. */
function Signals({ run }: { run: Run }) {
  const ends = Object.entries(run.outcomes).sort(([, a], [, b]) => b - a);
  return (
    <Box title="What became of the signals" about={`${whole(run.signals)} signals, ${whole(run.trade_count)} trades.`}>
      <dl className="mt-1 divide-y divide-line/60">
        {ends.map(([how, count]) => (
          <div key={how} className="flex items-baseline justify-between gap-3 py-1">
            <dt className="text-micro text-ink-soft">{how}</dt>
            <dd className="text-xs text-ink-strong">{whole(count)}</dd>
          </div>
        ))}
      </dl>
    </Box>
  );
}

function Overfitting({ run }: { run: Run }) {
  const { pbo } = run.statistics;
  if (pbo === null) return null;
  return (
    <p className="mt-1 text-micro leading-4 text-ink-soft">
      The best of {whole(pbo.configurations)} in one half of the days was below the middle in the other in {whole(pbo.pbo * 100)} % of the splits (PBO).
    </p>
  );
}

/** All there is to say of a run; the verdict first. */
export function RunView({ run, onAgain, onCompare }: Props) {
  return (
    <div className="space-y-3">
      <p role="status" className="sr-only">{titleOf(run.settings)}: {VERDICT_WORDS[run.statistics.verdict].title}</p>
      <RunHeader run={run} onAgain={onAgain} onCompare={onCompare} />
      <Verdict run={run} />
      <div className="grid gap-3 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <RatePlot run={run} />
        <Box title="After costs" about="Of the stake, after fees, slippage and funding.">
          <Facts run={run} figures={[F.expectancy, F.median, F.lateNet, F.profitFactor, F.payoff, F.regret]} />
        </Box>
      </div>
      <Equity run={run} />
      <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
        <Box title="The account">
          <Facts run={run} figures={[F.final, F.fall, F.under, F.sharpe, F.sortino, F.calmar, F.turnover, F.exposure, F.inMarket, F.refused]} />
        </Box>
        <Box title="Luck" about="Whoever tries many finds one that looks good. What was tried here is counted.">
          <Facts run={run} figures={[F.tried, F.p, F.pOfBest, F.benchmark, F.dsr, F.days, F.minDays]} />
          <Overfitting run={run} />
        </Box>
        <Signals run={run} />
      </div>
      <details className="rounded-lg border border-line bg-panel px-3 py-2">
        <summary className="cursor-pointer text-xs font-semibold text-ink-strong">Everything it was asked</summary>
        <Facts run={run} figures={[...SETTINGS, { label: "Run", of: ({ id }) => id }]} />
      </details>
    </div>
  );
}
