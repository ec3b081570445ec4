"""Runs whose truth is known: an edge of ten points, none, a bracket of 1 : 3, the best of fifty of noise.

Prices are made here; trades, base rates and verdicts are the product's own. The bracket is a plain loop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from futuresboard import overfitting, performance
from futuresboard.assessment import Assessment, Outcomes, assess
from futuresboard.evidence import Base, Verdict
from futuresboard.model import FloatArray, IntArray
from futuresboard.sharpe import moments
from futuresboard.trade_sim import LONG, Costs, Prices, fixed_horizons
from futuresboard.trials import Tried
from futuresboard.zero_edge import Candles, ZeroEdge, zero_edge
from handmade_bars import M5, MIDNIGHT

TRADES, APART, HOLD = 1000, 60, 6
TRUTH = 0.6
CONFIGURATIONS, TRADES_EACH = 50, 100
TAKE_PROFIT, STOP_LOSS, LONGEST = 0.003, 0.009, 200
_SIGMA = 0.002
SHIFT = 0.2533471031357997
"""Standard deviations by which a normal variable is above zero in 60 % of cases instead of 50 %."""
MEAN_NET = (1.0 + Costs().round_trip) * np.exp(HOLD * _SIGMA**2 / 2.0) - 1.0 - Costs().round_trip
"""Of a trade where nothing is planted."""
_DAY = 288


def fixed_run(seed: int, *, shift: float) -> Assessment:
    """1,000 trades of six bars, 60 bars apart, in a market in which half of all such trades win, costs
    paid; after signals the market moves up by `shift` of its own deviations."""
    slots = 50 + APART * np.arange(TRADES)
    prices = market(np.random.default_rng(seed), slots, shift)
    return _assessed(prices, slots, _nets(prices), None)


def planted(seed: int) -> Assessment:
    """The truth is a hit rate of exactly 60 %."""
    return fixed_run(seed, shift=SHIFT)


def nothing(seed: int) -> Assessment:
    """The truth is 50 %."""
    return fixed_run(seed, shift=0.0)


@dataclass(frozen=True)
class Chosen:
    """The best hit rate of 50 configurations of noise, judged as the only one and as one of 50; the
    probability of overfitting of the sweep."""

    naive: Assessment
    deflated: Assessment
    pbo: float


def best_of_noise(seed: int) -> Chosen:
    """50 sets of 100 signals anywhere in a market where nothing is to be known."""
    rng = np.random.default_rng(seed)
    prices = market(rng, np.empty(0, dtype=np.int64), 0.0)
    nets = _nets(prices)
    places = np.arange(50, 50 + TRADES * APART, 2 * HOLD)
    tries = [np.sort(rng.choice(places, TRADES_EACH, replace=False)) for _ in range(CONFIGURATIONS)]
    daily = np.stack([_daily(slots, nets[slots]) for slots in tries], axis=1)
    ratios = [moments(daily[:, i]) for i in range(CONFIGURATIONS)]
    tried = Tried(CONFIGURATIONS, float(np.var([of.sharpe for of in ratios if of], ddof=1)))
    best = max(tries, key=lambda slots: float((nets[slots] > 0).mean()))
    naive, deflated = (_assessed(prices, best, nets, some) for some in (None, tried))
    return Chosen(naive, deflated, overfitting.cross_validated(daily, 10).pbo)


def market(rng: np.random.Generator, slots: IntArray, shift: float) -> Prices:
    """One pair: half of all trades of six bars win, more of those signalled at `slots`."""
    count = TRADES * APART + 100
    steps = _SIGMA * rng.standard_normal(count) + np.log1p(Costs().round_trip) / HOLD
    for held in range(1, HOLD + 2):
        steps[slots + held] += shift * _SIGMA / np.sqrt(HOLD)
    level = np.cumsum(steps)
    opened, close = np.exp(np.concatenate([[0.0], level[:-1]]))[None], np.exp(level)[None]
    funding = np.zeros((1, count))
    return Prices(M5, MIDNIGHT + M5 * np.arange(count, dtype=np.int64), opened, close, funding, funding + 8.0)


def _nets(prices: Prices) -> FloatArray:
    """(T,) net of the trade signalled at each bar."""
    everywhere = np.arange(prices.close.shape[1])
    trades = fixed_horizons(prices, np.zeros_like(everywhere), everywhere, [HOLD])[0]
    return trades.net(LONG, Costs())


def _daily(slots: IntArray, net: FloatArray) -> FloatArray:
    return performance.by_day((slots + HOLD) // _DAY, net, 0, TRADES * APART // _DAY)


def _assessed(prices: Prices, slots: IntArray, nets: FloatArray, tried: Tried | None) -> Assessment:
    base = Base(np.array([np.isfinite(nets).sum()]), np.array([(nets > 0.0).sum()]))
    outcomes = Outcomes(
        entry=slots + 1, exit=slots + HOLD, pair=np.zeros_like(slots), net=nets[slots], late=nets[slots + 1]
    )
    return assess(outcomes, base, _daily(slots, nets[slots]), tried=tried)


def bracket_run(seed: int) -> Assessment:
    """1,000 trades with take-profit : stop-loss 1 : 3 on a driftless walk, no costs."""
    rng = np.random.default_rng(seed)
    candles = walk(rng, TRADES * APART + LONGEST + 10)
    slots = np.sort(rng.choice(TRADES * APART - 1, TRADES, replace=False))
    everywhere = np.arange(TRADES * APART)
    nets, ends = bracket(candles, everywhere)
    base = Base(np.array([len(nets)]), np.array([(nets > 0.0).sum()]))
    entry, exit = slots + 1, ends[slots]
    outcomes = Outcomes(entry, exit, np.zeros_like(slots), nets[slots], nets[slots + 1])
    daily = performance.by_day(exit // _DAY, nets[slots], 0, int(exit.max()) // _DAY)
    return assess(outcomes, base, daily, zero_edge=chance(candles, everywhere[:: APART // 2]))


def walk(rng: np.random.Generator, count: int, sigma: float = 0.0012, parts: int = 32) -> Candles:
    """A price that is a martingale: (1, count) bars of `parts` steps each."""
    steps = sigma / np.sqrt(parts) * rng.standard_normal((count, parts)) - sigma**2 / parts / 2.0
    level = np.cumsum(steps).reshape(count, parts)
    opened = np.concatenate([[0.0], level[:-1, -1]])
    high, low = np.maximum(level.max(axis=1), opened), np.minimum(level.min(axis=1), opened)
    return Candles(*(np.exp(part)[None] for part in (opened, high, low, level[:, -1])))


def chance(candles: Candles, slots: IntArray, walks: int = 1000) -> ZeroEdge | None:
    """The zero-edge rate of the bracket."""

    def rule(walks: Candles) -> FloatArray:
        return _brackets(walks.open, walks.high, walks.low, walks.close, np.zeros(1, np.int64))[0][:, 0]

    return zero_edge(candles, np.zeros_like(slots), slots, LONGEST, rule, walks)


def bracket(candles: Candles, slots: IntArray) -> tuple[FloatArray, IntArray]:
    """(m,) nets and last slots held of long trades with the bracket, signalled at slots of one pair."""
    nets, ends = _brackets(candles.open, candles.high, candles.low, candles.close, slots)
    return nets[0], ends[0]


@numba.njit
def _brackets(opened, high, low, close, slots):
    nets, ends = np.empty((len(opened), len(slots))), np.empty((len(opened), len(slots)), np.int64)
    for row in range(len(opened)):
        for i, slot in enumerate(slots):
            entry = opened[row, slot + 1]
            up, down = entry * (1.0 + TAKE_PROFIT), entry * (1.0 - STOP_LOSS)
            for t in range(slot + 1, slot + 1 + LONGEST):
                got = close[row, t]
                if low[row, t] <= down:
                    got = min(down, opened[row, t])
                elif high[row, t] >= up:
                    got = max(up, opened[row, t])
                elif t < slot + LONGEST:
                    continue
                nets[row, i], ends[row, i] = got / entry - 1.0, t
                break
    return nets, ends


def leaking(seed: int, hold: int) -> tuple[Outcomes, tuple[int, float, float, float]]:
    """1,000 trades whose signals have seen the bar they enter at the open of, no costs; and what their
    `Late` must hold over a base of 50 %, by plain arithmetic."""
    rng = np.random.default_rng(seed)
    steps = _SIGMA * rng.standard_normal(TRADES * APART)
    level = np.concatenate([[0.0], np.cumsum(steps)])
    slots = APART * np.arange(TRADES - 1)
    slots = slots[steps[slots + 1] > 0.0]
    nets = [np.expm1(level[slots + hold + 1 + late] - level[slots + 1 + late]) for late in (0, 1)]
    rate = float((nets[1] > 0.0).mean())
    outcomes = Outcomes(slots + 1, slots + hold, np.zeros_like(slots), *nets)
    return outcomes, (len(slots), rate, rate - 0.5, float(nets[1].mean()))


def edges(runs: list[Assessment]) -> int:
    """How many are called an edge."""
    return sum(run.verdict is Verdict.EDGE for run in runs)
