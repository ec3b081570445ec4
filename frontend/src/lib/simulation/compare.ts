import type { Run } from "../../api/types";
import { exchangeName } from "../exchanges";
import { decimals, exact, whole } from "../format";
import { exactPercent, GOAL_WORDS, netPercent, share, signedPercent, sizeWords, span, VERDICT_WORDS } from "./words";

export const LEAST = 2;
export const MOST = 4;

/** A line of a comparison: a figure in words for each run. */
export interface Figure {
  label: string;
  /** What it is, where the label does not say. */
  doc?: string;
  of: (run: Run) => string;
}

export interface Section {
  title: string;
  figures: readonly Figure[];
}

const known = (value: number | null, format: (value: number) => string) => (value === null ? "–" : format(value));
const two = (value: number) => decimals(value, 2);
const days = (value: number) => `${whole(value)} ${Math.round(value) === 1 ? "day" : "days"}`;

/** Sharpe 1.20 [0.1–2.3]. */
const interval = (value: number | null, low: number | null, high: number | null) =>
  value === null ? "–" : `${two(value)}${low === null || high === null ? "" : ` [${two(low)} to ${two(high)}]`}`;

const netInterval = (value: number | null, low: number | null, high: number | null) =>
  value === null ? "–" : `${netPercent(value)}${low === null || high === null ? "" : ` [${netPercent(low)} to ${netPercent(high)}]`}`;

export const FIGURES = {
  verdict: { label: "Verdict", of: ({ statistics }) => VERDICT_WORDS[statistics.verdict].title },
  goal: { label: "60 % goal", of: ({ statistics: { goal } }) => `${GOAL_WORDS[goal.reached].sign} ${GOAL_WORDS[goal.reached].text}` },
  trades: { label: "Trades", of: ({ statistics: { n, clusters } }) => `${whole(n)} in ${whole(clusters)} ${clusters === 1 ? "event" : "events"}` },
  signals: { label: "Signals", of: ({ signals }) => whole(signals) },
  won: { label: "Won", doc: "Share of trades with a gain after costs, its 95 % interval event by event", of: ({ statistics: { hit } }) => known(hit.rate, (value) => `${share(value)} ${span(hit.low, hit.high)}`) },
  base: { label: "Same trade at any bar", doc: "The base rate: how often the same trade won at all bars of the same pairs", of: ({ statistics: { hit } }) => known(hit.base_rate, share) },
  zero: { label: "On a random walk", doc: "How often the same way out wins on prices without a drift", of: ({ statistics: { zero_edge: zero } }) => (zero === null ? "–" : `${share(zero.hit_rate)} ${span(zero.low, zero.high)}`) },
  late: { label: "Won, one bar late", of: ({ statistics: { late } }) => known(late.hit_rate, share) },
  expectancy: { label: "Mean net a trade", doc: "After fees, slippage and funding; 95 % interval by events", of: ({ statistics: { net } }) => netInterval(net.expectancy, net.low, net.high) },
  median: { label: "Median net", of: ({ statistics: { net } }) => known(net.median, netPercent) },
  profitFactor: { label: "Profit factor", doc: "All gains over all losses", of: ({ statistics: { net } }) => known(net.profit_factor, two) },
  payoff: { label: "Payoff ratio", doc: "Mean gain over mean loss", of: ({ statistics: { net } }) => known(net.payoff_ratio, two) },
  lateNet: { label: "Mean net, one bar late", of: ({ statistics: { late } }) => known(late.expectancy, netPercent) },
  regret: { label: "Regret", doc: "What the best close of each trade would have brought beyond its net, on average; known only afterwards", of: ({ regret }) => known(regret.mean, netPercent) },
  final: { label: "Account at the end", of: ({ portfolio: { final, capital } }) => known(final, (value) => `${decimals(value, 2)} USDT (${signedPercent(value / capital - 1)})`) },
  fall: { label: "Deepest fall", doc: "Of the account below its highest, at a bar's close", of: ({ portfolio }) => exactPercent(Number(portfolio.max_drawdown.toFixed(4))) },
  under: { label: "Longest below a peak", of: ({ statistics: { daily } }) => known(daily.days_under_water, days) },
  sharpe: { label: "Sharpe ratio", doc: "Of so many daily returns, 365 days a year, 95 % interval", of: ({ statistics: { daily } }) => `${interval(daily.sharpe, daily.sharpe_low, daily.sharpe_high)}, ${days(daily.days)}` },
  sortino: { label: "Sortino ratio", of: ({ statistics: { daily } }) => known(daily.sortino, two) },
  calmar: { label: "Calmar ratio", doc: "A year's return over the deepest fall", of: ({ statistics: { daily } }) => known(daily.calmar, two) },
  turnover: { label: "Turnover", doc: "Bought and sold over the mean account", of: ({ portfolio }) => known(portfolio.turnover, (value) => `${two(value)} ×`) },
  exposure: { label: "Mean exposure", doc: "Positions over the account", of: ({ portfolio }) => known(portfolio.mean_exposure, share) },
  inMarket: { label: "Time in the market", of: ({ portfolio }) => known(portfolio.time_in_market, share) },
  refused: { label: "Refused", doc: "Signals without enough cash or room", of: ({ portfolio }) => whole(portfolio.refused) },
  tried: { label: "Best of", doc: "Configurations tried on these bars so far, this one among them; alike ones count as one", of: ({ statistics: { deflation } }) => `${decimals(deflation.tried, deflation.tried % 1 === 0 ? 0 : 1)} tried` },
  p: { label: "By chance (p)", doc: "How often chance alone is as far from the base rate", of: ({ statistics: { hit } }) => known(hit.p, (value) => exact(Number(value.toPrecision(2)))) },
  pOfBest: { label: "As the best of them", doc: "The same for the best of all that were tried", of: ({ statistics: { hit } }) => known(hit.p_of_best, (value) => exact(Number(value.toPrecision(2)))) },
  benchmark: { label: "Sharpe by luck", doc: "What the best of so many shows by luck alone", of: ({ statistics: { deflation } }) => known(deflation.benchmark, two) },
  dsr: { label: "Deflated Sharpe", doc: "Probability that the true ratio is above zero, with all that was tried counted; 95 % is asked for", of: ({ statistics: { deflation } }) => known(deflation.dsr, share) },
  days: { label: "Days", doc: "Of daily returns; below 30 nothing is deflated", of: ({ statistics: { daily } }) => whole(daily.days) },
  minDays: { label: "Days until sure", doc: "Until its Sharpe ratio is above zero at 95 %, if it goes on like this", of: ({ statistics: { daily } }) => known(daily.min_days, days) },
} as const satisfies Record<string, Figure>;

