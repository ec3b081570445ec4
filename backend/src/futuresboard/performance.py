"""What a run's daily returns come to: Sharpe, Sortino, drawdown, Calmar, and how sure that is. Pure.

Annualised with 365 days: these markets never close. A day without a trade counts with its return of 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from futuresboard import sharpe
from futuresboard.model import FloatArray, IntArray

DAYS = 365
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Performance:
    """Of d UTC days; ratios are annualised, returns and drawdowns fractions, None where unknown.

    sharpe_low, sharpe_high: 95 % by Mertens' standard error. annual_return: compounded. psr: probability
    that the true Sharpe ratio is above zero. min_days: days until that probability is 95 % if they go
    on like this. max_drawdown: the deepest fall of the compounded daily equity from a height reached
    before, start included; days_under_water: the longest time below such a height.
    """

    days: int
    total_return: float | None = None
    annual_return: float | None = None
    sharpe: float | None = None
    sharpe_low: float | None = None
    sharpe_high: float | None = None
    sortino: float | None = None
    max_drawdown: float | None = None
    days_under_water: int | None = None
    calmar: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    psr: float | None = None
    min_days: float | None = None


def measured(daily: FloatArray) -> Performance:
    """Of (d,) daily returns on the account, one for every day of the run, all known."""
    if not len(daily):
        return Performance(0)
    equity = np.cumprod(1.0 + np.maximum(daily, -1.0))
    deepest, longest = drawdown(equity)
    annual = _compounded(float(equity[-1]), len(daily))
    basic = Performance(
        days=len(daily),
        total_return=float(equity[-1]) - 1.0,
        annual_return=annual,
        sortino=sortino(daily),
        max_drawdown=deepest,
        days_under_water=longest,
        calmar=annual / deepest if annual is not None and deepest > 0.0 else None,
    )
    of = sharpe.moments(daily)
    return basic if of is None else _with_sharpe(basic, of)


def _with_sharpe(basic: Performance, of: sharpe.Moments) -> Performance:
    year = math.sqrt(DAYS)
    half = _Z95 * of.standard_error
    return Performance(
        **{
            **vars(basic),
            "sharpe": of.sharpe * year,
            "sharpe_low": (of.sharpe - half) * year,
            "sharpe_high": (of.sharpe + half) * year,
            "skewness": of.skewness,
            "kurtosis": of.kurtosis,
            "psr": sharpe.probabilistic(of),
            "min_days": sharpe.minimum_track_record(of),
        }
    )


def _compounded(end: float, days: int) -> float | None:
    """Return of a year at the pace of so many days; None beyond what a float holds."""
    if end <= 0.0:
        return -1.0
    exponent = math.log(end) * DAYS / days
    return math.expm1(exponent) if exponent < 700.0 else None


def sortino(daily: FloatArray) -> float | None:
    """Annualised mean over the root of the mean squared loss, target 0; None without a loss."""
    downside = math.sqrt(float((np.minimum(daily, 0.0) ** 2).mean()))
    return float(daily.mean()) / downside * math.sqrt(DAYS) if downside > 0.0 else None


def drawdown(equity: FloatArray) -> tuple[float, int]:
    """Of (t,) equity after each step, 1 before the first: deepest fall (0…1), longest steps below a peak."""
    path = np.concatenate([[1.0], equity])
    peak = np.maximum.accumulate(path)
    below = path < peak
    steps = np.arange(len(path))
    last_high = np.maximum.accumulate(np.where(below, 0, steps))
    return float(np.max((peak - path) / peak)), int((steps - last_high).max())


def by_day(day: IntArray, net: FloatArray, first: int, last: int) -> FloatArray:
    """(last − first + 1,) daily returns of m trades, each booked on the day (number) it ended.

    With one unit of capital and a stake of that unit in every trade, not compounded within a day. A
    portfolio with a cash limit has an equity curve of its own: take the changes of that instead.
    """
    known = np.isfinite(net) & (day >= first) & (day <= last)
    booked: FloatArray = np.bincount(day[known] - first, net[known], minlength=last - first + 1)
    return booked
