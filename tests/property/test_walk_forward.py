"""Splits in time leak nothing and lose nothing; a walk forward is that of a plain loop."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import scorecard, walk_forward
from futuresboard.errors import QueryError
from futuresboard.walk_forward import Candidate, Figures

SLOTS = 200
trades = st.lists(st.tuples(st.integers(0, SLOTS - 1), st.integers(0, 40)), max_size=50).map(
    lambda some: (
        np.array([entry for entry, _ in some], dtype=np.int64),
        np.array([entry + held for entry, held in some], dtype=np.int64),
    )
)


def parts(split: walk_forward.Split) -> np.ndarray:
    return np.stack([split.train, split.test, split.purged, split.embargoed, split.apart])


def slots_of(entry, exit, which) -> set[int]:
    return {t for a, b in zip(entry[which], exit[which], strict=True) for t in range(a, b + 1)}


class TestKFold:
    @given(some=trades, folds=st.integers(1, 8), embargo=st.integers(0, 30))
    def test_nothing_leaks_and_nothing_is_lost(self, some, folds, embargo):
        entry, exit = some
        found = walk_forward.k_fold(entry, exit, 0, SLOTS, folds, embargo)
        assert len(found) == folds
        np.testing.assert_array_equal(sum(split.test.astype(int) for split in found), 1)
        for split in found:
            np.testing.assert_array_equal(parts(split).sum(axis=0), 1)
            judged = slots_of(entry, exit, split.test) | set(range(split.window.begin, split.window.stop))
            assert not slots_of(entry, exit, split.train) & judged
            assert max(judged) == split.window.reach
            for i in np.flatnonzero(split.train):
                assert exit[i] < split.window.begin or entry[i] > split.window.reach + embargo
            # What is left out had to be: each purged one touches, each embargoed one is too near.
            for i in np.flatnonzero(split.purged):
                assert entry[i] <= split.window.reach
                assert exit[i] >= split.window.begin
            for i in np.flatnonzero(split.embargoed):
                assert split.window.reach < entry[i] <= split.window.reach + embargo

    def test_by_hand(self):
        entry, exit = np.array([0, 8, 10, 19, 21, 24, 30]), np.array([5, 10, 12, 23, 26, 30, 35])
        found = walk_forward.split(entry, exit, 10, 20, embargo=4)
        assert found.window == walk_forward.Window(10, 20, 23)
        assert np.flatnonzero(found.test).tolist() == [2, 3]
        assert np.flatnonzero(found.purged).tolist() == [1, 4]
        assert np.flatnonzero(found.embargoed).tolist() == [5]
        assert np.flatnonzero(found.train).tolist() == [0, 6]


class TestForward:
    @given(some=trades, folds=st.integers(1, 8), train=st.none() | st.integers(1, 3))
    def test_only_the_past_is_learnt_from(self, some, folds, train):
        entry, exit = some
        found = walk_forward.forward(entry, exit, 0, SLOTS, folds, train=train)
        assert len(found) == folds
        for i, split in enumerate(found):
            np.testing.assert_array_equal(parts(split).sum(axis=0), 1)
            begin = split.window.begin
            since = 0 if train is None else SLOTS * max(0, i + 1 - train) // (folds + 1)
            wanted = (entry >= since) & (exit < begin)
            np.testing.assert_array_equal(split.train, wanted)
            np.testing.assert_array_equal(split.purged, (entry >= since) & (entry < begin) & (exit >= begin))
        judged = sum(split.test.astype(int) for split in found)
        np.testing.assert_array_equal(judged, (entry >= SLOTS // (folds + 1)).astype(int))


def plain_choice(candidates, begin, stop, since, min_trades):
    best, score = None, -math.inf
    for i, one in enumerate(candidates):
        seen = [x for a, b, x in zip(one.entry, one.exit, one.net, strict=True) if a >= since and b < begin]
        if len(seen) >= max(min_trades, 2) and np.std(seen, ddof=1) > 0:
            t = np.mean(seen) / np.std(seen, ddof=1) * math.sqrt(len(seen))
            if t > score:
                best, score = i, t
    if best is None:
        return None, []
    one = candidates[best]
    return best, [x for a, x in zip(one.entry, one.net, strict=True) if begin <= a < stop]


class TestWalkForward:
    @given(seed=st.integers(0, 2**32 - 1), folds=st.integers(1, 5), train=st.none() | st.integers(1, 2))
    def test_that_of_a_plain_loop(self, seed, folds, train):
        rng = np.random.default_rng(seed)
        candidates = [_candidate(rng, int(rng.integers(0, 60)), rng.normal(0, 0.3)) for _ in range(3)]
        found = walk_forward.walk_forward(candidates, 0, SLOTS, folds, train=train, min_trades=5)
        after = []
        for i, fold in enumerate(found.folds):
            begin, stop = (SLOTS * (i + 1 + k) // (folds + 1) for k in (0, 1))
            since = 0 if train is None else SLOTS * max(0, i + 1 - train) // (folds + 1)
            chosen, nets = plain_choice(candidates, begin, stop, since, 5)
            assert fold.chosen == chosen
            assert (fold.window.begin, fold.window.stop) == (begin, stop)
            assert fold.out_of_sample.n == len(nets)
            after += nets
        taken = list(zip(found.candidate, found.trade, strict=True))
        assert sorted(candidates[i].net[k] for i, k in taken) == sorted(after)
        entries = [candidates[i].entry[k] for i, k in taken]
        assert entries == sorted(entries)
        if after:
            assert found.out_of_sample.expectancy == pytest.approx(np.mean(after))

    def test_a_true_edge_is_found_and_kept(self):
        rng = np.random.default_rng(1)
        candidates = [_candidate(rng, 400, drift, 4000) for drift in (0.0, 0.5, 0.0)]
        found = walk_forward.walk_forward(candidates, 0, 4000, 4)
        assert [fold.chosen for fold in found.folds] == [1, 1, 1, 1]
        assert found.efficiency == pytest.approx(1.0, abs=0.3)

    def test_luck_is_not(self):
        """The best of fifty in sample earns nothing out of sample."""
        rng = np.random.default_rng(2)
        candidates = [_candidate(rng, 300, 0.0, 4000) for _ in range(50)]
        found = walk_forward.walk_forward(candidates, 0, 4000, 4)
        assert found.in_sample.expectancy > 0.1
        assert abs(found.out_of_sample.expectancy) < 0.1
        assert found.efficiency < 0.6

    def test_it_can_be_told(self):
        rng = np.random.default_rng(5)
        found = walk_forward.walk_forward([_candidate(rng, 200, drift) for drift in (0.0, 0.5)], 0, SLOTS, 3)
        told = json.loads(json.dumps(scorecard.forward_structured(found), allow_nan=False))
        assert [fold["chosen"] for fold in told["folds"]] == [fold.chosen for fold in found.folds]
        assert told["out_of_sample"]["n"] == len(found.trade)
        *folds, whole = scorecard.forward_lines(found, ["calm", "bold"])
        assert len(folds) == 3
        assert folds[1].startswith("stretch 2  bold: +")
        assert f"of {found.out_of_sample.n} won out of sample" in whole
        assert f"{found.efficiency:.0%} of the mean net was kept" in whole
        nothing = walk_forward.walk_forward([_candidate(rng, 9, 0.0)], 0, SLOTS, 1)
        assert "nothing had enough trades" in scorecard.forward_lines(nothing, ["calm"])[0]

    def test_nobody_had_enough_trades(self):
        found = walk_forward.walk_forward([_candidate(np.random.default_rng(3), 20, 1.0)], 0, SLOTS, 2)
        assert [fold.chosen for fold in found.folds] == [None, None]
        assert (found.out_of_sample, found.efficiency) == (Figures(0, None, None), None)

    @pytest.mark.parametrize(
        ("given", "name"),
        [
            ({"folds": 0}, "folds"),
            ({"folds": SLOTS}, "folds"),
            ({"train": 0}, "train"),
            ({"candidates": []}, "candidates"),
        ],
    )
    def test_what_is_not_allowed(self, given, name):
        some = {"candidates": [_candidate(np.random.default_rng(4), 9, 0.0)], "folds": 2} | given
        with pytest.raises(QueryError) as refused:
            walk_forward.walk_forward(some.pop("candidates"), 0, SLOTS, **some)
        assert refused.value.parameter == name

    def test_no_negative_embargo(self):
        with pytest.raises(QueryError, match="embargo"):
            walk_forward.split(np.array([1]), np.array([2]), 0, 5, -1)


def _candidate(rng, n, drift, slots=SLOTS) -> Candidate:
    entry = rng.integers(0, slots - 5, n)
    return Candidate(entry, entry + rng.integers(0, 5, n), rng.normal(drift, 1.0, n))
