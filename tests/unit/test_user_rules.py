"""A user's rule from the request that adds it to the alerts it starts: the lifecycle of a tier."""

from __future__ import annotations

import http.client
import math
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import orjson
import pytest

from futuresboard import rules
from futuresboard.api.server import Server
from futuresboard.app import create_app
from futuresboard.db_read import Reader
from futuresboard.db_rules import add_rule, delete_rule, rules_in_force
from futuresboard.metrics import LOOKBACK
from futuresboard.model import SEVERITY, Alert
from handmade_bars import M5
from support_core import Recorder, make_settings, market, spiked, swinging
from support_rows import Rules


@pytest.fixture
def recorder(tmp_path):
    with closing(Recorder(tmp_path)) as recorder:
        yield recorder


def add(recorder: Recorder, text: str, name: str = "Mine") -> int:
    rule = add_rule(recorder.store, name, text, rules.compile(text).normal, 5)
    recorder.pipeline.reload_rules()
    return rule.id


def started(recorder: Recorder, number: int = 1, timeframe: str = "5m", pair: int = 0) -> list[int]:
    return [ts for ts, kind, tier in recorder.alerts(timeframe, pair) if (kind, tier) == ("rule", number)]


def alerts(recorder: Recorder) -> list[Alert]:
    return [alert for done in recorder.committed for alert in done.alerts if alert.kind == "rule"]


def prices(count: int, *at: int) -> list[dict]:
    """Calm bars whose close stands above 20 at some bars alone."""
    return swinging(count, close=[25.0 if i in at else 10.0 for i in range(count)])


