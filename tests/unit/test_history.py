"""Ranges of history, page by page, on an exchange in memory and a virtual clock."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from futuresboard.errors import PairGoneError, TransientError, UnpublishedError
from futuresboard.history import MOST_TRIES, SPARE_BARS, History, newest_of_all
from futuresboard.model import Kind
from handmade_bars import M5
from support_core_exchange import MOST, NOON, Station

FIRST = NOON // M5 * M5
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def times(station: Station, symbol: str = BTC) -> list[int]:
    query = (
        "SELECT b.ts FROM bars b JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id "
        "WHERE p.symbol = ? AND s.timeframe = '5m' ORDER BY b.ts"
    )
    with closing(sqlite3.connect(station.path)) as connection:
        return [ts for (ts,) in connection.execute(query, (symbol,))]


def complete(station: Station, symbol: str = BTC, newest: int = FIRST - M5) -> bool:
    """Whether the history is stored without a hole: as long as asked for, give or take a few bars."""
    found = times(station, symbol)
    contiguous = found == list(range(found[0], newest + 1, M5)) if found else False
    oldest = FIRST - station.history * M5
    return contiguous and oldest - 2 * M5 <= found[0] <= oldest + SPARE_BARS * M5


class TestPages:
    def test_they_are_fetched_newest_first_until_all_is_here(self, make):
        station = make(history=230, page=50)

        async def work():
            await station.adopt()
            await station.collector.watch.probe()
            station.exchange.calls.clear()
            await station.warm_up()

        station.run(work)
        assert complete(station)
        assert complete(station, ETH)
        ends = [call[3] for call in station.exchange.calls if call[:2] == ("candles", BTC)]
        assert ends[0] is None
        assert ends[1:] == sorted(ends[1:], reverse=True)
        assert len(ends) == 5
        assert all(call[4] for call in station.exchange.calls), "history is background work"
        assert station.warm.progress == 1.0

    def test_the_newest_page_of_all_pairs_comes_first(self, make):
        station = make(history=230, page=50, bases=[f"C{i}" for i in range(12)])

        async def work():
            await station.adopt()
            station.exchange.calls.clear()
            await station.warm_up()

        station.run(work)
        asked = [call[1] for call in station.exchange.calls if call[0] == "candles"]
        assert len(set(asked[:12])) == 12

    def test_progress_only_grows(self, make):
        station = make(history=200, page=20)
        seen = []

        async def work():
            await station.adopt()
            station.warm = History(
                station.collector, newest_of_all(station.collector, dict.fromkeys((0, 1), FIRST - 200 * M5))
            )
            assert station.warm.progress == 0.0
            task = asyncio.ensure_future(station.warm.run())
            while not task.done():
                seen.append(station.warm.progress)
                await station.clock.sleep(0.01)
            await task

        station.run(work)
        assert seen == sorted(seen)
        assert 0.0 < seen[len(seen) // 2] < 1.0
        assert station.warm.progress == 1.0

    def test_only_what_is_missing_is_fetched(self, make):
        station = make(history=200, page=50)

        async def work():
            await station.adopt()
            station.exchange.calls.clear()
            await station.warm_up(FIRST - 30 * M5)

        station.run(work)
        assert station.asked(Kind.CANDLES) == 1
        limits = {call[2] for call in station.exchange.calls if call[0] == "candles"}
        assert limits == {31}
        assert FIRST - 30 * M5 in times(station)

    def test_what_joins_stored_bars_leaves_no_hole(self, make):
        station = make(history=200, page=10)

        async def work():
            await station.adopt()
            ranges = newest_of_all(station.collector, dict.fromkeys((0, 1), FIRST - 13 * M5), joined=[0])
            station.warm = History(station.collector, ranges)
            await station.warm.run()
            await station.collector.storing.flush()

        station.run(work)
        assert times(station)[0] <= FIRST - 13 * M5
        assert times(station, ETH)[0] > FIRST - 13 * M5


class TestShortSeries:
    def test_a_pair_listed_an_hour_ago(self, make):
        station = make(history=230, page=50)
        station.exchange.listed[BTC] = FIRST - 12 * M5

        async def work():
            await station.start()

        station.run(work)
        assert times(station) == [FIRST + i * M5 for i in range(-12, 0)]
        assert complete(station, ETH)
        assert station.warm.progress == 1.0

    def test_a_pair_listed_just_now(self, make):
        station = make(history=60)
        station.exchange.listed[BTC] = FIRST

        async def work():
            await station.start()
            assert times(station) == []
            await station.until(FIRST + 2 * M5 + 35_000)

        station.run(work)
        assert times(station) == [FIRST, FIRST + M5]

    def test_a_pair_whose_rows_ended_long_ago(self, make):
        """Trading halted: every row it has is older than what is recorded. It must end."""
        station = make(history=60)
        station.exchange.ended[BTC] = FIRST - 1000 * M5

        async def work():
            await asyncio.wait_for(station.start(), 30)

        station.run(work)
        assert times(station) == []
        assert complete(station, ETH)
        assert station.asked(Kind.CANDLES) < 10
        assert station.warm.progress == 1.0


class TestFailures:
    def test_a_page_that_fails_is_asked_for_again(self, make):
        station = make(history=60)
        left = {"candles": 2}

        def fail(what: str, symbol: str):
            if symbol == BTC and left.get(what, 0) and station.collector.started:
                left[what] -= 1
                return TransientError("okx", "reset")
            return None

        async def work():
            await station.adopt()
            station.exchange.fail = fail
            await station.warm_up()

        station.run(work)
        assert left == {"candles": 0}
        assert complete(station)

    def test_one_that_fails_for_good_is_given_up_and_holds_up_nobody(self, make):
        station = make(history=60)

        async def work():
            await station.adopt()
            await station.collector.watch.probe()
            station.exchange.refuse(BTC, TransientError("okx", "reset"))
            station.exchange.calls.clear()
            await station.warm_up()

        station.run(work)
        assert station.asked(Kind.CANDLES) == MOST_TRIES
        assert times(station) == []
        assert complete(station, ETH)
        assert station.warm.progress == 1.0

    def test_a_pair_that_is_gone(self, make):
        station = make(history=60)

        async def work():
            await station.adopt()
            station.exchange.refuse(BTC, PairGoneError("okx", "unknown"))
            await station.warm_up()

        station.run(work)
        assert times(station) == []
        assert complete(station, ETH)

    def test_a_kind_that_turns_out_not_to_be_published(self, make):
        station = make(history=60, kinds=(*MOST, Kind.TOP_LS), bases=[f"C{i}" for i in range(9)])

        async def work():
            await station.adopt()
            await station.collector.watch.probe()
            station.exchange.refuse("top_ls", UnpublishedError("okx", "401"))
            await station.warm_up()

        station.run(work)
        assert complete(station, "C8/USDT:USDT")
        assert station.collector.unpublished["top_ls"] == "401"
        assert station.warm.progress == 1.0

    def test_one_pair_says_so_while_others_answers_are_under_way(self, make):
        station = make(history=60, bases=[f"C{i}" for i in range(9)])
        said = []

        def fail(what: str, symbol: str):
            if what == "global_ls" and not said:
                said.append(symbol)
                return UnpublishedError("okx", "401")
            return None

        async def work():
            await station.adopt()
            await station.collector.watch.probe()
            station.exchange.fail = fail
            await station.warm_up()

        station.run(work)
        assert said
        assert Kind.GLOBAL_LS not in station.collector.book.kinds
        assert all(complete(station, f"C{i}/USDT:USDT") for i in range(9))

    def test_nothing_to_fetch_is_done(self, make):
        station = make(history=60, bases=())

        async def work():
            await station.collector.connect()
            station.collector.markets = []
            collector = station.collector
            collector._book = type("NoBook", (), {"kinds": frozenset()})()
            assert History(collector, []).progress == 1.0

        station.run(work)


class TestBarsThatCloseMeanwhile:
    def test_cycles_and_history_together_store_every_bar_once(self, make):
        station = make(history=200, page=10)
        station.exchange.latency = 1.5

        async def work():
            await station.adopt()
            await station.collector.watch.probe()
            warm = asyncio.ensure_future(station.warm_up())
            await station.until(FIRST + 2 * M5 + 80_000)
            await warm

        station.run(work)
        assert complete(station, newest=FIRST + M5)
        with closing(sqlite3.connect(station.path)) as connection:
            assert connection.execute("SELECT count(*) FROM superseded").fetchone() == (0,)