const F = FIGURES;

/** What a comparison shows, in order; a hit rate is never without what belongs beside it. */
export const SECTIONS: readonly Section[] = [
  { title: "Verdict", figures: [F.verdict, F.goal] },
  { title: "How often it won", figures: [F.trades, F.won, F.base, F.zero, F.late, F.signals] },
  { title: "After costs", figures: [F.expectancy, F.median, F.profitFactor, F.payoff, F.lateNet, F.regret] },
  { title: "The account", figures: [F.final, F.fall, F.under, F.sharpe, F.sortino, F.calmar, F.turnover, F.exposure, F.inMarket, F.refused] },
  { title: "Luck", figures: [F.tried, F.p, F.pOfBest, F.benchmark, F.dsr, F.days, F.minDays] },
];

const yes = (value: boolean) => (value ? "yes" : "no");
const percentOr = (value: number | null) => (value === null ? "none" : exactPercent(value));
const moment = (ts: number) => new Date(ts).toISOString().slice(0, 16).replace("T", " ");

/** Everything a run was asked, each in words. */
export const SETTINGS: readonly Figure[] = [
  { label: "Opens on", of: ({ settings: { entry, tier } }) => (entry === "tier" ? `tier ${tier}` : entry) },
  { label: "Condition", of: ({ settings }) => settings.rule ?? "none" },
  { label: "Fires", of: ({ settings: { fire } }) => (fire === "alerts" ? "as it begins" : "at every bar") },
  { label: "Direction", of: ({ settings }) => settings.direction ?? "?" },
  { label: "Move over", of: ({ settings }) => (settings.direction === "momentum" || settings.direction === "fade" ? `${whole(settings.momentum_bars)} bars` : "–") },
  { label: "Hold", of: ({ settings }) => (settings.hold === null ? "none" : `${whole(settings.hold)} bars`) },
  { label: "Take profit", of: ({ settings }) => percentOr(settings.take_profit) },
  { label: "Stop loss", of: ({ settings }) => percentOr(settings.stop_loss) },
  { label: "Trailing stop", of: ({ settings }) => percentOr(settings.trailing_stop) },
  { label: "Late by", of: ({ settings }) => `${whole(settings.late)} bars` },
  { label: "Fee a side", of: ({ settings }) => exactPercent(settings.fee) },
  { label: "Slippage a side", of: ({ settings }) => exactPercent(settings.slippage) },
  { label: "Funding paid", of: ({ settings }) => yes(settings.funding) },
  { label: "Money", of: ({ settings }) => sizeWords(settings) },
  {
    label: "Thresholds",
    of: ({ settings: { thresholds: t } }) =>
      `Z ${exact(t.z)}, LS ${exact(t.ls)}, imbalance ${exact(t.imbalance_pct)} %, OI ${exact(t.oi_delta_pct)} %, funding ${exact(t.funding_pct)} %, divergence ${exact(t.divergence_sigma)} σ, ${whole(t.confluence_min)} of 3, rest ${whole(t.cooldown)} bars`,
  },
  { label: "Timeframe", of: ({ data }) => data.tf },
  { label: "Exchange", of: ({ data }) => (data.exchange === "" ? "all" : exchangeName(data.exchange)) },
  { label: "Pairs", of: ({ data }) => `${whole(data.pairs)}${data.symbols.length === 0 ? ", all" : `: ${data.symbols.join(", ")}`}` },
  { label: "First bar, UTC", of: ({ data }) => moment(data.start) },
  { label: "Last bar, UTC", of: ({ data }) => moment(data.end) },
  { label: "Bars", of: ({ data }) => whole(data.bars) },
  { label: "Kind of data", of: ({ data }) => data.kind },
  { label: "Data", doc: "A hash of every bar that was read", of: ({ data }) => data.hash },
  { label: "Version", of: ({ code_version: version }) => version },
];

/** Whether runs say different things of a figure. */
export const differs = (figure: Figure, runs: readonly Run[]) => new Set(runs.map((run) => figure.of(run))).size > 1;

/** Whether all were simulated on the same bars: else their figures differ for two reasons. */
export const sameData = (runs: readonly Run[]) => new Set(runs.map(({ data }) => data.hash)).size <= 1;

/** Ids of an address, each once, as many as can be compared. */
export const idsOf = (text: string | null): string[] => [...new Set((text ?? "").split(",").filter((id) => id !== ""))].slice(0, MOST);
