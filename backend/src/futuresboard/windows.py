"""Statistics of fixed windows of slots, for many series at once. Pure.

Each is summed in an order that is the same wherever the window lies, so that equal windows give equal bits.
"""

from __future__ import annotations

import numpy as np

from futuresboard.model import FloatArray

Z_WINDOW = 20
Z_CLIP = 10.0
_AT_ONCE = 4096
_ROUGH = 1e-4


def z_of_newest(values: FloatArray) -> FloatArray:
    """(…, out) each of (…, 20 + out) values but the first 20 against the 20 before it, not clipped.

    Mean and standard deviation (ddof 1) of those 20; unknown unless all 21 are known and the deviation
    is > 1e-9 and > 1e-6·|mean|.
    """
    past = values[..., :-1]
    # Sums and squared deviations of 2, 4, 8 and 16 neighbours, each from two of half the size (Chan,
    # Golub and LeVeque 1979): as exact as two passes over each window, at a third of the work.
    total, squares, sums, apart = past, np.zeros(past.shape), past, np.zeros(past.shape)
    for width in (1, 2, 4, 8):
        if width == 4:
            sums, apart = total, squares
        between = total[..., :-width] - total[..., width:]
        squares = squares[..., :-width] + squares[..., width:] + between * between / (2.0 * width)
        total = total[..., :-width] + total[..., width:]
    out = values.shape[-1] - Z_WINDOW
    first, last = total[..., :out], sums[..., 16:]
    between = first / 16.0 - last / 4.0
    squares = squares[..., :out] + apart[..., 16:] + between * between * (16.0 * 4.0 / Z_WINDOW)
    mean = (first + last) / Z_WINDOW
    deviation = np.sqrt(squares / (Z_WINDOW - 1))
    fit = (deviation > 1e-9) & (deviation > 1e-6 * np.abs(mean))
    newest: FloatArray = values[..., Z_WINDOW:]
    return (newest - mean) / np.where(fit, deviation, np.nan)


def _window_sums(values: FloatArray, slots: int) -> FloatArray:
    """(…, out) sums over `slots` slots up to each of the newest of (…, slots − 1 + out) values.

    The order is the same wherever a window lies: halves are added while there are halves, then thirds.
    """
    while slots % 2 == 0:
        slots //= 2
        values = values[..., :-slots] + values[..., slots:]
    while slots % 3 == 0:
        slots //= 3
        values = values[..., : -2 * slots] + values[..., slots:-slots] + values[..., 2 * slots :]
    out = values.shape[-1] - slots + 1
    total = values[..., :out]
    for i in range(1, slots):
        total = total + values[..., i : i + out]
    return total


def correlation(x: FloatArray, y: FloatArray, slots: int) -> FloatArray:
    """(…, out) Pearson's r of `slots` values up to each of the newest of (…, slots − 1 + out).

    Pairwise: counts what is known on both sides, at least 90 %. Unknown where a side is constant (its
    deviation not > 1e-12 and > 1e-6·|mean|). −1…1.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if known.all():
        count = np.full(1, float(slots))
    else:
        x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
        count = _window_sums(known.astype(np.float64), slots)
        count = np.where(count * 10.0 >= slots * 9.0, count, np.nan)
    sum_x, sum_y = _window_sums(x, slots), _window_sums(y, slots)
    squares_x, squares_y = _window_sums(x * x, slots), _window_sums(y * y, slots)
    mean_x, mean_y = sum_x / count, sum_y / count
    spread_x, spread_y = squares_x - sum_x * mean_x, squares_y - sum_y * mean_y
    shared = _window_sums(x * y, slots) - sum_x * mean_y
    # What is left of a difference of two nearly equal sums is mostly rounding.
    rough = (spread_x < _ROUGH * squares_x) | (spread_y < _ROUGH * squares_y)
    places = np.nonzero(rough)
    for begin in range(0, len(places[0]), _AT_ONCE):
        at = tuple(place[begin : begin + _AT_ONCE] for place in places)
        window = (*(place[:, None] for place in at[:-1]), at[-1][:, None] + np.arange(slots))
        apart_x = np.where(known[window], x[window] - mean_x[at][:, None], 0.0)
        apart_y = np.where(known[window], y[window] - mean_y[at][:, None], 0.0)
        spread_x[at] = _window_sums(apart_x * apart_x, slots)[:, 0]
        spread_y[at] = _window_sums(apart_y * apart_y, slots)[:, 0]
        shared[at] = _window_sums(apart_x * apart_y, slots)[:, 0]
    deviation_x, deviation_y = _deviation(spread_x, mean_x, count), _deviation(spread_y, mean_y, count)
    clipped: FloatArray = np.clip(shared / (count - 1.0) / (deviation_x * deviation_y), -1.0, 1.0)
    return clipped


def _deviation(spread: FloatArray, mean: FloatArray, count: FloatArray) -> FloatArray:
    """Standard deviations; NaN where the values are constant."""
    deviation = np.sqrt(np.maximum(spread, 0.0) / (count - 1.0))
    varies = deviation > np.maximum(1e-12, 1e-6 * np.abs(mean))
    return np.where(varies, deviation, np.nan)


def log_changes(values: FloatArray) -> FloatArray:
    """(…, T − 1) natural logarithm of each of (…, T) values over the one before it."""
    changes: FloatArray = np.log(values[..., 1:] / values[..., :-1])
    return changes
