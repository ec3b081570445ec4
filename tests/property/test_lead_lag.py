"""Correlation at lags and over time against pandas; leads that are there, and none where there are none."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from futuresboard import corr_matrix, lead_lag
from futuresboard.lead_lag import Lead

seeds = st.integers(0, 2**32 - 1)


def market(rng, size, slots, *, clustered=False, memory=0.0, shared=0.8):
    """(size, slots) changes with long tails that share one factor."""
    sigma = np.exp(0.8 * np.sin(np.arange(slots) / 25.0)) if clustered else np.ones(slots)
    steps = np.sqrt(shared) * rng.standard_t(4, slots) + np.sqrt(1 - shared) * rng.standard_t(
        4, (size, slots)
    )
    steps = steps * sigma
    for t in range(1, slots):
        steps[:, t] += memory * steps[:, t - 1]
    return steps * 1e-3


class TestLagged:
    @given(
        seed=seeds,
        slots=st.sampled_from([60, 288]),
        most=st.integers(0, 12),
        faults=st.sampled_from([0.0, 0.02, 0.1]),
    )
    def test_every_pair_and_lag_is_that_of_pandas(self, seed, slots, most, faults):
        rng = np.random.default_rng(seed)
        values = market(rng, 3, slots)
        values = np.where(rng.random(values.shape) < faults, np.nan, values)
        found = lead_lag.lagged(values, most)
        assert found.r.shape == (3, 3, 2 * most + 1)
        assert found.most == most
        columns = [pd.Series(row) for row in values]
        for i, j in itertools.product(range(3), repeat=2):
            for lag in range(-most, most + 1):
                later = columns[j].shift(-lag)
                overlap = slots - abs(lag)
                enough = (columns[i].notna() & later.notna()).sum() >= 0.9 * overlap
                got = found.r[i, j, most + lag]
                assert np.isfinite(got) == enough
                if enough:
                    assert got == pytest.approx(columns[i].corr(later), abs=1e-9)

    def test_one_that_stands_still_has_none(self):
        values = market(np.random.default_rng(1), 2, 100)
        values[0] = 0.25
        found = lead_lag.lagged(values, 3)
        assert np.isnan(found.r[0]).all()
        assert np.isnan(found.r[:, 0]).all()
        assert np.isfinite(found.r[1, 1]).all()
        assert lead_lag.leads(found) == []

    @pytest.mark.parametrize(("clustered", "memory"), [(False, 0.0), (True, 0.0), (False, 0.6)])
    def test_the_error_is_the_spread_of_r(self, clustered, memory):
        """Two that share their volatility, or remember their own past, and have nothing else in common."""
        rng = np.random.default_rng(2)
        found = [
            lead_lag.lagged(market(rng, 2, 288, clustered=clustered, memory=memory, shared=0.0), 12)
            for _ in range(600)
        ]
        spread = np.std([one.r[0, 1] for one in found], axis=0)
        told = np.mean([one.error[0, 1] for one in found], axis=0)
        np.testing.assert_allclose(told, spread, rtol=0.12)
        if clustered or memory:
            assert (spread > 1.15 / np.sqrt(288)).all()

    def test_the_threshold_is_for_the_whole_table(self):
        found = lead_lag.lagged(market(np.random.default_rng(3), 20, 100))
        assert found.deviations == pytest.approx(stats.norm.isf(0.025 / (190 * 24)))


class TestLeads:
    def planted(self, seed, lag):
        """Row 1 follows row 0 by `lag` slots, besides what all share; row 2 does not."""
        rng = np.random.default_rng(seed)
        values = market(rng, 4, 288, shared=0.2)
        news = rng.normal(0, 1.5e-3, 288 + lag)
        values[0] += news[lag:]
        values[1] += news[:288]
        return values

    @pytest.mark.parametrize("lag", [1, 3, 12])
    def test_a_lead_is_found_with_its_lag(self, lag):
        hits = 0
        for seed in range(20):
            found = lead_lag.leads(lead_lag.lagged(self.planted(seed, lag)))
            hits += [(one.leader, one.follower, one.bars) for one in found] == [(0, 1, lag)]
            for one in found:
                assert abs(one.r) > one.threshold > 0.15
        assert hits >= 18

    def test_rows_in_another_order(self):
        values = self.planted(3, 2)
        (one,) = lead_lag.leads(lead_lag.lagged(values[::-1]))
        (other,) = lead_lag.leads(lead_lag.lagged(values))
        assert (one.leader, one.follower, one.bars) == (3, 2, 2)
        assert one.r == pytest.approx(other.r)
        assert (other.leader, other.follower) == (0, 1)

    @pytest.mark.parametrize(
        ("clustered", "memory", "shared"),
        [(False, 0.0, 0.0), (True, 0.0, 0.8), (True, 0.3, 0.8), (False, 0.6, 0.5)],
    )
    def test_none_where_there_is_none(self, clustered, memory, shared):
        """Twenty coins, 190 pairs, 24 lags; a share of at most one family in ten names a lead."""
        rng = np.random.default_rng(4)
        families = [
            market(rng, 20, 288, clustered=clustered, memory=memory, shared=shared) for _ in range(40)
        ]
        wrong = sum(bool(lead_lag.leads(lead_lag.lagged(values))) for values in families)
        assert wrong <= 4
        if memory == 0.6:
            # Though each seems to lead the other, far beyond the threshold.
            found = lead_lag.lagged(families[0])
            assert (np.abs(found.r[0, 1:, 13]) > found.deviations / np.sqrt(288)).any()

    def test_the_largest_first_and_no_lag_no_lead(self):
        values = self.planted(5, 2)
        values[3] = np.roll(values[0], 4) + 0.1 * values[3]
        found = lead_lag.leads(lead_lag.lagged(values))
        assert (found[0].leader, found[0].follower, found[0].bars) == (0, 3, 4)
        assert [abs(one.r) for one in found] == sorted((abs(one.r) for one in found), reverse=True)
        assert lead_lag.leads(lead_lag.lagged(values, 0)) == []
        assert all(isinstance(one, Lead) for one in found)


class TestRolling:
    @given(seed=seeds, slots=st.sampled_from([12, 72]), faults=st.sampled_from([0.0, 0.05]))
    def test_that_of_pandas(self, seed, slots, faults):
        rng = np.random.default_rng(seed)
        values = market(rng, 3, 150)
        values = np.where(rng.random(values.shape) < faults, np.nan, values)
        found = corr_matrix.rolling(values, slots)
        assert found.shape == (3, 3, 150 - slots + 1)
        for i, j in itertools.combinations(range(3), 2):
            x, y = pd.Series(values[i]), pd.Series(values[j])
            known = (x.notna() & y.notna()).rolling(slots).sum()[slots - 1 :].to_numpy()
            theirs = [x[t - slots + 1 : t + 1].corr(y[t - slots + 1 : t + 1]) for t in range(slots - 1, 150)]
            wanted = np.where(known >= 0.9 * slots, theirs, np.nan)
            np.testing.assert_allclose(found[i, j], wanted, rtol=0, atol=1e-9)
            np.testing.assert_array_equal(found[i, j], found[j, i])
        np.testing.assert_array_equal(
            corr_matrix.rolling_side_by_side(values[:1], values[1:2], slots)[0], found[0, 1]
        )

    @given(seed=seeds, cut=st.integers(40, 99))
    def test_nothing_looks_ahead(self, seed, cut):
        values = market(np.random.default_rng(seed), 3, 100)
        whole = corr_matrix.rolling(values, 24)[:, :, : cut - 23]
        assert whole.tobytes() == corr_matrix.rolling(values[:, :cut], 24).tobytes()

    def test_the_last_is_the_matrix(self):
        values = market(np.random.default_rng(6), 4, 96)
        last, matrix = corr_matrix.rolling(values, 96)[:, :, 0], corr_matrix.matrix(values)
        off = ~np.eye(4, dtype=bool)
        assert last[off].tobytes() == matrix[off].tobytes()

    def test_together_is_the_mean_over_pairs(self):
        r = np.array([[1.0, 0.5, np.nan], [0.5, 1.0, -0.1], [np.nan, -0.1, 1.0]])
        assert corr_matrix.together(r) == pytest.approx(0.2)
        over_time = corr_matrix.together(np.stack([r, np.full((3, 3), np.nan)], axis=2))
        np.testing.assert_allclose(over_time, [0.2, np.nan])
