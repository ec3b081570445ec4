"""Statistics of windows, each against the plain loop, at the edges of what they answer."""

from __future__ import annotations

import math

import numpy as np
import pytest

import reference
from futuresboard.windows import Z_WINDOW, _window_sums, correlation, log_changes, z_of_newest

BLOCK = 4096
"""Windows the second look of a correlation takes at once."""


def drawn(seed, *shape):
    return np.random.default_rng(seed).normal(0.3, 1.0, shape)


def unknown_as_none(values):
    return [None if math.isnan(value) else value for value in values.tolist()]


def expected_correlation(x, y, slots):
    pairs = list(zip(unknown_as_none(x), unknown_as_none(y), strict=True))
    return [reference.correlation(pairs[i : i + slots]) for i in range(len(pairs) - slots + 1)]


def same(got, expected, tolerance=1e-12):
    return all(
        math.isnan(one) if other is None else abs(one - other) <= tolerance
        for one, other in zip(got.tolist(), expected, strict=True)
    )


def correlate(x, y, slots):
    with np.errstate(invalid="ignore", divide="ignore"):
        return correlation(x, y, slots)


def window_of(mean, unit, last):
    """20 values around a mean whose sample standard deviation is 2 units, and one more."""
    apart = [4, -4, 4, -4, 2, -2, 1, -1, 1, -1] + [0] * 10
    assert sum(a * a for a in apart) == 4 * (Z_WINDOW - 1)
    return np.array([mean + unit * a for a in apart] + [last])


class TestZ:
    @pytest.mark.parametrize("shape", [(61,), (3, 61), (2, 3, 61)])
    def test_it_is_the_plain_loop_at_every_slot(self, shape):
        values = drawn(1, *shape)
        got = z_of_newest(values)
        assert got.shape == (*shape[:-1], 41)
        for series, found in zip(values.reshape(-1, 61).tolist(), got.reshape(-1, 41), strict=True):
            assert same(found, [reference.z_raw(series[i], series[i - 20 : i]) for i in range(20, 61)], 1e-10)

    def test_the_newest_value_is_outside_its_window(self):
        assert z_of_newest(window_of(0.0, 1.0, 7.0)).tolist() == [3.5]

    def test_an_unknown_value_hides_the_21_it_belongs_to(self):
        values = drawn(2, 60)
        values[25] = np.nan
        known = np.isfinite(z_of_newest(values))
        assert known.tolist() == [True] * 5 + [False] * 21 + [True] * 14

    @pytest.mark.parametrize(
        ("mean", "unit", "known"),
        [
            (0.0, 0.0, False),
            (0.0, 0.49e-9, False),
            (0.0, 0.51e-9, True),
            (2e6, 1.0, False),  # the deviation is just 1e-6 of the mean
            (-2e6, 1.0, False),
            (1.99e6, 1.0, True),
            (-1.99e6, 1.0, True),
            (1.0, 0.49e-6, False),
            (1.0, 0.51e-6, True),
        ],
    )
    def test_a_spread_too_small_says_nothing(self, mean, unit, known):
        values = window_of(mean, unit, mean + 1.0)
        assert (reference.z_raw(values[-1], values[:-1].tolist()) is not None) == known
        with np.errstate(invalid="ignore", divide="ignore"):
            assert np.isfinite(z_of_newest(values)).tolist() == [known]

    def test_a_spread_of_just_the_least_says_nothing(self):
        unit = 0.5e-9
        values = window_of(0.0, unit, 1.0)
        assert reference.z_raw(1.0, values[:-1].tolist()) is None
        assert np.isnan(z_of_newest(values)).all()


def in_order(values):
    """A sum as the order of summation is told: halves while there are halves, then thirds, then on."""
    parts = 2 if len(values) % 2 == 0 else 3 if len(values) % 3 == 0 else 1
    if parts == 1:
        total = values[0]
        for value in values[1:]:
            total += value
        return total
    size = len(values) // parts
    merged = values[:size]
    for part in range(1, parts):
        merged = [a + b for a, b in zip(merged, values[part * size : (part + 1) * size], strict=True)]
    return in_order(merged)


class TestSums:
    @pytest.mark.parametrize("slots", [1, 2, 3, 5, 6, 7, 24, 25, 35, 45, 48, 96, 288])
    def test_they_are_added_in_one_order_to_the_last_bit(self, slots):
        values = drawn(slots, 2, slots + 3)
        got = _window_sums(values, slots)
        expected = [[in_order(series[i : i + slots]) for i in range(4)] for series in values.tolist()]
        assert got.tolist() == expected


