"""The reference itself, against rows computed by hand: the arithmetic stands beside each number."""

from __future__ import annotations

import ast
import math
import sys
from pathlib import Path

import pytest

import reference
from handmade_bars import M5, M15, MIDNIGHT, bars, column, spike, spike_z
from reference import DAY, HOUR, derive, resample, z_raw


class TestIndependence:
    def test_it_imports_the_standard_library_only(self):
        tree = ast.parse(Path(reference.__file__).read_text(encoding="utf-8"))
        names = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
        assert names <= set(sys.stdlib_module_names)

    def test_the_input_is_left_untouched(self):
        given = bars(30, oi_contracts=0.0)
        before = [dict(bar) for bar in given]
        derive(given, M5)
        assert given == before

    def test_unsorted_or_double_bars_are_refused(self):
        with pytest.raises(ValueError, match="sorted"):
            derive(bars(3)[::-1], M5)
        with pytest.raises(ValueError, match="sorted"):
            derive([*bars(2), bars(2)[1]], M5)

    def test_no_bars_no_rows(self):
        assert derive([], M5) == []
        assert resample([], M5, M15) == []


class TestInputs:
    @pytest.mark.parametrize(
        "name", ["open", "high", "low", "close", "oi_contracts", "oi_abs_usd", "global_ls", "top_ls"]
    )
    @pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, -math.inf])
    def test_prices_oi_and_ratios_must_be_positive(self, name, bad):
        (row,) = derive(bars(1, **{name: bad}), M5)
        assert row[name] is None
        assert row["guarded"] == {name: bad}

    @pytest.mark.parametrize("name", ["volume", "quote_volume", "taker_buy"])
    def test_volumes_must_not_be_negative(self, name):
        (zero,) = derive(bars(1, volume=100.0, **({name: 0.0} if name != "volume" else {})), M5)
        assert name not in zero["guarded"]
        (row,) = derive(bars(1, **{name: -1e-12}), M5)
        assert row[name] is None
        assert row["guarded"] == {name: -1e-12}

    def test_no_volume_at_all_is_known(self):
        (row,) = derive(bars(1, volume=0.0, taker_buy=0.0), M5)
        assert (row["volume"], row["taker_sell"], row["cvd"]) == (0.0, 0.0, 0.0)
        assert row["guarded"] == {}

    @pytest.mark.parametrize("name", list(reference.RAW))
    def test_nan_is_unknown_and_kept_as_guarded(self, name):
        (row,) = derive(bars(1, **{name: math.nan}), M5)
        assert row[name] is None
        assert list(row["guarded"]) == [name]

    @pytest.mark.parametrize("name", list(reference.RAW))
    def test_none_and_an_absent_column_are_unknown_without_a_guard(self, name):
        (row,) = derive(bars(1, **{name: None}), M5)
        (bar,) = bars(1)
        del bar[name]
        (absent,) = derive([bar], M5)
        assert row == absent
        assert row[name] is None
        assert row["guarded"] == {}

    def test_funding_is_guarded_from_five_percent_on(self):
        rows = derive(bars(5, funding=[0.0499, 0.05, -0.0499, -0.05, 0.0]), M5)
        assert column(rows, "funding") == [0.0499, None, -0.0499, None, 0.0]
        assert column(rows, "guarded") == [{}, {"funding": 0.05}, {}, {"funding": -0.05}, {}]

    def test_the_interval_must_be_positive(self):
        rows = derive(bars(2, funding_interval_h=[4.0, 0.0]), M5)
        assert column(rows, "funding_interval_h") == [4.0, None]
        assert rows[1]["guarded"] == {"funding_interval_h": 0.0}

    def test_more_bought_than_traded_is_no_split(self):
        (row,) = derive(bars(1, volume=100.0, taker_buy=101.0), M5)
        # 100 - 101 = -1 sold: a volume that is not >= 0
        assert (row["taker_sell"], row["imbalance"], row["cvd"]) == (None, None, None)
        assert row["guarded"] == {"taker_sell": -1.0}


