"""Correlations pair by pair against scipy, and the order that shows clusters."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from futuresboard import corr_matrix

seeds = st.integers(0, 2**32 - 1)


def market(rng: np.random.Generator, size: int, slots: int, faults: float) -> np.ndarray:
    """(size, slots + 1) prices of any scale: some follow one factor, some its opposite, one stands still."""
    factor = rng.standard_t(3, slots + 1) * 1e-3
    share = rng.choice([0.0, 0.5, 0.95, -0.9, 1.0], (size, 1))
    steps = share * factor + np.sqrt(1 - share**2) * rng.standard_t(3, (size, slots + 1)) * 1e-3
    prices = 10.0 ** rng.integers(-6, 5, (size, 1)) * np.exp(np.cumsum(steps, axis=1))
    if rng.random() < 0.3:
        prices[0] = 7.0
    return np.where(rng.random(prices.shape) < faults / 2, np.nan, prices)


def expected(x: np.ndarray, y: np.ndarray) -> float:
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if both.mean() < 0.9 or min(np.std(x), np.std(y)) <= 1e-12:
        return math.nan
    return float(pearsonr(x, y).statistic)


class TestMatrix:
    @given(
        seed=seeds,
        size=st.integers(1, 7),
        slots=st.sampled_from([24, 96, 288]),
        faults=st.sampled_from([0.0, 0.03, 0.1]),
        on=st.sampled_from(["changes", "levels"]),
    )
    def test_every_pair_is_that_of_scipy(self, seed, size, slots, faults, on):
        prices = market(np.random.default_rng(seed), size, slots, faults)
        values = corr_matrix.prepared(prices, on)
        assert values.shape == (size, slots)
        plain = np.log(prices[:, 1:] / prices[:, :-1]) if on == "changes" else prices[:, 1:]
        r = corr_matrix.matrix(values)
        assert r.tobytes() == r.T.copy().tobytes()
        assert not (np.abs(r) > 1.0).any()
        for i, j in itertools.product(range(size), repeat=2):
            want = expected(plain[i], plain[j])
            assert math.isnan(r[i, j]) if math.isnan(want) else abs(r[i, j] - want) <= 1e-9
        assert set(np.diag(r)[np.isfinite(np.diag(r))]) <= {1.0}

    @given(seed=seeds, faults=st.sampled_from([0.0, 0.03]))
    def test_side_by_side_is_the_diagonal_of_all(self, seed, faults):
        prices = market(np.random.default_rng(seed), 6, 96, faults)
        x, y = prices[:3], prices[3:]
        both = corr_matrix.matrix(prices)
        got = corr_matrix.side_by_side(x, y)
        np.testing.assert_allclose(got, np.diag(both[:3, 3:]), rtol=0, atol=1e-12, equal_nan=True)

    def test_walks_that_have_nothing_in_common_are_flagged_on_levels_alone(self):
        """Why changes are the default: 40 independent walks, 780 pairs."""
        prices = np.exp(np.cumsum(np.random.default_rng(1).normal(0, 1e-3, (40, 289)), axis=1))
        flags = {
            on: len(corr_matrix.flagged(corr_matrix.matrix(corr_matrix.prepared(prices, on))))
            for on in ("changes", "levels")
        }
        assert flags["changes"] == 0
        assert flags["levels"] > 150


class TestFlagged:
    def test_beyond_the_limit_alone_and_each_pair_once(self):
        nan = math.nan
        r = np.array([[1, 0.6, -0.61, nan], [0.6, 1, 0.7, 0], [-0.61, 0.7, 1, 0.2], [nan, 0, 0.2, nan]])
        assert corr_matrix.flagged(r) == [[0, 2], [1, 2]]


class TestOrder:
    @given(seed=seeds, size=st.integers(0, 12))
    def test_every_one_once(self, seed, size):
        rng = np.random.default_rng(seed)
        r = rng.uniform(-1, 1, (size, size))
        r = np.where(rng.random((size, size)) < 0.2, np.nan, r)
        r = np.tril(r) + np.tril(r, -1).T
        assert sorted(corr_matrix.clustered(r)) == list(range(size))

    @given(seed=seeds)
    def test_those_that_move_together_stand_together(self, seed):
        rng = np.random.default_rng(seed)
        group = rng.permutation(np.repeat([0, 1, 2], 4))
        factors = rng.normal(size=(3, 288))
        values = factors[group] + 0.3 * rng.normal(size=(12, 288))
        order = corr_matrix.clustered(corr_matrix.matrix(values))
        assert len(list(itertools.groupby(group[order]))) == 3


class TestMostTraded:
    def row(self, exchange: str, symbol: str, base: str, volume: float | None) -> dict[str, object]:
        return {"exchange": exchange, "symbol": symbol, "base": base, "volume_24h_usd": volume}

    @pytest.mark.parametrize("top", [1, 2, 3, 9])
    def test_the_most_liquid_listing_of_each_coin(self, top):
        rows = [
            self.row("bybit", "BTC/USDT:USDT", "BTC", 5.0),
            self.row("binanceusdm", "1000PEPE/USDT:USDT", "PEPE", 3.0),
            self.row("binanceusdm", "BTC/USDT:USDT", "BTC", 9.0),
            self.row("okx", "PEPE/USDT:USDT", "PEPE", 2.0),
            self.row("okx", "NEW/USDT:USDT", "NEW", None),
            self.row("okx", "ETH/USDT:USDT", "ETH", 4.0),
            self.row("okx", "1000PEPE/USDT:USDT", "1000PEPE", 1.0),
        ]
        chosen = [(row["exchange"], row["base"]) for row in corr_matrix.most_traded(rows, top)]
        assert chosen == [("binanceusdm", "BTC"), ("okx", "ETH"), ("binanceusdm", "PEPE")][:top]
