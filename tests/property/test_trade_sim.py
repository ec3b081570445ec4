"""Simulated trades against plain loops, on any bars with holes; and the rules one by one, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_trades
from futuresboard.evidence import HORIZONS
from futuresboard.trade_sim import (
    LONG,
    SHORT,
    Costs,
    Prices,
    fixed_horizons,
    funding_paid,
    without_overlap,
    won,
)
from handmade_bars import M5, MIDNIGHT

HOUR = 3_600_000
NAMES = ("open", "close", "funding", "funding_interval_h")
prices = st.one_of(st.none(), st.floats(0.5, 2.0))
bars = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "open": prices,
            "close": prices,
            "funding": st.sampled_from([None, 1e-4, -3e-4, 0.01]),
            "funding_interval_h": st.sampled_from([None, 1.0, 4.0, 8.0]),
        }
    ),
)


def table(pairs, step=M5, t0=MIDNIGHT) -> Prices:
    """Prices of pairs of equally many bars, the first of which opens at `t0`."""

    def column(name):
        known = [
            [np.nan if bar is None or bar[name] is None else bar[name] for bar in pair] for pair in pairs
        ]
        return np.array(known, dtype=np.float64)

    ts = t0 + step * np.arange(len(pairs[0]), dtype=np.int64)
    return Prices.of(step, ts, {name: column(name) for name in NAMES})


def flat(count, price=100.0, **changed):
    bar = {"open": price, "close": price, "funding": 0.0, "funding_interval_h": 8.0}
    return [bar | changed for _ in range(count)]


def nets(found, direction=LONG):
    return found.net(direction, Costs()).tolist()


def one(pair, slot, hold, *, direction=LONG, t0=MIDNIGHT, step=M5) -> float:
    found = fixed_horizons(table([pair], step, t0), np.array([0]), np.array([slot]), [hold])
    return nets(found[0], direction)[0]


class TestAgainstLoops:
    @given(
        pairs=st.integers(1, 56).flatmap(
            lambda count: st.lists(st.lists(bars, min_size=count, max_size=count), min_size=1, max_size=2)
        ),
        hours=st.sampled_from([-0.5, 0.0, 7.5, 15.75]),
        step=st.sampled_from([M5, 3 * M5, HOUR, 4 * HOUR]),
    )
    def test_every_signal_horizon_and_direction(self, pairs, hours, step):
        t0 = MIDNIGHT + math.floor(hours * HOUR / step) * step
        count = len(pairs[0])
        rows, slots = (grid.ravel() for grid in np.mgrid[0 : len(pairs), 0:count])
        for hold, found in zip(
            HORIZONS, fixed_horizons(table(pairs, step, t0), rows, slots, HORIZONS), strict=True
        ):
            for direction in (LONG, SHORT):
                wanted = [
                    reference_trades.trade(pairs[row], slot, hold, direction, step, t0)
                    for row, slot in zip(rows, slots, strict=True)
                ]
                got = found.net(direction, Costs())
                assert np.isnan(got).tolist() == [net is None for net in wanted]
                known = [net for net in wanted if net is not None]
                assert got[~np.isnan(got)] == pytest.approx(known, abs=1e-12)

    @given(
        signals=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=40, unique=True),
        hold=st.integers(1, 9),
    )
    def test_one_trade_at_a_time(self, signals, hold):
        rows = np.array([row for row, _ in signals], dtype=np.int64)
        slots = np.array([slot for _, slot in signals], dtype=np.int64)
        taken = without_overlap(rows, slots, slots + hold)
        acted = {signal for signal, free in zip(signals, taken.tolist(), strict=True) if free}
        assert acted == set(reference_trades.without_overlap(signals, hold))


class TestRules:
    def test_in_at_the_next_open_out_at_the_last_close(self):
        pair = flat(6)
        pair[2] = pair[2] | {"open": 50.0}
        pair[4] = pair[4] | {"close": 60.0}
        assert one(pair, 1, 3) == pytest.approx(60 / 50 - 1 - 0.0012, abs=1e-15)
        assert one(pair, 1, 3, direction=SHORT) == pytest.approx(1 - 60 / 50 - 0.0012, abs=1e-15)

    def test_a_trade_that_goes_nowhere_loses_its_costs(self):
        assert one(flat(3), 0, 1) == pytest.approx(-0.0012, abs=1e-15)
        assert won(np.array([one(flat(3), 0, 1), 0.0, 1e-9, np.nan]))[:3].tolist() == [0.0, 0.0, 1.0]

    @pytest.mark.parametrize("missing", ["open", "close"])
    def test_a_missing_price_is_no_trade(self, missing):
        pair = flat(4)
        pair[2 if missing == "open" else 3] |= {missing: None}
        assert math.isnan(one(pair, 1, 2))
        assert math.isnan(won(np.array([one(pair, 1, 2)]))[0])

    def test_a_bar_missing_between_is_a_trade_all_the_same(self):
        pair = flat(6)
        pair[3] = None
        assert one(pair, 1, 4) == pytest.approx(-0.0012, abs=1e-15)

    def test_what_is_not_there_yet_is_no_trade(self):
        assert math.isnan(one(flat(4), 1, 3))
        assert not math.isnan(one(flat(5), 1, 3))

    @pytest.mark.parametrize(
        ("signal", "crossed"),
        [
            # The bar that closes at 08:00 is number 95.
            (94, True),
            (95, False),
            (93, True),
            (92, False),
        ],
    )
    def test_funding_is_paid_at_a_settlement_crossed(self, signal, crossed):
        """Held for two bars: entry < settlement <= exit; the settlement of the signal's own close is not."""
        pair = flat(100, funding=0.01)
        cost = 0.01 if crossed else 0.0
        assert one(pair, signal, 2) == pytest.approx(-0.0012 - cost, abs=1e-15)
        assert one(pair, signal, 2, direction=SHORT) == pytest.approx(-0.0012 + cost, abs=1e-15)

    def test_unknown_funding_matters_only_where_it_settles(self):
        assert math.isnan(one(flat(100, funding=None), 94, 1))
        assert not math.isnan(one(flat(100, funding=None), 95, 1))
        assert math.isnan(one(flat(100, funding_interval_h=None), 94, 1))
        assert not math.isnan(one(flat(100, funding_interval_h=None), 95, 1))

    def test_of_several_settlements_in_a_bar_the_sum_is_unknown(self):
        hourly = table([flat(6, funding=0.01, funding_interval_h=1.0)], 4 * HOUR)
        assert np.isnan(funding_paid(hourly)).all()
        twice = table([flat(6, funding=0.01)], 4 * HOUR)
        assert funding_paid(twice)[0].tolist() == [0.0, 0.01, 0.0, 0.01, 0.0, 0.01]

    def test_a_late_signal_is_the_next_bars(self):
        pair = [bar | {"open": 100.0 + i, "close": 100.0 + 2 * i} for i, bar in enumerate(flat(8))]
        rows = np.zeros(2, dtype=np.int64)
        late = fixed_horizons(table([pair]), rows, np.array([1, 2]) + 1, [3])[0]
        assert nets(late)[0] == one(pair, 2, 3)

    @given(cut=st.integers(5, 59), seed=st.integers(0, 5))
    def test_what_comes_after_the_exit_changes_nothing(self, cut, seed):
        rng = np.random.default_rng(seed)
        pair = [
            bar | {"open": float(rng.uniform(90, 110)), "close": float(rng.uniform(90, 110))}
            for bar in flat(60)
        ]
        slots = np.arange(cut)
        rows = np.zeros(cut, dtype=np.int64)
        whole = fixed_horizons(table([pair]), rows, slots, HORIZONS)
        part = fixed_horizons(table([pair[:cut]]), rows, slots, HORIZONS)
        for hold, full, short in zip(HORIZONS, whole, part, strict=True):
            known = max(0, cut - hold)
            assert nets(full)[:known] == nets(short)[:known]
            assert np.isnan(nets(short)[known:]).all()
