"""As-of joins: what was known of irregular series at given times. Pure arrays, one compiled merge.

The rule is `definitions.md`'s: of each series the last source row at or before T on **availability**
time, of equal times the last one (the right side: `bisect_right`), and nothing that is older than a
maximum age. NaN where there is no such row; a NaN in a source row is a row like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from futuresboard.by_core import by_core
from futuresboard.errors import JoinError
from futuresboard.model import MS_PER_HOUR, FloatArray, IntArray

_LEVEL_BARS: Mapping[str, int] = {
    "oi_contracts": 1,
    "oi_abs_usd": 1,
    "global_ls": 2,
    "top_ls": 2,
}
"""Maximum age of a level in timeframes."""
_WORTH_A_THREAD = 500_000
"""Asking rows from which another thread is faster."""
_EARLIEST, _LATEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass(frozen=True)
class Source:
    """Rows of n series, one series after the other, each by availability time.

    offsets: (n + 1,) where each series begins, and the end; ts: (m,) availability times in ms UTC,
    not the stamps rows carry; values: (m,); max_age_ms: (n,) the oldest a row of a series may be.
    """

    offsets: IntArray
    ts: IntArray
    values: FloatArray
    max_age_ms: IntArray


def max_age_ms(column: str, timeframe_ms: int, funding_interval_h: float = 8.0) -> int:
    """The maximum age of a column's rows: OI one timeframe, LS two, funding one of its intervals.

    Raises JoinError for a column that is no level.
    """
    if column == "funding":
        return round(funding_interval_h * MS_PER_HOUR)
    if column not in _LEVEL_BARS:
        raise JoinError(f"{column} is joined nowhere: {', '.join((*_LEVEL_BARS, 'funding'))} are")
    return _LEVEL_BARS[column] * timeframe_ms


def offsets_of(series: IntArray, n: int) -> IntArray:
    """(n + 1,) offsets of rows (m,) that are sorted by their series' numbers 0 … n − 1.

    Raises JoinError when they are not sorted or a number is none of these.
    """
    within = not len(series) or (int(series[0]) >= 0 and int(series[-1]) < n)
    if not within or (np.diff(series) < 0).any():
        raise JoinError(f"rows must be sorted by series, numbered 0 to {n - 1}")
    found: IntArray = np.searchsorted(series, np.arange(n + 1)).astype(np.int64)
    return found


def join(offsets: IntArray, at: IntArray, source: Source) -> FloatArray:
    """(b,) what was known of a source at times T; NaN where nothing was, or only what is too old.

    offsets: (n + 1,) of the asking rows, series as in `source`; at: (b,) times in ms UTC (of a bar: its
    close), not decreasing within a series. Raises JoinError when shapes do not fit or times go back.
    """
    _check(offsets, at, source)
    found = np.empty(len(at), dtype=np.float64)

    def merged(first: int, last: int) -> bool:
        mine, theirs = offsets[first : last + 1], source.offsets[first : last + 1]
        return _merge(mine, at, theirs, source.ts, source.values, source.max_age_ms[first:last], found)

    if not all(by_core(offsets, merged, worth=_WORTH_A_THREAD)):
        raise JoinError("times must not go back within a series: sort by series and availability time")
    return found


def join_all(offsets: IntArray, at: IntArray, sources: Mapping[str, Source]) -> dict[str, FloatArray]:
    """Several sources by name; see `join`."""
    return {name: join(offsets, at, source) for name, source in sources.items()}


def _check(offsets: IntArray, at: IntArray, source: Source) -> None:
    series = len(offsets) - 1
    if len(source.offsets) != series + 1 or len(source.max_age_ms) != series:
        raise JoinError(
            f"{series} series ask, the source has {len(source.offsets) - 1} and {len(source.max_age_ms)} ages"
        )
    if len(source.ts) != len(source.values):
        raise JoinError(f"the source has {len(source.ts)} times and {len(source.values)} values")
    for name, given, rows in (("asking", offsets, len(at)), ("source", source.offsets, len(source.ts))):
        if given[0] != 0 or given[-1] != rows or (np.diff(given) < 0).any():
            raise JoinError(f"the {name} rows' offsets must run from 0 to {rows}")


@njit(cache=True, nogil=True)
def _merge(
    offsets: IntArray,
    at: IntArray,
    source_offsets: IntArray,
    ts: IntArray,
    values: FloatArray,
    max_age: IntArray,
    found: FloatArray,
) -> bool:
    """Walk both sides of every series once; False where a side is not sorted."""
    for series in range(len(offsets) - 1):
        row, end = source_offsets[series], source_offsets[series + 1]
        begin, oldest, before = row, max_age[series], _EARLIEST
        # The next row's time and the last one's stay in registers: every number is read once.
        coming = ts[row] if row < end else _LATEST
        last = _EARLIEST
        for i in range(offsets[series], offsets[series + 1]):
            now = at[i]
            if now < before:
                return False
            before = now
            while coming <= now and row < end:
                last = coming
                row += 1
                coming = ts[row] if row < end else _LATEST
                if coming < last:
                    return False
            found[i] = values[row - 1] if row > begin and now - last <= oldest else np.nan
        for rest in range(max(row, begin + 1), end):
            if ts[rest] < ts[rest - 1]:
                return False
    return True
