"""How a calibration is made from the past; `calibrate` says what it means. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from futuresboard.calibrate import (
    STATISTICS,
    TESTED,
    Calibration,
    Cell,
    Scale,
    Tail,
    magnitude,
)
from futuresboard.lifecycle import rested
from futuresboard.model import MS_PER_DAY, MS_PER_HOUR, TIMEFRAME_MS, BoolArray, FloatArray, IntArray, Tier

PAST_DAYS = 14
SETTLE_MS = MS_PER_HOUR
MIN_VALUES = 100
"""Known values a series needs before the day; with fewer it starts no alert in this mode."""
_UPPER = 0.9
_PARTS = 4
_FITTED, _EVENTS = 0.05, 0.002
_RATIOS = 60
_FEW = 50
_SHAPE_MOST = 0.4
_LEVELS = 24


@dataclass(frozen=True)
class Past:
    """Closed bars of one timeframe that a calibration learns from, n series × T consecutive slots.

    series: (n,) ids; ts: (T,) open times in ms; statistics: name -> (n, T), NaN = unknown; flags:
    tier -> (n, T) literal flags, 1, 0 or NaN; may: tier -> (n, T) where an alert may start (tiers that are
    not named: everywhere).
    """

    timeframe: str
    series: IntArray
    ts: IntArray
    statistics: Mapping[str, FloatArray]
    flags: Mapping[Tier, FloatArray]
    may: Mapping[Tier, BoolArray] = field(default_factory=dict)


def learns_from(day: int, timeframe: str) -> tuple[int, int]:
    """(first, last) open time of the bars of a timeframe that a day's calibration knows."""
    step = TIMEFRAME_MS[timeframe]
    end = day - SETTLE_MS
    return (day - PAST_DAYS * MS_PER_DAY) // step * step, end // step * step - step


def fit(pasts: Sequence[Past], *, day: int, budget: float, cooldown: int) -> Calibration:
    """The calibration of the day that begins at `day` from what was before; one `Past` a timeframe.

    budget: alerts a day, over all series, timeframes and tiers; cooldown: bars.
    """
    pasts = [_by_series(past) for past in pasts]
    scales: dict[tuple[str, str], Scale] = {}
    tails: dict[tuple[str, str], Tail] = {}
    replays: dict[tuple[str, Tier], _Replay] = {}
    tests = 0
    for past in pasts:
        first, last = learns_from(day, past.timeframe)
        seen = (past.ts >= first) & (past.ts <= last)
        bars_a_day = MS_PER_DAY // TIMEFRAME_MS[past.timeframe]
        for name in dict.fromkeys(STATISTICS.values()):
            if name not in past.statistics:
                continue
            values = magnitude(name, past.statistics[name][:, seen])
            scale = _scale(values, MIN_VALUES)
            scores = _cross_scores(values)
            usable = np.isfinite(scale.excess)
            if not usable.any() or not np.isfinite(scores).any():
                continue
            scales[past.timeframe, name] = scale
            if name in TESTED.values():
                tails[past.timeframe, name] = _tail(scores)
                tests += int(usable.sum()) * bars_a_day
            for tier in (tier for tier, of in STATISTICS.items() if of == name and tier in past.flags):
                flags = np.where(usable[:, None], past.flags[tier][:, seen], np.nan)
                may = past.may[tier][:, seen] if tier in past.may else np.ones(flags.shape, dtype=bool)
                replays[past.timeframe, tier] = _Replay(flags, scores, may, cooldown, bars_a_day)
    cells = {key: Cell(*replays[key].level(share)) for key, share in _shares(replays, budget).items()}
    series = {past.timeframe: past.series for past in pasts}
    return Calibration(day, budget, tests, series, cells, scales, tails)


def _by_series(past: Past) -> Past:
    order = np.argsort(past.series)
    statistics = {name: values[order] for name, values in past.statistics.items()}
    flags = {tier: flag[order] for tier, flag in past.flags.items()}
    may = {tier: where[order] for tier, where in past.may.items()}
    return Past(past.timeframe, past.series[order], past.ts, statistics, flags, may)


