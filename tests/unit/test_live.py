"""What moves between closes, beside the closed bars it is compared with."""

from __future__ import annotations

from contextlib import closing

import pytest

from futuresboard.live import LiveUpdate
from futuresboard.model import Ticker
from handmade_bars import M5, MIDNIGHT
from support_core import Recorder, market, swinging

DAY = 288


@pytest.fixture
def recorder(tmp_path):
    with closing(Recorder(tmp_path, pairs=(market("BTC"), market("ETH")))) as recorder:
        yield recorder


def tell(recorder: Recorder, pair: int = 0, **values) -> dict:
    source = values.pop("source", "rest")
    ticker = Ticker("X", values.pop("ts", 5), **values)
    recorder.pipeline.live(LiveUpdate({recorder.ids[pair]: ticker}, source))
    return recorder.live(pair)


def history(count: int, close: float = 10.0) -> list[dict]:
    return swinging(count, close=close, oi_contracts=500.0)


class TestValues:
    def test_a_ticker_is_shown_as_it_is(self, recorder):
        recorder.step(history(2))
        found = tell(
            recorder,
            ts=77,
            price=12.5,
            quote_volume=3e6,
            funding_next=1e-4,
            funding_next_ts=99,
            oi_contracts=600.0,
            oi_usd=7_500.0,
        )
        assert (found["live_price"], found["live_ts"], found["volume_24h_usd"]) == (12.5, 77, 3e6)
        assert (found["funding_next"], found["funding_next_ts"]) == (1e-4, 99)
        assert (found["live_oi_contracts"], found["live_oi_abs_usd"]) == (600.0, 7_500.0)
        assert found["market_cap_usd"] is None

    def test_what_a_ticker_does_not_know_keeps_its_last_value(self, recorder):
        recorder.step(history(2))
        tell(recorder, price=12.5, oi_contracts=600.0)
        found = tell(recorder, ts=6, mark_price=13.0)
        assert (found["live_price"], found["live_ts"]) == (12.5, 6)
        assert found["live_oi_abs_usd"] == 600.0 * 13.0

    def test_without_a_mark_price_the_last_price_values_it(self, recorder):
        recorder.step(history(2))
        assert tell(recorder, price=12.5, oi_contracts=600.0)["live_oi_abs_usd"] == 7_500.0

    def test_nothing_known_is_null(self, recorder):
        found = tell(recorder, pair=1)
        assert set(found.values()) == {None, 5, "rest"}

    def test_their_source_is_that_of_the_price(self, recorder):
        assert tell(recorder, price=1.0)["live_source"] == "rest"
        assert tell(recorder, source="websocket", price=2.0)["live_source"] == "websocket"
        assert tell(recorder, oi_contracts=3.0)["live_source"] == "websocket"

    def test_pairs_keep_their_own(self, recorder):
        recorder.step(history(2))
        tell(recorder, price=9.0)
        tell(recorder, pair=1, price=2.0)
        assert (recorder.live(0)["live_price"], recorder.live(1)["live_price"]) == (9.0, 2.0)

    def test_what_cannot_be_true_beside_the_closed_bar_is_not_shown(self, recorder):
        recorder.step(history(2))
        tell(recorder, price=10.5, oi_contracts=510.0, oi_usd=5_200.0)
        found = tell(recorder, ts=6, price=10_500.0, oi_contracts=510_000.0, oi_usd=5_200_000.0)
        assert (found["live_price"], found["live_ts"]) == (10.5, 6)
        assert (found["live_oi_contracts"], found["live_oi_abs_usd"]) == (510.0, 5_200.0)


class TestChanges:
    def test_they_compare_with_the_closed_bar_that_long_before(self, recorder):
        series = history(DAY + 1)
        newest = DAY
        for hours, close, oi in ((1, 8.0, 400.0), (4, 5.0, 250.0), (24, 20.0, 1000.0)):
            series[newest - hours * 12] |= {"close": close, "oi_contracts": oi}
        recorder.step(series)
        found = tell(recorder, price=10.0, oi_contracts=500.0)
        assert found["price_change_24h_pct"] == pytest.approx(-50.0)
        assert found["oi_change_1h_pct"] == pytest.approx(25.0)
        assert found["oi_change_4h_pct"] == pytest.approx(100.0)
        assert found["oi_change_24h_pct"] == pytest.approx(-50.0)
        assert found["oi_price_quadrant"] == "new longs"

    def test_a_missing_bar_is_unknown(self, recorder):
        series = history(DAY + 1)
        del series[DAY - 12]
        recorder.step(series)
        found = tell(recorder, price=11.0, oi_contracts=500.0)
        assert found["oi_change_1h_pct"] is None
        assert found["oi_price_quadrant"] is None
        assert found["oi_change_4h_pct"] == 0.0
        assert found["price_change_24h_pct"] == pytest.approx(10.0)

    @pytest.mark.parametrize(
        ("price", "oi", "word"),
        [
            (11.0, 510.0, "new longs"),
            (11.0, 490.0, "short covering"),
            (9.0, 510.0, "new shorts"),
            (9.0, 490.0, "long liquidation"),
            (10.0, 510.0, None),
            (11.0, 500.0, None),
        ],
    )
    def test_the_quadrant_of_the_last_hour(self, recorder, price, oi, word):
        recorder.step(history(13))
        assert tell(recorder, price=price, oi_contracts=oi)["oi_price_quadrant"] == word

    def test_they_move_with_the_bars_without_a_ticker(self, recorder):
        recorder.step(history(13))
        series = swinging(14, close=[10.0] * 13 + [11.0], oi_contracts=[500.0] * 13 + [550.0])
        recorder.step(series[13:])
        found = recorder.live()
        assert found["oi_change_1h_pct"] == pytest.approx(10.0)
        assert found["oi_price_quadrant"] == "new longs"
        assert found["live_price"] is None

    def test_a_days_volume_is_made_from_bars_where_none_is_told(self, recorder):
        recorder.step(history(DAY))
        assert tell(recorder, price=1.0)["volume_24h_usd"] == DAY * 1000.0
        recorder.step([history(DAY + 2)[-1]], now=MIDNIGHT + (DAY + 3) * M5)
        assert recorder.live()["volume_24h_usd"] is None
