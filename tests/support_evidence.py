"""Markets with a known truth: alerts followed by a hit rate of exactly 60 %, and alerts followed by nothing.

Everything is priced, counted and judged by the product's own functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from futuresboard.evidence import HORIZONS, Base, Events, Evidence, Verdict, judge, measure
from futuresboard.model import FloatArray, IntArray
from futuresboard.trade_sim import LONG, SHORT, Costs, Prices, Trades, fixed_horizons
from handmade_bars import M5, MIDNIGHT

CLUSTERS, APART, PAIRS, HOLD = 1000, 100, 2, 12
NULL_KINDS = 6
TRUTH = 0.6
_SIGMA, _COMMON = 0.01, 0.7
_SHIFT = 0.2533471031357997
"""Standard deviations by which a normal variable is above zero in 60 % of cases instead of 50 %."""


@dataclass(frozen=True)
class Judged:
    """planted: the verdict on the alerts with an edge, long, 12 bars, among all cells of the family;
    imagined: whether a family of nothing but noise holds an `edge`."""

    planted: Evidence
    imagined: bool


def planted_markets(seed: int) -> Judged:
    """1,000 events, 100 bars apart, of one or two pairs of one market; judged with six kinds of noise."""
    rng = np.random.default_rng(seed)
    alerts = _alerts(rng)
    trades, base = _priced(_prices(rng, *alerts))
    planted = _cells(trades, base, *alerts)
    noise = [cell for _ in range(NULL_KINDS) for cell in _cells(trades, base, *_anywhere(rng))]
    family = judge([*planted, *noise])
    at = HORIZONS.index(HOLD)
    return Judged(family[at], any(cell.verdict is Verdict.EDGE for cell in judge(noise)))


def _alerts(rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """(rows, slots): the first pair fires at the begin of each event, the other up to 5 bars later or not."""
    first = 50 + APART * np.arange(CLUSTERS)
    joins = rng.random(CLUSTERS) < 0.5
    second = (first + rng.integers(0, 6, CLUSTERS))[joins]
    rows = np.concatenate([np.zeros(CLUSTERS, np.int64), np.ones(len(second), np.int64)])
    return rows, np.concatenate([first, second])


def _anywhere(rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """The same number of events at any time, whatever happens there."""
    rows, slots = _alerts(rng)
    moved = rng.integers(0, CLUSTERS * APART, CLUSTERS) - 50 - APART * np.arange(CLUSTERS)
    return rows, slots + moved[(slots - 50) // APART]


def _prices(rng: np.random.Generator, rows: IntArray, slots: IntArray) -> Prices:
    """Bars of which half end above the costs of a long trade of 12, and three in five after an alert."""
    count = CLUSTERS * APART + 100
    common, own = rng.standard_normal(count), rng.standard_normal((PAIRS, count))
    steps = _SIGMA * (np.sqrt(_COMMON) * common + np.sqrt(1 - _COMMON) * own)
    steps += np.log1p(Costs().round_trip) / HOLD
    for held in range(1, HOLD + 2):
        steps[rows, slots + held] += _SHIFT * _SIGMA / np.sqrt(HOLD)
    # Where it stands is of no matter, and never out of range.
    level = np.cumsum(steps, axis=1)
    opened = np.concatenate([np.zeros((PAIRS, 1)), level[:, :-1]], axis=1)
    middle = level.mean(axis=1, keepdims=True)
    nothing = np.zeros((PAIRS, count))
    return Prices(
        M5,
        MIDNIGHT + M5 * np.arange(count, dtype=np.int64),
        np.exp(opened - middle),
        np.exp(level - middle),
        nothing,
        nothing + 8.0,
    )


def _priced(prices: Prices) -> tuple[list[Trades], dict[tuple[int, int], Base]]:
    """The trades of every bar by horizon, flat (pair, slot), and the base by (direction, horizon)."""
    shape = prices.close.shape
    rows, slots = (grid.ravel() for grid in np.indices(shape))
    trades = fixed_horizons(prices, rows, slots, HORIZONS)
    base = {}
    for hold, found in zip(HORIZONS, trades, strict=True):
        for direction in (LONG, SHORT):
            net = found.net(direction, Costs()).reshape(shape)
            base[direction, hold] = Base(np.isfinite(net).sum(axis=1), (net > 0).sum(axis=1))
    return trades, base


def _cells(
    trades: list[Trades], base: dict[tuple[int, int], Base], rows: IntArray, slots: IntArray
) -> list[Evidence]:
    count = CLUSTERS * APART + 100
    cells = []
    for direction in (LONG, SHORT):
        for hold, found in zip(HORIZONS, trades, strict=True):
            nets: FloatArray = found.net(direction, Costs()).reshape(PAIRS, count)
            events = Events(MIDNIGHT + M5 * slots, rows, nets[rows, slots], nets[rows, slots + 1])
            cells.append(measure(events, base[direction, hold], hold * M5))
    return cells
