"""Intervals of what depends on itself over time: circular block bootstrap, block length from data. Pure.

Sources: Politis and Romano (1992), circular blocks; Politis and White (2004) with the correction of Patton,
Politis and White (2009), block length.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from futuresboard.model import FloatArray

RESAMPLES = 2000
_SEED = 20_250_101
_Z95 = 1.959963984540054
_CELLS = 4_000_000
"""Random numbers held at once."""


def block_length(values: FloatArray) -> float:
    """Length of circular blocks that makes the variance of the mean of (n,) values best, 1…min(3√n, n/3).

    b = (2·G² / (4/3·g(0)²))^⅓ · n^⅓, where G = Σ λ(k/M)·|k|·R(k) and g(0) = Σ λ(k/M)·R(k) over
    autocovariances R under a flat-top window λ; M is twice the lag after which autocorrelations stay
    within ±2·√(log₁₀ n / n). Values that do not move: 1.
    """
    n = len(values)
    apart = values - values.mean() if n else values
    if n < 9 or float(apart @ apart) <= 0.0:
        return 1.0
    run = max(5, int(math.sqrt(math.log10(n))))
    most = min(n - 1, math.ceil(math.sqrt(n)) + run)
    covariances = np.array([apart[lag:] @ apart[: n - lag] for lag in range(most + 1)]) / n
    bandwidth = min(2 * _last_lag(covariances / covariances[0], n, run), most)
    lags = np.arange(1, bandwidth + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - lags / bandwidth))
    weighted = window * covariances[1 : bandwidth + 1]
    density = float(covariances[0]) + 2.0 * float(weighted.sum())
    curvature = 2.0 * float((lags * weighted).sum())
    longest = min(3.0 * math.sqrt(n), n / 3.0)
    if abs(density) < 1e-12 * covariances[0]:
        return longest
    best: float = (1.5 * (curvature / density) ** 2) ** (1.0 / 3.0) * n ** (1.0 / 3.0)
    return min(max(best, 1.0), longest)


def _last_lag(correlations: FloatArray, n: int, run: int) -> int:
    """The lag (>= 1) after which the next `run` autocorrelations are all small; the longest if none is."""
    small = np.abs(correlations) < 2.0 * math.sqrt(math.log10(n) / n)
    for lag in range(1, len(small) - run):
        if small[lag + 1 : lag + 1 + run].all():
            return lag
    return len(small) - 1


def interval(sums: FloatArray, counts: FloatArray) -> tuple[float, float] | None:
    """95 % of Σ sums / Σ counts over (g,) groups in time: (low, high), None with fewer than two groups.

    sums, counts: (g,) what the trades of each cluster brought together, and how many they were; so
    whole clusters are drawn, in blocks of neighbours. The percentiles of 2,000 draws are moved outwards
    by Student's t of as many degrees as there are blocks: with few blocks percentiles alone are too
    narrow.
    """
    groups = len(sums)
    if groups < 2:
        return None
    middle = float(sums.sum() / counts.sum())
    block = block_length(sums - middle * counts)
    low, high = np.quantile(resampled(sums, counts, math.ceil(block)), [0.025, 0.975])
    freedom = max(1.0, groups / block - 1.0)
    widen = float(special.stdtrit(freedom, 0.975)) / _Z95
    return middle - (middle - float(low)) * widen, middle + (float(high) - middle) * widen


def resampled(sums: FloatArray, counts: FloatArray, block: int, draws: int = RESAMPLES) -> FloatArray:
    """(draws,) ratios Σ sums / Σ counts of (g,) groups drawn anew in circular blocks, always g of them."""
    groups = len(sums)
    block = min(block, groups)
    whole, rest = divmod(groups, block)
    lengths = np.array([block] * whole + [rest] * (rest > 0))
    totals = [
        np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[:block]]))])
        for values in (sums, counts)
    ]
    rng = np.random.default_rng(_SEED)
    at_once = max(1, _CELLS // len(lengths))
    found = []
    for begin in range(0, draws, at_once):
        starts = rng.integers(0, groups, (min(at_once, draws - begin), len(lengths)))
        above, below = ((total[starts + lengths] - total[starts]).sum(axis=1) for total in totals)
        found.append(above / below)
    return np.concatenate(found)
