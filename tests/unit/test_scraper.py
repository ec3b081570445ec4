"""The scraper's thread: several exchanges at their own pace, on a clock that moves by itself.

`MemoryExchange` stands in for the network; database work is done in the loop's thread, so that virtual
time waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from contextlib import closing

import orjson
import pytest

from futuresboard import rules
from futuresboard import scraper as module
from futuresboard.db import Store
from futuresboard.errors import BlockedError, StoreError, TakenError, TransientError
from futuresboard.exchanges.base import Scarce
from futuresboard.model import Kind
from futuresboard.rulebook import Judge
from futuresboard.scraper import Scraper
from handmade_bars import M5
from support_core import make_settings
from support_core_exchange import NOON, InlineExecutor, MemoryExchange, SelfDrivingClock
from support_schemas import of_component

FIRST = NOON // M5 * M5
WAIT_S = 60.0


class Run:
    """A scraper on exchanges in memory; `exchanges` are made in its thread's loop."""

    def __init__(self, folder, made, *, cycles=None, settings=None, **given) -> None:
        self.clock = SelfDrivingClock()
        self.settings = make_settings(folder, HISTORY_BARS="40", **(settings or {}))
        self.exchanges: list[MemoryExchange] = []
        self.commits = 0
        self.health: list[dict] = []
        self.told = threading.Event()
        """Set once an exchange is said to be down."""
        self.scraper = Scraper(
            self.settings,
            lambda: self._make(made),
            on_commit=self._committed,
            on_health=self._told,
            clock=self.clock,
            cycles=cycles,
            **given,
        )
        self.on_commit = lambda: None

    def _make(self, made) -> list[MemoryExchange]:
        self.exchanges = made(self.clock)
        return self.exchanges

    def _told(self, document: dict) -> None:
        self.health.append(document)
        if any(facts["state"] == "down" for facts in document["exchanges"].values()):
            self.told.set()

    def _committed(self, committed) -> None:
        self.commits += 1
        self.on_commit()

    def to_the_end(self) -> dict:
        self.scraper.start()
        assert self.scraper._ended.wait(WAIT_S)
        assert self.scraper.failure is None
        self.scraper.stop()
        return self.scraper.health()

    def query(self, text: str, *values):
        with closing(sqlite3.connect(self.settings.database_path)) as connection:
            return connection.execute(text, values).fetchall()


def two(clock) -> list[MemoryExchange]:
    binance = MemoryExchange(clock, id="binanceusdm", bases=("BTC", "SOL"))
    binance.scarce = Scarce("data", (Kind.GLOBAL_LS, Kind.OI, Kind.TOP_LS), 5)
    return [MemoryExchange(clock, id="okx"), binance]


@pytest.fixture(autouse=True)
def inline(monkeypatch):
    monkeypatch.setattr(module, "ThreadPoolExecutor", lambda *_, **__: InlineExecutor())


