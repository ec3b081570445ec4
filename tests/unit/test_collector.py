"""One exchange's cycles and bar closes, on an exchange in memory and a virtual clock."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from futuresboard import collector as collector_module
from futuresboard import quality
from futuresboard.closing import PORTION_MS, SCOUTS
from futuresboard.collector import Collector
from futuresboard.db import BAR_FIELDS
from futuresboard.errors import (
    ExchangeError,
    PairGoneError,
    PayloadError,
    ThrottledError,
    TransientError,
    UnpublishedError,
)
from futuresboard.exchanges.base import Scarce
from futuresboard.model import Kind
from handmade_bars import M5, MIDNIGHT
from support_core_exchange import HOUR, LEVELS, MOST, NOON, InlineExecutor, Station

FIRST = NOON // M5 * M5
"""The bar that is open when the collector starts."""


def stored(station: Station, number: int = 0, timeframe: str = "5m") -> dict[int, dict]:
    query = (
        f"SELECT {', '.join('b.' + name for name in BAR_FIELDS)} FROM bars b "
        "JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id "
        "WHERE p.symbol = ? AND s.timeframe = ? ORDER BY b.ts"
    )
    symbol = station.exchange._markets[number].symbol
    with closing(sqlite3.connect(station.path)) as connection:
        found = connection.execute(query, (symbol, timeframe)).fetchall()
    return {row[0]: dict(zip(BAR_FIELDS, row, strict=True)) for row in found}


def wrong(station: Station, number: int = 0, *, without: tuple[str, ...] = ()) -> list:
    """Where what is stored and finalised differs from the exchange's truth."""
    return [
        (ts, name, row[name], value)
        for ts, row in stored(station, number).items()
        if "partial" not in own(row)
        for name, value in station.exchange.expected(number, ts).items()
        if name not in without and (row[name] is None or value is None or abs(row[name] - value) > 1e-9)
        if not (row[name] is None and value is None)
    ]


def own(row: dict) -> list[str]:
    return quality.names(row["marks"])


