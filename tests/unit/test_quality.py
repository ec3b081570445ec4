"""Guards and marks: what is refused, what a row shows, what longer bars are made of."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import reference
from futuresboard import quality
from futuresboard.bars import RAW_COLUMNS
from futuresboard.quality import (
    GAP,
    GUARDED,
    HISTORIC,
    MARK_WINDOW,
    PARTIAL,
    REVISED,
    STALE,
    UNHEARD,
    WARMING,
)
from futuresboard.resample import LEVELS, resample
from handmade_bars import M5, M15, MIDNIGHT, bars

cell = st.none() | st.sampled_from([0.0, -1.0, 1.0, 0.05, 0.0499, -0.05, 7.5, 1e300, math.inf, -math.inf])


def columns(rows) -> dict[str, np.ndarray]:
    return {
        name: np.array([math.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
        for name in RAW_COLUMNS
    }


class TestGuard:
    @given(st.lists(st.fixed_dictionaries(dict.fromkeys(RAW_COLUMNS, cell)), min_size=1, max_size=4))
    def test_against_the_reference(self, rows):
        clean, bits, failed = quality.guard(columns(rows))
        for i, row in enumerate(rows):
            fit, guarded = reference.guard_inputs(row | {"ts": 0})
            volume, buy = fit["volume"], fit["taker_buy"]
            if volume is not None and buy is not None and buy > volume * (1 + 1e-9):
                guarded["taker_buy"], fit["taker_buy"] = buy, None
            for name in RAW_COLUMNS:
                value = clean[name][i]
                assert (None if math.isnan(value) else value) == fit[name], name
            assert failed.get(i, {}) == guarded
            assert bits[i] == sum(GUARDED[name] for name in guarded)

    def test_a_missing_value_is_not_a_refused_one(self):
        clean, bits, failed = quality.guard(columns([dict.fromkeys(RAW_COLUMNS)]))
        assert bits.tolist() == [0]
        assert failed == {}
        assert np.isnan(clean["close"]).all()


class TestNames:
    def test_every_mark_has_a_word_of_its_own_but_the_databases(self):
        # Taker volume that was not heard is a gap like any other, but of its columns alone.
        assert quality.names(UNHEARD) == quality.names(UNHEARD | GAP) == ["gap"]
        bits = [1 << i for i in range(40) if 1 << i != UNHEARD]
        words = [word for bit in bits for word in quality.names(bit)]
        assert len(words) == len(set(words)) == 9 + len(quality.GUARDED_COLUMNS)
        assert quality.names(HISTORIC) == []
        assert quality.names(REVISED | GAP | GUARDED["imbalance"]) == ["revised", "gap", "guarded:imbalance"]


class TestSpread:
    @given(
        own=st.lists(st.sampled_from([0, REVISED, PARTIAL, GUARDED["close"]]), min_size=30, max_size=80),
        absent=st.sets(st.integers(0, 79), max_size=6),
        out=st.integers(1, 30),
    )
    def test_a_row_shows_what_is_in_its_window(self, own, absent, out):
        size = len(own)
        present = np.array([[i not in absent for i in range(size)]])
        first = int(np.argmax(present))
        marks = np.where(present, np.array([own]), 0)
        began = np.arange(size)[None, :] >= first
        shown = quality.spread(marks, present, began, out)[0]
        for i in range(out):
            at = size - out + i
            window = range(max(0, at - MARK_WINDOW + 1), at + 1)
            wanted = 0
            for slot in window:
                wanted |= int(marks[0, slot]) if present[0, slot] else (GAP if slot >= first else 0)
            assert shown[i] == wanted

    def test_some_marks_are_a_bars_own(self):
        own = STALE | WARMING | HISTORIC | GUARDED["imbalance"]
        marks = np.array([[own, 0]])
        there = np.ones((1, 2), dtype=bool)
        assert quality.spread(marks, there, there, 2).tolist() == [[own, 0]]


class TestResample:
    @given(
        cells=st.lists(st.sampled_from([0.01, 0.025, 0.001, None]), min_size=3, max_size=3),
        present=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    )
    def test_a_window_against_the_reference(self, cells, present):
        base = bars(12)
        for row, value in zip(base[3:6], cells, strict=True):
            for name in RAW_COLUMNS:
                row[name] = value
        kept = [row for i, row in enumerate(base) if not 3 <= i < 6 or present[i - 3]]
        wanted = [row for row in reference.resample(kept, M5, M15) if row["ts"] == MIDNIGHT + M15]
        made = columns(
            [
                row if there else dict.fromkeys(RAW_COLUMNS)
                for row, there in zip(base[3:6], present, strict=True)
            ]
        )
        found, marks = resample(
            {name: values[None, :] for name, values in made.items()},
            np.zeros((1, 3), dtype=np.int64),
            np.array([present]),
        )
        if not wanted:
            assert not any(present)
            return
        for name in RAW_COLUMNS:
            value = None if math.isnan(found[name][0]) else found[name][0]
            assert value == wanted[0][name] or math.isclose(value, wanted[0][name], rel_tol=1e-12), name
        assert bool(marks[0] & PARTIAL) == wanted[0]["partial"]

    def test_marks_of_all_bars_that_are_there(self):
        values = {name: np.ones((1, 3)) for name in RAW_COLUMNS}
        marks = np.array([[REVISED, STALE, 0]])
        _, found = resample(values, marks, np.array([[True, False, True]]))
        assert found.tolist() == [REVISED | PARTIAL]

    def test_what_stands_at_a_moment_is_the_last_bars(self):
        values = {name: np.array([[1.0, 2.0, 3.0]]) for name in RAW_COLUMNS}
        found, marks = resample(values, np.zeros((1, 3), dtype=np.int64), np.ones((1, 3), dtype=bool))
        assert {name: float(found[name][0]) for name in LEVELS} == dict.fromkeys(LEVELS, 3.0)
        assert marks.tolist() == [0]
        assert float(found["volume"][0]) == 6.0