class TestRun:
    def test_so_many_cycles_then_it_ends(self, tmp_path):
        run = Run(tmp_path, two, cycles=15)
        health = run.to_the_end()
        assert health["status"] == "ok"
        assert health["warm"] == 1.0
        assert health["last_cycle"]["id"] == 15
        assert health["last_cycle"]["errors"] == 0
        assert health["closed_bar_lag_s"]["p50"] < 10
        okx = health["exchanges"]["okx"]
        assert (okx["state"], okx["pairs"], okx["source"]) == ("ok", 2, "rest")
        assert okx["stamps"] == {"oi": "snapshot", "global_ls": "snapshot"}
        assert all(exchange.closed for exchange in run.exchanges)
        assert of_component("Health", orjson.loads(orjson.dumps(health))) == []
        assert sum(health["cycles"]["counts"]) == 15
        assert okx["gaps"]["missing"] == 0
        assert run.exchanges[0].kept_free == []
        assert run.exchanges[1].kept_free[-1] == ("data", 5)
        # 15 cycles of 30 s and one at each close: the bar that was open at the start is there.
        newest = run.query(
            "SELECT symbol, max(b.ts) FROM bars b JOIN series s ON s.id = b.series_id "
            "JOIN pairs p ON p.id = s.pair_id WHERE timeframe = '5m' GROUP BY p.id"
        )
        assert len(newest) == 4
        assert all(ts >= FIRST for _, ts in newest)

    def test_what_another_process_needs_is_kept(self, tmp_path):
        run = Run(tmp_path, two, cycles=2)
        run.to_the_end()
        with closing(Store(run.settings.database_path, simulated=True)) as store:
            assert orjson.loads(store.state("health"))["last_cycle"]["id"] == 2
            assert orjson.loads(store.state("unpublished"))["okx"] == {"top_ls": "not published"}
            assert orjson.loads(store.state("budgets"))["okx"] == {"all": [[1.0, 5.0]]}
        again = Run(tmp_path, two, cycles=1)
        again.to_the_end()
        budgets, elapsed = again.exchanges[0].restored
        assert budgets == {"all": [[1.0, 5.0]]}
        assert 0 <= elapsed < WAIT_S

    def test_what_must_be_waited_out_is_kept_at_once(self, tmp_path):
        def made(clock):
            exchanges = two(clock)
            exchanges[0].pauses = {"": (90.0, "banned")}
            return exchanges

        run = Run(tmp_path, made, cycles=2)
        run.to_the_end()
        again = Run(tmp_path, two, cycles=1)
        again.to_the_end()
        pauses, elapsed = again.exchanges[0].restored_pauses
        assert pauses == {"": [90.0, "banned"]}
        assert 0 <= elapsed < WAIT_S
        assert again.exchanges[1].restored_pauses[0] == {}

    def test_a_restart_fetches_only_what_is_missing(self, tmp_path):
        first = Run(tmp_path, two, cycles=12)
        first.to_the_end()
        before = first.query("SELECT count(*) FROM bars")

        def later(clock):
            # 15 bars later, with pages of 10: the last one must reach down to what is stored.
            return [MemoryExchange(clock, id="okx", start=NOON + 15 * M5, page=10)]

        second = Run(tmp_path, later, cycles=5)
        second.to_the_end()
        limits = {call[2] for call in second.exchanges[0].calls if call[0] == "candles" and call[4]}
        assert max(limits) <= 17
        assert second.query("SELECT count(*) FROM bars") > before
        gaps = second.query(
            "SELECT count(*) FROM bars b JOIN series s ON s.id = b.series_id WHERE timeframe = '5m' AND "
            "NOT EXISTS (SELECT 1 FROM bars o WHERE o.series_id = b.series_id AND o.ts = b.ts - 300000) "
            "AND b.ts > s.first_ts"
        )
        assert gaps == [(0,)]

    def test_only_the_pairs_asked_for(self, tmp_path, caplog):
        run = Run(tmp_path, two, cycles=1, settings={"SYMBOLS": "SOL"})
        with caplog.at_level(logging.WARNING):
            health = run.to_the_end()
        assert "okx: lists none of the pairs asked for" in caplog.text
        assert run.query("SELECT exchange, symbol FROM pairs") == [("binanceusdm", "SOL/USDT:USDT")]
        assert health["exchanges"]["okx"]["state"] == "starting"


