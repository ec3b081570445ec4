"""Sharpe ratios and what is left of them after luck, fat tails and the number of trials. Pure.

All ratios in here are per observation (a day, a month), not annualised, unless a name says so: √n·SR has
a known distribution only in the units of what was observed.

Sources: Bailey and López de Prado, "The Sharpe ratio efficient frontier", Journal of Risk 15(2), 2012
(probabilistic Sharpe ratio, minimum track record length); "The deflated Sharpe ratio", Journal of
Portfolio Management 40(5), 2014. The standard error is Mertens' (2002), with skewness and kurtosis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from futuresboard.model import FloatArray

CONFIDENCE = 0.95
_EULER = 0.5772156649015329
_STILL = 1e-12
"""A standard deviation below this share of the largest value is rounding, not movement."""


@dataclass(frozen=True)
class Moments:
    """Of n returns: their Sharpe ratio (mean over standard deviation, ddof 1), skewness and kurtosis.

    Kurtosis is not in excess: 3 for a normal distribution. Both are those of the sample itself (divided
    by n), as in the papers.
    """

    n: int
    sharpe: float
    skewness: float = 0.0
    kurtosis: float = 3.0

    @property
    def standard_error(self) -> float:
        """Of the Sharpe ratio: √((1 − γ₃·SR + (γ₄ − 1)/4·SR²) / (n − 1))."""
        return math.sqrt(self.spread / (self.n - 1))

    @property
    def spread(self) -> float:
        """What stands above n − 1 in the squared standard error; never negative, as γ₄ >= γ₃² + 1."""
        return max(0.0, 1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2)


def moments(returns: FloatArray) -> Moments | None:
    """Of (n,) known returns; None with fewer than two, or when they do not move."""
    if len(returns) < 2:
        return None
    mean = float(returns.mean())
    apart = returns - mean
    deviation = float(np.sqrt(apart @ apart / (len(returns) - 1)))
    if deviation <= _STILL * float(np.abs(returns).max()):
        return None
    scaled = apart / np.sqrt((apart @ apart) / len(returns))
    return Moments(len(returns), mean / deviation, float((scaled**3).mean()), float((scaled**4).mean()))


def probabilistic(of: Moments, benchmark: float = 0.0) -> float:
    """PSR: probability that the true Sharpe ratio is above `benchmark`, 0…1."""
    if of.spread == 0.0:
        return float(of.sharpe > benchmark)
    return float(special.ndtr((of.sharpe - benchmark) / of.standard_error))


def expected_maximum(trials: float, variance: float) -> float:
    """Sharpe ratio that the best of so many independent trials shows when none is worth anything.

    variance: of the trials' Sharpe ratios. Zero for one trial: nothing was chosen. (Between one and two,
    as correlated trials may count, the formula falls below zero, which no choice makes worse: then zero.)
    """
    if trials <= 1.0:
        return 0.0
    first = special.ndtri(1.0 - 1.0 / trials)
    second = special.ndtri(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * max(0.0, float((1.0 - _EULER) * first + _EULER * second))


def deflated(of: Moments, trials: float, variance: float) -> float:
    """DSR: probability that the true Sharpe ratio is above zero, given that it is the best of `trials`."""
    return probabilistic(of, expected_maximum(trials, variance))


def minimum_track_record(of: Moments, benchmark: float = 0.0) -> float | None:
    """Observations until PSR(benchmark) reaches 95 % if they go on like this; None if they never do."""
    if of.sharpe <= benchmark:
        return None
    return 1.0 + of.spread * float(special.ndtri(CONFIDENCE) / (of.sharpe - benchmark)) ** 2
