"""What the registry declares, and every metric at the edges of what it answers, by hand."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from itertools import product

import numpy as np
import pytest

import reference
from futuresboard.bars import UNLISTED, Bars
from futuresboard.metrics import (
    LOOKBACK,
    QUADRANTS,
    REGISTRY,
    calc_confluence,
    get_all,
    imbalance_raw,
    net_taker_volume,
    quadrant,
    stored_names,
)
from random_bars import clean_bars

M5, M15, H1, H4 = 300_000, 900_000, 3_600_000, 14_400_000
DAY = 24 * H1
MIDNIGHT = 20_000 * DAY

# name: (unit, columns, bars and hours until it is known, stored, goes slot by slot)
DECLARED = {
    "taker_sell": ("base", ("volume", "taker_buy"), 1, 0, True, False),
    "imbalance": ("%", ("volume", "taker_buy"), 1, 0, True, False),
    "cvd": ("base", ("volume", "taker_buy"), 1, 24, True, False),
    "oi_delta_pct": ("%", ("oi_contracts",), 2, 0, True, False),
    "ls_delta_pct": ("%", ("global_ls",), 2, 0, True, False),
    "rsi": ("0–100", ("close",), 101, 0, True, True),
    "z_raw": ("σ", ("oi_contracts",), 22, 0, True, False),
    "z_score": ("σ", ("oi_contracts",), 22, 0, True, False),
    "price_change_24h_pct": ("%", ("close",), 1, 24, False, False),
    "oi_change_1h_pct": ("%", ("oi_contracts",), 1, 1, False, False),
    "oi_change_4h_pct": ("%", ("oi_contracts",), 1, 4, False, False),
    "oi_change_24h_pct": ("%", ("oi_contracts",), 1, 24, False, False),
    "price_change_1h_pct": ("%", ("close",), 1, 1, False, False),
    "oi_price_corr": ("−1…1", ("oi_contracts", "close"), 1, 24, False, False),
}
CHANGES = {
    "oi_delta_pct": ("oi_contracts", 0),
    "ls_delta_pct": ("global_ls", 0),
    "oi_change_1h_pct": ("oi_contracts", 1),
    "oi_change_4h_pct": ("oi_contracts", 4),
    "oi_change_24h_pct": ("oi_contracts", 24),
    "price_change_1h_pct": ("close", 1),
    "price_change_24h_pct": ("close", 24),
}
each_metric = pytest.mark.parametrize("entry", REGISTRY.values(), ids=REGISTRY)


def value(name, bars):
    with np.errstate(invalid="ignore", divide="ignore"):
        return REGISTRY[name].function(bars)


def laid(count, *, series=1, start=MIDNIGHT, step=M5, out=None, listed=None, **columns):
    """`Bars` of given columns, each a scalar, a list laid along the slots, or an array (series, count)."""
    made = {
        name: np.array(np.broadcast_to(np.asarray(column, dtype=np.float64), (series, count)))
        for name, column in columns.items()
    }
    ts = start + np.arange(count, dtype=np.int64) * step
    birth = np.full(series, UNLISTED) if listed is None else np.array(listed, dtype=np.int64)
    return Bars(step, ts, made, birth, count if out is None else out)


def known(values):
    return np.isfinite(values).tolist()


class TestDeclared:
    def test_the_catalog(self):
        assert list(REGISTRY) == list(DECLARED)
        for name, entry in REGISTRY.items():
            assert entry.name == name
            found = (entry.unit, entry.needs, entry.warmup, entry.warmup_hours, entry.stored, entry.steps)
            assert found == DECLARED[name]

    def test_the_definition_is_one_line_of_words(self):
        for entry in REGISTRY.values():
            assert len(entry.doc) > 20
            assert entry.doc == " ".join(entry.function.__doc__.split())

    def test_columns_of_the_database(self):
        assert stored_names() == tuple(name for name, declared in DECLARED.items() if declared[4])

    def test_an_entry_cannot_be_changed(self):
        with pytest.raises(FrozenInstanceError):
            REGISTRY["rsi"].warmup = 1

    @pytest.mark.parametrize(
        ("name", "step", "bars"),
        [("rsi", H4, 101), ("cvd", M5, 289), ("oi_change_4h_pct", M15, 17), ("oi_change_1h_pct", H1, 2)],
    )
    def test_hours_are_bars_of_the_timeframe(self, name, step, bars):
        assert REGISTRY[name].warmup_bars(step) == bars


class TestTakers:
    def test_one_bar(self):
        bars = laid(4, volume=[100.0, 200.0, np.nan, 8.0], taker_buy=[60.0, 80.0, 1.0, np.nan])
        np.testing.assert_array_equal(value("taker_sell", bars), [[40.0, 120.0, np.nan, np.nan]])
        np.testing.assert_array_equal(value("imbalance", bars), [[20.0, -20.0, np.nan, np.nan]])
        np.testing.assert_array_equal(net_taker_volume(bars), [[20.0, -40.0, np.nan, np.nan]])
        np.testing.assert_array_equal(net_taker_volume(bars, 1), [[np.nan, 20.0, -40.0, np.nan]])

    def test_bought_where_nothing_traded_is_unknown_and_not_infinite(self):
        assert not np.isfinite(value("imbalance", laid(1, volume=0.0, taker_buy=1.0))).any()
        assert np.isnan(imbalance_raw(laid(1, volume=0.0, taker_buy=1.0))).all()

    @pytest.mark.parametrize(
        ("buy", "volume", "told"),
        [
            (75.0, 100.0, False),  # just 50
            (25.0, 100.0, False),
            (74.9, 100.0, True),
            (25.1, 100.0, True),
            (100.0, 100.0, False),
            (0.6, 1.0, True),
            (0.0, 0.0, False),
        ],
    )
    def test_the_guard(self, buy, volume, told):
        bars = laid(1, volume=volume, taker_buy=buy)
        with np.errstate(invalid="ignore"):
            raw = imbalance_raw(bars)[0, 0]
        if volume:
            assert raw == (buy - (volume - buy)) / volume * 100.0
        else:
            assert math.isnan(raw)
        assert known(value("imbalance", bars)) == [[told]]
        if told:
            assert value("imbalance", bars)[0, 0] == raw


class TestCvd:
    """Volume 1 and taker buy 0.75 a bar: a flow of 0.5."""

    def flow(self, count, start, **more):
        return value("cvd", laid(count, start=start, volume=1.0, taker_buy=0.75, **more))

    def test_it_begins_at_every_midnight(self):
        found = self.flow(30, MIDNIGHT - 3 * H1, step=H1)
        wanted = [np.nan] * 3 + [0.5 * (i + 1) for i in range(24)] + [0.5, 1.0, 1.5]
        np.testing.assert_array_equal(found, [wanted])

    def test_an_unknown_bar_ends_it_until_midnight(self):
        volume = np.ones(30)
        volume[4] = np.nan
        bars = laid(30, start=MIDNIGHT, step=H1, volume=volume, taker_buy=0.75)
        assert known(value("cvd", bars)[0]) == [slot < 4 or slot >= 24 for slot in range(30)]

    @pytest.mark.parametrize("out", [1, 2, 5, 25, 26, 50, 51])
    def test_what_is_asked_for_may_begin_anywhere(self, out):
        whole = self.flow(51, MIDNIGHT - 2 * H1, step=H1)
        found = self.flow(51, MIDNIGHT - 2 * H1, step=H1, out=out)
        assert found.tobytes() == whole[:, -out:].tobytes()

    def test_the_day_of_a_listing_begins_with_it(self):
        """Before, during, at the first bar and never: side by side, on a day whose midnight is missing."""
        start = MIDNIGHT + 5 * H1
        listed = [UNLISTED, start - H1, start, start + H1, start + 3 * H1, start + 7 * H1, start + 9 * H1]
        found = self.flow(8, start, step=H1, series=7, listed=listed)
        never = [np.nan] * 8
        from_bar = {
            first: [np.nan] * first + [0.5 * (i + 1) for i in range(8 - first)] for first in (0, 1, 3, 7)
        }
        wanted = [never, never, from_bar[0], from_bar[1], from_bar[3], from_bar[7], never]
        np.testing.assert_array_equal(found, wanted)

    def test_each_alone_has_what_it_has_beside_others(self):
        start = MIDNIGHT + 5 * H1
        for listed, first in ((start, 0), (start + H1, 1), (start + 7 * H1, 7)):
            found = self.flow(8, start, step=H1, listed=[listed])
            wanted = [np.nan] * first + [0.5 * (i + 1) for i in range(8 - first)]
            np.testing.assert_array_equal(found, [wanted])
        for listed in (UNLISTED, start - H1, start + 8 * H1):
            assert not np.isfinite(self.flow(8, start, step=H1, listed=[listed])).any()

    @pytest.mark.parametrize("listed", [MIDNIGHT, MIDNIGHT + 2 * H1, MIDNIGHT - H1, UNLISTED])
    def test_a_listing_beside_a_midnight_that_is_there(self, listed):
        found = self.flow(6, MIDNIGHT, step=H1, listed=[listed])
        first = max(0, (listed - MIDNIGHT) // H1) if listed != UNLISTED else 0
        wanted = [np.nan] * first + [0.5 * (i + 1) for i in range(6 - first)]
        np.testing.assert_array_equal(found, [wanted])

    def test_one_bar_of_a_day(self):
        assert self.flow(1, MIDNIGHT).tolist() == [[0.5]]
        assert not np.isfinite(self.flow(1, MIDNIGHT + M5)).any()
        assert self.flow(1, MIDNIGHT + M5, listed=[MIDNIGHT + M5]).tolist() == [[0.5]]

    def test_a_sum_runs_along_its_own_series(self):
        buy = np.array([[0.75], [1.0], [0.25]]) * np.ones((3, 4))
        found = value("cvd", laid(4, series=3, volume=1.0, taker_buy=buy))
        assert found.tolist() == [[0.5, 1.0, 1.5, 2.0], [1.0, 2.0, 3.0, 4.0], [-0.5, -1.0, -1.5, -2.0]]


class TestZ:
    def test_a_leap_is_clipped_and_the_raw_value_is_not(self):
        for last, clipped in ((200.0, 10.0), (50.0, -10.0)):
            bars = laid(22, oi_contracts=[100.0, 101.0] * 10 + [100.0, last])
            assert abs(value("z_raw", bars)[0, -1]) > 40.0
            assert value("z_score", bars)[0, -1] == clipped

    def test_a_small_one_is_neither(self):
        bars = laid(22, oi_contracts=[100.0, 101.0] * 10 + [100.0, 103.0])
        raw = value("z_raw", bars)[0, -1]
        assert 2.0 < raw < 4.0
        assert value("z_score", bars)[0, -1] == raw

    def test_the_two_share_their_work(self):
        bars = laid(22, oi_contracts=[100.0, 101.0] * 11)
        assert value("z_raw", bars) is value("z_raw", bars)


class TestQuadrant:
    def test_the_corners_and_no_word_on_an_axis(self):
        words = {
            (3.0, 0.1): "new longs",
            (0.1, -3.0): "short covering",
            (-0.1, 3.0): "new shorts",
            (-3.0, -0.1): "long liquidation",
        }
        for (price, oi), word in words.items():
            assert quadrant(price, oi) == word
        assert sorted(QUADRANTS.values()) == sorted(words.values())
        for price, oi in ((0.0, 1.0), (1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 0.0)):
            assert quadrant(price, oi) is None
        for price, oi in ((None, 1.0), (1.0, None), (None, None)):
            assert quadrant(price, oi) is None


class TestConfluence:
    LIMITS = (2.5, 2.0, 3.0)

    def count(self, z, ls, flow):
        return calc_confluence(np.array([z]), np.array([ls]), np.array([flow]), self.LIMITS)[0]

    def test_how_many_are_above_their_limits(self):
        zs = ((2.5, 0), (2.6, 1), (-9.0, 0), (10.0, 1))
        ratios = ((2.0, 0), (2.1, 1), (0.3, 0), (9.0, 1))
        flows = ((3.0, 0), (3.1, 1), (-3.0, 0), (-3.1, 1), (0.0, 0), (40.0, 1))
        for z, ls, flow in product(zs, ratios, flows):
            assert self.count(z[0], ls[0], flow[0]) == z[1] + ls[1] + flow[1]

    @pytest.mark.parametrize("unknown", [0, 1, 2])
    def test_unknown_when_any_is_even_if_others_decide(self, unknown):
        inputs = [9.0, 9.0, 9.0]
        inputs[unknown] = np.nan
        with np.errstate(invalid="ignore"):
            assert math.isnan(self.count(*inputs))


class TestChanges:
    @pytest.mark.parametrize("step", [M5, H1])
    @pytest.mark.parametrize("name", CHANGES)
    def test_against_the_bar_so_long_before(self, name, step):
        column, hours = CHANGES[name]
        back = hours * H1 // step or 1
        bars = clean_bars(np.random.default_rng(5), 2, back + 5, step)
        levels = bars.columns[column].tolist()
        for series, found in zip(levels, value(name, bars).tolist(), strict=True):
            for slot, got in enumerate(found):
                if slot < back:
                    assert math.isnan(got)
                else:
                    wanted = reference.percent_change(series[slot], series[slot - back])
                    assert math.isclose(got, wanted, rel_tol=1e-12)

    def test_less_than_one_bar_is_unknown_and_one_bar_is_not(self):
        bars = laid(9, step=H4, oi_contracts=[100.0 + i for i in range(9)])
        assert not np.isfinite(value("oi_change_1h_pct", bars)).any()
        assert value("oi_change_4h_pct", bars)[0, 1] == 1.0


class TestCorrelation:
    def test_the_changes_of_24_hours(self):
        bars = clean_bars(np.random.default_rng(6), 1, 30, H1)
        oi, close = (bars.columns[name][0].tolist() for name in ("oi_contracts", "close"))
        changes = [(math.log(oi[i] / oi[i - 1]), math.log(close[i] / close[i - 1])) for i in range(1, 30)]
        found = value("oi_price_corr", bars)[0]
        for slot in range(24, 30):
            wanted = reference.correlation(changes[slot - 24 : slot])
            assert math.isclose(found[slot], wanted, rel_tol=1e-12)


class TestWarmUp:
    @pytest.mark.parametrize("step", [M5, M15, H1])
    @each_metric
    def test_the_warm_up_is_exact(self, entry, step):
        """One bar fewer is not enough; with what is declared every later value is known."""
        warmup = entry.warmup_bars(step)
        # A day that begins a bar after midnight is told at the next, nine in ten changes are enough.
        sooner = {"cvd": 1, "oi_price_corr": DAY // step // 10}.get(entry.name, 0)
        bars = clean_bars(np.random.default_rng(1), 2, warmup + 30, step)
        bars = replace(bars, ts=MIDNIGHT + step + np.arange(warmup + 30, dtype=np.int64) * step)
        first = warmup - 1 - sooner
        assert known(value(entry.name, bars)) == [[slot >= first for slot in range(warmup + 30)]] * 2

    def test_lookback_is_what_rsi_remembers(self):
        """The newest close included: with one fewer it forgets a change, one more tells nothing new."""
        close = [1.0] * 100 + [2.0] * LOOKBACK
        moved = laid(len(close), close=close)
        newest = slice(len(close) - LOOKBACK - 1, None)
        for slots, told in ((LOOKBACK + 1, 50.0), (LOOKBACK, 50.0)):
            assert value("rsi", laid(slots, close=close[-slots:], out=1)).tolist() == [[told]]
        assert value("rsi", replace(moved, out=1)).tolist() == [[50.0]]
        before = close[newest][:-1]  # the leap is now the oldest change the value remembers
        assert len(before) == LOOKBACK
        assert value("rsi", laid(LOOKBACK, close=before, out=1)).tolist() == [[100.0]]
        assert value("rsi", laid(LOOKBACK - 1, close=before[1:], out=1)).tolist() == [[50.0]]


class TestBatches:
    def test_more_series_than_are_taken_at_once(self):
        """Each alone has what it has among 402 others, in any number of slots asked for."""
        bars = clean_bars(np.random.default_rng(2), 403, 130, H1)
        for out in (3, 130):
            found = get_all(replace(bars, out=out))
            assert list(found) == list(REGISTRY)
            for name, values in found.items():
                assert values.shape == (403, out)
                assert values.tobytes() == value(name, replace(bars, out=out)).tobytes(), name

    def test_more_slots_than_are_taken_at_once(self):
        bars = replace(clean_bars(np.random.default_rng(3), 2, 130, M5), out=40_001)
        for name, values in get_all(bars).items():
            assert values.shape == (2, 40_001)
            assert values.tobytes() == value(name, bars).tobytes(), name

    @each_metric
    def test_slots_before_the_first_are_unknown(self, entry):
        bars = clean_bars(np.random.default_rng(4), 2, 350, M15)
        bars = replace(bars, ts=MIDNIGHT + np.arange(350, dtype=np.int64) * M15)
        wide = value(entry.name, replace(bars, out=357))
        assert wide.shape == (2, 357)
        assert not np.isfinite(wide[:, :7]).any()
        assert wide[:, 7:].tobytes() == value(entry.name, bars).tobytes()
        assert np.isfinite(wide[:, -1]).all()
