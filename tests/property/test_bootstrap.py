"""Block bootstrap against `arch` and against the truth."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import CircularBlockBootstrap, optimal_block_length
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import bootstrap

seeds = st.integers(0, 2**32 - 1)


def sluggish(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    """An autoregression of order one."""
    values = rng.normal(size=n + 100)
    for t in range(1, len(values)):
        values[t] += memory * values[t - 1]
    return values[100:]


class TestBlockLength:
    @given(seed=seeds, n=st.sampled_from([60, 300, 1500]))
    def test_that_of_arch_without_memory(self, seed, n):
        """Where no autocorrelation is large, both have the same bandwidth, and then all else is equal."""
        values = np.random.default_rng(seed).normal(size=n)
        theirs = float(optimal_block_length(values)["circular"].iloc[0])
        ours = bootstrap.block_length(values)
        small = 2.0 * np.sqrt(np.log10(n) / n)
        apart = values - values.mean()
        large = [abs(apart[k:] @ apart[:-k]) / (apart @ apart) > 0.9 * small for k in range(1, 8)]
        if not any(large):
            assert ours == pytest.approx(max(1.0, theirs), rel=1e-9)

    @pytest.mark.parametrize("memory", [0.3, 0.6, 0.9])
    def test_near_that_of_arch_with_memory(self, memory):
        """Theirs looks one lag further on; over samples the two are within a tenth."""
        rng = np.random.default_rng(0)
        samples = [sluggish(rng, 2000, memory) for _ in range(30)]
        ours = np.array([bootstrap.block_length(values) for values in samples])
        theirs = np.array([optimal_block_length(values)["circular"].iloc[0] for values in samples])
        assert np.median(ours / theirs) == pytest.approx(1.0, abs=0.1)

    def test_memory_asks_for_longer_blocks(self):
        rng = np.random.default_rng(1)
        lengths = [
            np.mean([bootstrap.block_length(sluggish(rng, 500, memory)) for _ in range(20)])
            for memory in (0.0, 0.4, 0.8)
        ]
        assert lengths[0] < 3.0
        assert lengths[0] < 0.5 * lengths[1] < 0.5 * lengths[2]

    @pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0] * 4, [3.0] * 50])
    def test_short_or_still_values_stand_alone(self, values):
        assert bootstrap.block_length(np.array(values, dtype=np.float64)) == 1.0

    @given(st.lists(st.floats(-1e6, 1e6), min_size=9, max_size=80))
    def test_never_longer_than_the_sample_bears(self, values):
        found = bootstrap.block_length(np.array(values))
        assert 1.0 <= found <= max(1.0, min(3.0 * np.sqrt(len(values)), len(values) / 3.0))


class TestResampled:
    @given(seed=seeds, groups=st.integers(2, 40), block=st.integers(1, 12))
    def test_whole_groups_in_blocks(self, seed, groups, block):
        """Sums that name their group: a draw is g groups, each the next of the one before within a block."""
        rng = np.random.default_rng(seed)
        counts = rng.integers(1, 5, groups).astype(np.float64)
        constant = bootstrap.resampled(counts * 0.25, counts, block, draws=20)
        np.testing.assert_allclose(constant, 0.25, rtol=1e-12)
        ones = np.ones(groups)
        indicator = np.zeros(groups)
        indicator[0] = 1.0
        # How often a group is drawn is a whole number; on average once.
        drawn = bootstrap.resampled(indicator, ones, block, draws=4000) * groups
        np.testing.assert_allclose(drawn, np.round(drawn), atol=1e-6)
        assert drawn.mean() == pytest.approx(1.0, abs=0.15)

    def test_the_spread_is_that_of_arch(self):
        values = sluggish(np.random.default_rng(2), 400, 0.5)
        ours = bootstrap.resampled(values, np.ones(400), 12, draws=4000)
        theirs = CircularBlockBootstrap(12, values, seed=3).apply(np.mean, 4000)
        assert ours.std() == pytest.approx(theirs.std(), rel=0.06)
        assert ours.mean() == pytest.approx(theirs.mean(), abs=0.02)
        naive = values.std() / 20.0
        assert ours.std() > 1.4 * naive

    def test_many_groups_in_parts_are_the_same_kind_of_draw(self, monkeypatch):
        values = np.random.default_rng(3).normal(size=200)
        whole = bootstrap.resampled(values, np.ones(200), 1)
        monkeypatch.setattr(bootstrap, "_CELLS", 1000)
        parts = bootstrap.resampled(values, np.ones(200), 1)
        assert len(parts) == len(whole) == bootstrap.RESAMPLES
        assert parts.std() == pytest.approx(whole.std(), rel=0.1)


class TestInterval:
    def test_percentiles_of_arch(self):
        values = sluggish(np.random.default_rng(4), 600, 0.3)
        block = int(np.ceil(bootstrap.block_length(values)))
        theirs = CircularBlockBootstrap(block, values, seed=5).conf_int(np.mean, 4000, method="percentile")
        ours = bootstrap.interval(values, np.ones(600))
        width = float(theirs[1, 0] - theirs[0, 0])
        assert ours == pytest.approx((theirs[0, 0], theirs[1, 0]), abs=0.06 * width)

    @pytest.mark.parametrize(("memory", "groups"), [(0.0, 40), (0.0, 300), (0.4, 300)])
    def test_it_covers_the_truth(self, memory, groups):
        """Clusters of one to four trades that share what happened."""
        rng = np.random.default_rng(6)
        covered = 0
        for _ in range(200):
            counts = rng.integers(1, 5, groups).astype(np.float64)
            low, high = bootstrap.interval(counts * (0.5 + sluggish(rng, groups, memory)), counts)
            covered += low <= 0.5 <= high
        assert covered >= 178

    def test_one_group_says_nothing(self):
        assert bootstrap.interval(np.array([3.0]), np.array([2.0])) is None
        assert bootstrap.interval(np.empty(0), np.empty(0)) is None

    def test_it_is_the_same_every_time(self):
        values = np.random.default_rng(7).normal(size=50)
        assert bootstrap.interval(values, np.ones(50)) == bootstrap.interval(values, np.ones(50))
