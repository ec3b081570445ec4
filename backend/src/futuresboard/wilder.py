"""RSI by Wilder's smoothing, for many series at once. Pure."""

from __future__ import annotations

import numpy as np

from futuresboard.model import BoolArray, FloatArray, IntArray

RSI_PERIOD = 14
RSI_CHANGES = 100
"""Changes after which a value is known: until then the seed still shows."""
RSI_REACH = 400
"""Changes that say something: what lies further back has left the filter."""
OLD_MATTERS = 8.0
"""Mean change 400 bars ago over the mean now from which RSI might tell them apart (by 4e-10)."""
_AT_ONCE = 4096


def rsi_of_newest(close: FloatArray, out: int) -> FloatArray:
    """(n, out) Wilder RSI(14) at the newest slots of (n, T) closes; NaN is a gap, which restarts it.

    Of each stretch without a gap the first 14 changes seed the means; values from the 100th change on.
    """
    series, slots = close.shape
    begin = max(0, slots - out - RSI_REACH)
    change = np.diff(close[:, begin:], axis=1)
    asked = slots - begin - out
    result = np.full((series, slots - begin), np.nan)
    runs = _runs(np.isfinite(change), asked)
    if runs:
        lengths = np.array([stop - first for _, first, stop in runs])
        # Runs that begin at different times go side by side; zeros follow the shorter ones.
        aligned = np.zeros((lengths.max(), len(runs)))
        for i, (row, first, stop) in enumerate(runs):
            aligned[: stop - first, i] = change[row, first:stop]
        since = max(RSI_CHANGES - 1, asked - 1 - max(first for _, first, _ in runs))
        value = _wilder(aligned, lengths, since)
        for i, (row, first, stop) in enumerate(runs):
            result[row, first + since + 1 : stop + 1] = value[: stop - first - since, i]
    tail = result[:, -out:]
    return np.pad(tail, ((0, 0), (out - tail.shape[1], 0)), constant_values=np.nan)


def _runs(known: BoolArray, past: int) -> list[tuple[int, int, int]]:
    """(row, first, stop) of each stretch of known changes that is long enough for a value.

    Stretches that end within the first `past` changes are left out: nobody asked for their values.
    """
    edges = np.pad(known, ((0, 0), (1, 1)))
    rows, at = np.nonzero(edges[:, 1:] != edges[:, :-1])
    first, stop = at[::2], at[1::2]
    long = (stop - first >= RSI_CHANGES) & (stop >= past)
    return list(zip(rows[::2][long].tolist(), first[long].tolist(), stop[long].tolist(), strict=True))


def _wilder(change: FloatArray, lengths: IntArray, since: int) -> FloatArray:
    """(steps − since, runs) RSI after each change but the first `since` (13 at least).

    change: (steps, runs) of runs that begin together; lengths: (runs,) changes of each.
    """
    forgets = len(change) > RSI_REACH
    gain, total = _means(change, RSI_PERIOD - 1 if forgets else since)
    flat = total == 0.0
    value: FloatArray = np.where(flat, 50.0, 100.0 * gain / np.where(flat, 1.0, total))
    if forgets:
        _forget_the_old(value, total, change, lengths)
        return value[since - (RSI_PERIOD - 1) :]
    return value


def _means(change: FloatArray, since: int) -> tuple[FloatArray, FloatArray]:
    """Wilder's mean gain, and mean gain + mean loss, as `_wilder` has them."""
    steps, runs = change.shape
    gains, totals = np.empty((steps - since, runs)), np.empty((steps - since, runs))
    mean, keep = np.zeros((2, runs)), 1.0 - 1.0 / RSI_PERIOD
    for begin in range(0, steps, RSI_PERIOD):
        some = change[begin : begin + RSI_PERIOD]
        sides = np.empty((len(some), 2, runs))
        np.maximum(some, 0.0, out=sides[:, 0])
        np.subtract(sides[:, 0], some, out=sides[:, 1])
        sides /= RSI_PERIOD
        for step, side in enumerate(sides, begin):
            if begin:
                mean *= keep
            # The first 14 add up to the simple mean that seeds the filter.
            mean += side
            if step >= since:
                gains[step - since] = mean[0]
                np.add(mean[0], mean[1], out=totals[step - since])
    return gains, totals


def _forget_the_old(value: FloatArray, total: FloatArray, change: FloatArray, lengths: IntArray) -> None:
    """Compute anew, from the last 400 changes alone, where what was before still shows.

    A filter forgets by a factor, so that a price which hardly moves any more keeps the balance of
    moves of long ago, however small. Only there a value would depend on where its batch began.
    value, total: mean gain + mean loss, both from the 14th change on.
    """
    reach, seed = RSI_REACH, RSI_PERIOD
    # What either beginning can have left: the state so long ago, and a seed made of the first changes.
    sums = np.cumsum(np.abs(change[: len(change) - reach + seed]), axis=0)
    late = total[reach - seed + 1 :]
    before = sums[: len(late)] / seed
    before[seed - 1 :] = total[: len(before[seed - 1 :])]
    before += (sums[seed:] - sums[:-seed]) / seed
    in_run = reach + np.arange(len(late))[:, None] < lengths
    steps, runs = np.nonzero(in_run & (before > OLD_MATTERS * late))
    for begin in range(0, len(steps), _AT_ONCE):
        step, run = steps[begin : begin + _AT_ONCE], runs[begin : begin + _AT_ONCE]
        window = change[step[None, :] + 1 + np.arange(reach)[:, None], run[None, :]]
        value[reach - seed + 1 + step, run] = _wilder(window, np.full(len(run), reach), reach - 1)[0]
