"""RSI against the plain loop: where it starts, what a gap does, what has been forgotten."""

from __future__ import annotations

import math

import numpy as np
import pytest

import reference
from futuresboard.wilder import RSI_PERIOD, RSI_REACH, rsi_of_newest

BLOCK = 4096
"""Values that are computed anew at once."""


def walk(seed, series, slots, scale=1.0):
    steps = np.random.default_rng(seed).standard_t(4, (series, slots)) * 0.003
    return scale * np.exp(np.cumsum(steps, axis=1))


def expected(close):
    """The plain loop on one series, begun anew after every gap; NaN where unknown."""
    found, run = [], []
    for price in [*close.tolist(), math.nan]:
        if not math.isnan(price):
            run.append(price)
            continue
        found += [math.nan if value is None else value for value in reference.rsi_run(run)] + [math.nan]
        run = []
    return np.array(found[:-1])


def same(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-9)


def of_last_changes(close, slot):
    """What the 400 changes up to a slot tell alone."""
    return rsi_of_newest(close[None, slot - RSI_REACH : slot + 1], 1)[0, 0]


def recursion(changes):
    """(RSI, mean gain + mean loss) after each change, as the filter takes them one by one."""
    gain = loss = 0.0
    values, means = [], []
    for i, change in enumerate(changes):
        if i >= RSI_PERIOD:
            gain, loss = gain * (1 - 1 / RSI_PERIOD), loss * (1 - 1 / RSI_PERIOD)
        up = max(change, 0.0)
        gain, loss = gain + up / RSI_PERIOD, loss + (up - change) / RSI_PERIOD
        means.append(gain + loss)
        values.append(100.0 * gain / means[-1] if means[-1] else 50.0)
    return values, means


class TestOneRun:
    def test_it_is_known_from_the_hundredth_change_on(self):
        got = rsi_of_newest(walk(1, 1, 130), 130)[0]
        assert np.flatnonzero(np.isfinite(got)).tolist() == list(range(100, 130))

    @pytest.mark.parametrize("slots", [1, 2, 100, 101, 102, 130, 399, 400, 401, 402, 415, 600])
    def test_it_is_the_plain_loop_at_every_slot(self, slots):
        close = walk(2, 2, slots)
        same(rsi_of_newest(close, slots), [expected(one) for one in close])

    @pytest.mark.parametrize("out", [1, 2, 50, 199, 200, 201, 299, 300, 301, 599, 600])
    def test_any_number_of_newest_slots(self, out):
        close = walk(3, 2, 600)
        same(rsi_of_newest(close, out), [expected(one)[-out:] for one in close])

    def test_slots_before_the_first_are_unknown(self):
        close = walk(4, 3, 120)
        got = rsi_of_newest(close, 125)
        assert got.shape == (3, 125)
        same(got, np.concatenate([np.full((3, 5), np.nan), [expected(one) for one in close]], axis=1))

    @pytest.mark.parametrize(
        ("close", "value"),
        [([5.0] * 120, 50.0), ([5.0 + i for i in range(120)], 100.0), ([500.0 - i for i in range(120)], 0.0)],
        ids=["flat", "climb", "fall"],
    )
    def test_the_edges(self, close, value):
        assert rsi_of_newest(np.array([close]), 20).tolist() == [[value] * 20]

    @pytest.mark.parametrize("scale", [1e-8, 1e6])
    def test_the_scale_does_not_matter(self, scale):
        same(rsi_of_newest(walk(5, 1, 300, scale), 300), rsi_of_newest(walk(5, 1, 300), 300))


class TestGaps:
    def test_runs_that_begin_and_end_anywhere(self):
        """Of every length about what is needed, side by side: each series as if it were alone."""
        close = walk(6, 8, 520)
        holes = ((), (0,), (519,), (1, 102), (100, 202), (418,), (99, 201, 302, 403), (250, 251, 352))
        for row, slots in enumerate(holes):
            close[row, list(slots)] = np.nan
        wanted = np.array([expected(one) for one in close])
        for out in (520, 319, 120, 103, 101, 100, 3, 1):
            same(rsi_of_newest(close, out), wanted[:, -out:])

    def test_a_run_needs_a_hundred_changes(self):
        close = walk(7, 1, 303)
        close[0, [100, 202]] = np.nan  # 99 changes before the first, 100 between, 99 after
        assert np.flatnonzero(np.isfinite(rsi_of_newest(close, 303)[0])).tolist() == [201]

    def test_nothing_known_is_nothing_told(self):
        got = rsi_of_newest(np.full((2, 150), np.nan), 150)
        assert got.shape == (2, 150)
        assert np.isnan(got).all()

    @pytest.mark.parametrize("out", [1, 60, 200, 400])
    def test_a_run_that_ended_before_what_is_asked(self, out):
        close = walk(8, 3, 700)
        close[0, 450] = np.nan
        close[1, 690] = np.nan
        same(rsi_of_newest(close, out), [expected(one)[-out:] for one in close])


