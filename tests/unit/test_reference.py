"""The reference itself, against rows computed by hand: the arithmetic stands beside each number."""

from __future__ import annotations

import ast
import math
import sys
from pathlib import Path

import pytest
import reference
from reference import DAY, HOUR, alerts, derive, funding_at, funding_interval, resample, z_raw

M5 = 300_000
M15 = 900_000
MIDNIGHT = 20_000 * DAY  # some day at 00:00 UTC


def bars(count, *, start=MIDNIGHT, step=M5, **columns):
    """Return calm bars; a column given as a list is laid along them, as a scalar repeated."""
    calm = {
        "open": 10.0,
        "high": 11.0,
        "low": 9.0,
        "close": 10.0,
        "volume": 100.0,
        "quote_volume": 1000.0,
        "taker_buy": 50.0,
        "oi_contracts": 500.0,
        "oi_abs_usd": 5000.0,
        "global_ls": 1.0,
        "top_ls": 1.0,
        "funding": 0.0001,
        "funding_interval_h": 8.0,
    }
    made = []
    for i in range(count):
        bar = {"ts": start + i * step, **calm}
        for column, value in columns.items():
            bar[column] = value[i] if isinstance(value, list) else value
        made.append(bar)
    return made


def column(rows, name):
    return [row[name] for row in rows]


def flag(rows, tier):
    return [row["flags"][tier] for row in rows]


def spike(last=105.0):
    """22 OI values: 21 that swing between 100 and 101, then `last`.

    The 20 changes before the last bar are ten of +1 % and ten of -100/101 %.
    """
    return [100.0, 101.0] * 10 + [100.0, last]


def spike_z(x):
    # mean = (1 - 100/101) / 2, every change is `half` away from it, ddof 1: sd = half * sqrt(20 / 19)
    mean, half = (1 - 100 / 101) / 2, (1 + 100 / 101) / 2
    return (x - mean) / (half * math.sqrt(20 / 19))


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
        rows = derive(bars(4, taker_buy=[75.0, 74.5, 25.0, 100.0]), M5)
        # (75-25)/100 = 50 %, (74.5-25.5)/100 = 49 %, -50 %, 100 %
        assert column(rows, "imbalance") == [None, 49.0, None, None]
        assert column(rows, "guarded") == [
            {"imbalance": 50.0},
            {},
            {"imbalance": -50.0},
            {"imbalance": 100.0},
        ]
        # the volumes behind it count on: 50, 50 + 49, 50 + 49 - 50, 50 + 49 - 50 + 100
        assert column(rows, "cvd") == [50.0, 99.0, 49.0, 149.0]

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
    def closes(count):
        made = [50.0]
        for i in range(count - 1):
            made.append(made[-1] + ((2.0 if i % 2 == 0 else -1.0) if i < 14 else 0.0))
        return made

    def test_it_is_known_once_a_hundred_changes_are_in(self):
        values = column(derive(bars(103, close=self.closes(103)), M5), "rsi")
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


class TestConfluence:
    @pytest.mark.parametrize(
        ("last_oi", "ls", "buy", "k"),
        [
            (105.0, 2.5, 52.0, 3),
            (105.0, 2.5, 48.0, 3),  # the size of the imbalance counts, not its side
            (105.0, 2.5, 51.5, 2),  # (51.5 - 48.5) / 100 = 3 %, not above
            (105.0, 2.0, 52.0, 2),  # LS at its threshold
            (102.0, 2.5, 52.0, 2),  # z of +2 % is 1.95
            (95.0, 2.5, 52.0, 2),  # z of -5 % is -4.9: a flush counts for nothing
            (105.0, 1.0, 50.0, 1),
            (102.0, 1.0, 50.0, 0),
        ],
    )
    def test_it_counts_conditions_strictly(self, last_oi, ls, buy, k):
        rows = derive(bars(22, oi_contracts=spike(last_oi), global_ls=ls, taker_buy=buy), M5)
        assert rows[21]["confluence_k"] == k
        assert rows[21]["confluence"] == k / 3
        assert rows[21]["flags"][2] is (k == 3)

    @pytest.mark.parametrize(
        "unknown",
        [
            {"global_ls": None},
            {"taker_buy": None},
            {"taker_buy": 80.0},  # guarded: 60 %
            {"volume": 0.0, "taker_buy": 0.0},
            {"oi_contracts": 500.0},  # frozen: no z
        ],
    )
    @pytest.mark.parametrize("ls", [1.0, 2.5])
    def test_it_is_unknown_with_any_of_the_three(self, unknown, ls):
        values = {"oi_contracts": spike(), "global_ls": ls, "taker_buy": 52.0} | unknown
        row = derive(bars(22, **values), M5)[21]
        assert (row["confluence_k"], row["confluence"], row["flags"][2]) == (None, None, None)

    def test_it_reads_the_accounts_of_all_traders(self):
        rows = derive(bars(22, oi_contracts=spike(102.0), global_ls=1.0, top_ls=5.0), M5)
        assert rows[21]["confluence_k"] == 0

    def test_thresholds_are_settings(self):
        series = bars(22, oi_contracts=spike(), global_ls=2.5, taker_buy=52.0)
        for key, limit in (("z", 5.0), ("ls", 2.5), ("imbalance", 4.0)):
            assert derive(series, M5, thresholds={key: limit})[21]["confluence_k"] == 2


