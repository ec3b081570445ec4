"""Open interest of pairs in which nothing happens, by three laws, and events planted into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from futuresboard import metrics
from futuresboard.bars import RAW_COLUMNS, UNLISTED, Bars

type FloatArray = NDArray[np.float64]

M5 = 300_000
BARS_A_DAY = 288
START = 1_767_225_600_000  # a midnight
MAD_TO_SD = 1.4826


def gaussian(rng: Generator, shape: tuple[int, int]) -> FloatArray:
    """Independent standard normal changes."""
    return rng.standard_normal(shape)


def student(rng: Generator, shape: tuple[int, int]) -> FloatArray:
    """Independent t(3) changes: the third moment is infinite."""
    return rng.standard_t(3, shape)


def garch(rng: Generator, shape: tuple[int, int]) -> FloatArray:
    """GARCH(1,1), alpha 0.1, beta 0.85, variance 1: quiet and wild stretches follow each other."""
    shocks = rng.standard_normal(shape)
    variance = np.ones(shape[0])
    found = np.empty(shape)
    for slot in range(shape[1]):
        found[:, slot] = np.sqrt(variance) * shocks[:, slot]
        variance = 0.05 + 0.1 * found[:, slot] ** 2 + 0.85 * variance
    return found


NULLS: Mapping[str, Callable[[Generator, tuple[int, int]], FloatArray]] = {
    "Gaussian": gaussian,
    "t(3)": student,
    "GARCH(1,1)": garch,
}


def changes(rng: Generator, law: str, shape: tuple[int, int]) -> FloatArray:
    """(pairs, bars) one-bar changes in %; every pair has a size of its own."""
    sizes = 0.05 * 4.0 ** rng.random(shape[0])
    return NULLS[law](rng, shape) * sizes[:, None]


def robust_sd(change: FloatArray) -> FloatArray:
    """(pairs,) 1.4826 × the median absolute deviation of each pair's changes."""
    middle = np.median(change, axis=1, keepdims=True)
    return MAD_TO_SD * np.median(np.abs(change - middle), axis=1)


def plant(
    rng: Generator, change: FloatArray, size: float, per_day: float, first: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Add events of `size` robust sd to single bars from slot `first` on, `per_day` over all pairs.

    Returns the changes with the events in and where they are.
    """
    where = np.zeros(change.shape, dtype=bool)
    where[:, first:] = rng.random((len(change), change.shape[1] - first)) < per_day / (
        len(change) * BARS_A_DAY
    )
    return change + where * (size * robust_sd(change))[:, None], where


def bars_of(change: FloatArray, start: int = START) -> Bars:
    """Bars whose open interest changes so; nothing else is known."""
    pairs, slots = change.shape
    columns = {name: np.full(change.shape, np.nan) for name in RAW_COLUMNS}
    columns["oi_contracts"] = 1e6 * np.cumprod(1.0 + change / 100.0, axis=1)
    ts = start + M5 * np.arange(slots, dtype=np.int64)
    return Bars(M5, ts, columns, np.full(pairs, UNLISTED), slots)


def z_of(bars: Bars) -> FloatArray:
    """(pairs, bars) the product's own unclipped Z-scores."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return metrics.z_raw(bars)