class TestFlow:
    def test_taker_sell_and_imbalance(self):
        rows = derive(bars(4, volume=[100.0, 80.0, 40.0, 10.0], taker_buy=[60.0, 20.5, 20.0, 2.6]), M5)
        # 100 - 60, 80 - 20.5, 40 - 20, 10 - 2.6
        assert column(rows, "taker_sell") == pytest.approx([40.0, 59.5, 20.0, 7.4])
        # (60-40)/100, (20.5-59.5)/80, 0/40, (2.6-7.4)/10; each x 100
        assert column(rows, "imbalance") == pytest.approx([20.0, -48.75, 0.0, -48.0])

    def test_imbalance_is_unknown_without_trades(self):
        (row,) = derive(bars(1, volume=0.0, taker_buy=0.0), M5)
        assert row["imbalance"] is None
        assert row["guarded"] == {}

    def test_imbalance_is_guarded_from_fifty_on(self):
        rows = derive(bars(5, taker_buy=[75.0, 74.5, 25.0, 100.0, 0.0]), M5)
        # (75-25)/100 = 50 %, (74.5-25.5)/100 = 49 %, -50 %, 100 %, -100 %
        assert column(rows, "imbalance") == [None, 49.0, None, None, None]
        assert column(rows, "guarded") == [
            {"imbalance": x} if x else {} for x in (50.0, None, -50.0, 100.0, -100.0)
        ]
        # the volumes behind it count on: + 50, + 49, - 50, + 100, - 100
        assert column(rows, "cvd") == [50.0, 99.0, 49.0, 149.0, 49.0]

    def test_without_a_split_everything_of_it_is_unknown(self):
        (row,) = derive(bars(1, taker_buy=None), M5)
        assert (row["taker_sell"], row["imbalance"], row["cvd"]) == (None, None, None)


class TestCvd:
    def test_it_sums_from_midnight_and_starts_anew_at_the_next(self):
        rows = derive(
            bars(6, start=MIDNIGHT + DAY - 3 * M5, taker_buy=[50.0, 60.0, 60.0, 55.0, 40.0, 50.0]), M5
        )
        # buy - sell: 0, 20, 20 | 10, -20, 0; the first day has no 00:00 bar here
        assert column(rows, "cvd") == [None, None, None, 10.0, -10.0, -10.0]

    def test_a_whole_day_then_the_next(self):
        rows = derive(bars(26, step=HOUR, taker_buy=51.0), HOUR)
        # +2 an hour: 24 hours make 48, then 2 and 4
        assert column(rows, "cvd") == [2.0 * (i + 1) for i in range(24)] + [2.0, 4.0]

    def test_an_unknown_bar_ends_it_until_the_next_midnight(self):
        rows = derive(bars(27, step=HOUR, taker_buy=[51.0, 51.0, None, *[51.0] * 24]), HOUR)
        assert column(rows, "cvd") == [2.0, 4.0, *[None] * 22, 2.0, 4.0, 6.0]

    def test_a_missing_bar_ends_it_until_the_next_midnight(self):
        series = bars(27, step=HOUR, taker_buy=51.0)
        del series[2]
        assert column(derive(series, HOUR), "cvd") == [2.0, 4.0, *[None] * 21, 2.0, 4.0, 6.0]

    def test_a_missing_midnight_bar_leaves_the_day_unknown(self):
        series = bars(50, step=HOUR, taker_buy=51.0)
        del series[24]
        values = column(derive(series, HOUR), "cvd")
        assert values[23] == 48.0
        assert values[24:47] == [None] * 23  # 01:00 to 23:00 of the second day
        assert values[47:] == [2.0, 4.0]

    def test_an_unknown_midnight_bar_leaves_the_day_unknown(self):
        rows = derive(bars(26, step=HOUR, volume=[None, *[100.0] * 25], taker_buy=51.0), HOUR)
        assert column(rows, "cvd") == [None] * 24 + [2.0, 4.0]

    def test_a_gap_that_ends_at_midnight_costs_the_new_day_nothing(self):
        series = bars(26, step=HOUR, taker_buy=51.0)
        del series[23]
        assert column(derive(series, HOUR), "cvd")[22:] == [46.0, 2.0, 4.0]

    def test_it_starts_at_the_listing(self):
        listed = MIDNIGHT + 5 * HOUR
        series = bars(3, start=listed, step=HOUR, taker_buy=51.0)
        for inside in (listed, listed + 1, listed + HOUR - 1):
            assert column(derive(series, HOUR, listing_ts=inside), "cvd") == [2.0, 4.0, 6.0]
        for outside in (listed - 1, listed + HOUR, None):
            assert column(derive(series, HOUR, listing_ts=outside), "cvd") == [None] * 3

    def test_the_listing_helps_only_as_the_first_bar_of_the_series(self):
        series = bars(4, start=MIDNIGHT + HOUR, step=HOUR, taker_buy=51.0)
        assert column(derive(series, HOUR, listing_ts=MIDNIGHT + 2 * HOUR), "cvd") == [None] * 4