class TestTier1:
    def test_above_the_threshold(self):
        rows = derive(bars(22, oi_contracts=spike()), M5)
        assert flag(rows, 1) == [None] * 21 + [True]
        assert flag(derive(bars(22, oi_contracts=spike(102.0)), M5), 1)[21] is False
        assert flag(derive(bars(22, oi_contracts=spike(95.0)), M5), 1)[21] is False

    def test_exactly_at_the_threshold_is_not_above(self):
        series = bars(22, oi_contracts=spike())
        z = derive(series, M5)[21]["z_score"]
        assert derive(series, M5, thresholds={"z": z})[21]["flags"][1] is False
        assert derive(series, M5, thresholds={"z": math.nextafter(z, 0)})[21]["flags"][1] is True

    def test_frozen_oi_is_unknown(self):
        assert flag(derive(bars(22), M5), 1)[21] is None


class TestTier3:
    @staticmethod
    def last(**columns):
        """The flag of the 13th bar: OI + 2 %, bought all the way, price up, unless told otherwise."""
        told = {
            "oi_contracts": [100.0] * 12 + [102.0],
            "close": [10.0] * 12 + [10.5],
            "taker_buy": 51.0,
        } | columns
        return derive(bars(13, **told), M5)[12]["flags"][3]

    def test_bought_and_up_with_rising_oi(self):
        assert self.last() is True

    def test_sold_and_down_with_rising_oi(self):
        assert self.last(taker_buy=49.0, close=[10.0] * 12 + [9.5]) is True

    def test_flow_and_price_apart(self):
        assert self.last(taker_buy=49.0) is False
        assert self.last(close=[10.0] * 12 + [9.5]) is False

    def test_no_direction_is_no_agreement(self):
        assert self.last(taker_buy=50.0, close=10.0) is False
        assert self.last(taker_buy=50.0) is False
        assert self.last(close=10.0) is False

    def test_the_flow_is_summed_over_twelve_bars_with_this_one(self):
        # bars 1..12: eleven times -2 and once +24 make +2; bar 0 (-80) is outside
        assert self.last(taker_buy=[10.0, *[49.0] * 11, 62.0]) is True
        # eleven times -2 and once +20 make -2
        assert self.last(taker_buy=[90.0, *[49.0] * 11, 60.0]) is False

    def test_the_price_is_compared_with_twelve_bars_before(self):
        assert self.last(close=[10.0, *[20.0] * 11, 10.5]) is True
        assert self.last(close=[11.0, *[1.0] * 11, 10.5]) is False

    def test_oi_must_rise_by_more_than_one_percent(self):
        assert self.last(oi_contracts=[100.0] * 12 + [101.0]) is False  # (101 - 100) / 100 = 1 %
        assert self.last(oi_contracts=[100.0] * 12 + [101.001]) is True
        assert self.last(oi_contracts=[100.0] * 12 + [98.0]) is False

    def test_a_guarded_imbalance_still_counts_with_its_volumes(self):
        assert self.last(taker_buy=90.0) is True  # 80 %

    @pytest.mark.parametrize(
        "unknown",
        [
            {"taker_buy": [51.0, None, *[51.0] * 11]},
            {"taker_buy": [*[51.0] * 12, None]},
            {"close": [None, *[10.0] * 11, 10.5]},
            {"close": [10.0] * 12 + [None]},
            {"oi_contracts": [100.0] * 12 + [None]},
            {"oi_contracts": [100.0] * 11 + [None, 102.0]},
        ],
    )
    def test_it_is_unknown_with_an_unknown_input_even_if_another_decides(self, unknown):
        assert self.last(**unknown) is None
        apart = {"oi_contracts": [100.0] * 13} | unknown
        assert self.last(**apart) is None

    def test_what_it_does_not_read_may_be_unknown(self):
        assert self.last(taker_buy=[None, *[51.0] * 12]) is True  # the 13th flow back
        assert self.last(close=[10.0, *[None] * 11, 10.5]) is True
        assert self.last(global_ls=None, funding=None) is True

    def test_it_needs_twelve_slots_not_twelve_rows(self):
        series = bars(14, oi_contracts=[100.0] * 13 + [102.0], close=[10.0] * 13 + [10.5], taker_buy=51.0)
        assert derive(series, M5)[13]["flags"][3] is True
        del series[6]
        assert derive(series, M5)[12]["flags"][3] is None
        assert derive(bars(12), M5)[11]["flags"][3] is None


