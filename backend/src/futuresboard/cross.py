"""One coin across exchanges: chained change of open interest, weighted mean, who departs. Pure.

Arrays are (…, exchanges, T): any number of coins, one row an exchange in an order that never changes
(sums run in it), T consecutive slots of one timeframe, NaN = unknown. Open interest in contracts and
volumes count coins: a symbol's own unit times its multiplier. `out`: how many of the newest slots are
asked for; those before are their past, and what lies before the first counts as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from futuresboard.model import BoolArray, FloatArray, IntArray
from futuresboard.windows import Z_CLIP, Z_WINDOW, z_of_newest

WEIGHT_WINDOW = 24
WEIGHT_LEAST = 12
EXCHANGES_LEAST = 2
REACH = Z_WINDOW + WEIGHT_WINDOW
"""Slots before the first value asked for that make all but `whole` equal to what full history gives."""


def _lag(values: FloatArray, slots: int, out: int) -> FloatArray:
    """(…, out) what stood `slots` slots before each slot asked for; NaN before the start."""
    missing = max(0, out + slots - values.shape[-1])
    stop = max(0, values.shape[-1] - slots)
    found = values[..., max(0, stop - out) : stop]
    if not missing:
        return found
    edge = [(0, 0)] * (values.ndim - 1)
    return np.pad(found, [*edge, (min(missing, out), 0)], constant_values=np.nan)


def _sum_exchanges(values: FloatArray) -> FloatArray:
    """(…, out) sum over exchanges in their order, unknown ones left out."""
    total = np.zeros((*values.shape[:-2], values.shape[-1]))
    for exchange in range(values.shape[-2]):
        value = values[..., exchange, :]
        total = total + np.where(np.isfinite(value), value, 0.0)
    return total


def _mean(values: FloatArray, weights: FloatArray, least: int) -> FloatArray:
    """(…, out) weighted mean over exchanges that have both; NaN with fewer than `least` of them."""
    known = np.isfinite(values) & np.isfinite(weights)
    over = np.where(known, weights, np.nan)
    # Without any weight it is 0/0, which is unknown by design.
    with np.errstate(invalid="ignore"):
        mean = _sum_exchanges(over * values) / _sum_exchanges(over)
    return np.where(known.sum(axis=-2) >= least, mean, np.nan)


def oi_delta_pct(oi: FloatArray, out: int) -> FloatArray:
    """(…, exchanges, out) each exchange's change of open interest against one bar before, in %."""
    now, before = _lag(oi, 0, out), _lag(oi, 1, out)
    return (now - before) / before * 100.0


def weights(volume: FloatArray, out: int) -> FloatArray:
    """(…, exchanges, out) mean of the known volumes of the 24 bars before each; NaN with fewer than 12."""
    shape = (*volume.shape[:-1], out)
    total, count = np.zeros(shape), np.zeros(shape)
    for back in range(WEIGHT_WINDOW, 0, -1):
        value = _lag(volume, back, out)
        known = np.isfinite(value)
        total = total + np.where(known, value, 0.0)
        count = count + known
    return np.where(count >= WEIGHT_LEAST, total / np.maximum(count, 1.0), np.nan)


def global_oi_change_pct(oi: FloatArray, volume: FloatArray, out: int) -> FloatArray:
    """(…, out) Σ w·oi_delta_pct / Σ w over exchanges with open interest now and one bar before, in %.

    w: mean base volume of the 24 bars before. NaN with fewer than 2 exchanges, or none with a volume.
    """
    return _mean(oi_delta_pct(oi, out), weights(volume, out), EXCHANGES_LEAST)


def divergence(oi: FloatArray, volume: FloatArray, out: int) -> FloatArray:
    """(…, exchanges, out) Z-score, clipped to ±10, of each exchange's oi_delta_pct − global_oi_change_pct.

    Against the 20 bars before, as `z_score` is; what tier 5 compares with.
    """
    wide = out + Z_WINDOW
    apart = oi_delta_pct(oi, wide) - global_oi_change_pct(oi, volume, wide)[..., None, :]
    return np.clip(z_of_newest(apart), -Z_CLIP, Z_CLIP)


def divergence_of_series(
    coins: Sequence[tuple[str, float]], oi: FloatArray, volume: FloatArray, out: int
) -> FloatArray:
    """(n, out) `divergence` of n series of many coins, in contracts (n, T); NaN where a coin has but one.

    coins: each series' coin and multiplier; the order of series is that of exchanges.
    """
    found = np.full((len(oi), out), np.nan)
    units = np.array([multiplier for _, multiplier in coins]).reshape(-1, 1)
    for at in _groups(coins):
        found[at] = divergence((oi * units)[at], (volume * units)[at], out)
    return found


def _groups(coins: Sequence[tuple[str, float]]) -> list[IntArray]:
    """(coins, exchanges) numbers of the series of coins with as many exchanges each; not those with one."""
    groups: dict[str, list[int]] = {}
    for row, (coin, _) in enumerate(coins):
        groups.setdefault(coin, []).append(row)
    sizes = {len(group) for group in groups.values()} - {1}
    return [np.array([group for group in groups.values() if len(group) == size]) for size in sorted(sizes)]


def whole_of_series(
    coins: Sequence[tuple[str, float]], oi: FloatArray, volume: FloatArray, out: int
) -> BoolArray:
    """(n, out) `whole` of n series of many coins, as `divergence_of_series` takes them."""
    found = np.ones((len(oi), out), dtype=bool)
    for at in _groups(coins):
        found[at] = whole(oi[at], volume[at], out)[:, None, :]
    return found


def whole(oi: FloatArray, volume: FloatArray, out: int) -> BoolArray:
    """(…, out) where the same exchanges made up the coin in all slots that two divergences in a row read.

    An exchange that drops out or comes back makes the others depart from a mean of other members.
    """
    wide = out + Z_WINDOW + 1
    counts = np.isfinite(oi_delta_pct(oi, wide)) & np.isfinite(weights(volume, wide))
    views = np.lib.stride_tricks.sliding_window_view(counts, Z_WINDOW + 2, axis=-1)
    same: BoolArray = (views == views[..., -1:]).all(axis=(-1, -3))
    return same


def weighted_oi(oi_usd: FloatArray, volume: FloatArray) -> FloatArray:
    """(…, T) Σ(OI·volume) / Σ volume in USD over exchanges that have both; NaN when none traded."""
    return _mean(oi_usd, volume, 1)


def shares(oi_usd: FloatArray, volume: FloatArray) -> FloatArray:
    """(…, exchanges, T) what each exchange weighs in `weighted_oi`, together 1; NaN where it has no part."""
    part = np.where(np.isfinite(oi_usd) & (volume > 0.0), volume, np.nan)
    with np.errstate(invalid="ignore"):
        share: FloatArray = part / _sum_exchanges(part)[..., None, :]
    return share