class TestLifecycle:
    def test_an_alert_starts_on_the_rising_edge_and_not_while_it_stays(self, recorder):
        add(recorder, "close > 20")
        series = prices(40, *range(30, 36))
        recorder.step(series[:28])
        recorder.one_by_one(series[28:])
        assert started(recorder) == [series[30]["ts"]]

    @pytest.mark.parametrize(("distance", "expected"), [(11, 1), (12, 2)])
    def test_the_cooldown_is_a_tiers(self, recorder, distance, expected):
        add(recorder, "close > 20")
        series = prices(60, 30, 30 + distance)
        recorder.step(series[:28])
        recorder.one_by_one(series[28:])
        assert len(started(recorder)) == expected

    def test_each_rule_pair_and_timeframe_rests_for_itself(self, tmp_path):
        with closing(Recorder(tmp_path, pairs=[market("BTC"), market("ETH")])) as recorder:
            add(recorder, "close > 20", "a")
            add(recorder, 'close > 20 and base = "eth"', "b")
            add(recorder, 'close > 20 and tf = "15m"', "c")
            series = prices(40, *range(30, 40))
            for pair in (0, 1):
                recorder.step(series[:28], pair=pair)
            for row in series[28:]:
                recorder.steps([(0, row), (1, row)])
            ts = series[30]["ts"]
            found = {
                (number, pair, tf): started(recorder, number, tf, pair)
                for number in (1, 2, 3)
                for pair in (0, 1)
                for tf in ("5m", "15m")
            }
        assert {key for key, times in found.items() if times == [ts]} == {
            (1, 0, "5m"),
            (1, 1, "5m"),
            (2, 1, "5m"),
            *((1, pair, "15m") for pair in (0, 1)),
            (2, 1, "15m"),
            *((3, pair, "15m") for pair in (0, 1)),
        }
        assert {key for key, times in found.items() if times} == {
            key for key, times in found.items() if times == [ts]
        }

    def test_an_unknown_bar_starts_none_and_neither_does_one_after_it(self, recorder):
        add(recorder, "close > 20 and global_ls > 0")
        series = prices(50, 30, 45)
        series[30]["global_ls"] = None
        series[44]["global_ls"] = None
        recorder.step(series[:28])
        recorder.one_by_one(series[28:])
        assert started(recorder) == []

    def test_a_number_that_a_guard_refused_starts_none(self, recorder):
        add(recorder, "close > 20 and oi > 0")
        series = prices(40, 30)
        series[30]["oi_abs_usd"] = 0.0
        recorder.step(series[:28])
        recorder.one_by_one(series[28:])
        assert started(recorder) == []

    def test_nothing_starts_in_history(self, recorder):
        add(recorder, "close > 20")
        series = prices(60, 30, 50)
        recorder.step(series, series[-1]["ts"] + 50 * M5)
        assert started(recorder) == []

    def test_a_rule_added_live_judges_from_the_next_bar_on(self, recorder):
        series = prices(60, 30, 31, 45)
        recorder.step(series[:28])
        recorder.one_by_one(series[28:31])
        number = add(recorder, "close > 20")
        # It held one bar before already: no edge.
        recorder.one_by_one(series[31:])
        assert started(recorder, number) == [series[45]["ts"]]

    def test_a_deleted_rule_starts_no_more_and_keeps_its_alerts(self, recorder):
        number = add(recorder, "close > 20")
        series = prices(60, 30, 45)
        recorder.step(series[:28])
        recorder.one_by_one(series[28:40])
        assert delete_rule(recorder.store, number, 6)
        recorder.pipeline.reload_rules()
        recorder.one_by_one(series[40:])
        assert started(recorder, number) == [series[30]["ts"]]
        assert rules_in_force(recorder.store) == []
        ((after, until, deleted),) = recorder.query("SELECT after_seq, until_seq, deleted_ts FROM rules")
        assert (after, deleted) == (0, 6)
        assert until == int(recorder.store.state("seq")) - 20

    def test_a_rule_posted_anew_has_a_number_and_a_silence_of_its_own(self, recorder):
        series = prices(60, 30, 33)
        first = add(recorder, "close > 20")
        recorder.step(series[:28])
        recorder.one_by_one(series[28:32])
        delete_rule(recorder.store, first, 6)
        second = add(recorder, "close > 20")
        recorder.one_by_one(series[32:])
        assert started(recorder, first) == [series[30]["ts"]]
        assert started(recorder, second) == [series[33]["ts"]]

    def test_rules_tiers_and_silences_outlive_a_restart(self, recorder):
        add(recorder, "z > 2.5")
        series = spiked(41, [30])
        for row in series[38:]:
            row["oi_contracts"] *= 3
        recorder.step(series[:30])
        for row in series[30:]:
            recorder.step([row])
            recorder.restart()
        recorder.one_by_one(series[28:])
        # The rule says what tier 1 says, and so it starts where tier 1 does.
        tier_1 = [ts for ts, kind, tier in recorder.alerts() if (kind, tier) == ("tier", 1)]
        assert started(recorder) == tier_1 == [series[30]["ts"]]

    def test_a_rule_that_can_no_longer_be_read_stops_nothing(self, recorder, caplog):
        add_rule(recorder.store, "Old", "gone > 2", "gone > 2", 5)
        add(recorder, "close > 20", "New")
        assert "'Old' is not judged by" in caplog.text
        series = prices(40, 30)
        recorder.step(series[:28])
        recorder.one_by_one(series[28:])
        assert started(recorder, 2) == [series[30]["ts"]]


