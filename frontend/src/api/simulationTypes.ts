/** What the simulation's calls take and answer. Fractions are of the price or of the stake; times ms UTC. */
import type { Maybe } from "./types";

export type Entry = "tier" | "confluence" | "rule" | "obv-rsi";
export type Fire = "alerts" | "flags";
export type Direction = "long" | "short" | "momentum" | "fade" | "both";
export type Sizing = "equal" | "amount" | "share" | "risk";

export interface SimulationThresholds {
  z: number;
  ls: number;
  imbalance_pct: number;
  oi_delta_pct: number;
  funding_pct: number;
  divergence_sigma: number;
  confluence_min: number;
  cooldown: number;
}

export interface SimulationSettings {
  entry: Entry;
  tier: Maybe;
  rule: string | null;
  fire: Fire;
  thresholds: SimulationThresholds;
  direction: Direction;
  momentum_bars: number;
  hold: Maybe;
  take_profit: Maybe;
  stop_loss: Maybe;
  trailing_stop: Maybe;
  fee: number;
  slippage: number;
  funding: boolean;
  late: number;
  sizing: Sizing;
  size: Maybe;
  capital: number;
  cash_limit: boolean;
  leverage: number;
  max_positions: Maybe;
}

/** Which bars: a timeframe, open times of the first and the last (null: all there is), pairs. */
export interface SimulationData {
  tf: string;
  start: Maybe;
  end: Maybe;
  exchange: string;
  symbols: string[] | null;
}

export interface SimulationRequest {
  data: SimulationData;
  settings: Partial<Omit<SimulationSettings, "thresholds">> & { thresholds?: Partial<SimulationThresholds> };
}

export interface SimulationJob {
  id: string;
  state: "queued" | "running" | "failed" | "cancelled";
  /** 0 to 1. */
  progress: number;
  error: string | null;
}

export type Verdict = "edge" | "no measurable edge" | "too few";

export interface Statistics {
  n: number;
  clusters: number;
  hit: {
    hits: number;
    rate: Maybe;
    wilson_low: Maybe;
    wilson_high: Maybe;
    low: Maybe;
    high: Maybe;
    base_rate: Maybe;
    base_bars: number;
    uplift: Maybe;
    p: Maybe;
    p_of_best: Maybe;
  };
  zero_edge: { n: number; hit_rate: number; low: number; high: number; expectancy: number } | null;
  net: { expectancy: Maybe; low: Maybe; high: Maybe; median: Maybe; profit_factor: Maybe; payoff_ratio: Maybe };
  late: { n: number; hit_rate: Maybe; uplift: Maybe; expectancy: Maybe };
  daily: {
    days: number;
    total_return: Maybe;
    annual_return: Maybe;
    sharpe: Maybe;
    sharpe_low: Maybe;
    sharpe_high: Maybe;
    sortino: Maybe;
    max_drawdown: Maybe;
    days_under_water: Maybe;
    calmar: Maybe;
    psr: Maybe;
    min_days: Maybe;
  };
  deflation: { tried: number; variance: Maybe; benchmark: Maybe; dsr: Maybe };
  verdict: Verdict;
  reasons: string[];
  cautions: string[];
  goal: Goal;
  pbo: { configurations: number; pbo: number } | null;
}

export interface Goal {
  target: number;
  reached: "met" | "not met" | "too few";
  low: Maybe;
  words: string;
}

export interface RunData {
  tf: string;
  start: number;
  end: number;
  exchange: string;
  symbols: string[] | null;
  pairs: number;
  bars: number;
  hash: string;
  kind: "live" | "simulated";
}

export interface SimulatedTrade {
  exchange: string;
  symbol: string;
  /** Open times of the bars: of the signal, the one entered in, the one left in. */
  signal_ts: number;
  entry_ts: number;
  exit_ts: number;
  direction: 1 | -1;
  entry: number;
  exit: number;
  gross: number;
  fees: number;
  slippage: number;
  funding: number;
  net: number;
  reason: string;
  regret: Maybe;
  favourable: Maybe;
  adverse: Maybe;
  pnl: Maybe;
}

export interface Curve {
  /** Closes of bars. */
  ts: number[];
  equity: number[];
  drawdown: number[];
  exposure: number[];
}

/** A run whole; `trades` are the first of `trade_count`. */
export interface Run {
  id: string;
  created_ts: number;
  settings: SimulationSettings;
  settings_hash: string;
  code_version: string;
  data: RunData;
  signals: number;
  outcomes: Record<string, number>;
  statistics: Statistics;
  portfolio: {
    capital: number;
    final: number;
    refused: number;
    turnover: Maybe;
    max_drawdown: number;
    mean_exposure: Maybe;
    time_in_market: Maybe;
  };
  regret: { mean: Maybe; median: Maybe };
  curve: Curve;
  trades: SimulatedTrade[];
  trade_count: number;
}

/** A run in a list. */
export interface RunSummary extends Pick<Run, "id" | "created_ts" | "settings" | "data" | "code_version" | "signals" | "trade_count"> {
  hit_rate: Maybe;
  expectancy: Maybe;
  verdict: Verdict;
  goal: Goal["reached"];
  final: number;
  max_drawdown: number;
}
