import type { Run } from "../../../api/types";
import { percent, whole } from "../../../lib/format";
import { domainOf, placeIn, type Rate, ratesOf } from "../../../lib/simulation/rates";
import { share, span } from "../../../lib/simulation/words";
import { Box } from "../parts";

type Domain = readonly [number, number];

/** Interval as bar, share as point (this run) or tick (what it is compared with), the goal as a dashed line. */
function Plot({ rate, domain, goal }: { rate: Rate; domain: Domain; goal: number }) {
  const at = (value: number) => `${placeIn(domain, value)}%`;
  const own = rate.id === "won" || rate.id === "late";
  return (
    <svg aria-hidden="true" className="h-4 w-full overflow-visible">
      <line x1="0" x2="100%" y1="8" y2="8" className="stroke-line" strokeWidth="1" />
      <line x1={at(goal)} x2={at(goal)} y1="-2" y2="18" className="stroke-ink-faint" strokeWidth="1" strokeDasharray="2 2" />
      {rate.low !== null && rate.high !== null && (
        <line x1={at(rate.low)} x2={at(rate.high)} y1="8" y2="8" className={own ? "stroke-accent" : "stroke-ink-soft"} strokeWidth="4" strokeOpacity="0.45" />
      )}
      {rate.rate !== null && own && <circle cx={at(rate.rate)} cy="8" r="4" className={rate.id === "won" ? "fill-accent stroke-panel" : "fill-panel stroke-accent"} strokeWidth="1.5" />}
      {rate.rate !== null && !own && <line x1={at(rate.rate)} x2={at(rate.rate)} y1="2" y2="14" className="stroke-ink" strokeWidth="2.5" />}
    </svg>
  );
}

const interval = ({ low, high }: Rate) => (low === null || high === null ? "" : ` ${span(low, high)}`);

function Line({ rate, domain, goal }: { rate: Rate; domain: Domain; goal: number }) {
  return (
    <li title={rate.about} data-rate={rate.id} className="grid grid-cols-[9rem_minmax(0,1fr)] items-center gap-x-3 gap-y-0.5 py-1.5 sm:grid-cols-[9rem_minmax(0,1fr)_11rem]">
      <span className={`text-xs ${rate.id === "won" ? "font-semibold text-ink-strong" : "text-ink"}`}>{rate.label}</span>
      <Plot rate={rate} domain={domain} goal={goal} />
      <span className="text-right text-xs text-ink-strong max-sm:col-span-2">
        <span className="font-semibold" data-value={rate.rate ?? ""}>{rate.rate === null ? "not known" : share(rate.rate)}</span>
        {interval(rate)}
        <span className="block text-micro text-ink-soft">{rate.n > 0 ? `of ${whole(rate.n)} ${rate.of}` : ""}</span>
      </span>
    </li>
  );
}

/** The hit rate with all that it has to be seen beside, on one scale. */
export function RatePlot({ run: { statistics } }: { run: Run }) {
  const rates = ratesOf(statistics);
  const { hit, goal, clusters } = statistics;
  const domain = domainOf(rates, goal.target);
  return (
    <Box title="How often it won" about="Won: a gain after fees, slippage and funding.">
      <ul aria-label="Hit rates">
        {rates.map((rate) => <Line key={rate.id} rate={rate} domain={domain} goal={goal.target} />)}
      </ul>
      <p aria-hidden="true" className="grid grid-cols-[9rem_minmax(0,1fr)] gap-x-3 text-micro text-ink-faint sm:grid-cols-[9rem_minmax(0,1fr)_11rem]">
        <span />
        <span className="relative block h-4">
          <span className="absolute left-0">{percent(domain[0])}</span>
          <span className="absolute right-0">{percent(domain[1])}</span>
          {placeIn(domain, goal.target) > 15 && placeIn(domain, goal.target) < 85 && (
            <span className="absolute -translate-x-1/2 whitespace-nowrap" style={{ left: `${placeIn(domain, goal.target)}%` }}>goal {percent(goal.target)}</span>
          )}
        </span>
      </p>
      {hit.rate !== null && (
        <p className="mt-2 text-micro leading-4 text-ink-soft">
          {whole(hit.hits)} of {whole(statistics.n)} trades won, in {whole(clusters)} independent {clusters === 1 ? "event" : "events"}
          {hit.wilson_low !== null && <>; were every trade independent: {span(hit.wilson_low, hit.wilson_high)}</>}.
        </p>
      )}
    </Box>
  );
}
