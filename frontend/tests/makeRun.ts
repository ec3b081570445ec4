import type { Run, RunSettings, RunSummary, SimulatedTrade } from "../src/api/types";

const STEP = 300_000;
const START = 1_700_000_100_000;

export function makeRunSettings(over: Partial<RunSettings> = {}): RunSettings {
  return {
    entry: "tier", tier: 1, rule: null, fire: "alerts", direction: "long", momentum_bars: 1, hold: 6, take_profit: null, stop_loss: null,
    trailing_stop: null, fee: 0.0005, slippage: 0.0001, funding: true, late: 0, sizing: "equal", size: null, capital: 10_000,
    cash_limit: false, leverage: 1, max_positions: null,
    thresholds: { z: 2.5, ls: 2, imbalance_pct: 3, oi_delta_pct: 1, funding_pct: 0.01, divergence_sigma: 2, confluence_min: 2, cooldown: 12 },
    ...over,
  };
}

export function makeTrade(over: Partial<SimulatedTrade> = {}): SimulatedTrade {
  return {
    exchange: "okx", symbol: "BTC/USDT:USDT", signal_ts: START, entry_ts: START + STEP, exit_ts: START + 6 * STEP, direction: 1, reason: "held to the end",
    entry: 100, exit: 101, gross: 0.01, fees: 0.001, slippage: 0.0002, funding: 0, net: 0.0088, regret: 0.002, favourable: 0.012, adverse: -0.004, pnl: 8.8,
    ...over,
  };
}

/** A run of two trades, one won; override what a test is about. */
export function makeRun(over: Partial<Run> = {}): Run {
  const trades = [makeTrade(), makeTrade({ symbol: "ETH/USDT:USDT", entry_ts: START + 20 * STEP, exit_ts: START + 25 * STEP, net: -0.0112, gross: -0.01, pnl: -11.2 })];
  return {
    id: "abc-0.1.0-def", created_ts: START, settings: makeRunSettings(), settings_hash: "abc", code_version: "0.1.0",
    data: { tf: "5m", start: START, end: START + 100 * STEP, exchange: "", symbols: [], pairs: 12, bars: 1200, hash: "def", kind: "simulated" },
    signals: 3, outcomes: { "held to the end": 2, "not over when the data ends": 1 },
    statistics: {
      n: 2, clusters: 2,
      hit: { hits: 1, rate: 0.5, wilson_low: 0.09, wilson_high: 0.91, low: 0.2, high: 0.8, base_rate: 0.47, base_bars: 1200, uplift: 0.03, p: 0.81, p_of_best: 0.96 },
      zero_edge: { n: 20_000, hit_rate: 0.45, low: 0.44, high: 0.46, expectancy: -0.0012 },
      net: { expectancy: -0.0012, low: -0.01, high: 0.008, median: -0.0012, profit_factor: 0.79, payoff_ratio: 0.79 },
      late: { n: 2, hit_rate: 0.5, uplift: 0.03, expectancy: -0.001 },
      daily: {
        days: 3, total_return: -0.001, annual_return: -0.1, sharpe: -1.5, sharpe_low: -8, sharpe_high: 5, sortino: -2, max_drawdown: 0.01,
        days_under_water: 2, calmar: -10, skewness: 0, kurtosis: 3, psr: 0.4, min_days: null,
      },
      deflation: { tried: 4, variance: null, benchmark: 1.2, dsr: 0.31 },
      verdict: "too few", reasons: ["2 of at least 30 events"], cautions: ["loses money after costs, however often it wins"],
      goal: { target: 0.6, reached: "too few", low: 0.09, words: "2 trades in 2 events, of at least 30 events" },
      pbo: null,
    },
    portfolio: { capital: 10_000, final: 9_997.6, refused: 0, turnover: 0.4, max_drawdown: 0.0123, mean_exposure: 0.02, time_in_market: 0.11 },
    regret: { mean: 0.002, median: 0.0015 },
    curve: { ts: [START + STEP, START + 50 * STEP, START + 101 * STEP], equity: [10_000, 10_008.8, 9_997.6], drawdown: [0, 0.001, 0.0123], exposure: [0, 0.1, 0] },
    trades, trade_count: trades.length,
    ...over,
  };
}

export function makeSummary({ id, created_ts, settings, data, code_version, signals, trade_count, statistics, portfolio }: Run): RunSummary {
  return {
    id, created_ts, settings, data, code_version, signals, trade_count, hit_rate: statistics.hit.rate, expectancy: statistics.net.expectancy,
    verdict: statistics.verdict, goal: statistics.goal.reached, final: portfolio.final, max_drawdown: portfolio.max_drawdown,
  };
}
