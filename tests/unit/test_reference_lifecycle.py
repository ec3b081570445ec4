"""The reference's longer timeframes, alerts and funding, against rows computed by hand."""

from __future__ import annotations

import pytest

import reference
from handmade_bars import M5, M15, MIDNIGHT, bars, column, flag, spike
from reference import HOUR, alerts, derive, funding_at, funding_interval, resample


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
        # Three of them are a cluster, too.
        assert alerts(flagged(values), M5, 2) == [
            *((i * M5, "tier", 1) for i in (1, 3, 5)),
            (5 * M5, "tier", 6),
        ]
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
