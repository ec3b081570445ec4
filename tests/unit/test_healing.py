"""Gaps: found, fetched and stored as if they had never been, on an exchange in memory and a virtual clock."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from futuresboard.db_schema import DERIVED_FIELDS, RAW_FIELDS
from futuresboard.errors import TransientError
from futuresboard.gaps import MOST_LOOKS, GapReport
from futuresboard.healing import LIVE_BARS, Healer
from futuresboard.model import Kind
from futuresboard.quality import BACKFILLED, HISTORIC, REVISED, names
from handmade_bars import M5
from support_core import differences
from support_core_exchange import HOUR, NOON, Station

FIRST = NOON // M5 * M5
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
OWN = ("raw_seq", "seen_ts")


@pytest.fixture
def make(tmp_path):
    made = []

    def station(name: str = "test.db", **given) -> Station:
        made.append(Station(tmp_path, name=name, **{"history": 120} | given))
        return made[-1]

    yield station
    for one in made:
        one.close()


def stored(station: Station) -> dict:
    """Every stored bar by symbol, timeframe and time, less what no two runs share."""
    columns = (*RAW_FIELDS, *DERIVED_FIELDS)
    query = (
        f"SELECT p.symbol, s.timeframe, b.ts, {', '.join('b.' + name for name in columns)} FROM bars b "
        "JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id"
    )
    with closing(sqlite3.connect(station.path)) as connection:
        rows = connection.execute(query).fetchall()
    return {row[:3]: dict(zip(columns, row[3:], strict=True)) for row in rows}


def unmarked(dump: dict) -> dict:
    """Less the marks and times that say how a bar came."""
    own = BACKFILLED | HISTORIC | REVISED
    return {
        key: {name: value for name, value in row.items() if name not in OWN}
        | {name: row[name] & ~own for name in ("marks", "quality")}
        for key, row in dump.items()
    }


def forget(station: Station, first: int, stop: int, symbol: str = BTC) -> None:
    """Bars vanish from the database, as if nobody had been there when they closed."""
    with closing(sqlite3.connect(station.path, isolation_level=None)) as connection:
        connection.execute(
            "DELETE FROM bars WHERE ts >= ? AND ts < ? AND series_id IN (SELECT s.id FROM series s "
            "JOIN pairs p ON p.id = s.pair_id WHERE p.symbol = ?)",
            (first, stop, symbol),
        )
    station.pipeline.reload()


def blank(station: Station, column: str, first: int, stop: int) -> None:
    """A column of BTC's bars becomes unknown."""
    with closing(sqlite3.connect(station.path, isolation_level=None)) as connection:
        connection.execute(
            f"UPDATE bars SET {column} = NULL WHERE ts >= ? AND ts < ? AND series_id IN (SELECT s.id "
            "FROM series s JOIN pairs p ON p.id = s.pair_id WHERE p.symbol = ? AND timeframe = '5m')",
            (first, stop, BTC),
        )
    station.pipeline.reload()


async def ready(station: Station) -> Healer:
    """A healer whose exchange's history is in."""
    await station.adopt()
    healer = Healer(station.collector, station.history)
    await healer.warm_up()
    station.exchange.calls.clear()
    return healer


