"""Daily performance against plain loops and values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import performance

returns = st.lists(st.floats(-0.5, 0.5).map(lambda x: round(x, 4)), min_size=1, max_size=60)


def plain_drawdown(equity: list[float]) -> tuple[float, int]:
    deepest, longest, peak, since = 0.0, 0, 1.0, 0
    for step, value in enumerate(equity, start=1):
        if value >= peak:
            peak, since = value, step
        deepest, longest = max(deepest, (peak - value) / peak), max(longest, step - since)
    return deepest, longest


class TestDrawdown:
    @given(returns)
    def test_that_of_a_plain_loop(self, daily):
        equity = np.cumprod(1.0 + np.array(daily))
        deepest, longest = performance.drawdown(equity)
        assert (deepest, longest) == (
            pytest.approx(plain_drawdown(equity.tolist())[0]),
            plain_drawdown(equity.tolist())[1],
        )

    def test_by_hand(self):
        assert performance.drawdown(np.array([1.1, 1.21, 0.605, 1.0, 1.3])) == (pytest.approx(0.5), 2)
        assert performance.drawdown(np.array([0.9, 0.8])) == (pytest.approx(0.2), 2)
        assert performance.drawdown(np.array([1.1, 1.2])) == (0.0, 0)


class TestMeasured:
    @given(returns)
    def test_plain_formulas(self, daily):
        found, n = performance.measured(np.array(daily)), len(daily)
        total = math.prod(1.0 + x for x in daily) - 1.0
        assert found.days == n
        assert found.total_return == pytest.approx(total, abs=1e-12)
        assert found.max_drawdown == pytest.approx(
            plain_drawdown(np.cumprod(1.0 + np.array(daily)).tolist())[0]
        )
        lost = [x for x in daily if x < 0]
        if lost:
            downside = math.sqrt(sum(x * x for x in lost) / n)
            assert found.sortino == pytest.approx(sum(daily) / n / downside * math.sqrt(365), abs=1e-9)
        else:
            assert found.sortino is None
            assert found.calmar is None
        if len(set(daily)) == 1:
            assert found.sharpe is None
            assert found.psr is None
        else:
            mean = sum(daily) / n
            deviation = math.sqrt(sum((x - mean) ** 2 for x in daily) / (n - 1))
            assert found.sharpe == pytest.approx(mean / deviation * math.sqrt(365), abs=1e-9)
            assert found.sharpe_low <= found.sharpe <= found.sharpe_high

    def test_a_year(self):
        found = performance.measured(np.array([0.01, -0.005] * 182 + [0.0]))
        assert found.annual_return == pytest.approx(found.total_return)
        assert found.calmar == pytest.approx(found.annual_return / found.max_drawdown)
        assert found.max_drawdown == pytest.approx(0.005)
        assert found.psr > 0.99
        assert found.min_days < 365

    def test_nothing_and_everything_lost(self):
        assert performance.measured(np.empty(0)) == performance.Performance(0)
        ruin = performance.measured(np.array([0.1, -1.2, 0.5]))
        assert (ruin.total_return, ruin.annual_return, ruin.max_drawdown) == (-1.0, -1.0, 1.0)

    def test_a_pace_no_float_holds_is_unknown(self):
        assert performance.measured(np.array([9.0])).annual_return is None

    def test_a_standing_account(self):
        found = performance.measured(np.zeros(50))
        assert (found.total_return, found.max_drawdown, found.sharpe, found.sortino) == (0.0, 0.0, None, None)


class TestByDay:
    @given(st.lists(st.tuples(st.integers(0, 9), st.floats(-1, 1) | st.just(math.nan)), max_size=40))
    def test_each_trade_on_the_day_it_ended(self, trades):
        day = np.array([d for d, _ in trades], dtype=np.int64)
        net = np.array([x for _, x in trades], dtype=np.float64)
        found = performance.by_day(day, net, 2, 7)
        for i, value in enumerate(found):
            assert value == pytest.approx(
                sum(x for d, x in trades if d == i + 2 and not math.isnan(x)), abs=1e-12
            )
        assert len(found) == 6
