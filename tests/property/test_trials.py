"""The ledger of trials: what counts, and how much."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import trials
from futuresboard.trials import Trial, Tried

THIS = Trial("s0", "d0", 100, 200, 0.1, 50, 10)
some = st.builds(
    Trial,
    settings=st.sampled_from(["s0", "s1", "s2", "s3"]),
    data=st.sampled_from(["d0", "d1"]),
    start=st.integers(0, 300),
    end=st.integers(0, 300),
    sharpe=st.none() | st.floats(-1, 1),
    days=st.just(50),
    trades=st.just(10),
)


def plain(ledger: list[Trial]) -> tuple[int, list[float]]:
    counted = {THIS.settings: THIS.sharpe}
    for name in {trial.settings for trial in ledger} - {THIS.settings}:
        shared = [
            trial for trial in ledger
            if trial.settings == name and (trial.data == "d0" or (trial.start <= 200 and trial.end >= 100))
        ]  # fmt: skip
        if shared:
            same = [trial for trial in shared if trial.data == "d0"]
            counted[name] = (same or shared)[-1].sharpe
    return len(counted), [value for value in counted.values() if value is not None]


class TestTried:
    @given(st.lists(some, max_size=12))
    def test_against_a_plain_loop(self, ledger):
        count, known = plain(ledger)
        found = trials.tried(ledger, THIS)
        assert found.count == count
        assert found.variance == (pytest.approx(np.var(known, ddof=1)) if len(known) > 1 else None)

    def test_the_first_is_alone(self):
        assert trials.tried([], THIS) == Tried(1.0, None)
        assert trials.tried([THIS, THIS], THIS) == Tried(1.0, None)

    def test_new_data_that_hold_the_old_are_not_new(self):
        earlier = [
            replace(THIS, settings=f"s{i}", data="d1", start=50, end=190, sharpe=0.01 * i)
            for i in range(1, 9)
        ]
        assert trials.tried(earlier, THIS).count == 9
        later = replace(THIS, data="d2", start=201, end=300)
        assert trials.tried(earlier, later).count == 1
        assert trials.tried([replace(later, settings="s1")], THIS).count == 1

    @given(st.lists(some, max_size=12))
    def test_trying_more_never_counts_less(self, ledger):
        counts = [trials.tried(ledger[:i], THIS).count for i in range(len(ledger) + 1)]
        assert counts == sorted(counts)


class TestTriedTogether:
    def test_a_sweep(self):
        daily = np.random.default_rng(0).normal(0.001, 0.01, (60, 5))
        daily[:, 2] = 0.0
        found = trials.tried_together(daily)
        ratios = [row.mean() / row.std(ddof=1) for i, row in enumerate(daily.T) if i != 2]
        assert found == Tried(5.0, pytest.approx(np.var(ratios, ddof=1)))
        assert trials.tried_together(daily[:, :1]) == Tried(1.0, None)


class TestIndependent:
    def test_effective(self):
        assert trials.effective(100, 0.0) == 100
        assert trials.effective(100, 1.0) == 1
        assert trials.effective(100, 0.5) == pytest.approx(50.5)
        assert trials.effective(3, -0.2) == pytest.approx(3.4)

    @given(seed=st.integers(0, 1000), size=st.integers(2, 6))
    def test_mean_correlation(self, seed, size):
        rng = np.random.default_rng(seed)
        returns = rng.normal(size=(40, size)) + rng.normal(size=(40, 1))
        matrix = np.corrcoef(returns, rowvar=False)
        wanted = np.mean([matrix[i, j] for i, j in itertools.combinations(range(size), 2)])
        assert trials.mean_correlation(returns) == pytest.approx(wanted, abs=1e-9)
        idle = np.concatenate([returns, np.zeros((40, 1))], axis=1)
        assert trials.mean_correlation(idle) == pytest.approx(wanted, abs=1e-9)

    def test_of_fewer_than_two_there_is_none(self):
        assert trials.mean_correlation(np.zeros((10, 3))) == 0.0
