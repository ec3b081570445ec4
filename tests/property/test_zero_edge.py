"""Driftless walks: martingales with the data's own moves, and the closed forms their hit rates must meet."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import support_stats as truths
from futuresboard import zero_edge
from futuresboard.trade_sim import LONG, SHORT, Costs
from futuresboard.zero_edge import Candles

seeds = st.integers(0, 2**32 - 1)


def market(seed: int, count: int = 400, drift: float = 0.0, gaps: float = 0.0) -> Candles:
    """Two pairs whose volatility comes and goes, with a drift, gaps and long tails."""
    rng = np.random.default_rng(seed)
    sigma = 0.004 * np.exp(np.sin(np.arange(count) / 20.0))
    level = np.cumsum(sigma * rng.standard_t(4, (2, count)) / math.sqrt(2) + drift, axis=1)
    opened = np.concatenate([np.zeros((2, 1)), level[:, :-1]], axis=1) + gaps * rng.normal(size=(2, count))
    high = np.maximum(opened, level) + 0.3 * sigma * rng.random((2, count))
    low = np.minimum(opened, level) - 0.3 * sigma * rng.random((2, count))
    return Candles(*(100.0 * np.exp(part) for part in (opened, high, low, level)))


def some(candles: Candles, count: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    size, times = candles.close.shape
    return rng.integers(0, size, count), rng.integers(0, times - length, count)


class TestWalked:
    @given(seed=seeds, length=st.integers(1, 20))
    def test_every_move_is_one_of_the_data(self, seed, length):
        """Up to its sign and the correction that makes the price a martingale."""
        candles = market(seed, 60, drift=0.001, gaps=0.0005)
        rows, slots = some(candles, 30, length)
        walk = zero_edge.walked(candles, rows, slots, length, np.random.default_rng(seed))
        assert walk.close.shape == (30, length + 1)
        at = slots[:, None] + np.arange(length + 1)
        real = np.diff(np.log(candles.close[rows[:, None], at]), axis=1)
        made = np.diff(np.log(walk.close), axis=1) + np.log(np.cosh(real))
        np.testing.assert_allclose(np.abs(made), np.abs(real), rtol=0, atol=1e-12)
        for name in ("open", "high", "low", "close"):
            np.testing.assert_allclose(
                getattr(walk, name)[:, 0], getattr(candles, name)[rows, slots], rtol=1e-12
            )
        assert (walk.high >= np.maximum(walk.open, walk.close) - 1e-9).all()
        assert (walk.low <= np.minimum(walk.open, walk.close) + 1e-9).all()

    def test_the_range_of_a_bar_turns_over_with_it(self):
        candles = Candles(
            *(np.array([[100.0, 100.0]]) * part for part in ([1, 1], [1, 1.03], [1, 0.99], [1, 1.02]))
        )
        walks = zero_edge.walked(candles, np.zeros(50, int), np.zeros(50, int), 1, np.random.default_rng(0))
        up = walks.close[:, 1] > 100.0
        assert 10 < up.sum() < 40
        np.testing.assert_allclose(walks.high[up, 1], 103.0, rtol=1e-9)
        np.testing.assert_allclose(walks.low[up, 1], 99.0, rtol=1e-9)
        np.testing.assert_allclose(walks.high[~up, 1], 100 / 0.99, rtol=1e-9)
        np.testing.assert_allclose(walks.low[~up, 1], 100 / 1.03, rtol=1e-9)

    def test_the_price_is_a_martingale_however_the_data_drift(self):
        candles = market(1, drift=0.003, gaps=0.002)
        rows, slots = some(candles, 40_000, 24)
        walk = zero_edge.walked(candles, rows, slots, 24, np.random.default_rng(2))
        for values in (walk.open[:, 1:], walk.close[:, 1:]):
            ratio = values / walk.close[:, :1]
            error = ratio.std(axis=0) / math.sqrt(len(ratio))
            assert (np.abs(ratio.mean(axis=0) - 1.0) < 4.0 * error).all()
        assert abs(np.log(walk.close[:, -1] / walk.close[:, 0]).mean()) < 0.25 * 24 * 0.003

    def test_the_volatility_is_that_of_the_data_bar_by_bar(self):
        candles = market(3)
        rows, slots = np.zeros(2000, int), np.full(2000, 100)
        walk = zero_edge.walked(candles, rows, slots, 30, np.random.default_rng(4))
        moves = np.log(walk.close[:, 1:] / walk.close[:, :-1])
        real = np.diff(np.log(candles.close[0, 100:131]))
        np.testing.assert_allclose(moves.std(axis=0), np.abs(real), rtol=0.05)

    def test_from_an_unknown_price_on_it_is_unknown(self):
        candles = market(5)
        candles.close[0, 104] = np.nan
        candles.open[1, 108] = 0.0
        walk = zero_edge.walked(candles, np.array([0, 1]), np.array([100, 100]), 10, np.random.default_rng(0))
        assert np.isfinite(walk.close[0]).tolist() == [True] * 4 + [False] * 7
        assert np.isfinite(walk.open[1]).tolist() == [True] * 8 + [False] * 3


class TestRate:
    @pytest.mark.parametrize("direction", [LONG, SHORT])
    @pytest.mark.parametrize("drift", [-0.002, 0.002])
    def test_a_drift_of_the_data_is_not_in_it(self, direction, drift):
        candles = market(6, 2000, drift=drift)
        rows, slots = some(candles, 3000, 12)
        free = zero_edge.zero_edge(candles, rows, slots, 12, zero_edge.held(direction, Costs(0, 0)))
        assert free.hit_rate == pytest.approx(0.5, abs=0.02)
        assert abs(free.expectancy) < 0.0005

    @pytest.mark.parametrize("hold", [1, 12])
    def test_the_closed_form_of_a_normal_walk_with_costs(self, hold):
        """P(σ√h·Z − σ²h/2 > ln(1 + costs)); σ so small that costs matter."""
        sigma, costs = 0.001, Costs()
        rng = np.random.default_rng(7)
        close = np.exp(np.cumsum(sigma * rng.normal(size=(1, 20_000)), axis=1))
        opened = np.concatenate([[[1.0]], close[:, :-1]], axis=1)
        candles = Candles(opened, np.maximum(opened, close), np.minimum(opened, close), close)
        everywhere = np.arange(19_000)
        found = zero_edge.zero_edge(
            candles, np.zeros_like(everywhere), everywhere, hold, zero_edge.held(LONG, costs), walks=60_000
        )
        deviation = sigma * math.sqrt(hold)
        wanted = stats.norm.sf((math.log1p(costs.round_trip) + deviation**2 / 2) / deviation)
        assert found.hit_rate == pytest.approx(wanted, abs=0.01)
        assert found.low < found.hit_rate < found.high
        assert found.expectancy == pytest.approx(-costs.round_trip, abs=1e-4)

    def test_the_closed_form_of_a_bracket(self):
        """SL / (TP + SL) = 75 %: less what bars of finite size leave out and the time limit cuts."""
        candles = truths.walk(np.random.default_rng(8), 20_000)
        found = truths.chance(candles, np.arange(0, 19_000, 10), walks=6000)
        closed = truths.STOP_LOSS / (truths.TAKE_PROFIT + truths.STOP_LOSS)
        assert found.hit_rate == pytest.approx(closed, abs=0.02)
        assert abs(found.expectancy) < 3e-4

    def test_volatile_bars_ask_for_their_own(self):
        """Costs weigh less where bars are large: the rate depends on where trades begin."""
        candles = market(9, 2000)
        size = np.abs(np.diff(np.log(candles.close[0])))
        calm, wild = (
            np.flatnonzero((size > low) & (size < high)) for low, high in ((0.0005, 0.002), (0.006, 1.0))
        )
        rates = [
            zero_edge.zero_edge(candles, np.zeros_like(at), at, 1, zero_edge.held(LONG, Costs())).hit_rate
            for at in (calm, wild)
        ]
        assert rates[0] < rates[1] - 0.05
        assert rates[1] < 0.5

    def test_the_same_input_gives_the_same_rate_and_parts_change_little(self, monkeypatch):
        candles = market(10)
        rows, slots = some(candles, 100, 6)
        rule = zero_edge.held(LONG, Costs())
        first, second = (zero_edge.zero_edge(candles, rows, slots, 6, rule) for _ in range(2))
        assert first == second
        assert first.n == zero_edge.WALKS
        monkeypatch.setattr(zero_edge, "_CELLS", 700)
        parts = zero_edge.zero_edge(candles, rows, slots, 6, rule, walks=2001)
        assert parts.n == 2001
        assert parts.hit_rate == pytest.approx(first.hit_rate, abs=0.04)

    def test_without_a_trade_nothing_is_said(self):
        candles = market(11, 50)
        rule = zero_edge.held(LONG, Costs())
        assert zero_edge.zero_edge(candles, np.zeros(3, int), np.array([-1, 45, 49]), 6, rule) is None
        candles.close[:] = np.nan
        assert zero_edge.zero_edge(candles, np.zeros(3, int), np.array([1, 2, 3]), 6, rule) is None
