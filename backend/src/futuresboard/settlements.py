"""Settled funding of one exchange's pairs: which rate stood at a close, and for how long. Pure state."""

from __future__ import annotations

from bisect import bisect_right
from math import isnan

import numpy as np

from futuresboard.model import MS_PER_HOUR, BoolArray, FloatArray, IntArray, Rows
from futuresboard.quality import FUNDING_GUARD

DEFAULT_INTERVAL_H = 8.0
_SLACK_MS = 60_000
"""Settlements are stamped up to a few milliseconds off the hour; intervals are whole hours."""


_MINUTE_MS = 60_000
_LATE_STAMP_MS = 1_000
"""What is settled on the minute is stamped up to this much later (Binance: a few milliseconds)."""
OVERDUE_MS = MS_PER_HOUR
"""A settlement that has not come for this long is no longer waited for."""


class Settlements:
    """Per pair row: settlement times and rates, what the exchange states, and the next one due."""

    def __init__(self, rows: int) -> None:
        self._times: list[list[int]] = [[] for _ in range(rows)]
        self._rates: list[list[float]] = [[] for _ in range(rows)]
        self._stated: list[float | None] = [None] * rows
        self._announced: list[int | None] = [None] * rows
        self._exhausted = [False] * rows
        self._asked = np.zeros(rows, dtype=bool)

    def grow(self, rows: int) -> None:
        """Room for `rows` more pairs."""
        self._times += [[] for _ in range(rows)]
        self._rates += [[] for _ in range(rows)]
        self._stated += [None] * rows
        self._announced += [None] * rows
        self._exhausted += [False] * rows
        self._asked = np.concatenate([self._asked, np.zeros(rows, dtype=bool)])

    def clear(self, row: int) -> None:
        """Nothing is known of a pair any more but the interval it states."""
        self._times[row], self._rates[row] = [], []
        self._announced[row], self._exhausted[row], self._asked[row] = None, False, False

    def state(self, row: int, interval_h: float | None) -> None:
        """Note the interval the exchange states."""
        self._stated[row] = interval_h or self._stated[row]

    def announce(self, row: int, next_ts: int | None) -> None:
        """Note when the exchange says it settles next; a time already announced stays due until it comes."""
        due = self._announced[row]
        if next_ts is not None and (due is None or self._arrived(row, due) or next_ts < due):
            self._announced[row] = next_ts

    def _arrived(self, row: int, due: int) -> bool:
        """Whether the settlement is here; one whose rate cannot be true is asked for again."""
        times = self._times[row]
        fit = bool(times) and abs(self._rates[row][-1]) < FUNDING_GUARD
        return fit and times[-1] >= due - _SLACK_MS

    def take(self, row: int, rows: Rows, *, exhausted: bool) -> int | None:
        """Add a page; returns the oldest time at which something changed, None when nothing did."""
        known = dict(zip(self._times[row], self._rates[row], strict=True))
        stamps = np.where(rows.ts % _MINUTE_MS < _LATE_STAMP_MS, rows.ts - rows.ts % _MINUTE_MS, rows.ts)
        page = zip(map(int, stamps), map(float, rows.columns["rate"]), strict=True)
        # A settlement whose rate is no number has not come: it is asked for again.
        new = {ts: rate for ts, rate in page if not isnan(rate) and known.get(ts) != rate}
        self._exhausted[row] |= exhausted
        self._asked[row] = True
        if not new:
            return None
        merged = sorted((known | new).items())
        self._times[row] = [ts for ts, _ in merged]
        self._rates[row] = [rate for _, rate in merged]
        return min(new)

    def asked(self, rows: IntArray) -> BoolArray:
        """(m,) whether any page about a row has come."""
        return self._asked[rows]

    def oldest(self, row: int) -> int | None:
        """Time of the oldest settlement known; None when there is none."""
        return self._times[row][0] if self._times[row] else None

    def reaches(self, row: int, close: int) -> bool:
        """Whether the rate at a close is covered by what is known (or nothing older exists)."""
        times = self._times[row]
        return self._exhausted[row] or (bool(times) and times[0] <= close)

    def _interval_h(self, row: int, index: int) -> float:
        """Interval in force at the settlement `index`: its distance from the one before, in whole hours."""
        times = self._times[row]
        if index > 0:
            return max(1.0, float(round((times[index] - times[index - 1]) / MS_PER_HOUR)))
        return self._stated[row] or DEFAULT_INTERVAL_H

    def at(self, rows: IntArray, close: IntArray) -> tuple[FloatArray, FloatArray]:
        """(rate, interval in hours) settled at or before each close; the rate NaN where none or too old."""
        rates, hours = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        for i, (row, at) in enumerate(zip(rows.tolist(), close.tolist(), strict=True)):
            index = bisect_right(self._times[row], at) - 1
            hours[i] = interval = self._interval_h(row, index)
            oldest = at - max(interval, self._stated[row] or 0.0) * MS_PER_HOUR - _SLACK_MS
            if index >= 0 and self._times[row][index] >= oldest:
                rates[i] = self._rates[row][index]
        return rates, hours

    def covers(self, rows: IntArray, close: IntArray) -> BoolArray:
        """Where the rate at a close is as known as it can be: history reaches it and none is due."""
        result = np.zeros(len(rows), dtype=bool)
        for i, (row, at) in enumerate(zip(rows.tolist(), close.tolist(), strict=True)):
            result[i] = self.reaches(row, at) and not self._is_due(row, at)
        return result

    def _is_due(self, row: int, at: int) -> bool:
        """Whether a settlement at or before a time is waited for."""
        return 0 <= at - self._next(row) <= OVERDUE_MS

    def _next(self, row: int) -> int:
        times, announced = self._times[row], self._announced[row]
        if announced is not None and not self._arrived(row, announced):
            return announced
        if not times:
            return announced or np.iinfo(np.int64).max
        hours = self._interval_h(row, len(times) - 1)
        return times[-1] + int(max(hours, self._stated[row] or 0.0) * MS_PER_HOUR)

    def due(self, close: int) -> IntArray:
        """Rows with a settlement at or before `close` that has not come."""
        rows = range(len(self._times))
        return np.array([row for row in rows if self._is_due(row, close)], dtype=np.int64)
