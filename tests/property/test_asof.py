"""The as-of join against plain `bisect_right`, on any rows: ties, gaps, unknown values, ages at the edge."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.asof import Source, join, join_all, max_age_ms, offsets_of
from futuresboard.errors import JoinError

# Few times, so that equal ones are common; values tell rows apart.
times = st.lists(st.integers(0, 12), max_size=9).map(sorted)
numbers = st.one_of(st.just(math.nan), st.floats(-1e9, 1e9))
rows = times.flatmap(lambda ts: st.tuples(st.just(ts), st.lists(numbers, min_size=len(ts), max_size=len(ts))))
one_series = st.tuples(times, rows, st.integers(0, 13))
many = st.lists(one_series, max_size=4)

type Series = tuple[list[int], tuple[list[int], list[float]], int]


def plainly(series: Sequence[Series]) -> list[float]:
    found: list[float] = []
    for at, (ts, values), oldest in series:
        for now in at:
            place = bisect_right(ts, now) - 1
            fits = place >= 0 and now - ts[place] <= oldest
            found.append(values[place] if fits else math.nan)
    return found


def flat(parts: Sequence[Sequence[float]], kind: type) -> np.ndarray:
    return np.array([one for part in parts for one in part], dtype=kind)


def offsets(parts: Sequence[Sequence[object]]) -> np.ndarray:
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)


def source_of(series: Sequence[Series]) -> Source:
    ts = [rows[0] for _, rows, _ in series]
    return Source(
        offsets(ts),
        flat(ts, np.int64),
        flat([rows[1] for _, rows, _ in series], np.float64),
        np.array([oldest for _, _, oldest in series], dtype=np.int64),
    )


@given(series=many)
def test_it_is_bisect_right(series: list[Series]):
    at = [one[0] for one in series]
    found = join(offsets(at), flat(at, np.int64), source_of(series))
    np.testing.assert_array_equal(found, np.array(plainly(series)))


@given(series=many, cut=st.integers(0, 12))
def test_later_rows_change_nothing_before(series: list[Series], cut: int):
    """No look-ahead: rows that became available after T say nothing at T."""
    at = [[now for now in one[0] if now <= cut] for one in series]
    until = [bisect_right(ts, cut) for _, (ts, _), _ in series]
    known = [
        (now, (ts[:n], values[:n]), oldest)
        for now, (_, (ts, values), oldest), n in zip(at, series, until, strict=True)
    ]
    asked = offsets(at), flat(at, np.int64)
    np.testing.assert_array_equal(join(*asked, source_of(series)), join(*asked, source_of(known)))


@given(series=many)
def test_the_other_side_would_be_seen(series: list[Series]):
    """A control: where the left side of equal times picks another row, the join does not follow it."""
    for at, (ts, values), oldest in series:
        for now in at:
            first, last = ts.index(now) if now in ts else -1, bisect_right(ts, now) - 1
            if first in (-1, last) or values[first] == values[last] or math.isnan(values[last]):
                continue
            one = [([now], (ts, values), oldest)]
            assert join(np.array([0, 1]), np.array([now]), source_of(one))[0] == values[last] != values[first]


def test_several_sources_by_name():
    asked = np.array([0, 2]), np.array([5, 10])
    whole, ages = np.array([0, 1]), np.array([4])
    got = join_all(*asked, {"a": Source(whole, np.array([5]), np.array([1.0]), ages)})
    np.testing.assert_array_equal(got["a"], [1.0, math.nan])


def test_the_ages():
    assert max_age_ms("oi_contracts", 300_000) == max_age_ms("oi_abs_usd", 300_000) == 300_000
    assert max_age_ms("global_ls", 300_000) == max_age_ms("top_ls", 300_000) == 600_000
    assert max_age_ms("funding", 300_000, 4.0) == 14_400_000
    with pytest.raises(JoinError, match="close is joined nowhere"):
        max_age_ms("close", 300_000)


ONE = np.array([0, 2], dtype=np.int64)
AGE = np.array([9], dtype=np.int64)


@pytest.mark.parametrize(
    ("asked", "at", "source", "says"),
    [
        (ONE, [2, 1], Source(ONE, np.array([1, 2]), np.zeros(2), AGE), "go back"),
        (ONE, [1, 2], Source(ONE, np.array([2, 1]), np.zeros(2), AGE), "go back"),
        (ONE, [0, 0], Source(ONE, np.array([2, 1]), np.zeros(2), AGE), "go back"),
        (ONE, [1, 2], Source(ONE, np.array([1, 2]), np.zeros(3), AGE), "2 times and 3 values"),
        (ONE, [1, 2, 3], Source(ONE, np.array([1, 2]), np.zeros(2), AGE), "run from 0 to 3"),
        (np.array([0, 1, 2]), [1, 2], Source(ONE, np.array([1, 2]), np.zeros(2), AGE), "2 series ask"),
    ],
    ids=["asking back", "source back", "unread source back", "values", "offsets", "series"],
)
def test_what_cannot_be_joined_is_refused(asked: np.ndarray, at: list[int], source: Source, says: str):
    with pytest.raises(JoinError, match=says):
        join(asked, np.array(at), source)


def test_offsets_of_sorted_numbers():
    assert offsets_of(np.array([0, 0, 2]), 4).tolist() == [0, 2, 2, 3, 3]
    assert offsets_of(np.array([], dtype=np.int64), 2).tolist() == [0, 0, 0]
    for wrong in ([1, 0], [0, 4], [-1, 0]):
        with pytest.raises(JoinError, match="numbered 0 to 3"):
            offsets_of(np.array(wrong), 4)