class TestTier4:
    @staticmethod
    def last(funding=0.0002, interval=8.0, oi=None):
        oi = [500.0] * 12 + [499.0] if oi is None else oi
        return derive(bars(13, funding=funding, funding_interval_h=interval, oi_contracts=oi), M5)[12][
            "flags"
        ][4]

    def test_dear_funding_while_oi_falls(self):
        assert self.last() is True
        assert self.last(oi=[500.0] * 13) is False  # equal is not below
        assert self.last(oi=[500.0] * 12 + [501.0]) is False
        assert self.last(funding=-0.0002) is False

    def test_the_default_rate_is_not_above_itself(self):
        assert self.last(funding=0.0001) is False
        assert self.last(funding=0.0001 + 5e-10) is False  # within the tolerance of 1e-9
        assert self.last(funding=0.0001 + 2e-9) is True

    def test_the_rate_is_put_on_eight_hours(self):
        assert self.last(funding=0.00005, interval=4.0) is False  # 0.00005 * 2 = 0.0001
        assert self.last(funding=0.00006, interval=4.0) is True  # 0.00012
        assert self.last(funding=0.0000125, interval=1.0) is False  # * 8 = 0.0001
        assert self.last(funding=0.000013, interval=1.0) is True  # 0.000104
        assert self.last(funding=0.0002, interval=24.0) is False  # / 3

    def test_oi_is_compared_with_twelve_bars_before(self):
        assert self.last(oi=[500.0, *[1.0] * 11, 499.0]) is True
        assert self.last(oi=[500.0, *[900.0] * 11, 501.0]) is False
        assert self.last(oi=[500.0, *[None] * 11, 499.0]) is True

    def test_it_is_unknown_with_an_unknown_input_even_if_another_decides(self):
        assert self.last(funding=None) is None
        assert self.last(funding=0.05) is None  # guarded
        assert self.last(interval=None) is None
        assert self.last(interval=0.0) is None
        assert self.last(interval=None, oi=[500.0] * 13) is None
        assert self.last(oi=[None, *[500.0] * 12]) is None
        assert self.last(funding=0.0, oi=[None, *[500.0] * 12]) is None
        assert self.last(oi=[500.0] * 12 + [0.0]) is None
        assert self.last(funding=None, oi=[500.0] * 13) is None

    def test_it_needs_the_slot_twelve_bars_before(self):
        series = bars(14, funding=0.0002, oi_contracts=[500.0] * 13 + [499.0])
        del series[1]
        assert derive(series, M5)[12]["flags"][4] is None
        del series[4]
        assert derive([*bars(1), *series[1:]], M5)[11]["flags"][4] is None

    def test_the_threshold_is_in_percent(self):
        series = bars(13, funding=0.0002, oi_contracts=[500.0] * 12 + [499.0])
        assert derive(series, M5, thresholds={"funding": 0.02})[12]["flags"][4] is False
        assert derive(series, M5, thresholds={"funding": 0.019})[12]["flags"][4] is True