def _scale(values: FloatArray, least: int) -> Scale:
    """The scale of each row of (n, T) values; NaN with fewer than `least` known ones."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    at = (_UPPER * np.maximum(count - 1, 0)).astype(np.int64)
    number = np.maximum(count - 1 - at, 1)
    decile = np.take_along_axis(ordered, at[:, None], axis=1)[:, 0] if ordered.shape[1] else count * np.nan
    rank = np.arange(ordered.shape[1]) - at[:, None]
    over = np.where((rank > 0) & np.isfinite(ordered), ordered - decile[:, None], 0.0)
    excess = over.sum(axis=1) / number
    weight = 1.0 - (rank - 0.35) / number[:, None]
    fit_for_use = (count >= least) & (excess > 0.0)
    shape = _shapes(np.where(fit_for_use, excess, np.nan), (over * weight).sum(axis=1) / number, number)
    return Scale(np.where(fit_for_use, decile, np.nan), np.where(fit_for_use, excess, np.nan), shape)


def _shapes(mean: FloatArray, weighted: FloatArray, number: IntArray) -> FloatArray:
    """(n,) tail shapes by probability-weighted moments, each drawn towards that of all series.

    mean, weighted: the first two moments of `number` exceedances (Hosking and Wallis 1987, whose
    variance of the estimate says how much of the differences between series chance explains).
    """
    own = 2.0 - mean / (mean - 2.0 * weighted)
    if not np.isfinite(own).any():
        return own
    common = float(np.clip(np.nanmedian(own), 0.0, _SHAPE_MOST))
    spread = (1.0 - common) * (1.0 - common + 2.0 * common**2) * (2.0 - common) ** 2
    chance = spread / ((1.0 - 2.0 * common) * (3.0 - 2.0 * common)) / number
    real = max(0.0, float(np.nanmean((own - common) ** 2 - chance)))
    return np.clip(common + real / (real + chance) * (own - common), 0.0, 2.0 * _SHAPE_MOST)


def _cross_scores(values: FloatArray) -> FloatArray:
    """(n, T) scores, each by the scale of the other parts of its series' past.

    Parts are stretches of equally many known values of a series, whenever it began.
    """
    known = np.isfinite(values)
    count = known.sum(axis=1, keepdims=True)
    part = (np.cumsum(known, axis=1) - 1) * _PARTS // np.maximum(count, 1)
    scores = np.full(values.shape, np.nan)
    for number in range(_PARTS):
        mine = part == number
        scale = _scale(np.where(mine, np.nan, values), MIN_VALUES * (_PARTS - 1) // _PARTS)
        scores = np.where(mine, scale.score(values), scores)
    return scores


def _tail(scores: FloatArray) -> Tail:
    """The tail of pooled scores as chance makes it: fitted to the upper 5 % less the upper 0.2 %.

    The largest may be events, and events must not teach the tail that they are chance: they count as
    larger than the last score looked at, no more (an empirical null, as Efron 2004 calls it).
    """
    ordered = np.sort(scores[np.isfinite(scores)])
    size = len(ordered)
    last = min(size - 1, max(1, int(size * _EVENTS)))
    most = max(last, int(size * (1.0 - _UPPER)))
    above = np.unique(np.geomspace(last, most, _LEVELS).astype(np.int64))[::-1]
    levels, first = np.unique(ordered[size - 1 - above], return_index=True)
    begin = float(ordered[size - 1 - max(last, min(size - 1, int(size * _FITTED)))])
    over = ordered[ordered > begin] - begin
    reach = float(levels[-1]) - begin
    shape, scale = _pareto(over[over < reach], int((over >= reach).sum()), reach)
    return Tail(levels, np.log((above[first] + 1.0) / (size + 1.0)), shape, scale + shape * reach)


def _pareto(seen: FloatArray, beyond: int, reach: float) -> tuple[float, float]:
    """Shape (not below 0) and scale of a generalised Pareto law by maximum likelihood.

    seen: exceedances below `reach`; beyond: how many are at or above it, of which no more is known.
    For a ratio of shape to scale the best shape has a closed form, so the ratio alone is searched.
    """
    if len(seen) < _FEW:
        # Too few to tell a shape: that of a t law with 4 degrees of freedom, which is heavy.
        known = float(seen.sum()) + beyond * reach
        return 0.25, max(known, 1e-9) / max(1, len(seen)) * 0.75
    count, scale = len(seen), (float(seen.sum()) + beyond * reach) / len(seen)
    best = (-count * np.log(scale) - count, 0.0, scale)
    for ratio in (np.geomspace(1e-3, 3.0, _RATIOS) / scale).tolist():
        total = float(np.log1p(ratio * seen).sum())
        shape = (total + beyond * float(np.log1p(ratio * reach))) / count
        likelihood = count * np.log(ratio / shape) - total - count
        best = max(best, (float(likelihood), shape, shape / ratio))
    return best[1], best[2]


def _shares(replays: Mapping[tuple[str, Tier], _Replay], budget: float) -> dict[tuple[str, Tier], float]:
    """Alerts a day of each cell: even over series; what literal thresholds cannot spend goes to others."""
    shares: dict[tuple[str, Tier], float] = {}
    open_cells, left = dict(replays), budget
    while open_cells:
        unit = left / max(1, sum(replay.series for replay in open_cells.values()))
        modest = [key for key, replay in open_cells.items() if replay.most <= unit * replay.series]
        if not modest:
            return shares | {key: unit * replay.series for key, replay in open_cells.items()}
        for key in modest:
            shares[key] = open_cells.pop(key).most
            left -= shares[key]
    return shares


class _Replay:
    """The lifecycle of one cell over the past, for any level."""

    def __init__(
        self, flags: FloatArray, scores: FloatArray, may: BoolArray, cooldown: int, bars_a_day: int
    ) -> None:
        known = np.isfinite(flags) & np.isfinite(scores)
        self._cooldown = cooldown
        # A series that never knows the flag (no taker volume, say) takes no part; one that began late
        # counts for the days it knows.
        self.series = int(known.any(axis=1).sum())
        self._days = int(known.sum()) / (bars_a_day * self.series) if self.series else 0.0
        rows, slots = np.nonzero(known[:, 1:] & known[:, :-1] & (flags[:, 1:] == 1.0) & may[:, 1:])
        self._rows, self._slots = rows, slots + 1
        self._scores = scores[rows, slots + 1]
        # What is not true by the literal rule is below any level.
        self._before = np.where(flags[rows, slots] == 1.0, scores[rows, slots], -np.inf)
        self.most = self._rate(-np.inf)

    def _rate(self, level: float) -> float:
        begun = np.flatnonzero((self._scores > level) & ~(self._before > level))
        count = len(rested(self._rows[begun], self._slots[begun], self._cooldown))
        return count / self._days if self._days else 0.0

    def level(self, share: float) -> tuple[float, float]:
        """The lowest level that starts at most `share` alerts a day, and how many it starts."""
        if self.most <= share:
            return -np.inf, self.most
        levels = np.unique(self._scores)
        low, high = 0, len(levels) - 1
        while low < high:
            middle = (low + high) // 2
            if self._rate(float(levels[middle])) <= share:
                high = middle
            else:
                low = middle + 1
        return float(levels[high]), self._rate(float(levels[high]))