class TestCorrelation:
    @pytest.mark.parametrize("slots", [6, 7, 24, 25, 96])
    @pytest.mark.parametrize("tie", [-0.9, 0.0, 0.6])
    def test_it_is_the_plain_loop(self, slots, tie):
        x, noise = drawn(slots, 2, slots + 9)
        y = tie * x + 0.5 * noise
        expected = expected_correlation(x, y, slots)
        assert len({round(r, 6) for r in expected}) == 10
        assert same(correlate(x, y, slots), expected)

    def test_known_are_pairs(self):
        """What one side knows alone counts for nothing, on either side."""
        x, y = drawn(3, 2, 50)
        x[[5, 31]], y[[7, 30]] = np.nan, np.nan
        for slots in (40, 24):
            expected = expected_correlation(x, y, slots)
            assert None not in expected
            assert same(correlate(x, y, slots), expected)

    @pytest.mark.parametrize(("slots", "most"), [(24, 2), (96, 9), (30, 3), (40, 4)])
    def test_nine_in_ten_are_enough(self, slots, most):
        x, y = drawn(4, 2, slots)
        x[1 : most + 1] = np.nan
        assert np.isfinite(correlate(x, y, slots)).all()
        y[0] = np.nan
        assert np.isnan(correlate(x, y, slots)).all()

    @pytest.mark.parametrize("drift", [1e3, -1e5])
    @pytest.mark.parametrize("side", [0, 1])
    def test_a_drift_on_one_side_alone_costs_no_digit(self, drift, side):
        both = drawn(5, 2, 60)
        both[1] += 0.8 * both[0]
        both[side] += drift
        assert same(correlate(*both, 24), expected_correlation(*both, 24), 1e-9)

    def test_a_drift_over_holes(self):
        x, y = drawn(6, 2, 60)
        x, y = x + 1e5, y - 0.7 * x + 1e4
        x[[3, 40]], y[20] = np.nan, np.nan
        assert same(correlate(x, y, 24), expected_correlation(x, y, 24), 1e-9)

    def test_many_series_each_with_its_own_drift(self):
        """More windows to look at twice than are taken at once, and others between them."""
        out = BLOCK // 2 + 9
        x, y = drawn(7, 2, 4, out + 5)
        x += np.array([1e5, 0.0, 1e4, -1e6])[:, None]
        got = correlate(x, y, 6)
        assert got.shape == (4, out)
        for i in range(4):
            assert same(got[i], expected_correlation(x[i], y[i], 6), 1e-8)

    @pytest.mark.parametrize(
        ("mean", "unit", "known"),
        [
            (0.0, 0.0, False),
            (0.0, 0.49e-12, False),
            (0.0, 0.51e-12, True),
            (2e6, 1.0, False),  # the deviation is just 1e-6 of the mean
            (1.99e6, 1.0, True),
            (-2.01e6, 1.0, False),
            (-1.99e6, 1.0, True),
            (1.0, 0.49e-6, False),
            (1.0, 0.51e-6, True),
        ],
    )
    def test_a_side_that_hardly_moves_says_nothing(self, mean, unit, known):
        still, moving = window_of(mean, unit, 0.0)[:-1], drawn(8, 20)
        expected = expected_correlation(still, moving, 20)
        assert (expected[0] is not None) == known
        for x, y in ((still, moving), (moving, still)):
            assert same(correlate(x, y, 20), expected, 1e-6)

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_it_never_leaves_its_range(self, sign):
        """A line correlates by 1, which rounding alone would exceed in some of these."""
        x = drawn(9, 400) * 3.7
        got = correlate(x, sign * 1.1 * x, 6)
        assert np.abs(got).max() <= 1.0
        assert np.abs(got - sign).max() <= 1e-12


def test_log_changes():
    values = np.array([[1.0, 2.0, 1.0, np.nan, 4.0], [3.0, 3.0, 6.0, 6.0, 1.5]])
    two = math.log(2.0)
    expected = [[two, -two, np.nan, np.nan], [0.0, two, 0.0, -2 * two]]
    np.testing.assert_allclose(log_changes(values), expected, rtol=1e-15)
