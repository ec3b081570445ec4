"""Rehearsed alerts against a plain loop, on any flags, with live alerts beside them."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.rehearsal import Flags, Lifecycle, rehearse
from handmade_bars import M5, MIDNIGHT

UNKNOWN = None
SERIES = st.lists(
    st.tuples(st.sampled_from([True, False, False, UNKNOWN]), st.booleans()), min_size=30, max_size=30
)
"""(tier 3's flag, whether the bar is from history) of each bar."""


def packed(rows, tier) -> Flags:
    flag = np.array([[flag for flag, _ in row] for row in rows], dtype=object)
    return Flags(
        MIDNIGHT + M5 * np.arange(30, dtype=np.int64),
        np.where(flag == True, 1 << tier, 0),  # noqa: E712
        np.where(flag == None, 0, 1 << tier),  # noqa: E711
        np.full(flag.shape, np.nan),
        np.array([[historic for _, historic in row] for row in rows]),
    )


def in_a_loop(rows, heard, cooldown):
    found = []
    for row, bars in enumerate(rows):
        last = -math.inf
        for slot in range(1, 30):
            last = max([last, *(at for other, at in heard if other == row and at < slot)])
            if bars[slot] == (True, True) and bars[slot - 1][0] is False and slot - last >= cooldown:
                last = slot
                found.append((row, slot))
    return sorted(found)


@given(
    rows=st.lists(SERIES, min_size=1, max_size=3),
    live=st.lists(st.tuples(st.integers(0, 2), st.integers(-20, 29)), max_size=4),
    cooldown=st.integers(1, 12),
    tier=st.sampled_from([3, 6]),
)
def test_any_flags(rows, live, cooldown, tier):
    # A live alert stands at a bar that was not history.
    heard = [(row, at) for row, at in live if row < len(rows) and (at < 0 or not rows[row][at][1])]
    begun = rehearse(
        packed(rows, tier),
        Lifecycle(M5, cooldown, 2),
        {("tier", tier): [(row, MIDNIGHT + at * M5) for row, at in heard]},
    )
    assert {kind for kind, _, _ in begun} <= {("tier", tier)}
    wanted = in_a_loop(rows, heard, 0 if tier == 6 else cooldown)
    assert sorted((row, slot) for _, row, slot in begun) == wanted


def test_confluence_counts_conditions():
    flags = packed([[(None, True)] * 30], 1)
    flags.confluence[0] = [0, 1 / 3, 2 / 3, 1, 2 / 3, math.nan, 1, 1 / 3, 1, *[0] * 21]
    for least, wanted in ((2, [2, 8]), (3, [3, 8])):
        assert [slot for _, _, slot in rehearse(flags, Lifecycle(M5, 1, least), {})] == wanted
