"""The reference's confluence and tiers, against rows computed by hand."""

from __future__ import annotations

import math

import pytest

from handmade_bars import M5, bars, flag, spike
from reference import derive


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
        z = derive(series, M5)[21]["z_score"]
        for key, limit in (("z", z), ("ls", 2.5), ("imbalance", 4.0)):
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
        assert self.last(oi_contracts=[100.0] * 12 + [101.0001]) is True
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
