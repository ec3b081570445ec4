"""Every metric, flag and alert of one series given as rows, as the pipeline would have them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard import metrics, signals
from futuresboard.bars import RAW_COLUMNS, UNLISTED, Bars
from futuresboard.model import MS_PER_DAY, BoolArray, FloatArray, IntArray, Thresholds, Tier
from futuresboard.signals import CLUSTER_BARS, CLUSTER_LEAST
from futuresboard.wilder import RSI_CHANGES, RSI_PERIOD

ELSEWHERE = ("weighted_oi", "global_oi_change_pct")
"""Metrics that need other exchanges, which a file does not have."""
OF_A_FILE = (Tier.OI_SPIKE, Tier.CONFLUENCE, Tier.FLOW_AGREES, Tier.CROWDED_UNWIND)
"""Tiers that one series decides; the sixth counts their alerts."""

_SEGMENT = 1152
"""Slots a segment has: whole days of every timeframe, and more than what a value looks back to."""
_AT_ONCE = 256
_WORDS = np.array(
    [[metrics.QUADRANTS.get((price, oi), "") for oi in (-1, 0, 1)] for price in (-1, 0, 1)], dtype=object
)


@dataclass(frozen=True)
class Computed:
    """What was computed for m rows in a row, each column (m,), NaN = unknown.

    start: number of the first of them; quadrant: words, "" where there is none; flags: of all tiers, 1
    or 0; alerts: (ts, tier) of the alerts that start in these rows, oldest first.
    """

    start: int
    values: Mapping[str, FloatArray]
    quadrant: np.ndarray[tuple[int], np.dtype[np.object_]]
    k: FloatArray
    flags: Mapping[Tier, FloatArray]
    alerts: tuple[tuple[int, Tier], ...]


def compute(
    ts: IntArray, columns: Mapping[str, FloatArray], timeframe_ms: int, thresholds: Thresholds
) -> Iterator[Computed]:
    """Work off the rows of one series, oldest first, some hundred thousand at once.

    ts: (m,) open times, increasing; columns: each of `RAW_COLUMNS` -> (m,) as `quality.guard` leaves
    them. A row whose time is no multiple of the timeframe has a gap on either side.
    """
    alerts = _Alerts(timeframe_ms, thresholds.cooldown)
    rsi = whole_rsi(ts, columns["close"], timeframe_ms)
    segment = ts // (_SEGMENT * timeframe_ms)
    firsts = np.flatnonzero(np.diff(segment, prepend=segment[:1] - 1))
    for begin in range(0, len(firsts), _AT_ONCE):
        stop = int(firsts[begin + _AT_ONCE]) if begin + _AT_ONCE < len(firsts) else len(ts)
        rows = slice(int(firsts[begin]), stop)
        judged = _Judged(ts, columns, rows, timeframe_ms, thresholds)
        judged.values["rsi"] = rsi[rows]
        started = alerts.take(ts[rows], judged.flags, judged.before)
        flags = dict(judged.flags)
        flags[Tier.DIVERGENCE] = np.full(stop - rows.start, np.nan)
        flags[Tier.CLUSTER] = alerts.cluster(ts[rows])
        price, oi = (
            np.sign(np.nan_to_num(judged.values[name])).astype(np.int64) + 1
            for name in ("price_change_1h_pct", "oi_change_1h_pct")
        )
        yield Computed(rows.start, judged.values, _WORDS[price, oi], judged.k, flags, started)


def whole_rsi(ts: IntArray, close: FloatArray, timeframe_ms: int) -> FloatArray:
    """(m,) Wilder RSI(14) of each run of closes without a gap, from its first change on.

    A file holds the whole history, so that nothing of it need be forgotten: `metrics.rsi`, which must
    not depend on where memory begins, differs from it where a price has stood still for hundreds of bars.
    """
    from scipy.signal import lfilter  # noqa: PLC0415  (a quarter of a second that only `compute` pays)

    result = np.full(len(ts), np.nan)
    fit = np.isfinite(close) & (ts % timeframe_ms == 0)
    follows = np.append(False, fit[1:] & fit[:-1] & (np.diff(ts) == timeframe_ms))
    starts = np.flatnonzero(~follows)
    period, decay = RSI_PERIOD, 1.0 - 1.0 / RSI_PERIOD
    for begin, end in zip(starts, np.append(starts[1:], len(ts)), strict=True):
        if end - begin <= RSI_CHANGES:
            continue
        change = np.diff(close[begin:end])
        sides = np.stack([np.maximum(change, 0.0), np.maximum(-change, 0.0)])
        seed = sides[:, :period].mean(axis=1, keepdims=True)
        smooth, _ = lfilter([1.0 / period], [1.0, -decay], sides[:, period:], axis=1, zi=decay * seed)
        total = smooth.sum(axis=0)
        value = np.where(total == 0.0, 50.0, 100.0 * smooth[0] / np.where(total == 0.0, 1.0, total))
        result[begin + RSI_CHANGES : end] = value[RSI_CHANGES - period - 1 :]
    return result


class _Judged:
    """Metrics and flags of the rows of some segments, and the flags one slot before each."""

    def __init__(
        self,
        ts: IntArray,
        columns: Mapping[str, FloatArray],
        rows: slice,
        timeframe_ms: int,
        thresholds: Thresholds,
    ) -> None:
        size = rows.stop - rows.start
        self._thresholds = thresholds
        self.values = {name: np.full(size, np.nan) for name in metrics.REGISTRY if name not in ELSEWHERE}
        self.flags = {tier: np.full(size, np.nan) for tier in OF_A_FILE}
        self.before = {tier: np.full(size, np.nan) for tier in OF_A_FILE}
        self.k = np.full(size, np.nan)
        on_grid = ts[rows] % timeframe_ms == 0
        self._take_segments(ts, columns, rows.start + np.flatnonzero(on_grid), rows.start, timeframe_ms)
        self._take_alone(ts, columns, rows.start + np.flatnonzero(~on_grid), rows.start, timeframe_ms)

    def _take_segments(
        self, ts: IntArray, columns: Mapping[str, FloatArray], rows: IntArray, start: int, timeframe_ms: int
    ) -> None:
        """Rows on the grid: each segment a series of its own, behind the slots its values look back to."""
        if not len(rows):
            return
        past = metrics.LOOKBACK + 1
        slots = ts[rows] // timeframe_ms
        segments, line = np.unique(slots // _SEGMENT, return_inverse=True)
        place = past + slots % _SEGMENT
        # What lies before a segment is the end of the one before it, which an earlier call may have had.
        first = np.searchsorted(ts, (segments[0] * _SEGMENT - past) * timeframe_ms)
        near = np.arange(first, rows[-1] + 1)
        near = near[ts[near] % timeframe_ms == 0]
        ahead = ts[near] // timeframe_ms + past
        behind = np.minimum(np.searchsorted(segments, ahead // _SEGMENT), len(segments) - 1)
        shown = segments[behind] == ahead // _SEGMENT
        chosen = np.concatenate([near[shown], rows])
        lines = np.concatenate([behind[shown], line])
        places = np.concatenate([ahead[shown] % _SEGMENT, place])
        # Only as wide as what there is; an alert asks what the flag was one slot before.
        before = int(place.min()) - 1
        begin, end = min(before, int(places.min())), int(places.max()) + 1
        table = {name: np.full((len(segments), end - begin), np.nan) for name in RAW_COLUMNS}
        for name, column in table.items():
            column[lines, places - begin] = columns[name][chosen]
        # A metric asks a slot for the time of its day alone, which is the same in all segments.
        times = (segments[0] * _SEGMENT - past + np.arange(begin, end)) * timeframe_ms
        bars = Bars(timeframe_ms, times, table, np.full(len(segments), UNLISTED), end - before)
        self._keep(bars, rows - start, (line, place - before), (line, place - before - 1))

    def _take_alone(
        self, ts: IntArray, columns: Mapping[str, FloatArray], rows: IntArray, start: int, timeframe_ms: int
    ) -> None:
        """Rows beside the grid: what one bar tells, without any before it."""
        if not len(rows):
            return
        table = {name: columns[name][rows][:, None] for name in RAW_COLUMNS}
        noon = np.array([MS_PER_DAY // 2], dtype=np.int64)
        bars = Bars(timeframe_ms, noon, table, np.full(len(rows), UNLISTED), 1)
        self._keep(bars, rows - start, (np.arange(len(rows)), np.zeros(len(rows), dtype=np.int64)), None)

    def _keep(
        self,
        bars: Bars,
        rows: IntArray,
        now: tuple[IntArray, IntArray],
        before: tuple[IntArray, IntArray] | None,
    ) -> None:
        found = metrics.get_all(bars)
        flags, k = signals.evaluate(bars, found, self._thresholds)
        for name, values in self.values.items():
            values[rows] = found[name][now]
        for tier in OF_A_FILE:
            self.flags[tier][rows] = flags[tier][now]
            if before is not None:
                self.before[tier][rows] = flags[tier][before]
        self.k[rows] = k[now]


class _Alerts:
    """The lifecycle of one series' alerts, from rows to rows."""

    def __init__(self, timeframe_ms: int, cooldown: int) -> None:
        self._timeframe_ms = timeframe_ms
        self._cooldown = cooldown
        self._last = {tier: np.array([np.nan]) for tier in OF_A_FILE}
        self._times: IntArray = np.zeros(0, dtype=np.int64)

    def take(
        self, ts: IntArray, flags: Mapping[Tier, FloatArray], before: Mapping[Tier, FloatArray]
    ) -> tuple[tuple[int, Tier], ...]:
        """The alerts that start in the next rows, oldest first."""
        started: list[tuple[int, Tier]] = []
        for tier in OF_A_FILE:
            edges: BoolArray = (flags[tier] == 1.0) & (before[tier] == 0.0)
            for row in np.flatnonzero(edges).tolist():
                one = slice(row, row + 1)
                if signals.starts(
                    flags[tier][one],
                    before[tier][one],
                    int(ts[row]),
                    self._last[tier],
                    timeframe_ms=self._timeframe_ms,
                    cooldown=self._cooldown,
                )[0]:
                    self._last[tier][0] = ts[row]
                    started.append((int(ts[row]), tier))
        recent = self._times[self._times > ts[0] - CLUSTER_BARS * self._timeframe_ms]
        self._times = np.sort(np.append(recent, np.array([at for at, _ in started], dtype=np.int64)))
        return tuple(sorted(started))

    def cluster(self, ts: IntArray) -> FloatArray:
        """(m,) tier 6 of the rows taken last: whether at least 3 alerts lie in the 12 bars up to each."""
        until = np.searchsorted(self._times, ts, side="right")
        since = np.searchsorted(self._times, ts - CLUSTER_BARS * self._timeframe_ms, side="right")
        return (until - since >= CLUSTER_LEAST).astype(np.float64)
