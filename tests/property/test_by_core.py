"""Work by runs of series: each series once, in order, whatever the cores."""

from __future__ import annotations

import os
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.by_core import by_core

sizes = st.lists(st.integers(0, 50), max_size=12)


@given(sizes=sizes, cores=st.sampled_from([None, 1, 2, 7]), worth=st.integers(1, 60))
def test_every_series_is_worked_on_once_and_in_order(sizes: list[int], cores: int | None, worth: int):
    offsets = np.cumsum([0, *sizes], dtype=np.int64)
    with patch.object(os, "cpu_count", return_value=cores):
        runs = by_core(offsets, lambda first, last: range(first, last), worth=worth)
    assert [series for run in runs for series in run] == list(range(len(sizes)))
    assert 1 <= len(runs) <= max(1, min(cores or 1, sum(sizes) // worth))


def test_as_many_rows_each_as_can_be():
    offsets = np.array([0, 10, 20, 30, 40], dtype=np.int64)
    with patch.object(os, "cpu_count", return_value=2):
        assert by_core(offsets, lambda first, last: (first, last), worth=1) == [(0, 2), (2, 4)]


def test_what_one_run_raises_is_raised():
    def work(first: int, last: int) -> None:
        raise ValueError(f"{first} {last}")

    with pytest.raises(ValueError, match=r"\d \d"):
        by_core(np.array([0, 5, 9], dtype=np.int64), work, worth=1)
