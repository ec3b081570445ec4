"""Pairs that join, leave, come back and change their scale, on an exchange in memory and a virtual clock."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from futuresboard.healing import Healer
from futuresboard.listings import READ_AT_MS, Listings
from futuresboard.model import Kind
from handmade_bars import M5
from support_core_exchange import HOUR, NOON, Station

FIRST = NOON // M5 * M5
BTC, ETH, SOL = (f"{base}/USDT:USDT" for base in ("BTC", "ETH", "SOL"))


@pytest.fixture
def make(tmp_path):
    made = []

    def station(**given) -> Station:
        made.append(Station(tmp_path, name=f"{len(made)}.db", **{"history": 60} | given))
        return made[-1]

    yield station
    for one in made:
        one.close()


def query(station: Station, text: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(station.path)) as connection:
        return connection.execute(text, values).fetchall()


def times(station: Station, symbol: str) -> list[int]:
    return [
        ts
        for (ts,) in query(
            station,
            "SELECT b.ts FROM bars b JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id "
            "WHERE p.symbol = ? AND s.timeframe = '5m' ORDER BY b.ts",
            symbol,
        )
    ]


def active(station: Station) -> set[str]:
    return {symbol for (symbol,) in query(station, "SELECT symbol FROM pairs WHERE active")}


def contiguous(found: list[int]) -> bool:
    return found == list(range(found[0], found[-1] + M5, M5))


class Kept:
    """A station whose list is kept, beside its cycles, until a time of the exchange."""

    def __init__(self, station: Station) -> None:
        self.station, self.listings = station, Listings()

    async def begin(self) -> None:
        collector = self.station.collector
        await self.listings.connect(collector)
        await collector.adopt(self.listings.chosen(collector), prices=self.listings.prices(collector))
        self.healer = Healer(collector, self.station.history)
        await self.healer.warm_up()
        self.task = asyncio.ensure_future(self.listings.keep(collector, self.healer.join))

    async def until(self, ts: int) -> None:
        await self.station.until(ts, interval=60.0)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def hour(station: Station) -> int:
    """The next reading of the list, and a bar's close after it."""
    now = station.exchange.now()
    return (now - READ_AT_MS) // HOUR * HOUR + HOUR + READ_AT_MS + M5


