"""Sharpe ratios against scipy, plain loops and the figures the papers print."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from futuresboard import sharpe
from futuresboard.sharpe import Moments

seeds = st.integers(0, 2**32 - 1)


class TestPublished:
    """Figures to the digits printed."""

    def test_the_deflated_sharpe_ratio(self):
        """Bailey and López de Prado (2014), numerical example: a strategy with an annual Sharpe ratio of 2.5
        over five years of 250 days, the best of N with a variance of 1/2 between them (annual)."""
        year = math.sqrt(250)
        found = Moments(1250, 2.5 / year, skewness=-3.0, kurtosis=10.0)
        assert round(sharpe.expected_maximum(100, 0.5 / 250), 4) == 0.1132
        assert round(sharpe.deflated(found, 100, 0.5 / 250), 4) == 0.9004
        assert round(sharpe.deflated(found, 46, 0.5 / 250), 4) == 0.9505
        # Had the returns been normal, 88 trials would have given the same confidence.
        assert round(sharpe.deflated(Moments(1250, 2.5 / year), 88, 0.5 / 250), 4) == 0.9505

    def test_the_probabilistic_sharpe_ratio(self):
        """Bailey and López de Prado (2012): 24 months at 0.458 a month."""
        assert round(sharpe.probabilistic(Moments(24, 0.458)), 3) == 0.982
        assert round(sharpe.probabilistic(Moments(24, 0.458, -2.448, 10.164)), 3) == 0.913

    @pytest.mark.parametrize(
        ("periods", "skewness", "kurtosis", "years"),
        [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
    )
    def test_the_minimum_track_record(self, periods, skewness, kurtosis, years):
        """Same paper: an annual Sharpe ratio of 2 to be above 1 with 95 % confidence."""
        found = Moments(2, 2 / math.sqrt(periods), skewness, kurtosis)
        needed = sharpe.minimum_track_record(found, 1 / math.sqrt(periods))
        assert round(needed / periods, 2) == years


class TestMoments:
    @given(seed=seeds, n=st.integers(2, 300), scale=st.sampled_from([1e-6, 1.0, 1e4]))
    def test_those_of_scipy(self, seed, n, scale):
        returns = np.random.default_rng(seed).standard_t(4, n) * scale
        found = sharpe.moments(returns)
        assert found.n == n
        assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
        assert found.skewness == pytest.approx(stats.skew(returns), abs=1e-9)
        assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))
        assert found.spread >= 0.0

    @pytest.mark.parametrize("returns", [[], [0.1], [0.0] * 9, [0.1] * 9])
    def test_what_does_not_move_has_none(self, returns):
        assert sharpe.moments(np.array(returns, dtype=np.float64)) is None

    def test_the_standard_error_is_the_spread_of_the_estimate(self):
        """Skewed returns; a normal formula would be off by a third."""
        rng = np.random.default_rng(0)
        draws = 0.8 - rng.exponential(1.0, (4000, 250)) + 0.5
        found = [sharpe.moments(row) for row in draws]
        spread = np.std([one.sharpe for one in found])
        told = np.mean([one.standard_error for one in found])
        assert told == pytest.approx(spread, rel=0.05)
        normal = np.mean([Moments(250, one.sharpe).standard_error for one in found])
        assert normal < 0.9 * spread


class TestLuck:
    @given(trials=st.integers(2, 10_000), variance=st.floats(0.0, 4.0))
    def test_more_trials_never_raise_what_is_left(self, trials, variance):
        found = Moments(500, 0.1, -0.5, 5.0)
        assert sharpe.expected_maximum(trials + 1, variance) >= sharpe.expected_maximum(trials, variance)
        assert sharpe.deflated(found, trials, variance) <= sharpe.probabilistic(found)

    @pytest.mark.parametrize("trials", [10, 50, 500])
    def test_the_best_of_many_normal_draws(self, trials):
        draws = np.random.default_rng(1).normal(0.0, 0.3, (20_000, trials)).max(axis=1)
        assert sharpe.expected_maximum(trials, 0.09) == pytest.approx(draws.mean(), rel=0.03)

    def test_one_trial_is_not_deflated(self):
        found = Moments(500, 0.1)
        assert sharpe.deflated(found, 1, 0.5) == sharpe.probabilistic(found)

    @given(trials=st.floats(1.0, 5.0), variance=st.floats(0.0, 4.0))
    def test_counts_between_whole_numbers_never_flatter(self, trials, variance):
        assert sharpe.expected_maximum(trials, variance) >= 0.0
        assert sharpe.expected_maximum(trials + 0.1, variance) >= sharpe.expected_maximum(trials, variance)

    @given(n=st.integers(10, 500), ratio=st.floats(0.01, 0.5), skewness=st.floats(-2.0, 1.0))
    def test_at_the_minimum_track_record_the_probability_is_95_percent(self, n, ratio, skewness):
        found = Moments(n, ratio, skewness, 8.0)
        needed = sharpe.minimum_track_record(found)
        then = Moments(round(needed), ratio, skewness, 8.0)
        assert sharpe.probabilistic(then) == pytest.approx(0.95, abs=0.06)
        assert (n >= needed) == (sharpe.probabilistic(found) >= 0.95)
        assert sharpe.minimum_track_record(found, ratio) is None

    def test_without_any_spread_it_is_certain(self):
        """Two values, the one rare as can be: γ₄ = γ₃² + 1 and 1 = γ₃·SR/2."""
        found = Moments(100, 1.0, 2.0, 5.0)
        assert found.spread == 0.0
        assert (sharpe.probabilistic(found, 0.5), sharpe.probabilistic(found, 1.5)) == (1.0, 0.0)