class TestContents:
    def one(self, recorder: Recorder, text: str, **columns: object) -> Alert:
        add(recorder, text)
        series = spiked(31, [30], **columns)
        recorder.step(series[:30])
        recorder.step(series[30:])
        (alert,) = [alert for alert in alerts(recorder) if alert.timeframe == "5m"]
        return alert

    def test_it_names_its_rule_and_the_numbers_that_met_it(self, recorder):
        text = "z > 2 and funding < 0 and oi > 5k"
        alert = self.one(recorder, text, oi_abs_usd=5123.4567, funding=-0.00012)
        assert (alert.kind, alert.tier, alert.direction) == ("rule", None, None)
        assert alert.rule == rules_in_force(recorder.store)[0]
        assert alert.severity == len(SEVERITY) + 1
        assert alert.text == (
            "BTC on OKX, 5m: Mine (z_score > 2 and funding < 0 and oi_abs_usd > 5k): "
            f"z_score {alert.values['z_score']:.4g}, funding -0.00012, oi_abs_usd 5.123k"
        )

    def test_the_row_and_every_column_named_are_its_values(self, recorder):
        alert = self.one(recorder, "volume = 100 and tier_1 and not tier_2 and k >= 1 and open > 1")
        named = {name: alert.values[name] for name in ("volume", "tier_1", "tier_2", "confluence_k", "open")}
        assert named == {"volume": 100.0, "tier_1": 1.0, "tier_2": 0.0, "confluence_k": 1.0, "open": 10.0}
        assert alert.values["z_score"] > 2.5
        assert alert.text.endswith("volume 100, tier_1 true, tier_2 false, confluence_k 1, open 10")

    def test_large_numbers_are_short_in_its_sentence(self, recorder):
        alert = self.one(
            recorder, "z > 2 and cvd < 0 and volume > 0", volume=1e6, quote_volume=1e7, taker_buy=4e5
        )
        assert alert.values["cvd"] == -6_200_000.0
        assert alert.text.endswith(", cvd -6.2M, volume 1M")

    def test_its_window_holds_what_the_columns_are_made_of(self, recorder):
        alert = self.one(recorder, "z > 2 and oi_delta > 1 and close > 1")
        assert {name: len(column) for name, column in alert.window.items()} == {
            "oi_contracts": 22,
            "close": 1,
        }

    def test_recomputed_from_its_window_it_says_the_same(self, recorder):
        add(recorder, "rsi > 50 and abs(oi_delta) > 1")
        count = LOOKBACK + 40
        close = [10.0 + math.sin(i / 3) + i / 100 for i in range(count)]
        series = spiked(count, [count - 1], close=close)
        recorder.step(series[:-1], series[-2]["ts"] + M5)
        recorder.step(series[-1:])
        (alert,) = [alert for alert in alerts(recorder) if alert.timeframe == "5m"]
        assert alert.window["close"] == close[-LOOKBACK:]
        stored = recorder.bars()[-1]
        assert alert.values["rsi"] == stored["rsi"]
        assert alert.values["oi_delta_pct"] == stored["oi_delta_pct"]

    def test_long_conditions_are_cut_in_its_sentence_alone(self, recorder):
        text = " and ".join(["z > 2"] * 60)
        alert = self.one(recorder, text)
        assert len(alert.text) < 300
        assert alert.rule.expression == text


@contextmanager
def page(recorder: Recorder, folder: Path) -> Iterator[http.client.HTTPConnection]:
    """The web side over what a recorder records, on real HTTP."""
    with closing(Reader(recorder.path, stale_after_ms=180_000)) as reader:
        app, socketio, _ = create_app(
            make_settings(folder),
            reader=reader,
            now_ms=lambda: 7,
            health=dict,
            rules=Rules(recorder.store, lambda: 7, recorder.pipeline.reload_rules),
        )
        server = Server(app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            yield connection
        server.stop()
        thread.join()
        server.close()
        socketio.server.shutdown()


def asked(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> object:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, None if body is None else orjson.dumps(body), headers)
    answer = connection.getresponse().read()
    return orjson.loads(answer) if answer else None


def test_from_the_request_to_the_list_of_alerts_once_across_a_restart(recorder: Recorder, tmp_path: Path):
    series = prices(70, 30, 45, 60)
    recorder.step(series[:28])
    with page(recorder, tmp_path) as connection:
        added = asked(connection, "POST", "/api/rules", {"name": "High", "expression": "price > 20"})
        recorder.one_by_one(series[28:32])
        (alert,) = asked(connection, "GET", "/api/alerts?kind=rule")
        assert (alert["ts"], alert["tier"]) == (series[30]["ts"], None)
        assert alert["rule"] == {
            key: added[key] for key in ("id", "name", "expression", "normal", "created_ts")
        }
    recorder.restart()
    with page(recorder, tmp_path) as connection:
        recorder.one_by_one(series[28:50])
        both = asked(connection, "GET", "/api/alerts?kind=rule")
        assert [one["ts"] for one in both] == [series[45]["ts"], series[30]["ts"]]
        assert both[1] == alert
        asked(connection, "DELETE", f"/api/rules/{added['id']}")
        recorder.one_by_one(series[50:])
        assert asked(connection, "GET", "/api/alerts?kind=rule") == both
        assert asked(connection, "GET", f"/api/alerts/{alert['id']}")["rule"]["name"] == "High"