class TestStarting:
    def test_a_database_of_the_other_kind_stops_the_start(self, tmp_path):
        Store(tmp_path / "test.db", simulated=False).close()
        run = Run(tmp_path, two, cycles=1)
        with pytest.raises(StoreError, match="live"):
            run.scraper.start()
        run.scraper.stop()
        assert run.scraper.health()["status"] == "down"
        assert "live" in run.scraper.health()["failure"]

    def test_stopping_what_never_began(self, tmp_path):
        Run(tmp_path, two).scraper.stop()

    def test_an_exchange_that_is_down_is_connected_later(self, tmp_path, caplog):
        def made(clock):
            exchanges = two(clock)
            refusals = iter(range(2))

            def fail(what, symbol):
                if what == "markets" and next(refusals, None) is not None:
                    return TransientError("okx", "maintenance")
                return None

            exchanges[0].fail = fail
            return exchanges

        run = Run(tmp_path, made, cycles=4)
        with caplog.at_level(logging.WARNING):
            health = run.to_the_end()
        assert caplog.text.count("okx: not reachable; trying again") == 2
        assert health["exchanges"]["okx"]["pairs"] == 2
        states = [document["exchanges"]["okx"]["state"] for document in run.health]
        assert list(dict.fromkeys(states)) == ["starting", "down", "ok"]
        down = run.health[states.index("down")]
        assert down["exchanges"]["okx"]["last_error"] == "maintenance"

    def test_names_are_judged_again_once_an_exchange_that_was_down_answers(self, tmp_path):
        def made(clock):
            late = MemoryExchange(clock, id="okx", bases=("CAT",))
            refusals = iter(range(2))

            def fail(what, symbol):
                return TransientError("okx", "maintenance") if next(refusals, None) is not None else None

            late.fail = fail
            return [MemoryExchange(clock, id="bybit", bases=("1000CAT", "BTC")), late]

        run = Run(tmp_path, made, cycles=4)
        health = run.to_the_end()
        assert health["warm"] == 1.0
        # Its price is not a thousand of the other exchange's CAT: a coin of that name.
        bases = run.query("SELECT exchange, base, multiplier FROM pairs WHERE symbol LIKE '%CAT/%'")
        assert sorted(bases) == [("bybit", "1000CAT", 1.0), ("okx", "CAT", 1.0)]

    def test_nothing_reachable_is_no_cycle(self, tmp_path):
        def made(clock):
            exchange = MemoryExchange(clock)
            exchange.refuse("time", BlockedError("okx", "geo-block"))
            return [exchange]

        run = Run(tmp_path, made, cycles=1)
        run.scraper.start()
        assert run.told.wait(WAIT_S)
        run.scraper.stop()
        health = run.scraper.health()
        assert health["last_cycle"] is None
        assert health["status"] == "starting"
        assert health["exchanges"]["okx"]["state"] == "down"
        assert run.scraper.now_ms() > NOON