class TestResample:
    def test_three_bars_make_one(self):
        (row,) = resample(
            bars(
                3,
                open=[10.0, 11.0, 12.0],
                high=[12.0, 15.0, 13.0],
                low=[9.0, 10.0, 8.0],
                close=[11.0, 12.0, 9.0],
                volume=[1.0, 2.0, 4.0],
                quote_volume=[10.0, 20.0, 40.0],
                taker_buy=[0.5, 0.25, 3.0],
                oi_contracts=[500.0, 510.0, 505.0],
                oi_abs_usd=[5.0, 6.0, 7.0],
                global_ls=[1.0, 1.1, 1.2],
                top_ls=[2.0, 2.1, 2.2],
                funding=[0.0001, 0.0001, 0.0003],
                funding_interval_h=[8.0, 8.0, 4.0],
            ),
            M5,
            M15,
        )
        assert row == {
            "ts": MIDNIGHT,
            "partial": False,
            "open": 10.0,
            "high": 15.0,
            "low": 8.0,
            "close": 9.0,
            "volume": 7.0,
            "quote_volume": 70.0,
            "taker_buy": 3.75,
            "oi_contracts": 505.0,
            "oi_abs_usd": 7.0,
            "global_ls": 1.2,
            "top_ls": 2.2,
            "funding": 0.0003,
            "funding_interval_h": 4.0,
        }

    def test_windows_are_aligned_to_utc_and_the_first_must_be_whole(self):
        rows = resample(bars(8, start=MIDNIGHT + M5), M5, M15)
        # 00:05 to 00:40: the window of 00:00 lacks its first bar, 00:15 and 00:30 are whole
        assert column(rows, "ts") == [MIDNIGHT + M15, MIDNIGHT + 2 * M15]
        assert column(rows, "partial") == [False, False]

    def test_a_first_window_with_a_hole_is_not_stored(self):
        series = bars(6)
        del series[1]
        assert column(resample(series, M5, M15), "ts") == [MIDNIGHT + M15]

    def test_a_window_that_has_not_closed_is_not_there(self):
        assert resample(bars(2), M5, M15) == []
        assert column(resample(bars(5), M5, M15), "ts") == [MIDNIGHT]

    @pytest.mark.parametrize("missing", [3, 4, 5])
    def test_a_missing_bar_leaves_a_row_of_nulls(self, missing):
        series = bars(9)
        del series[missing]
        rows = resample(series, M5, M15)
        assert column(rows, "partial") == [False, True, False]
        assert all(rows[1][name] is None for name in reference.RAW)
        assert rows[2]["volume"] == 300.0

    def test_a_window_without_any_bar_is_a_gap(self):
        series = bars(9)
        del series[3:6]
        assert column(resample(series, M5, M15), "ts") == [MIDNIGHT, MIDNIGHT + 2 * M15]

    def test_one_unknown_part_leaves_its_column_unknown(self):
        (row,) = resample(bars(3, taker_buy=[1.0, None, 1.0]), M5, M15)
        assert (row["taker_buy"], row["volume"], row["partial"]) == (None, 300.0, True)

    def test_a_column_not_published_is_no_part(self):
        (row,) = resample(bars(3, taker_buy=None), M5, M15)
        assert (row["taker_buy"], row["partial"]) == (None, False)

    def test_an_unfit_part_is_unknown_before_it_is_added(self):
        (row,) = resample(bars(3, volume=[100.0, -1.0, 100.0], low=[9.0, 0.0, 9.0]), M5, M15)
        assert (row["volume"], row["low"], row["partial"]) == (None, None, True)

    def test_levels_are_those_at_the_close_and_nothing_older(self):
        (row,) = resample(bars(3, oi_contracts=[500.0, 500.0, None], global_ls=[None, None, 1.5]), M5, M15)
        assert (row["oi_contracts"], row["global_ls"], row["partial"]) == (None, 1.5, True)
        (row,) = resample(bars(3, global_ls=[None, 1.0, 1.5], top_ls=None), M5, M15)
        assert (row["global_ls"], row["top_ls"], row["partial"]) == (1.5, None, False)
        (row,) = resample(bars(3, oi_contracts=[500.0, 500.0, 0.0]), M5, M15)
        assert row["oi_contracts"] is None

    def test_changes_are_taken_on_the_coarse_series_never_summed(self):
        rows = derive(resample(bars(6, oi_contracts=[1.0, 1.0, 100.0, 110.0, 121.0, 133.1]), M5, M15), M15)
        # 133.1 / 100 = 1.1 cubed: 33.1 %, three times 10 % would be 30
        assert rows[1]["oi_delta_pct"] == pytest.approx(33.1)

    def test_a_partial_row_is_unknown_to_what_reads_it(self):
        series = bars(9, taker_buy=51.0)
        del series[4]
        rows = derive(resample(series, M5, M15), M15)
        assert column(rows, "cvd") == [6.0, None, None]
        assert column(rows, "oi_delta_pct") == [None, None, None]

    def test_the_target_must_be_a_multiple(self):
        with pytest.raises(ValueError, match="multiple"):
            resample(bars(3), 2 * M5, M15)


