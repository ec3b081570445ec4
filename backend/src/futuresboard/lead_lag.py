"""Which of two moves first: correlation at lags, and when it may be called a lead. Pure.

With 24 lags of each of 190 pairs the largest r is large by itself. So a lead is named only beyond a
threshold for the whole family, Bonferroni over all pairs and lags, in standard errors that allow for
volatility that two coins share (White, 1980: Σx²y² / (Σx²·Σy²)) and for changes that depend on those
before (Bartlett, 1946: 1 + 2·Σρx·ρy). And only when it is lopsided: of two that follow a third, sluggish
thing, each seems to lead the other by as much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from futuresboard.model import BoolArray, FloatArray

LAGS = 12
_SIGNIFICANCE = 0.05
_KNOWN_SHARE = 0.9
_STILL = 1e-12


@dataclass(frozen=True)
class LeadLag:
    """r, error: (n, n, 2·L + 1) Pearson's r of i at t with j at t + lag, lags −L…L, and its standard error.

    So a large r[i, j] at a lag above zero says that i moves first. NaN where less than 90 % of the slots
    are known on both sides, or one does not move.
    """

    r: FloatArray
    error: FloatArray

    @property
    def most(self) -> int:
        """L, the longest lag in slots."""
        return int(self.r.shape[2]) // 2

    @property
    def deviations(self) -> float:
        """Standard errors that the largest |r| of the family exceeds by chance in 5 % of cases."""
        tests = len(self.r) * (len(self.r) - 1) // 2 * 2 * self.most
        return float(special.ndtri(1.0 - _SIGNIFICANCE / 2.0 / tests)) if tests else np.inf


@dataclass(frozen=True)
class Lead:
    """`leader` (a row) moves `bars` slots before `follower`, with r; chance stays below `threshold`."""

    leader: int
    follower: int
    bars: int
    r: float
    threshold: float


def lagged(values: FloatArray, most: int = LAGS) -> LeadLag:
    """All pairs of (n, T) values (log changes, NaN unknown) at all lags up to `most` slots, `most` < T."""
    known = np.isfinite(values)
    count = known.sum(axis=1, keepdims=True)
    mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
    apart = np.where(known, values - mean, 0.0)
    size = len(values)
    r, error = (np.full((size, size, 2 * most + 1), np.nan) for _ in range(2))
    for lag in range(most + 1):
        found, spread = _at(known, apart, lag)
        r[:, :, most + lag], error[:, :, most + lag] = found, spread
        r[:, :, most - lag], error[:, :, most - lag] = found.T, spread.T
    return LeadLag(r, error * np.sqrt(_memory(r, most))[:, :, None])


def _at(known: BoolArray, apart: FloatArray, lag: int) -> tuple[FloatArray, FloatArray]:
    """(n, n) r of i at t with j at t + lag, and White's standard error of it."""
    slots = apart.shape[1] - lag
    x, y = apart[:, :slots], apart[:, lag:]
    has_x, has_y = known[:, :slots].astype(np.float64), known[:, lag:].astype(np.float64)
    count = has_x @ has_y.T
    sum_x, sum_y = x @ has_y.T, has_x @ y.T
    all_x, all_y = (x**2) @ has_y.T, has_x @ (y**2).T
    enough = np.where(count >= _KNOWN_SHARE * slots, count, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        square_x, square_y = all_x - sum_x**2 / enough, all_y - sum_y**2 / enough
        moves = (square_x > _STILL**2 * enough) & (square_y > _STILL**2 * enough)
        product = np.where(moves, square_x * square_y, np.nan)
        r = np.clip((x @ y.T - sum_x * sum_y / enough) / np.sqrt(product), -1.0, 1.0)
        return r, np.sqrt((x**2) @ (y**2).T / product)


def _memory(r: FloatArray, most: int) -> FloatArray:
    """(n, n) by how much the variance of r grows because both sides depend on their own past; >= 1."""
    own = np.nan_to_num(r[np.arange(len(r)), np.arange(len(r)), most + 1 :])
    grown: FloatArray = np.maximum(1.0, 1.0 + 2.0 * own @ own.T)
    return grown


def leads(of: LeadLag) -> list[Lead]:
    """Pairs of which one moves first, beyond what chance does in the family; the largest |r| first."""
    found = []
    size = len(of.r)
    for i in range(size):
        for j in range(i + 1, size):
            lead = _lead(of.r[i, j], of.error[i, j], of.deviations)
            if lead is not None:
                lag, r, threshold = lead
                first, second = (i, j) if lag > 0 else (j, i)
                found.append(Lead(first, second, abs(lag), r, threshold))
    return sorted(found, key=lambda lead: -abs(lead.r))


def _lead(r: FloatArray, error: FloatArray, deviations: float) -> tuple[int, float, float] | None:
    """(lag, r, threshold) of one pair's (2·L + 1,) values, or None."""
    most = len(r) // 2
    size = np.where(np.isfinite(r), np.abs(r), -1.0)
    size[most] = -1.0
    best = int(size.argmax())
    threshold = deviations * float(error[best])
    lopsided = size[best] - size[-1 - best] > deviations * np.hypot(error[best], error[-1 - best])
    if not (size[best] > threshold and lopsided):
        return None
    return best - most, float(r[best]), threshold