class TestAHole:
    @pytest.mark.parametrize("bars", [1, 30, 110])
    def test_is_filled_as_if_it_had_never_been(self, make, bars):
        station = make()

        async def work():
            healer = await ready(station)
            whole = stored(station)
            forget(station, FIRST - (bars + 4) * M5, FIRST - 4 * M5)
            assert len(stored(station)) < len(whole)
            await healer.look()
            return whole

        whole = station.run(work)
        assert differences(unmarked(stored(station)), unmarked(whole)) == []

    def test_its_bars_are_marked_and_the_others_are_not(self, make):
        station = make()

        async def work():
            healer = await ready(station)
            forget(station, FIRST - 20 * M5, FIRST - 10 * M5)
            await healer.look()

        station.run(work)
        marked = {
            key[2] for key, row in stored(station).items() if key[1] == "5m" and row["marks"] & BACKFILLED
        }
        assert marked == {FIRST - n * M5 for n in range(11, 21)}
        assert "backfilled" in names(stored(station)[BTC, "5m", FIRST - 15 * M5]["quality"])

    def test_only_what_is_missing_is_asked_for(self, make):
        station = make()

        async def work():
            healer = await ready(station)
            await healer.look()
            assert station.exchange.calls == []
            blank(station, "oi_contracts", FIRST - 20 * M5, FIRST - 18 * M5)
            healer = Healer(station.collector, station.history)
            await healer.look()

        station.run(work)
        assert [(call[0], call[1]) for call in station.exchange.calls] == [("oi", BTC)]
        assert station.exchange.calls[0][4], "background work"

    @pytest.mark.parametrize("column", ["oi_contracts", "global_ls", "funding"])
    def test_a_level_that_is_missing_comes_and_the_rest_stays(self, make, column):
        station = make()

        async def work():
            healer = await ready(station)
            whole = stored(station)
            blank(station, column, FIRST - 40 * M5, FIRST - 30 * M5)
            await healer.look()
            return whole

        whole = station.run(work)
        assert differences(unmarked(stored(station)), unmarked(whole)) == []

    def test_what_is_not_asked_about_keeps_its_measured_interval(self, make):
        """The exchange states another interval than its settlements show."""
        station = make()

        async def work():
            healer = await ready(station)
            whole = stored(station)
            market = station.collector.markets[0]
            station.collector.markets[0] = replace(market, funding_interval_h=4.0)
            blank(station, "oi_contracts", FIRST - 40 * M5, FIRST - 30 * M5)
            await healer.look()
            return whole

        whole = station.run(work)
        assert differences(unmarked(stored(station)), unmarked(whole)) == []

    def test_older_than_memory_and_than_the_history_asked_for(self, make):
        station = make(history=20)
        healer_of = {}

        async def work():
            healer = await ready(station)
            old = FIRST - 1100 * M5
            since = dict.fromkeys(range(2), old)
            await healer._mender.mend(since, FIRST - 21 * M5)
            whole = stored(station)
            assert (BTC, "5m", old) in whole
            assert old < station.pipeline.memory.base.oldest
            forget(station, old + 10 * M5, old + 40 * M5)
            healer_of["new"] = Healer(station.collector, station.history)
            await healer_of["new"].look()
            return whole

        whole = station.run(work)
        assert differences(unmarked(stored(station)), unmarked(whole)) == []


class TestStandIns:
    def test_a_live_level_gives_way_to_the_published_one(self, make):
        station = make(live_oi=True)

        async def work():
            healer = await ready(station)
            station.exchange.refuse("oi", TransientError("okx", "reset"))
            await station.until(FIRST + 2 * M5 + 100_000)
            assert "oi:live" in names(stored(station)[BTC, "5m", FIRST]["marks"])
            station.exchange.refuse("no such kind")
            await station.clock.sleep((LIVE_BARS + 1) * 300)
            await healer.look()

        station.run(work)
        row = stored(station)[BTC, "5m", FIRST]
        assert "oi:live" not in names(row["marks"])
        assert row["oi_contracts"] == station.exchange.expected(0, FIRST)["oi_contracts"]


class TestTheReport:
    def test_nothing_is_known_before_a_look(self, make):
        station = make()
        reports = []

        async def work():
            healer = await ready(station)
            reports.append(healer.report())
            await healer.look()
            reports.append(healer.report())

        station.run(work)
        assert reports[0] == GapReport()
        assert reports[1] == GapReport(0, 0, 0, looked_ts=reports[1].looked_ts)
        assert reports[1].looked_ts >= FIRST

    def test_what_is_missing_what_came_and_what_never_will(self, make):
        station = make()
        reports = []

        async def work():
            healer = await ready(station)
            forget(station, FIRST - 20 * M5, FIRST - 10 * M5)
            forget(station, FIRST - 40 * M5, FIRST - 37 * M5)
            for kind in station.exchange.kinds:
                station.exchange.lacking |= {(kind, FIRST - n * M5) for n in range(10, 21)}
            for _ in range(MOST_LOOKS):
                await healer.look()
                reports.append(healer.report())

        station.run(work)
        assert [(one.missing, one.open, one.pairs, one.healed, one.healing) for one in reports] == [
            (10, 10, 1, 3, False),
            (0, 0, 0, 3, False),
        ]
        assert reports[0].given_up == 0
        assert reports[1].given_up >= 10

    def test_a_value_that_is_unknown_is_no_missing_bar(self, make):
        station = make()
        reports = []

        async def work():
            healer = await ready(station)
            blank(station, "global_ls", FIRST - 20 * M5, FIRST - 18 * M5)
            station.exchange.lacking |= {(Kind.GLOBAL_LS, FIRST - n * M5) for n in range(18, 25)}
            await healer.look()
            reports.append(healer.report())

        station.run(work)
        assert (reports[0].missing, reports[0].open) == (0, 2)

    def test_a_look_under_way_is_said(self, make):
        station = make()
        seen = []

        async def work():
            healer = await ready(station)
            forget(station, FIRST - 20 * M5, FIRST - 10 * M5)
            mend = healer._mender.mend

            async def watched(*args, **given):
                seen.append(healer.report().healing)
                return await mend(*args, **given)

            healer._mender.mend = watched
            await healer.look()
            seen.append(healer.report().healing)

        station.run(work)
        assert seen == [True, False]