class TestChanges:
    def test_one_bar_changes_of_oi_and_ls(self):
        rows = derive(bars(4, oi_contracts=[100.0, 110.0, 99.0, 99.0], global_ls=[2.0, 1.0, 1.5, 1.5]), M5)
        # +10/100, -11/110, 0/99
        assert column(rows, "oi_delta_pct") == [None, *map(pytest.approx, [10.0, -10.0, 0.0])]
        # -1/2, +0.5/1, 0/1.5
        assert column(rows, "ls_delta_pct") == [None, -50.0, 50.0, 0.0]

    def test_it_is_base_oi_and_global_ls_that_are_compared(self):
        rows = derive(bars(2, oi_abs_usd=[1.0, 2.0], top_ls=[1.0, 2.0]), M5)
        assert (rows[1]["oi_delta_pct"], rows[1]["ls_delta_pct"]) == (0.0, 0.0)

    def test_a_gap_is_not_bridged(self):
        series = bars(4, oi_contracts=[100.0, 110.0, 120.0, 126.0])
        del series[1]
        # 120 stands two slots after 100; 126 = 120 + 5 %
        assert column(derive(series, M5), "oi_delta_pct") == [None, None, 5.0]

    def test_an_unfit_level_costs_both_changes_beside_it(self):
        rows = derive(bars(4, oi_contracts=[100.0, 0.0, 100.0, 105.0]), M5)
        assert column(rows, "oi_delta_pct") == [None, None, None, 5.0]

    def test_changes_over_hours_take_the_slot_that_long_before(self):
        oi = [100.0 + i for i in range(25)]
        close = [10.0 + i for i in range(25)]
        rows = derive(bars(25, step=HOUR, oi_contracts=oi, close=close), HOUR)
        last = rows[24]
        assert last["oi_change_1h_pct"] == pytest.approx(100 * 1 / 123)  # 124 against 123
        assert last["oi_change_4h_pct"] == pytest.approx(100 * 4 / 120)  # against 120
        assert last["oi_change_24h_pct"] == pytest.approx(24.0)  # against 100
        assert last["price_change_24h_pct"] == pytest.approx(240.0)  # 34 against 10
        assert (rows[23]["oi_change_24h_pct"], rows[23]["price_change_24h_pct"]) == (None, None)
        assert (rows[3]["oi_change_4h_pct"], rows[0]["oi_change_1h_pct"]) == (None, None)

    def test_changes_over_hours_survive_a_gap_in_between_but_not_a_missing_start(self):
        series = bars(14, oi_contracts=[100.0, 200.0, *[300.0] * 12])
        del series[5]
        rows = derive(series, M5)
        # 13:th and 14:th bar are 12 slots after the first and the second
        assert rows[11]["oi_change_1h_pct"] == 200.0
        assert rows[12]["oi_change_1h_pct"] == 50.0
        del series[0]
        assert derive(series, M5)[10]["oi_change_1h_pct"] is None

    @pytest.mark.parametrize(
        ("close", "oi", "word"),
        [
            (11.0, 501.0, "new longs"),
            (11.0, 499.0, "short covering"),
            (9.5, 501.0, "new shorts"),
            (9.5, 499.0, "long liquidation"),
            (10.0, 501.0, None),
            (11.0, 500.0, None),
            (11.0, 0.0, None),
            (0.0, 501.0, None),
        ],
    )
    def test_the_quadrant_names_the_signs_of_one_hour(self, close, oi, word):
        rows = derive(bars(13, close=[10.0] * 12 + [close], oi_contracts=[500.0] * 12 + [oi]), M5)
        assert rows[12]["oi_price_quadrant"] == word
        assert rows[11]["oi_price_quadrant"] is None  # no bar an hour before


