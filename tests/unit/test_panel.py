"""The hot window of bars in memory against a plain dictionary, and slices of `Bars`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.bars import RAW_COLUMNS, UNLISTED, Bars
from futuresboard.panel import Panel
from handmade_bars import M5, MIDNIGHT

CAPACITY = 32
steps = st.lists(
    st.tuples(st.integers(0, 200), st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True)),
    min_size=1,
    max_size=12,
)


def one(value: float, count: int = 1) -> dict[str, np.ndarray]:
    return {name: np.full(count, value) for name in RAW_COLUMNS}


def put(panel: Panel, row: int, slot: int, value: float, mark: int = 0) -> None:
    panel.put(np.array([row]), np.array([MIDNIGHT + slot * M5]), one(value), np.array([mark]))


class TestPanel:
    @given(steps=steps, row=st.integers(0, 2))
    def test_it_holds_what_was_put_and_has_not_left(self, steps, row):
        panel, truth = Panel(M5, CAPACITY), {}
        panel.grow(3)
        newest = 0
        for number, (ahead, backs) in enumerate(steps):
            newest = max(newest, ahead)
            panel.reach(MIDNIGHT + newest * M5)
            for back in backs:
                slot = newest - back
                if panel.slots(np.array([MIDNIGHT + slot * M5]))[0] >= 0:
                    put(panel, row, slot, number + 0.5, number)
                    truth[slot] = number
        held = {slot: number for slot, number in truth.items() if MIDNIGHT + slot * M5 >= panel.oldest}
        assert panel.oldest > MIDNIGHT + (newest - CAPACITY) * M5 - M5
        assert newest in range(newest - CAPACITY, newest + 1)
        slots = np.arange(newest - 2 * CAPACITY, newest + 3)
        present, columns, marks = panel.get(np.full(len(slots), row), MIDNIGHT + slots * M5)
        assert slots[present].tolist() == sorted(held)
        assert marks[present].tolist() == [held[slot] for slot in sorted(held)]
        assert columns["close"][present].tolist() == [held[slot] + 0.5 for slot in sorted(held)]
        assert np.isnan(columns["close"][~present]).all()
        assert not marks[~present].any()
        others = [n for n in range(3) if n != row]
        assert not panel.get(np.repeat(others, len(slots)), np.tile(MIDNIGHT + slots * M5, 2))[0].any()
        rows = np.array([row, others[0]])
        top = max(held) if held else (panel.oldest - MIDNIGHT) // M5 - 1
        assert panel.newest(rows).tolist() == [MIDNIGHT + top * M5, panel.oldest - M5]

    @given(steps=steps)
    def test_a_window_is_the_same_slot_by_slot(self, steps):
        panel = Panel(M5, CAPACITY)
        panel.grow(1)
        newest = 0
        for number, (ahead, backs) in enumerate(steps):
            newest = max(newest, ahead)
            panel.reach(MIDNIGHT + newest * M5)
            for back in backs:
                if MIDNIGHT + (newest - back) * M5 >= panel.oldest:
                    put(panel, 0, newest - back, float(number))
        bars, marks, present = panel.window(
            np.array([0]), MIDNIGHT + newest * M5, 50, 3, np.array([UNLISTED])
        )
        assert bars.ts.tolist() == [MIDNIGHT + (newest - i) * M5 for i in range(49, -1, -1)]
        seen, columns, own = panel.get(np.zeros(50, dtype=int), bars.ts)
        assert np.array_equal(present[0], seen)
        assert np.array_equal(marks[0], own)
        assert np.array_equal(bars.columns["open"][0], columns["open"], equal_nan=True)

    def test_growing_keeps_the_rows(self):
        panel = Panel(M5, CAPACITY)
        panel.grow(1)
        panel.reach(MIDNIGHT)
        put(panel, 0, 0, 7.0, 3)
        panel.grow(500)
        panel.grow(2)
        present, columns, marks = panel.get(np.array([0, 499]), np.array([MIDNIGHT] * 2))
        assert present.tolist() == [True, False]
        assert columns["close"][0] == 7.0
        assert marks.tolist() == [3, 0]

    @given(slots=st.sets(st.integers(0, 20), max_size=15), at=st.integers(-2, 24))
    def test_the_bar_before(self, slots, at):
        panel = Panel(M5, CAPACITY)
        panel.grow(1)
        panel.reach(MIDNIGHT + 20 * M5)
        for slot in slots:
            put(panel, 0, slot, 1.0)
        earlier = [slot for slot in slots if slot < at]
        wanted = MIDNIGHT + max(earlier) * M5 if earlier else -1
        assert panel.before(np.array([0]), np.array([MIDNIGHT + at * M5])).tolist() == [wanted]

    def test_the_oldest_bar_without_a_mark(self):
        panel = Panel(M5, CAPACITY)
        panel.grow(2)
        panel.reach(MIDNIGHT + 9 * M5)
        for slot, mark in ((1, 4), (3, 4 | 1), (5, 1), (6, 0)):
            put(panel, 0, slot, 1.0, mark)
        rows = np.array([0, 1])
        assert panel.oldest_without(rows, 4)[0] == MIDNIGHT + 5 * M5
        assert panel.oldest_without(rows, 1)[0] == MIDNIGHT + M5
        assert panel.oldest_without(rows, 4)[1] > MIDNIGHT + 10**12


class TestBars:
    @given(slots=st.integers(1, 12), out=st.integers(1, 12), lag=st.integers(0, 20))
    def test_a_lag_is_the_value_so_many_slots_before(self, slots, out, lag):
        values = np.arange(slots, dtype=np.float64)[None, :]
        bars = Bars(M5, MIDNIGHT + np.arange(slots) * M5, {"close": values}, np.array([UNLISTED]), out)
        found = bars.lag("close", lag)
        assert found.shape == bars.shape == (1, out)
        for i in range(out):
            place = slots - out + i - lag
            assert (np.isnan(found[0, i]) and place < 0) or found[0, i] == place

    def test_widening_asks_for_more_of_the_same(self):
        bars = Bars(M5, np.array([0]), {"close": np.zeros((1, 1))}, np.array([UNLISTED]), 1)
        assert bars.widen(4).shape == (1, 5)
        assert bars.widen(4).columns is bars.columns


def test_slots_may_lie_before_what_is_held():
    panel = Panel(M5, CAPACITY)
    panel.reach(MIDNIGHT)
    assert panel.slots(np.array([MIDNIGHT - 1000 * M5]))[0] < 0
    with pytest.raises(IndexError):
        panel.put(np.array([0]), np.array([MIDNIGHT]), one(1.0), np.array([0]))