def flagged(values, tier=1, *, start=0):
    """Rows with one tier's flag along them and everything else unknown."""
    return [
        {
            "ts": (start + i) * M5,
            "flags": {1: None, 2: None, 3: None, 4: None} | {tier: value},
            "confluence_k": None,
        }
        for i, value in enumerate(values)
    ]


class TestAlerts:
    @pytest.mark.parametrize("tier", [1, 2, 3, 4])
    def test_an_edge_starts_one(self, tier):
        assert alerts(flagged([False, True, True, False], tier), M5) == [(M5, "tier", tier)]

    def test_true_without_a_known_false_before_starts_none(self):
        assert alerts(flagged([True, True]), M5) == []
        assert alerts(flagged([False, None, True]), M5) == []

    def test_a_missing_bar_before_is_unknown(self):
        rows = flagged([False, False, True])
        del rows[1]
        assert alerts(rows, M5) == []

    def test_silence_lasts_twelve_bars_by_time(self):
        # edges at bars 1 and 12: 11 bars apart
        early = [False, True, *[False] * 10, True]
        assert alerts(flagged(early), M5) == [(1 * M5, "tier", 1)]
        # edges at bars 1 and 13: 12 bars apart
        due = [False, True, *[False] * 11, True]
        assert alerts(flagged(due), M5) == [(1 * M5, "tier", 1), (13 * M5, "tier", 1)]

    def test_an_edge_in_the_silence_is_dropped_not_postponed(self):
        # the edge at bar 12 is silent; it stays true past bar 13 and starts nothing there
        values = [False, True, *[False] * 10, True, True, True, False, True]
        assert alerts(flagged(values), M5) == [(1 * M5, "tier", 1), (16 * M5, "tier", 1)]

    def test_a_dropped_edge_does_not_lengthen_the_silence(self):
        values = [False, True, *[False, True] * 6]
        # edges at 1, 3, 5, 7, 9, 11, 13: only 1 and 13 start
        assert alerts(flagged(values), M5) == [(1 * M5, "tier", 1), (13 * M5, "tier", 1)]

    def test_time_counts_not_rows(self):
        rows = flagged([False, True]) + flagged([False, True], start=20)
        assert alerts(rows, M5) == [(1 * M5, "tier", 1), (21 * M5, "tier", 1)]

    def test_the_cooldown_is_a_setting(self):
        values = [False, True, False, True, False, True]
        assert alerts(flagged(values), M5, 2) == [(i * M5, "tier", 1) for i in (1, 3, 5)]
        assert alerts(flagged(values), M5, 3) == [(i * M5, "tier", 1) for i in (1, 5)]

    def test_tiers_are_silent_each_for_itself(self):
        rows = flagged([False, True, True])
        for row, value in zip(rows, [None, False, True], strict=True):
            row["flags"][4] = value
        assert alerts(rows, M5) == [(1 * M5, "tier", 1), (2 * M5, "tier", 4)]

    def test_a_late_bar_starts_nothing_and_silences_nothing(self):
        values = [False, True, True, False, True]
        assert alerts(flagged(values), M5, late={1 * M5}) == [(4 * M5, "tier", 1)]

    def test_a_late_bar_is_still_the_bar_before(self):
        assert alerts(flagged([False, True]), M5, late={0}) == [(1 * M5, "tier", 1)]

    def test_confluence_has_the_same_rule(self):
        rows = flagged([None] * 8)
        for row, k in zip(rows, [None, 2, 1, 2, 3, 1, 0, 3], strict=True):
            row["confluence_k"] = k
        # k >= 2: unknown, T, F, T, T, F, F, T; bar 7 is within the silence of bar 3
        assert alerts(rows, M5) == [(3 * M5, "confluence", None)]
        assert alerts(rows, M5, 4) == [(3 * M5, "confluence", None), (7 * M5, "confluence", None)]
        # k >= 3: T at bars 4 and 7
        assert alerts(rows, M5, 3, confluence_min=3) == [(i * M5, "confluence", None) for i in (4, 7)]

    def test_from_bars_to_alerts(self):
        # The 23rd bar is the first with a z and a bar with a known z before it: +5 % then is an edge.
        oi = [101.0, *spike()]
        rows = derive(bars(24, oi_contracts=[*oi, 105.0], global_ls=2.5, taker_buy=52.0), M5)
        assert flag(rows, 1) == [None] * 21 + [False, True, False]
        assert column(rows, "confluence_k")[21:] == [2, 3, 2]
        at = rows[22]["ts"]
        # 105 is 12 bars after 100 or 101 and funding is the default: no tier 4; the price stands: no tier 3
        assert alerts(rows, M5) == [(at, "tier", 1), (at, "tier", 2)]
        assert alerts(rows, M5, confluence_min=3) == [
            (at, "confluence", None),
            (at, "tier", 1),
            (at, "tier", 2),
        ]