class TestRsi:
    # Seed: seven changes of +2 and seven of -1: mean gain 14/14 = 1, mean loss 7/14 = 0.5.
    # Flat closes shrink both by the same 13/14, so the ratio stays 2: RSI = 100 - 100/3.
    @staticmethod
    def closes(count, seed=(2.0, -1.0)):
        made = [50.0]
        for i in range(count - 1):
            made.append(made[-1] + (seed[i % 2] if i < 14 else 0.0))
        return made

    @pytest.mark.parametrize("seed", [(2.0, -1.0), (-1.0, 2.0)])
    def test_it_is_known_once_a_hundred_changes_are_in(self, seed):
        values = column(derive(bars(103, close=self.closes(103, seed)), M5), "rsi")
        assert values[:100] == [None] * 100  # 99 changes at bar 99
        assert values[100:] == pytest.approx([100 - 100 / 3] * 3)

    def test_the_recursion_weighs_the_last_change_one_fourteenth(self):
        up = [*self.closes(101), self.closes(101)[-1] + 0.01]
        shrunk = (13 / 14) ** 86  # 14 of 100 changes made the seed
        gain, loss = (13 * shrunk * 1.0 + 0.01) / 14, 13 * shrunk * 0.5 / 14
        value = derive(bars(102, close=up), M5)[-1]["rsi"]
        assert value == pytest.approx(100 - 100 / (1 + gain / loss), rel=1e-9)
        down = [*self.closes(101), self.closes(101)[-1] - 0.01]
        gain, loss = 13 * shrunk * 1.0 / 14, (13 * shrunk * 0.5 + 0.01) / 14
        value = derive(bars(102, close=down), M5)[-1]["rsi"]
        assert value == pytest.approx(100 - 100 / (1 + gain / loss), rel=1e-9)

    def test_the_edges(self):
        climb = [10.0 + i for i in range(102)]
        assert column(derive(bars(102), M5), "rsi")[100:] == [50.0, 50.0]  # flat
        assert column(derive(bars(102, close=climb), M5), "rsi")[100:] == [100.0, 100.0]
        assert column(derive(bars(102, close=climb[::-1]), M5), "rsi")[100:] == [0.0, 0.0]

    def test_a_gap_restarts_it(self):
        series = bars(152, close=[20.0 + i % 3 for i in range(152)])
        del series[50]
        values = column(derive(series, M5), "rsi")
        # bar 51 is the first of the new run, bar 151 has its hundredth change
        assert [i for i, value in enumerate(values) if value is not None] == [150]
        assert values[150] == derive(series[50:], M5)[-1]["rsi"]

    def test_an_unknown_close_restarts_it(self):
        close = [20.0 + i % 3 for i in range(152)]
        close[50] = 0.0
        values = column(derive(bars(152, close=close), M5), "rsi")
        assert [i for i, value in enumerate(values) if value is not None] == [151]

    def test_it_goes_on_unknown_at_once_when_a_gap_comes_late(self):
        series = bars(130, close=[20.0 + i % 3 for i in range(130)])
        del series[120]
        values = column(derive(series, M5), "rsi")
        assert None not in values[100:120]
        assert values[120:] == [None] * 9


