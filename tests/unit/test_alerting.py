"""When a flag becomes an alert, exactly once, and what the alert stores."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import Recorder, market, raw_bars, spiked, swinging

from futuresboard.config import settings_hash
from futuresboard.model import SEVERITY, Thresholds, Tier
from futuresboard.pipeline import Pipeline
from futuresboard.signals import starts, top_tier
from handmade_bars import M5, M15, spike, spike_z


@pytest.fixture
def recorder(tmp_path):
    with closing(Recorder(tmp_path)) as recorder:
        yield recorder


def tier_1(recorder: Recorder, timeframe: str = "5m", pair: int = 0) -> list[int]:
    return [ts for ts, kind, tier in recorder.alerts(timeframe, pair) if (kind, tier) == ("tier", 1)]


def live(recorder: Recorder, series: list[dict], first: int = 28) -> None:
    """A warm start, then one bar at a time."""
    recorder.step(series[:first], series[first - 1]["ts"] + 50 * M5 if first > 30 else None)
    recorder.one_by_one(series[first:])


class TestEdges:
    def test_an_alert_starts_where_the_flag_turns_true_and_not_while_it_stays(self, recorder):
        series = swinging(
            36,
            oi_contracts=[500.0 + (0.0, 1.0)[i % 2] for i in range(30)] + [600, 800, 1100, 1600, 2400, 3600],
        )
        live(recorder, series)
        flags = [bool(row["tiers"] & 2) for row in recorder.bars()]
        assert flags[29:33] == [False, True, True, True]
        assert tier_1(recorder) == [series[30]["ts"]]

    def test_an_unknown_bar_before_starts_none(self, recorder):
        """The first bar whose Z-score can be known leaps: what it was before is not known."""
        series = swinging(22, oi_contracts=spike(105.0))
        live(recorder, series, 2)
        rows = recorder.bars()
        assert rows[21]["z_raw"] == pytest.approx(spike_z(5.0))
        assert rows[21]["tiers"] & 2
        assert rows[20]["z_score"] is None
        assert recorder.alerts() == []

    def test_none_starts_over_a_gap_nor_on_a_guarded_level(self, recorder):
        series = spiked(60, [40])
        series[38]["oi_contracts"] = 0.0
        live(recorder, series)
        assert recorder.alerts() == []

    @pytest.mark.parametrize(("distance", "expected"), [(11, 1), (12, 2), (13, 2)])
    def test_the_cooldown_counts_by_time(self, recorder, distance, expected):
        # Z falls back within the silence; the second leap is larger, for the window holds the first.
        series = spiked(28 + distance + 2, [28])
        for row in series[28 + distance :]:
            row["oi_contracts"] *= 3
        live(recorder, series, 26)
        assert len(tier_1(recorder)) == expected

    def test_an_edge_within_the_silence_is_dropped_not_postponed(self, recorder):
        series = spiked(60, [30])
        for factor, place in ((3.0, 35), (9.0, 45)):
            for row in series[place:]:
                row["oi_contracts"] *= factor
        live(recorder, series)
        assert tier_1(recorder) == [series[30]["ts"], series[45]["ts"]]

    def test_the_silence_outlives_a_restart(self, recorder):
        series = spiked(41, [30])
        for row in series[38:]:
            row["oi_contracts"] *= 3
        recorder.step(series[:30])
        for row in series[30:]:
            recorder.step([row])
            recorder.restart()
        assert tier_1(recorder) == [series[30]["ts"]]
        assert recorder.bars()[38]["tiers"] & 2

    def test_each_tier_and_timeframe_has_its_own(self, recorder):
        ls = [1.0] * 30 + [3.0] * 20
        series = spiked(50, [35], global_ls=ls, taker_buy=60.0)
        live(recorder, series)
        ts = series[35]["ts"]
        found = recorder.alerts()
        # k is 2 of 3 from bar 30 on (LS and imbalance): the confluence edge is there, tier 2's at 35.
        assert (series[30]["ts"], "confluence", 0) in found
        assert {(ts, "tier", 1), (ts, "tier", 2)} <= set(found)
        assert recorder.alerts("15m") == []

    def test_the_same_bars_again_start_nothing(self, recorder):
        series = spiked(34, [30])
        live(recorder, series)
        before = recorder.query("SELECT * FROM alerts")
        assert before
        recorder.restart()
        recorder.one_by_one(series[28:])
        assert recorder.query("SELECT * FROM alerts") == before

    def test_two_writers_cannot_store_one_twice(self, recorder):
        """A second process on the same file judges the same bar: the database holds one alert."""
        series = spiked(31, [30])
        recorder.step(series[:30])
        second = Pipeline(recorder.store, ("5m", "15m"), Thresholds())
        recorder.step(series[30:])
        done = second.step(raw_bars([(recorder.ids[0], series[30])]), series[30]["ts"] + M5)
        assert done.alerts == ()
        assert len(tier_1(recorder)) == 1

    def test_the_longer_timeframe_judges_its_own_bars(self, recorder):
        flat = swinging(90)
        level = [500.0 + (0.0, 1.0, 0.5, 1.5)[(i // 3) % 4] for i in range(90)]
        for i, row in enumerate(flat):
            row["oi_contracts"] = level[i] * (1.05 if i >= 81 else 1.0)
        recorder.step(flat[:80])
        recorder.one_by_one(flat[80:])
        assert tier_1(recorder, "15m") == [flat[81]["ts"]]
        assert flat[81]["ts"] % M15 == 0


class TestDirections:
    @pytest.mark.parametrize(("buy", "direction"), [(60.0, "long"), (40.0, "short")])
    def test_tier_2_sides_with_the_takers(self, recorder, buy, direction):
        series = spiked(32, [30], global_ls=3.0, taker_buy=buy)
        live(recorder, series)
        found = [orjson.loads(text) for (text,) in recorder.query("SELECT payload FROM alerts ORDER BY id")]
        by_tier = {alert["tier"]: alert for alert in found if alert["timeframe"] == "5m"}
        assert by_tier[2]["direction"] == direction
        assert by_tier[1]["direction"] is None

    @pytest.mark.parametrize(("buy", "step", "direction"), [(60.0, 0.01, "long"), (40.0, -0.01, "short")])
    def test_tier_3_needs_flow_and_price_to_agree(self, recorder, buy, step, direction):
        close = [10.0 + step * i for i in range(32)]
        series = spiked(32, [30], taker_buy=buy, close=close)
        live(recorder, series)
        found = [orjson.loads(text) for (text,) in recorder.query("SELECT payload FROM alerts")]
        assert [alert["direction"] for alert in found if alert["tier"] == 3] == [direction]

    def test_tier_3_is_silent_when_they_do_not(self, recorder):
        series = spiked(32, [30], taker_buy=60.0, close=[10.0 - 0.01 * i for i in range(32)])
        live(recorder, series)
        assert 3 not in [tier for _, _, tier in recorder.alerts()]


class TestContents:
    def test_inputs_window_thresholds_and_version_are_stored(self, recorder):
        series = spiked(31, [30])
        recorder.step(series[:30])
        done = recorder.step(series[30:])
        (alert,) = [one for one in done.alerts if one.tier == 1]
        row = recorder.bars()[30]
        assert (alert.exchange, alert.symbol, alert.base) == ("okx", "BTC/USDT:USDT", "BTC")
        assert alert.severity == SEVERITY.index(Tier.OI_SPIKE)
        assert alert.window == {"oi_contracts": [one["oi_contracts"] for one in series[9:31]]}
        assert alert.values["z_raw"] == row["z_raw"]
        assert alert.values["oi_contracts"] == row["oi_contracts"]
        assert alert.thresholds == asdict(Thresholds())
        assert alert.settings_hash == settings_hash(Thresholds())
        assert alert.created_ts == series[30]["ts"] + M5 + 10_000
        assert alert.id > 0
        assert alert.seq == done.seq
        assert "BTC on OKX, 5m" in alert.text

    def test_a_setting_more_has_another_hash(self):
        assert settings_hash(Thresholds()) != settings_hash(Thresholds(z=2.6))

    def test_unknown_inputs_are_null(self, recorder):
        series = spiked(31, [30], global_ls=None)
        recorder.step(series[:30])
        (alert,) = [one for one in recorder.step(series[30:]).alerts if one.tier == 1]
        assert alert.values["global_ls"] is None
        assert alert.values["k"] is None

    def test_an_exchange_without_a_name_is_called_by_its_id(self, tmp_path):
        with closing(Recorder(tmp_path, pairs=[market("BTC", exchange="other")])) as recorder:
            series = spiked(31, [30])
            recorder.step(series[:30])
            assert "BTC on other, 5m" in recorder.step(series[30:]).alerts[0].text


flags = st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=2, max_size=60)


class TestStarts:
    @given(flags=flags, cooldown=st.integers(1, 15))
    def test_against_the_wording(self, flags, cooldown):
        """True now, false one bar before, at least `cooldown` bars since the last."""
        last, found, expected, known = np.nan, [], [], None
        for i in range(1, len(flags)):
            begun = starts(
                np.array([flags[i]]),
                np.array([flags[i - 1]]),
                i * M5,
                np.array([last]),
                timeframe_ms=M5,
                cooldown=cooldown,
            )
            if begun[0]:
                found.append(i)
                last = float(i * M5)
            if flags[i] == 1 and flags[i - 1] == 0 and (known is None or i - known >= cooldown):
                expected.append(i)
                known = i
        assert found == expected

    @given(st.sets(st.sampled_from(list(Tier))))
    def test_the_top_tier_is_the_severest(self, tiers):
        order = [6, 2, 5, 3, 1, 4]
        wanted = min(tiers, key=lambda tier: order.index(int(tier)), default=None)
        assert top_tier([int(tier) for tier in tiers]) == wanted