class TestFunding:
    SETTLED = ((0, 0.0001), (8 * HOUR, 0.0002), (16 * HOUR, -0.0003))

    def test_the_last_rate_settled_at_or_before_the_close(self):
        assert funding_at(self.SETTLED, 16 * HOUR) == -0.0003
        assert funding_at(self.SETTLED, 16 * HOUR - 1) == 0.0002
        assert funding_at(self.SETTLED, 8 * HOUR) == 0.0002
        assert funding_at(self.SETTLED, 0) == 0.0001
        assert funding_at(self.SETTLED, -1) is None
        assert funding_at((), 0) is None

    def test_of_equal_stamps_the_last(self):
        assert funding_at([(0, 0.1), (0, 0.2)], 1) == 0.2

    def test_the_order_given_does_not_matter(self):
        assert funding_at(self.SETTLED[::-1], 20 * HOUR) == -0.0003

    def test_a_rate_older_than_one_interval_is_unknown(self):
        assert funding_at(self.SETTLED, 24 * HOUR) == -0.0003
        assert funding_at(self.SETTLED, 24 * HOUR + 1) is None
        assert funding_at([(0, 0.1)], 4 * HOUR, 4) == 0.1
        assert funding_at([(0, 0.1)], 4 * HOUR + 1, 4) is None

    def test_the_interval_is_the_distance_of_the_last_two(self):
        settled = [(0, 0.0), (8 * HOUR, 0.0), (12 * HOUR, 0.0), (13 * HOUR, 0.0)]
        assert funding_interval(settled, 8 * HOUR, 1) == 8.0
        assert funding_interval(settled, 12 * HOUR) == 4.0
        assert funding_interval(settled, 13 * HOUR - 1) == 4.0
        assert funding_interval(settled, 13 * HOUR) == 1.0

    def test_else_what_the_exchange_states_else_eight(self):
        assert funding_interval([(0, 0.0)], HOUR, 4) == 4.0
        assert funding_interval([(0, 0.0)], HOUR) == 8.0
        assert funding_interval([], HOUR, 1) == 1.0
        # what is settled after the close is not known at it
        assert funding_interval([(0, 0.0), (HOUR, 0.0)], HOUR - 1, 4) == 4.0

    def test_equal_stamps_are_one_settlement(self):
        assert funding_interval([(0, 0.1), (0, 0.2)], HOUR, 4) == 4.0

    def test_jitter_of_milliseconds_is_not_part_of_the_interval(self):
        assert funding_interval([(3, 0.0), (8 * HOUR + 1, 0.0)], 9 * HOUR) == 8.0
