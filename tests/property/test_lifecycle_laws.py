"""Whole arrays of flags through the lifecycle, against the rule taken one bar at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from futuresboard.lifecycle import edges, replay, rested
from futuresboard.signals import starts

STEP = 300_000
FLAGS = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=40),
    elements=st.sampled_from([0.0, 1.0, np.nan]),
)


def one_by_one(flags: np.ndarray, cooldown: int, may: np.ndarray) -> list[tuple[int, int]]:
    last = np.full(len(flags), np.nan)
    found = []
    for slot in range(1, flags.shape[1]):
        begun = starts(
            flags[:, slot], flags[:, slot - 1], slot * STEP, last, timeframe_ms=STEP, cooldown=cooldown
        )
        for row in np.flatnonzero(begun & may[:, slot]).tolist():
            last[row] = slot * STEP
            found.append((row, slot))
    return sorted(found)


@given(FLAGS, st.integers(1, 15), st.integers(0, 2**32 - 1))
def test_it_is_the_rule_of_one_bar_at_a_time(flags, cooldown, seed):
    everywhere = np.ones(flags.shape, dtype=bool)
    rows, slots = replay(flags, cooldown)
    assert list(zip(rows.tolist(), slots.tolist(), strict=True)) == one_by_one(flags, cooldown, everywhere)
    may = np.random.default_rng(seed).random(flags.shape) < 0.5
    rows, slots = replay(flags, cooldown, may)
    assert list(zip(rows.tolist(), slots.tolist(), strict=True)) == one_by_one(flags, cooldown, may)


def test_an_edge_needs_a_known_false_before():
    nan = np.nan
    flags = np.array([[1.0, 1.0, 0.0, 1.0, nan, 1.0, 0.0, 1.0]])
    assert np.flatnonzero(edges(flags)).tolist() == [3, 7]


def test_an_edge_inside_the_silence_is_dropped_and_the_next_begins_it_anew():
    slots = np.array([0, 5, 12, 23, 24])
    assert slots[rested(np.zeros(5, dtype=np.int64), slots, 12)].tolist() == [0, 12, 24]


def test_no_edges_no_alerts():
    assert rested(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 12).tolist() == []