class TestPairs:
    def test_a_new_one_joins_with_its_history(self, make):
        station = make()

        async def work():
            kept = Kept(station)
            await kept.begin()
            station.exchange.list(["BTC", "ETH", "SOL"])
            await kept.until(hour(station) + 2 * M5)
            await kept.end()

        station.run(work)
        assert active(station) == {BTC, ETH, SOL}
        found = times(station, SOL)
        assert contiguous(found)
        assert len(found) >= 60
        assert found[-1] == times(station, BTC)[-1]

    def test_one_listed_just_now_begins_with_its_first_bar(self, make):
        station = make()

        async def work():
            kept = Kept(station)
            await kept.begin()
            due = hour(station)
            listed = due // M5 * M5 - 3 * M5
            station.exchange.listed[SOL] = listed
            station.exchange.list(["BTC", "ETH", "SOL"])
            await kept.until(due + 3 * M5)
            await kept.end()
            return listed

        listed = station.run(work)
        assert times(station, SOL)[0] == listed
        assert contiguous(times(station, SOL))
        assert query(station, "SELECT listed_ts FROM pairs WHERE symbol = ?", SOL) == [(listed,)]
        (marks,) = query(
            station,
            "SELECT min(b.rsi IS NULL) FROM bars b JOIN series s ON s.id = b.series_id "
            "JOIN pairs p ON p.id = s.pair_id WHERE p.symbol = ?",
            SOL,
        )
        assert marks == (1,)

    def test_one_that_is_gone_leaves_the_page_and_keeps_its_history(self, make):
        # Half an hour before the lists are read the next time.
        start = NOON + HOUR // 2
        first = start // M5 * M5
        station = make(start=start)

        async def work():
            kept = Kept(station)
            await kept.begin()
            before = times(station, ETH)
            station.exchange.list(["BTC"])
            await kept.until(first + 3 * M5)
            assert active(station) == {BTC}, "within minutes, not with the next hour"
            station.exchange.calls.clear()
            await kept.until(first + 6 * M5)
            await kept.end()
            return before

        before = station.run(work)
        assert times(station, ETH)[: len(before)] == before
        assert station.asked(Kind.CANDLES, ETH) == 0
        assert contiguous(times(station, BTC))
        assert times(station, BTC)[-1] >= first + 4 * M5

    def test_one_that_comes_back_has_no_hole(self, make):
        station = make(history=90)

        async def work():
            kept = Kept(station)
            await kept.begin()
            station.exchange.list(["BTC"])
            await kept.until(FIRST + 4 * M5)
            station.exchange.list(["BTC", "ETH"])
            station.exchange.calls.clear()
            await kept.until(hour(station) + 3 * M5)
            await kept.end()
            background = {call[1] for call in station.exchange.calls if call[0] == "candles" and call[4]}
            assert background == {ETH}, "its history is fetched anew"

        station.run(work)
        assert active(station) == {BTC, ETH}
        assert contiguous(times(station, ETH))
        assert times(station, ETH)[-1] == times(station, BTC)[-1]
        lacking = query(
            station,
            "SELECT count(*) FROM bars WHERE close IS NULL OR oi_contracts IS NULL OR global_ls IS NULL",
        )
        assert lacking == [(0,)]

    def test_a_list_that_cannot_be_read_changes_nothing(self, make):
        station = make()

        async def work():
            kept = Kept(station)
            await kept.begin()
            station.exchange.list([])
            await kept.until(hour(station) + M5)
            assert not kept.task.done()
            await kept.end()

        station.run(work)
        assert active(station) == {BTC, ETH}


class TestAnotherContract:
    def adopted(self, station: Station) -> None:
        async def work():
            kept = Kept(station)
            await kept.begin()
            await kept.until(FIRST + M5)
            await kept.end()

        station.run(work)

    def test_a_symbol_listed_anew_begins_a_new_series(self, make):
        station = make()
        self.adopted(station)
        old = times(station, ETH)
        station.clock.now += 3 * 3600
        station.exchange.listed[ETH] = FIRST + 2 * HOUR // M5 * M5
        station.exchange.list(["BTC", "ETH"])
        self.adopted(station)
        kept_as = [
            name for (name,) in query(station, "SELECT symbol FROM pairs") if name.startswith(ETH + "~")
        ]
        assert len(kept_as) == 1
        assert times(station, kept_as[0]) == old
        assert times(station, ETH)[0] == station.exchange.listed[ETH]
        assert active(station) == {BTC, ETH}
        assert len(times(station, BTC)) > len(old)

    def test_so_does_a_price_in_another_scale(self, make):
        station = make()
        self.adopted(station)
        with closing(sqlite3.connect(station.path, isolation_level=None)) as connection:
            connection.execute(
                "UPDATE bars SET close = close * 1000 WHERE series_id IN (SELECT s.id FROM series s "
                "JOIN pairs p ON p.id = s.pair_id WHERE p.symbol = ?)",
                (ETH,),
            )
        old = times(station, ETH)
        station.clock.now += 3600
        self.adopted(station)
        names = sorted(name for (name,) in query(station, "SELECT symbol FROM pairs"))
        assert [name.split("~")[0] for name in names] == [BTC, ETH, ETH]
        assert times(station, names[2]) == old
        changes = query(
            station,
            "SELECT max(abs(b.oi_delta_pct)) FROM bars b JOIN series s ON s.id = b.series_id "
            "JOIN pairs p ON p.id = s.pair_id WHERE p.symbol = ?",
            ETH,
        )
        assert changes[0][0] < 5
