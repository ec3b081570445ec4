"""The hit rate of a trade rule by chance: on driftless walks that are as volatile as the data. Pure.

The walk is the data with chance put back in. Each walk takes the bars that followed a real bar and gives
every one of them a sign of its own, heads or tails: a bar that rose by r rises or falls by r, its high
and low turned over with it. So size, order and clustering of moves are those of the data, to the bar,
and nothing before a bar tells its sign (the wild bootstrap of Wu, 1986, and Liu, 1988, with Rademacher
signs). Log moves are lowered by ln cosh r, which makes the price itself, not its logarithm, a martingale:
its expected change is zero. Resampling blocks of returns instead would keep the trends and reversals
within blocks, which is what an edge is made of.

For a bracket with no time limit and no costs, met exactly, there is a closed form, which tests compare
with: P(take-profit first) = SL / (TP + SL), whatever the volatility (optional stopping).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from futuresboard.evidence import wilson
from futuresboard.model import FloatArray, IntArray
from futuresboard.trade_sim import Costs

WALKS = 20_000
_SEED = 20_250_101
_CELLS = 1_000_000
"""Bars of walks held at once."""


@dataclass(frozen=True)
class Candles:
    """open, high, low, close: (n, T) prices of n pairs or walks over T consecutive slots, NaN unknown."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray


type TradeRule = Callable[[Candles], FloatArray]
"""(k, 1 + L) walks -> (k,) net of the trade signalled at the close of slot 0; NaN is no trade."""


@dataclass(frozen=True)
class ZeroEdge:
    """Of n trades on walks: the share that won, its 95 % interval (Wilson), mean net."""

    n: int
    hit_rate: float
    low: float
    high: float
    expectancy: float


def held(direction: int, costs: Costs) -> TradeRule:
    """The rule that enters at the open of slot 1 and leaves at the close of the last slot. No funding."""

    def net(walks: Candles) -> FloatArray:
        got: FloatArray = direction * (walks.close[:, -1] / walks.open[:, 1] - 1.0) - costs.round_trip
        return got

    return net


def zero_edge(
    candles: Candles, rows: IntArray, slots: IntArray, length: int, rule: TradeRule, walks: int = WALKS
) -> ZeroEdge | None:
    """What `rule` wins by chance alone; None when no walk gave a trade.

    rows, slots: (m,) bars at whose close a trade may begin: all bars for the counterpart of a base rate,
    those of the signals for the volatility they met. Walks begin at any of them with equal chance and
    last `length` bars after it, which must be as long as a trade can take. Always the same walks for
    the same input.
    """
    begin = np.flatnonzero((slots >= 0) & (slots + length < candles.close.shape[1]))
    if not len(begin):
        return None
    rng = np.random.default_rng(_SEED)
    nets = []
    while walks > 0:
        some = min(walks, max(1, _CELLS // (length + 1)))
        at = rng.choice(begin, some)
        nets.append(rule(walked(candles, rows[at], slots[at], length, rng)))
        walks -= some
    net = np.concatenate(nets)
    net = net[np.isfinite(net)]
    if not len(net):
        return None
    hits = int((net > 0.0).sum())
    low, high = wilson(hits, len(net))
    return ZeroEdge(len(net), hits / len(net), low, high, float(net.mean()))


def walked(
    candles: Candles, rows: IntArray, slots: IntArray, length: int, rng: np.random.Generator
) -> Candles:
    """(k, 1 + length) a driftless walk through the bars after each (row, slot); slot 0 is that bar itself.

    From an unknown price on the walk is unknown.
    """
    at = slots[:, None] + np.arange(length + 1)
    opened, high, low, close = (
        _logarithm(values[rows[:, None], at])
        for values in (candles.open, candles.high, candles.low, candles.close)
    )
    sign = rng.choice(np.array([-1.0, 1.0]), (len(rows), length))
    gap = opened[:, 1:] - close[:, :-1]
    body = close[:, 1:] - opened[:, 1:]
    above, below = high[:, 1:] - opened[:, 1:], low[:, 1:] - opened[:, 1:]
    to_open = sign * gap - np.log(np.cosh(gap))
    whole = sign * (gap + body) - np.log(np.cosh(gap + body))
    ends = close[:, :1] + np.cumsum(whole, axis=1)
    starts = ends - whole + to_open
    top = np.where(sign > 0.0, above, -below)
    bottom = np.where(sign > 0.0, below, -above)
    moved = (
        starts,
        np.maximum(starts + top, np.maximum(starts, ends)),
        np.minimum(starts + bottom, np.minimum(starts, ends)),
        ends,
    )
    first = (opened, high, low, close)
    return Candles(
        *(np.exp(np.concatenate([own[:, :1], walk], axis=1)) for own, walk in zip(first, moved, strict=True))
    )


def _logarithm(prices: FloatArray) -> FloatArray:
    """What is no price is unknown."""
    known = (prices > 0.0) & np.isfinite(prices)
    return np.where(known, np.log(np.where(known, prices, 1.0)), np.nan)