class TestAnOrdinaryRun:
    @pytest.mark.parametrize("kinds", [MOST, (*MOST, Kind.TOP_LS), (*MOST, Kind.TAKER)])
    def test_history_and_closes_are_stored_as_the_exchange_has_them(self, make, kinds):
        station = make(kinds=kinds)

        async def work():
            await station.start()
            return await station.until(FIRST + 4 * M5 + 35_000)

        tallies = station.run(work)
        for number in (0, 1):
            rows = stored(station, number)
            assert list(rows) == [FIRST + i * M5 for i in range(-60, 4)]
            assert wrong(station, number) == []
            assert all(own(row) == [] for row in rows.values())
        assert sum(tally.errors for tally in tallies) == 0
        assert sum(tally.bar_close for tally in tallies) == 4
        assert station.store.state("seq")

    def test_the_closes_are_stored_in_the_cycle_they_came_with_and_their_lag_is_told(self, make):
        station = make()

        async def work():
            await station.start()
            await station.close_of(FIRST)
            tally = await station.collector.cycle()
            assert tally.bar_close
            assert set(stored(station)) >= {FIRST}
            again = await station.collector.cycle()
            assert not again.bar_close

        station.run(work)
        assert len(station.collector.storing.lags_s) == 2
        assert all(1.0 <= lag < 5.0 for lag in station.collector.storing.lags_s)
        assert 0 <= station.collector.oldest_s() < 10

    def test_only_what_is_missing_is_asked_for(self, make):
        station = make()

        async def work():
            await station.start()
            station.exchange.calls.clear()
            await station.close_of(FIRST)
            await station.collector.cycle()
            await station.collector.cycle()

        station.run(work)
        limits = {call[0]: call[2] for call in station.exchange.calls}
        # The candle before them is read again.
        assert limits["candles"] == 3 + 1
        assert station.asked(Kind.CANDLES) == 1
        assert station.asked(Kind.FUNDING) == 0
        assert not any(call[4] for call in station.exchange.calls)

    def test_a_settlement_is_fetched_at_its_close(self, make):
        start = MIDNIGHT + 16 * HOUR - M5 + 100_000
        station = make(start=start)

        async def work():
            await station.start()
            station.exchange.calls.clear()
            await station.close_of(start // M5 * M5)
            await station.collector.cycle()

        station.run(work)
        assert station.asked(Kind.FUNDING) >= 1
        assert (
            stored(station)[start // M5 * M5]["funding"]
            == station.exchange.expected(0, start // M5 * M5)["funding"]
        )
        assert wrong(station) == []


class TestBeforeAnything:
    def test_there_is_no_book_yet(self, make):
        station = make()

        async def work():
            collector = station.collector
            assert not collector.started
            assert collector.oldest_s() is None
            with pytest.raises(LookupError):
                _ = collector.book

        station.run(work)

    def test_which_pairs_are_recorded(self, make, tmp_path):
        station = make(bases=("BTC", "ETH", "XRP"))

        async def work():
            markets, tickers = await station.collector.connect()
            assert len(tickers) == 3
            assert station.collector.select(markets) == markets
            for given, expected in (
                ({"max_pairs": 2}, ["BTC", "ETH"]),
                ({"symbols": ("XRP", "DOGE")}, ["XRP"]),
            ):
                other = Collector(
                    station.exchange,
                    station.pipeline,
                    replace(station.settings, **given),
                    clock=station.clock,
                    writer=InlineExecutor(),
                )
                assert [market.base for market in other.select(markets)] == expected

        station.run(work)

    def test_an_exchange_that_cannot_be_reached_says_so(self, make):
        station = make()
        station.exchange.fail = lambda what, symbol: (
            TransientError("okx", "reset") if what == "time" else None
        )

        async def work():
            with pytest.raises(ExchangeError):
                await station.collector.connect()

        station.run(work)


class TestLateRows:
    def test_a_ratio_later_than_finalise_after_is_borrowed_then_revised(self, make):
        station = make()
        station.exchange.delay_ms[Kind.GLOBAL_LS] = 100_000

        async def work():
            await station.start()
            await station.until(FIRST + M5 + 70_000, interval=10)
            early = stored(station)[FIRST]
            assert own(early) == ["ls:late"]
            assert early["global_ls"] == station.exchange.expected(0, FIRST - M5)["global_ls"]
            await station.until(FIRST + 2 * M5 + 30_000, interval=10)

        station.run(work)
        row = stored(station)[FIRST]
        assert own(row) == ["revised"]
        assert row["global_ls"] == station.exchange.expected(0, FIRST)["global_ls"]
        assert not any(row["tiers"] is None for row in stored(station).values())

    @pytest.mark.parametrize("many", [False, True])
    def test_within_finalise_after_it_is_waited_for(self, make, monkeypatch, many):
        """Where there are many pairs the bar is shown meanwhile."""
        monkeypatch.setattr(collector_module, "MANY_PAIRS", 1 if many else 100)
        station = make()
        for kind in LEVELS:
            station.exchange.delay_ms[kind] = 40_000

        async def work():
            await station.start()
            await station.close_of(FIRST)
            await station.collector.cycle()
            assert FIRST not in stored(station)
            await station.until(FIRST + M5 + 20_000, interval=10)
            assert (FIRST in stored(station)) == many
            if many:
                assert own(stored(station)[FIRST]) == ["partial"]
                assert stored(station)[FIRST]["global_ls"] is None
                assert stored(station)[FIRST]["close"] == station.exchange.expected(0, FIRST)["close"]
            await station.until(FIRST + M5 + 55_000, interval=10)

        station.run(work)
        assert own(stored(station)[FIRST]) == []
        assert wrong(station) == []

    def test_a_few_pairs_tell_whether_anything_is_published(self, make):
        station = make(bases=[f"C{i}" for i in range(20)])
        station.exchange.delay_ms[Kind.GLOBAL_LS] = 200_000

        async def work():
            await station.start()
            station.exchange.calls.clear()
            await station.close_of(FIRST)
            await station.collector.cycle()

        station.run(work)
        asked = [call[1] for call in station.exchange.calls if call[0] == "global_ls"]
        assert len(set(asked[:SCOUTS])) == SCOUTS
        assert set(asked[SCOUTS : 2 * SCOUTS]).isdisjoint(asked[:SCOUTS])
        assert len(asked) < 20
        assert len({call[1] for call in station.exchange.calls if call[0] == "candles"}) == 20

    def test_open_interest_of_the_live_snapshot_until_the_row_comes(self, make):
        station = make(live_oi=True)
        station.exchange.delay_ms[Kind.OI] = 100_000

        async def work():
            await station.start()
            await station.until(FIRST + M5 + 70_000, interval=10)
            row = stored(station)[FIRST]
            assert own(row) == ["oi:live"]
            # The snapshot from before the close still shows the level of the bar before.
            assert row["oi_contracts"] == station.exchange.expected(0, FIRST - M5)["oi_contracts"]
            await station.until(FIRST + 2 * M5 + 30_000, interval=10)

        station.run(work)
        assert own(stored(station)[FIRST]) == ["revised"]
        assert wrong(station, without=("oi_abs_usd",))[1:] == wrong(station)[1:]
        assert stored(station)[FIRST]["oi_contracts"] == station.exchange.expected(0, FIRST)["oi_contracts"]

    def test_a_machine_that_slept_fetches_what_it_missed(self, make):
        station = make()

        async def work():
            await station.start()
            await station.until(FIRST + 2 * M5)
            await station.clock.sleep(10 * 300)
            await station.until(FIRST + 14 * M5 + 35_000)

        station.run(work)
        rows = stored(station)
        assert list(rows) == [FIRST + i * M5 for i in range(-60, 14)]
        assert wrong(station) == []
        healed = [(ts - FIRST) // M5 for ts, row in rows.items() if "backfilled" in own(row)]
        assert healed
        assert set(healed) < set(range(1, 13))


class TestPortions:
    def test_a_cycle_hands_what_is_left_to_the_next_at_once(self, make):
        station = make(bases=[f"C{i}" for i in range(60)])

        async def work():
            await station.start()
            station.exchange.latency = 1.0
            station.exchange.calls.clear()
            await station.close_of(FIRST)
            ends = []
            while (wait := station.collector.more_in()) is not None or not ends:
                begun = station.exchange.now()
                await station.clock.sleep(wait or 0.0)
                tally = await station.collector.cycle(beat=not ends)
                ends.append(station.exchange.now() - begun)
                assert tally.bar_close
            assert len(ends) > 2
            assert max(ends) <= PORTION_MS + 2_500

        station.run(work)
        assert wrong(station) == []
        for kind in (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS):
            asked = [call[1] for call in station.exchange.calls if call[0] == kind.value]
            assert len(set(asked)) == 60
            assert len(asked) <= 60 + SCOUTS

    def test_a_kind_without_room_in_its_budget_holds_up_no_other(self, make):
        station = make(kinds=(*MOST, Kind.TOP_LS))

        async def work():
            await station.start()
            station.exchange.room_s = {Kind.GLOBAL_LS: 30.0}
            station.exchange.calls.clear()
            await station.close_of(FIRST)
            await station.collector.cycle()
            assert station.asked(Kind.GLOBAL_LS) == 0
            assert station.asked(Kind.OI) > 0
            assert 20.0 < station.collector.more_in() <= 30.0
            station.exchange.room_s = {}
            await station.until(FIRST + M5 + 50_000)

        station.run(work)
        assert own(stored(station)[FIRST]) == []
        assert wrong(station) == []


class TestTurns:
    def test_a_level_whose_turn_it_is_not_is_not_waited_for_and_comes_later(self, make):
        station = make(bases=[f"C{i}" for i in range(8)], kinds=(*MOST, Kind.TOP_LS))
        station.exchange.scarce = Scarce("data", (Kind.GLOBAL_LS, Kind.OI, Kind.TOP_LS), 20)
        spared = []

        async def work():
            await station.start()
            for bar in (FIRST, FIRST + M5, FIRST + 2 * M5):
                await station.until(bar + M5 + 12_000)
                asked = [call[1] for call in station.exchange.calls if call[0] == "top_ls" and not call[4]]
                station.exchange.calls.clear()
                spared.append({market.symbol for market in station.exchange._markets} - set(asked))
                assert all("partial" not in own(stored(station, n)[bar]) for n in range(8))
            await station.until(FIRST + 5 * M5 + 12_000)

        station.run(work)
        assert [len(symbols) for symbols in spared] == [4, 4, 4]
        assert station.collector.refresh()["top_ls"] == {"every_s": 900, "share": 0.5}
        assert station.collector.refresh()["oi"]["share"] == 1.0
        for number in range(8):
            row = stored(station, number)[FIRST]
            assert row["top_ls"] == station.exchange.expected(number, FIRST)["top_ls"]
            assert ("revised" in own(row)) == (station.exchange._markets[number].symbol in spared[0])


class TestRotation:
    def test_one_request_a_pair_takes_turns(self, make):
        station = make(bases=[f"C{i}" for i in range(60)], rotates_oi=True)

        async def work():
            await station.start()
            station.exchange.calls.clear()
            await station.collector.cycle()
            await station.collector.cycle()

        station.run(work)
        asked = [call[1] for call in station.exchange.calls if call[0] == "live_oi"]
        assert len(asked) == 80
        assert set(asked[:60]) == {market.symbol for market in station.exchange._markets}

    def test_before_a_close_all_of_them(self, make):
        station = make(bases=[f"C{i}" for i in range(60)], rotates_oi=True)

        async def work():
            await station.start()
            await station.clock.sleep((FIRST + M5 - 30_000 - station.exchange.now()) / 1000)
            station.exchange.calls.clear()
            await station.collector.cycle()

        station.run(work)
        asked = [call[1] for call in station.exchange.calls if call[0] == "live_oi"]
        assert len(set(asked)) == len(asked) == 60
        with closing(sqlite3.connect(station.path)) as connection:
            (value,) = connection.execute("SELECT live_oi_abs_usd FROM live LIMIT 1").fetchone()
        at = (FIRST + M5 - 30_000) // M5 * M5
        assert value == pytest.approx(station.exchange.expected(0, at - M5)["oi_abs_usd"])


class TestStamps:
    @pytest.mark.parametrize(("offset", "verdict"), [(1, "snapshot"), (0, "start")])
    def test_the_meaning_of_levels_is_read_from_their_own_price(self, make, offset, verdict):
        station = make()
        station.exchange.offset = offset

        async def work():
            await station.start()
            await station.until(FIRST + 2 * M5)

        station.run(work)
        assert station.collector.stamps == {"oi": verdict, "global_ls": verdict}
        assert wrong(station) == []
        assert not any("stamp:assumed" in own(row) for row in stored(station).values())

    @pytest.mark.parametrize(("offset", "verdict"), [(0, "start"), (1, "end")])
    def test_and_of_taker_rows_from_the_volume(self, make, offset, verdict):
        station = make(kinds=(*MOST, Kind.TAKER))
        station.exchange.taker_offset = offset

        async def work():
            await station.start()
            await station.until(FIRST + 2 * M5)

        station.run(work)
        assert station.collector.stamps["taker"] == verdict
        assert wrong(station) == []

    def test_a_changed_meaning_is_told_and_revises(self, make, caplog):
        station = make()

        async def work():
            await station.start()
            await station.until(FIRST + M5 + 30_000)
            station.exchange.offset = 0
            # All its rows are stamped another way from now on: the day after the probe sees it.
            station.collector.watch._next_probe_ms = 0
            with caplog.at_level(logging.WARNING):
                await station.collector.cycle()
                await station.until(FIRST + 2 * M5 + 30_000)

        station.run(work)
        assert station.collector.stamps["oi"] == "start"
        assert "bars are revised" in caplog.text
        rows = stored(station)
        assert rows[FIRST + M5]["oi_contracts"] == station.exchange.expected(0, FIRST + M5)["oi_contracts"]
        assert any("revised" in own(row) for row in rows.values())

    def test_without_usd_they_are_compared_with_live_levels(self, make):
        station = make(bases=[f"C{i}" for i in range(12)], usd=False, rotates_oi=True)
        station.exchange.offset = 0

        async def work():
            await station.start()
            assert station.collector.stamps == {}
            assert all("stamp:assumed" in own(row) for row in stored(station).values())
            # Under the wrong assumption only the few pairs asked first show anything: it takes some closes.
            await station.until(FIRST + 6 * M5 + 60_000, interval=10)
            await station.collector.storing.flush()

        station.run(work)
        assert station.collector.stamps["oi"] == "start"
        rows = stored(station)
        assert not any("stamp:assumed" in own(row) for row in rows.values())
        assert wrong(station, without=("oi_abs_usd",)) == []

    def test_what_cannot_be_decided_stays_marked(self, make, caplog):
        station = make(kinds=(*MOST, Kind.TAKER), usd=False)

        async def work():
            station.exchange.fail = lambda what, symbol: (
                PayloadError("okx", "empty") if what == "taker" else None
            )
            await station.start()

        with caplog.at_level(logging.WARNING):
            station.run(work)
        assert "could not be decided" in caplog.text
        assert all("stamp:assumed" in own(row) for row in stored(station).values())


class TestFailures:
    @pytest.mark.parametrize(
        "error",
        [
            TransientError("okx", "time-out"),
            PayloadError("okx", "empty body"),
            ThrottledError("okx", "too many", 30.0),
        ],
    )
    def test_a_kind_that_fails_for_good_holds_up_nobody(self, make, error):
        station = make(live_oi=True)

        async def work():
            await station.start()
            station.exchange.refuse("global_ls", error)
            await station.close_of(FIRST)
            begun = station.exchange.now()
            tally = await station.collector.cycle()
            assert station.exchange.now() - begun < PORTION_MS + 1_000
            assert tally.errors > 0
            assert tally.reasons == {error.reason: tally.errors}
            assert FIRST not in stored(station)
            assert not tally.rows or tally.bar_close
            await station.until(FIRST + 5 * M5)
            station.exchange.refuse()
            await station.until(FIRST + 6 * M5 + 30_000)

        station.run(work)
        rows = stored(station)
        assert list(rows) == [FIRST + i * M5 for i in range(-60, 6)]
        # Once it answers again, everything it missed comes with the next request.
        assert wrong(station) == []
        assert all("revised" in own(rows[FIRST + i * M5]) for i in range(4))

    def test_tickers_that_fail_cost_no_bars(self, make):
        station = make()

        async def work():
            await station.start()
            station.exchange.fail = lambda what, symbol: (
                TransientError("okx", "x") if what == "tickers" else None
            )
            return await station.until(FIRST + 2 * M5 + 30_000)

        tallies = station.run(work)
        assert all(tally.errors == 1 for tally in tallies)
        assert FIRST + M5 in stored(station)
        assert station.collector.last_ok_ms is None

    def test_a_kind_that_is_no_longer_published(self, make, caplog):
        station = make()

        async def work():
            await station.start()
            station.exchange.fail = lambda what, symbol: (
                UnpublishedError("okx", "401") if what == "global_ls" else None
            )
            with caplog.at_level(logging.WARNING):
                await station.until(FIRST + M5 + 30_000)
            asked = station.asked(Kind.GLOBAL_LS)
            await station.until(FIRST + 3 * M5)
            assert station.asked(Kind.GLOBAL_LS) == asked

        station.run(work)
        assert caplog.text.count("is not published") == 1
        assert station.collector.unpublished["global_ls"] == "401"
        assert station.collector.unpublished["ls_delta_pct"] == "401"
        row = stored(station)[FIRST + M5]
        assert row["global_ls"] is None
        assert own(row) == []

    def test_candles_are_always_asked_for(self, make):
        station = make()

        async def work():
            await station.start()
            station.exchange.fail = lambda what, symbol: (
                UnpublishedError("okx", "401") if what == "candles" else None
            )
            await station.close_of(FIRST)
            await station.collector.cycle()
            station.exchange.refuse()
            await station.collector.cycle()

        station.run(work)
        assert Kind.CANDLES in station.collector.book.kinds
        assert FIRST in stored(station)

    def test_a_pair_that_is_gone_is_no_longer_asked_for(self, make, caplog):
        station = make()
        gone = "BTC/USDT:USDT"

        async def work():
            await station.start()
            station.exchange.fail = lambda what, symbol: (
                PairGoneError("okx", "unknown") if symbol == gone else None
            )
            with caplog.at_level(logging.WARNING):
                await station.until(FIRST + M5 + 30_000)
            station.exchange.calls.clear()
            await station.until(FIRST + 3 * M5)

        station.run(work)
        assert caplog.text.count("is gone") == 1
        assert {call[1] for call in station.exchange.calls} == {"ETH/USDT:USDT"}
        assert FIRST not in stored(station, 0)
        assert FIRST + M5 in stored(station, 1)

    def test_bars_that_cannot_be_stored_are_stored_later(self, make, caplog):
        station = make()

        async def work():
            await station.start()
            connection = station.store._connection
            connection.execute(
                "CREATE TEMP TRIGGER refuse BEFORE INSERT ON bars BEGIN SELECT RAISE(ABORT, 'disk'); END"
            )
            await station.close_of(FIRST)
            with caplog.at_level(logging.ERROR):
                tally = await station.collector.cycle()
            assert tally.errors
            assert FIRST not in stored(station)
            connection.execute("DROP TRIGGER refuse")
            await station.clock.sleep(30)
            await station.collector.cycle()

        station.run(work)
        assert "could not be stored" in caplog.text
        assert wrong(station) == []
        assert FIRST in stored(station)
        # The lag told is that of the store that succeeded.
        assert station.collector.storing.lags_s[-1] > 30

    def test_live_values_that_cannot_be_stored_cost_no_bars(self, make, caplog):
        station = make()

        async def work():
            await station.start()
            connection = station.store._connection
            connection.execute(
                "CREATE TEMP TRIGGER refuse BEFORE INSERT ON live BEGIN SELECT RAISE(ABORT, 'disk'); END"
            )
            with caplog.at_level(logging.ERROR):
                tally = await station.collector.cycle()
            assert tally.errors == 1
            connection.execute("DROP TRIGGER refuse")
            await station.close_of(FIRST)
            assert (await station.collector.cycle()).errors == 0

        station.run(work)
        assert FIRST in stored(station)


class TestFlushing:
    def test_it_goes_on_by_itself(self, make):
        station = make()

        async def work():
            await station.adopt()
            task = asyncio.create_task(station.collector.storing.keep_flushing())
            await station.collector.watch.probe()
            for kind in MOST:
                await station.collector.fetch(kind, 0, limit=10)
            await station.clock.sleep(1.0)
            assert len(stored(station)) >= 8
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        station.run(work)