class TestInVain:
    def test_what_an_exchange_does_not_have_is_asked_for_twice(self, make):
        station = make()
        asked = []

        async def work():
            healer = await ready(station)
            blank(station, "global_ls", FIRST - 20 * M5, FIRST - 18 * M5)
            station.exchange.lacking.add((Kind.GLOBAL_LS, FIRST - 19 * M5))
            station.exchange.lacking.add((Kind.GLOBAL_LS, FIRST - 20 * M5))
            station.exchange.lacking |= {(Kind.GLOBAL_LS, FIRST - n * M5) for n in range(21, 25)}
            for _ in range(4):
                station.exchange.calls.clear()
                await healer.look()
                asked.append(len(station.exchange.calls))

        station.run(work)
        assert asked == [1] * MOST_LOOKS + [0] * (4 - MOST_LOOKS)

    def test_nor_by_the_next_process(self, make):
        station = make()

        async def work():
            healer = await ready(station)
            forget(station, FIRST - 20 * M5, FIRST - 10 * M5)
            for kind in station.exchange.kinds:
                station.exchange.lacking |= {(kind, FIRST - n * M5) for n in range(5, 30)}
            for _ in range(MOST_LOOKS):
                await healer.look()
            again = Healer(station.collector, station.history)
            again.records.restore(healer.records.export(M5), M5)
            station.exchange.calls.clear()
            await again.look()

        station.run(work)
        assert station.exchange.calls == []

    def test_a_failed_page_is_no_answer(self, make):
        station = make()

        async def work():
            healer = await ready(station)
            whole = stored(station)
            forget(station, FIRST - 20 * M5, FIRST - 10 * M5)
            station.exchange.refuse(BTC, TransientError("okx", "reset"))
            for _ in range(MOST_LOOKS + 1):
                await healer.look()
            assert len(stored(station)) < len(whole)
            station.exchange.refuse("no such kind")
            await healer.look()
            return whole

        whole = station.run(work)
        assert differences(unmarked(stored(station)), unmarked(whole)) == []

    def test_nothing_before_the_listing_and_beyond_what_is_kept_is_asked_for(self, make):
        station = make()

        async def work():
            healer = await ready(station)
            blank(station, "oi_contracts", FIRST - 100 * M5, FIRST - 90 * M5)
            station.exchange.depth_rows[Kind.OI] = 80
            await healer.look()

        station.run(work)
        assert station.exchange.calls == []


class TestTheHour:
    def test_it_looks_every_hour_and_when_somebody_knows_of_a_gap(self, make):
        station = make()
        looks = []

        async def work():
            await station.adopt()
            healer = Healer(station.collector, station.history)

            async def look() -> None:
                looks.append(station.exchange.now())
                if len(looks) == 3:
                    station.collector.heal_soon.set()
                if len(looks) == 4:
                    raise KeyError("enough")

            healer.look = look
            with pytest.raises(KeyError):
                await healer.run()

        station.run(work)
        assert [(later - looks[1]) // HOUR for later in looks[1:]] == [0, 1, 1]
        assert looks[1] - looks[0] < HOUR
        assert looks[3] - looks[2] < M5

    def test_an_exchange_that_was_down_is_looked_at(self, make):
        station = make()

        async def work():
            await station.start()
            await station.until(FIRST + M5)
            assert not station.collector.heal_soon.is_set()
            station.exchange.refuse("tickers", TransientError("okx", "down"))
            await station.until(FIRST + 4 * M5)
            assert not station.collector.heal_soon.is_set()
            station.exchange.refuse("no such kind")
            await station.until(FIRST + 5 * M5)
            assert station.collector.heal_soon.is_set()

        station.run(work)


class TestStamps:
    def test_a_look_that_failed_is_repeated_within_minutes(self, make):
        station = make()

        async def work():
            await station.adopt()
            station.exchange.refuse("oi", TransientError("okx", "time-out"))
            await station.collector.watch.probe()
            assert not station.collector.watch.due
            station.exchange.refuse("no such kind")
            await station.clock.sleep(300)
            assert station.collector.watch.due
            await station.collector.watch.probe()
            await station.clock.sleep(3600)
            assert not station.collector.watch.due, "once it is known, a day is soon enough"

        station.run(work)
