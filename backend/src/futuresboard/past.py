"""`Past`: versions of raw bars as arrays, whoever keeps them; what was known as of a transaction. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import FloatArray, IntArray

type MaskedArray = np.ma.MaskedArray[Any, np.dtype[Any]]
CURRENT = np.iinfo(np.int64).max
"""`Past.until` of a version that still stands."""


@dataclass(frozen=True)
class Past:
    """m versions of bars: parallel arrays.

    ts, series: which bar; values: (m, raw columns), NaN = unknown; marks, guarded (JSON or None):
    what is said of them; seq: the transaction that stored the version, seen its exchange time in ms;
    until: the one that replaced it, or `CURRENT`; judged: the one that decided the bar's alerts beside other
    series, 0 where none did (or where the version no longer stands).
    """

    ts: IntArray
    series: IntArray
    values: FloatArray
    marks: IntArray
    guarded: NDArray[np.object_]
    seq: IntArray
    seen: IntArray
    until: IntArray
    judged: IntArray

    def __len__(self) -> int:
        return len(self.ts)

    def part(self, chosen: IntArray | NDArray[np.bool_]) -> Past:
        """Only the versions chosen (a mask or positions), in that order."""
        return Past(
            self.ts[chosen],
            self.series[chosen],
            self.values[chosen],
            self.marks[chosen],
            self.guarded[chosen],
            self.seq[chosen],
            self.seen[chosen],
            self.until[chosen],
            self.judged[chosen],
        )

    def known(self, version: int) -> Past:
        """What a reader saw after transaction `version`: nothing of what came later."""
        kept = self.part(self.seq <= version)
        kept.until[kept.until > version] = CURRENT
        kept.judged[kept.judged > version] = 0
        return kept

    def as_of(self, seq: int) -> Past:
        """The version of each bar that stood after transaction `seq`; of several the newest one."""
        found = self.part((self.seq <= seq) & (self.until > seq))
        order = np.lexsort((found.seq, found.series, found.ts))
        found = found.part(order)
        if len(found):
            same = (found.ts[1:] == found.ts[:-1]) & (found.series[1:] == found.series[:-1])
            found = found.part(np.append(~same, True))
        return found


def joined(parts: Sequence[Past]) -> Past:
    """All versions of several parts, in their order."""
    if not parts:
        return nothing()
    return Past(
        np.concatenate([one.ts for one in parts]),
        np.concatenate([one.series for one in parts]),
        np.concatenate([one.values for one in parts]),
        np.concatenate([one.marks for one in parts]),
        np.concatenate([one.guarded for one in parts]),
        np.concatenate([one.seq for one in parts]),
        np.concatenate([one.seen for one in parts]),
        np.concatenate([one.until for one in parts]),
        np.concatenate([one.judged for one in parts]),
    )


def nothing() -> Past:
    """No versions at all."""
    return of_rows([])


def of_rows(rows: Sequence[tuple[object, ...]]) -> Past:
    """From tuples (ts, series, raw columns …, marks, guarded, seq, seen, until or None, judged or None)."""
    columns = list(zip(*rows, strict=True)) or [()] * (len(RAW_COLUMNS) + 8)
    ts, series = (np.array(column, dtype=np.int64) for column in columns[:2])
    stop = 2 + len(RAW_COLUMNS)
    # Unknown is None there and NaN here.
    values = [np.array(column, dtype=np.float64) for column in columns[2:stop]]
    marks, said, seq, seen, until, judged = columns[stop:]
    guarded = np.empty(len(rows), dtype=object)
    guarded[:] = said
    return Past(
        ts,
        series,
        np.stack(values, axis=1),
        np.array(marks, dtype=np.int64),
        guarded,
        np.array(seq, dtype=np.int64),
        np.array(seen, dtype=np.int64),
        np.array([CURRENT if one is None else one for one in until], dtype=np.int64),
        np.array([0 if one is None else one for one in judged], dtype=np.int64),
    )


def of_columns(series: IntArray, columns: Mapping[str, MaskedArray]) -> Past:
    """From columns by their names in the archive; masked and NaN: unknown. series: (m,) ids."""

    def integers(name: str, unknown: int) -> IntArray:
        return np.ma.filled(columns[name].astype(np.int64), unknown)

    guarded = np.array([text if isinstance(text, str) else None for text in columns["guarded"]], dtype=object)
    values = [np.ma.filled(columns[name].astype(np.float64), np.nan) for name in RAW_COLUMNS]
    return Past(
        integers("ts", 0),
        series,
        np.stack(values, axis=1),
        integers("marks", 0),
        guarded,
        integers("raw_seq", 0),
        integers("seen_ts", 0),
        integers("until_seq", CURRENT),
        integers("judged_seq", 0),
    )


class Keeper(Protocol):
    """Who keeps versions of bars: the database, the archive or both."""

    def versions(self, series: Collection[int], first: int, last: int, after: int = -1) -> Past:
        """The versions of the bars first … last (open times) of some series, in any order.

        after: without the current versions that were stored and judged by transaction `after`, and without
        those replaced by then.
        """

    def earliest(
        self, series: Collection[int], first: int, last: int, seen: int, version: int
    ) -> tuple[int, int] | None:
        """(transaction, exchange time) of the first version, as far as transaction `version`, of the bars
        first … last that was seen at `seen` (ms) or later; None where there is none."""

    def archived(self, series: Collection[int], first: int, last: int) -> Past:
        """Every version of those of the bars first … last that the database has no more."""

    @property
    def kept_from(self) -> int:
        """The time from which the database has the bars."""
