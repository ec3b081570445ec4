"""Simulated trades: what a signal at a bar's close would have earned. Pure arrays, no I/O.

A trade holds for a fixed number of bars: it enters at the OPEN of the bar after the signal and leaves
at the CLOSE of the last bar held. The rule is cut in parts, so that another way out (take-profit,
stop-loss) changes the exit alone: where trades enter, what funding costs up to any bar, what is left
net of all, and which signals a pair may act on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from futuresboard.model import MS_PER_HOUR, BoolArray, FloatArray, IntArray

LONG, SHORT = 1, -1


@dataclass(frozen=True)
class Costs:
    """Taker fee and slippage of one side, as fractions of the price."""

    fee: float = 0.0005
    slippage: float = 0.0001

    @property
    def round_trip(self) -> float:
        """What entering and leaving costs together."""
        return 2 * self.fee + 2 * self.slippage


@dataclass(frozen=True)
class Prices:
    """n pairs × T consecutive slots of one timeframe; NaN is unknown, a missing bar is a slot of NaN.

    ts: (T,) bar open times, ms UTC; open, close, funding (fraction, last settled at or before the
    close) and funding_interval_h: (n, T).
    """

    timeframe_ms: int
    ts: IntArray
    open: FloatArray
    close: FloatArray
    funding: FloatArray
    funding_interval_h: FloatArray

    @classmethod
    def of(cls, timeframe_ms: int, ts: IntArray, columns: Mapping[str, FloatArray]) -> Prices:
        """From columns by name, each (n, T)."""
        return cls(
            timeframe_ms,
            ts,
            columns["open"],
            columns["close"],
            columns["funding"],
            columns["funding_interval_h"],
        )


@dataclass(frozen=True)
class Trades:
    """m trades: prices paid and got, and the funding a long pays between; NaN is unknown."""

    entry: FloatArray
    exit: FloatArray
    funding: FloatArray

    def gross(self, direction: IntArray | int) -> FloatArray:
        """(m,) return before costs and funding, as a fraction; `direction` is `LONG` or `SHORT`."""
        return direction * (self.exit / self.entry - 1.0)

    def net(self, direction: IntArray | int, costs: Costs) -> FloatArray:
        """(m,) return after fees, slippage and funding; NaN is no trade: it is neither won nor lost."""
        return (
            direction * (self.exit / self.entry - 1.0)
            - 2 * costs.fee
            - 2 * costs.slippage
            - direction * self.funding
        )


def won(net: FloatArray) -> FloatArray:
    """(m,) 1.0 where a trade ended above zero, 0.0 where it did not, NaN where there was none."""
    return np.where(np.isnan(net), np.nan, (net > 0.0).astype(np.float64))


def funding_paid(prices: Prices) -> FloatArray:
    """(n, T) what a long pays within each bar: 0 without a settlement, NaN where that is unknown.

    Settlements stand at whole multiples of the interval since midnight UTC; one belongs to the bar
    that contains it, its close included and its open not. So a trade from the open of t+1 to the
    close of t+hold crosses exactly those of the bars t+1 … t+hold. A bar carries the last rate
    settled: of several settlements in one bar all but the last are unknown, and so is their sum.
    Where the interval is unknown a bar without a whole hour in it still has no settlement.
    """
    close = prices.ts + prices.timeframe_ms
    hourly = close // MS_PER_HOUR - prices.ts // MS_PER_HOUR
    with np.errstate(invalid="ignore", divide="ignore"):
        interval = prices.funding_interval_h * MS_PER_HOUR
        settled = np.floor(close / interval) - np.floor(prices.ts / interval)
    settled = np.where(np.isfinite(settled), settled, np.where(hourly == 0, 0.0, np.nan))
    paid = np.where(settled == 1.0, prices.funding, np.nan)
    return np.where(settled == 0.0, 0.0, paid)


def fixed_horizons(prices: Prices, rows: IntArray, slots: IntArray, holds: Sequence[int]) -> list[Trades]:
    """Trades of m signals at the close of bars (row, slot), one `Trades` for each number of bars held.

    Entry: OPEN of slot + 1; exit: CLOSE of slot + hold. What lies outside the slots is unknown. A
    signal acted on one bar late is the signal of the next slot.
    """
    paid = funding_paid(prices)
    entry = _price(_at(prices.open, rows, slots + 1))
    funding = np.zeros(len(rows))
    found: dict[int, Trades] = {}
    for held in range(1, max(holds) + 1):
        funding = funding + _at(paid, rows, slots + held)
        if held in holds:
            found[held] = Trades(entry, _price(_at(prices.close, rows, slots + held)), funding)
    return [found[hold] for hold in holds]


def _at(values: FloatArray, rows: IntArray, slots: IntArray) -> FloatArray:
    """(m,) values at (row, slot); NaN outside."""
    inside = (slots >= 0) & (slots < values.shape[1])
    return np.where(inside, values[rows, np.where(inside, slots, 0)], np.nan)


def _price(values: FloatArray) -> FloatArray:
    """What is no price is unknown."""
    with np.errstate(invalid="ignore"):
        return np.where((values > 0.0) & np.isfinite(values), values, np.nan)


def without_overlap(rows: IntArray, slots: IntArray, last: IntArray) -> BoolArray:
    """(m,) which signals a pair is free to act on, when it holds one trade at a time.

    last: (m,) the slot at whose close each trade ends. Signals are taken in order of time; one at the
    close at which the trade before ends is free again. Signals without a trade (a missing price) must
    be left out before: they occupy nobody. A simulation's result needs this; evidence does not, where
    each alert is judged on its own and clusters stand for what they share.
    """
    taken = np.zeros(len(rows), dtype=bool)
    until: dict[int, int] = {}
    for i in np.lexsort((rows, slots)).tolist():
        row = int(rows[i])
        if row not in until or slots[i] >= until[row]:
            taken[i], until[row] = True, int(last[i])
    return taken