class TestTrouble:
    def test_a_bug_in_a_cycle_ends_that_cycle_alone(self, tmp_path, caplog):
        def made(clock):
            exchanges = two(clock)
            asked = iter(range(100))

            def fail(what, symbol):
                # Not the first, which connects.
                return RuntimeError("a bug") if what == "tickers" and next(asked) in (1, 2) else None

            exchanges[0].fail = fail
            return exchanges

        run = Run(tmp_path, made, cycles=6)
        with caplog.at_level(logging.ERROR):
            health = run.to_the_end()
        assert caplog.text.count("okx: cycle") == 2
        assert "RuntimeError: a bug" in caplog.text
        assert health["status"] == "ok"

    def test_failed_requests_degrade_their_exchange_alone(self, tmp_path, caplog):
        def made(clock):
            exchanges = two(clock)
            exchanges[1].latency = 0.01
            asked = iter(range(100))
            exchanges[0].fail = lambda what, symbol: (
                TransientError("okx", "time-out") if what == "tickers" and next(asked) > 0 else None
            )
            return exchanges

        run = Run(tmp_path, made, cycles=3)
        with caplog.at_level(logging.WARNING):
            health = run.to_the_end()
        assert health["status"] == "degraded"
        assert health["exchanges"]["okx"]["state"] == "degraded"
        assert health["exchanges"]["binanceusdm"]["state"] == "ok"
        assert health["last_cycle"]["errors"] == 1
        assert "okx: 1 requests failed (time-out)" in caplog.text

    def test_one_that_hangs_holds_up_nobody(self, tmp_path):
        class Hanging(MemoryExchange):
            async def tickers(self):
                if sum(call[0] == "candles" for call in self.calls):
                    await asyncio.Event().wait()
                return await super().tickers()

        run = Run(tmp_path, lambda clock: [Hanging(clock, id="okx"), MemoryExchange(clock, id="bybit")])
        enough = threading.Event()
        run.on_commit = lambda: enough.set() if run.exchanges[1].now() > FIRST + 2 * M5 else None
        run.scraper.start()
        assert enough.wait(WAIT_S)
        run.scraper.stop()
        assert not run.scraper._thread.is_alive()
        newest = dict(
            run.query(
                "SELECT p.exchange, max(b.ts) FROM bars b JOIN series s ON s.id = b.series_id "
                "JOIN pairs p ON p.id = s.pair_id GROUP BY p.exchange"
            )
        )
        assert newest["bybit"] >= FIRST

    def test_a_database_that_refuses_its_state_ends_no_task(self, tmp_path, caplog):
        run = Run(tmp_path, two, cycles=8)
        done = []

        def refuse():
            connection = run.scraper._store._connection
            if run.commits == 3:
                connection.execute(
                    "CREATE TEMP TRIGGER refuse BEFORE INSERT ON meta "
                    "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
                )
            if run.exchanges and run.exchanges[0].now() > NOON + 100_000 and not done:
                done.append(connection.execute("DROP TRIGGER refuse"))

        run.on_commit = refuse
        with caplog.at_level(logging.ERROR):
            health = run.to_the_end()
        assert done
        assert "a background task ended" not in caplog.text
        assert "disk full" in caplog.text
        assert health["last_cycle"]["id"] == 8
        with closing(Store(run.settings.database_path, simulated=True)) as store:
            assert orjson.loads(store.state("health"))["last_cycle"]["id"] == 8


class TestRules:
    def test_they_are_kept_and_judged_by_from_now_on(self, tmp_path):
        run = Run(tmp_path, two)
        with pytest.raises(StoreError):
            run.scraper.add_rule("Hot", rules.compile("z > 2"))
        run.scraper.start()
        added = run.scraper.add_rule("Hot", rules.compile("z > 2"))
        assert (added.name, added.expression, added.normal) == ("Hot", "z > 2", "z_score > 2")
        run.scraper.add_rule("Cold", rules.compile("z < -2"))
        with pytest.raises(TakenError, match="hot"):
            run.scraper.add_rule("hot", rules.compile("z > 3"))
        assert run.scraper.delete_rule(added.id)
        assert not run.scraper.delete_rule(added.id)
        assert [judge.rule.name for judge in judges(run)] == ["Cold"]
        run.scraper.stop()
        with pytest.raises(StoreError):
            run.scraper.delete_rule(2)
        again = Run(tmp_path, two, cycles=1)
        again.to_the_end()
        assert [judge.rule.name for judge in judges(again)] == ["Cold"]


def judges(run: Run) -> list[Judge]:
    return list(run.scraper._pipeline._alerts._rules.judges.values())


class TestThresholds:
    def test_they_are_kept_and_used_from_now_on(self, tmp_path):
        run = Run(tmp_path, two)
        with pytest.raises(StoreError):
            run.scraper.save_thresholds({"z_threshold": 3.5})
        run.scraper.start()
        run.scraper.save_thresholds({"z_threshold": 3.5})
        assert run.scraper._pipeline._thresholds.z == 3.5
        run.scraper.stop()
        with pytest.raises(StoreError):
            run.scraper.save_thresholds({"z_threshold": 4.5})
        again = Run(tmp_path, two, cycles=1)
        again.to_the_end()
        assert again.scraper._pipeline._thresholds.z == 3.5
        assert again.scraper._pipeline._thresholds.ls == 2.0

    def test_the_time_is_the_exchanges(self, tmp_path):
        run = Run(tmp_path, two, cycles=1)
        run.to_the_end()
        assert abs(run.scraper.now_ms() - run.exchanges[0].now()) < 1_000