class TestZ:
    # Twenty numbers with sum 0 and squares 2*9 + 14*4 + 2*1 = 76: sample sd = sqrt(76 / 19) = 2.
    BEFORE = (3.0, -3.0, *[2.0, -2.0] * 7, 1.0, -1.0, 0.0, 0.0)

    def test_by_hand(self):
        assert z_raw(5.0, self.BEFORE) == 2.5
        assert z_raw(-5.0, self.BEFORE) == -2.5
        assert z_raw(0.0, self.BEFORE) == 0.0
        # moved by 7: the mean is 7, the sd still 2
        assert z_raw(10.0, [x + 7 for x in self.BEFORE]) == 1.5

    def test_a_spread_too_small_is_unknown(self):
        assert z_raw(1.0, [0.5] * 20) is None
        tiny = [x * 0.4e-9 for x in self.BEFORE]  # sd 0.8e-9
        assert z_raw(1.0, tiny) is None
        assert z_raw(1.0, [x * 0.6e-9 for x in self.BEFORE]) == pytest.approx(1 / 1.2e-9)
        # beside a mean of 1000 the sd must be above 1e-3: 0.8e-3 is not, 1.2e-3 is
        assert z_raw(1.0, [1000 + x * 0.4e-3 for x in self.BEFORE]) is None
        assert z_raw(1000.0, [-1000 + x * 0.4e-3 for x in self.BEFORE]) is None
        assert z_raw(1001.0, [1000 + x * 0.6e-3 for x in self.BEFORE]) == pytest.approx(1 / 1.2e-3, rel=1e-6)

    def test_in_a_series_the_current_bar_is_outside_its_window(self):
        rows = derive(bars(22, oi_contracts=spike()), M5)
        assert column(rows, "z_score")[:21] == [None] * 21  # 20 changes before it, not yet 21
        assert rows[21]["z_score"] == pytest.approx(spike_z(5.0))  # 4.893; inside it could not pass 4.25
        assert rows[21]["z_raw"] == rows[21]["z_score"]

    def test_it_is_clipped_at_ten(self):
        up = derive(bars(22, oi_contracts=spike(120.0)), M5)[21]
        assert up["z_raw"] == pytest.approx(spike_z(20.0))  # 19.6
        assert up["z_score"] == 10.0
        down = derive(bars(22, oi_contracts=spike(80.0)), M5)[21]
        assert down["z_raw"] == pytest.approx(spike_z(-20.0))
        assert down["z_score"] == -10.0

    @pytest.mark.parametrize("hole", [0, 1, 10, 20, 21])
    def test_one_unknown_of_twenty_one_changes_makes_it_unknown(self, hole):
        oi = spike()
        oi[hole] = None
        assert derive(bars(22, oi_contracts=oi), M5)[21]["z_score"] is None

    def test_slots_count_not_rows(self):
        series = bars(23, oi_contracts=[101.0, *spike()])
        assert derive(series, M5)[22]["z_score"] is not None
        del series[5]
        assert derive(series, M5)[21]["z_score"] is None

    def test_what_lies_before_the_window_does_not_matter(self):
        short = derive(bars(22, oi_contracts=spike()), M5)[21]
        long = derive(bars(25, oi_contracts=[1.0, None, 9e9, *spike()]), M5)[24]
        assert long["z_raw"] == short["z_raw"]

    def test_frozen_oi_is_unknown_not_zero(self):
        assert derive(bars(30), M5)[29]["z_score"] is None
