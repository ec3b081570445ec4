"""How much was tried on a stretch of the past before a result was shown: a ledger and its arithmetic. Pure.

The best of many tries looks good by itself; what deflates it is their number, and how far apart their
Sharpe ratios lie. The tool counts every run it makes, the disappointing ones too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from futuresboard.model import FloatArray
from futuresboard.sharpe import moments


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration run over one set of data, as a ledger keeps it.

    settings, data: their hashes; start, end: first and last bar's open time of the data, ms UTC;
    sharpe: per day, not annualised, None where unknown; days: how many daily returns it is of; trades:
    how many there were.
    """

    settings: str
    data: str
    start: int
    end: int
    sharpe: float | None
    days: int
    trades: int


@dataclass(frozen=True)
class Tried:
    """What deflates a result: how many configurations count, and the variance of their Sharpe ratios
    (per day; None when fewer than two are known)."""

    count: float = 1.0
    variance: float | None = None


def tried(trials: Iterable[Trial], this: Trial) -> Tried:
    """What was tried beside and before a run, itself included.

    A trial counts when it used the same data or any time of it: data that grow by a bar a day are not
    new data, and the best pair of many is as much a choice as the best threshold. The same settings
    count once, however often they ran; the Sharpe ratio kept of them is that on this run's data, else
    the newest.
    """
    found: dict[str, Trial] = {}
    for trial in trials:
        shared = trial.data == this.data or (trial.start <= this.end and this.start <= trial.end)
        same = trial.settings in found and found[trial.settings].data == this.data
        if shared and (not same or trial.data == this.data):
            found[trial.settings] = trial
    found[this.settings] = this
    known = [trial.sharpe for trial in found.values() if trial.sharpe is not None]
    return Tried(float(len(found)), float(np.var(known, ddof=1)) if len(known) > 1 else None)


def tried_together(daily: FloatArray) -> Tried:
    """What a sweep counts as by itself: (days, N) returns, one column for each different configuration."""
    known = [of.sharpe for column in daily.T if (of := moments(column)) is not None]
    return Tried(float(daily.shape[1]), float(np.var(known, ddof=1)) if len(known) > 1 else None)


def effective(count: float, mean_correlation: float) -> float:
    """Independent trials that `count` correlated ones amount to: ρ̄ + (1 − ρ̄)·count, at least 1.

    Bailey and López de Prado (2014), appendix 3. An option, for sweeps whose returns are at hand; the
    plain count is the default, as it never flatters.
    """
    return max(1.0, mean_correlation + (1.0 - mean_correlation) * count)


def mean_correlation(returns: FloatArray) -> float:
    """Mean of r over all pairs of (T, N) returns, those that do not move left out; 0 with fewer than two."""
    moving = returns[:, returns.std(axis=0) > 0.0]
    size = moving.shape[1]
    if size < 2:
        return 0.0
    scaled = (moving - moving.mean(axis=0)) / moving.std(axis=0)
    # The square of a sum holds every pair twice, and each one with itself.
    both = float((scaled.sum(axis=1) ** 2).mean())
    return float((both - size) / (size * (size - 1)))