class TestTheOld:
    """What lies more than 400 changes back says nothing, however large it was."""

    def test_a_price_that_has_not_moved_for_400_changes_is_flat(self):
        moved = np.array([[1.0] * 200 + [2.0] * 500])
        got = rsi_of_newest(moved, 700)[0]
        assert got[599] == 100.0  # the change at slot 200 is the first of the last 400
        assert got[600] == 50.0
        for slot, value in ((599, 100.0), (600, 50.0)):
            assert rsi_of_newest(moved[:, : slot + 1], 1).tolist() == [[value]]

    @pytest.mark.parametrize("first", [0, 1, 12, 13, 14, 15, 30])
    def test_moves_of_long_ago_leave_nothing(self, first):
        """One leap at any of the first changes, then hardly a move: the last 400 changes decide."""
        close = 100.0 + np.cumsum(np.random.default_rng(first).normal(0, 1e-12, 480) * 100.0)
        close[first + 1 :] += 50.0
        got = rsi_of_newest(close[None, :], 480)[0]
        for slot in range(RSI_REACH, 480):
            alone = of_last_changes(close, slot)
            assert abs(got[slot] - alone) <= 1e-9, slot

    def test_so_many_values_that_they_are_taken_in_parts(self):
        rng = np.random.default_rng(9)
        close = np.cumsum(rng.normal(0, 1.0, (30, 640)) * np.where(np.arange(640) < 210, 1.0, 1e-9), axis=1)
        close[4, 600:] = np.nan  # a shorter run beside the others
        close[7, 5] = np.nan  # and one that begins later
        close += 1000.0
        got = rsi_of_newest(close, 640)
        at = [
            (row, slot)
            for row in range(30)
            for slot in range(RSI_REACH + 6, 640)
            if not math.isnan(close[row, slot])
        ]
        assert len(at) > BLOCK + 100
        windows = np.array([close[row, slot - RSI_REACH : slot + 1] for row, slot in at])
        alone = rsi_of_newest(windows, 1)[:, 0]
        same(np.array([got[place] for place in at]), alone)
        assert not np.isfinite(got[4, 600:]).any()

    def test_the_rule_is_kept_to_the_last_bit(self):
        """From 8 times on what was before is left out; until then it is the filter and nothing else."""
        quiet = np.exp(-np.maximum(np.arange(1200) - 500, 0) / 150.0)
        change = np.random.default_rng(10).normal(0, 1.0, 1200) * quiet
        close = np.concatenate([[1000.0], 1000.0 + np.cumsum(change)])
        got = rsi_of_newest(close[None, :], len(close))[0]
        filtered, means = recursion(np.diff(close).tolist())
        shares = []
        for last in range(RSI_REACH, len(means)):
            ago = last - RSI_REACH
            seed = math.fsum(np.abs(np.diff(close))[ago + 1 : ago + 1 + RSI_PERIOD]) / RSI_PERIOD
            share = (means[ago] + seed) / means[last]
            shares.append(share)
            if share > 8.0 + 1e-6:
                assert got[last + 1] == of_last_changes(close, last + 1)
            elif share < 8.0 - 1e-6:
                assert got[last + 1] == filtered[last]
        assert sum(share < 7.0 for share in shares) > 50
        assert sum(7.0 < share < 8.0 for share in shares) > 3
        assert sum(8.0 < share < 9.0 for share in shares) > 3
        assert sum(share > 9.0 for share in shares) > 100

    def test_a_leap_among_the_first_changes_counts_as_what_was_before(self):
        """Until 14 changes are in their sum stands for the mean: 400 bars later the rule is the same."""
        for first, left_out in ((1.0, False), (40.0, True)):
            close = 100.0 + np.cumsum([0.0, first, *[0.1, -0.1] * 250])
            got = rsi_of_newest(close[None, :], len(close))[0]
            filtered, _ = recursion(np.diff(close).tolist())
            alone = of_last_changes(close, RSI_REACH + 1)
            assert filtered[RSI_REACH] != alone
            assert got[RSI_REACH + 1] == (alone if left_out else filtered[RSI_REACH])
