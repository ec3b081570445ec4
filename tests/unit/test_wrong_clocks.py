"""Clocks that step, leap or stand still change no stored bar: an exchange in memory, a virtual clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from futuresboard.exchanges.pacing import Bucket
from futuresboard.healing import Healer
from handmade_bars import M5
from support_core_exchange import HOUR, NOON, Station

FIRST = NOON // M5 * M5
LAST = FIRST + 5 * M5
OFF_MS = 300_000


def _bars(station: Station) -> dict[tuple[str, str, int], tuple[object, ...]]:
    """Every stored column of every bar but when and with which transaction it came."""
    query = (
        "SELECT p.symbol, s.timeframe, b.* FROM bars b JOIN series s ON s.id = b.series_id "
        "JOIN pairs p ON p.id = s.pair_id"
    )
    with closing(sqlite3.connect(station.path)) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        kept = [i for i, name in enumerate(names) if name not in ("raw_seq", "seen_ts", "series_id")]
        return {(row[0], row[1], row[2]): tuple(row[i] for i in kept) for row in found}


def _run(folder: Path, name: str, disturb: Callable[[Station, int], None]) -> Station:
    """Half an hour of cycles; `disturb` is called between two of them with the number of cycles so far."""
    station = Station(folder, name=name)

    async def work() -> None:
        await station.start()
        number = 0
        while station.exchange.now() < LAST + M5 + 60_000:
            await station.collector.cycle()
            await station.clock.sleep(30.0)
            disturb(station, number := number + 1)
        await station.collector.cycle()

    station.run(work)
    station.close()
    return station


def _leap(by_ms: int) -> Callable[[Station, int], None]:
    def disturb(station: Station, number: int) -> None:
        station.clock.wall_ms += by_ms if number == 20 else 0

    return disturb


def _wander(station: Station, number: int) -> None:
    station.clock.wall_ms += (-1) ** number * number * 7_000


@pytest.mark.parametrize(
    "disturb",
    [_leap(OFF_MS), _leap(-OFF_MS), _leap(HOUR), _leap(-HOUR), _wander],
    ids=["five minutes fast", "stepping back", "an hour on", "an hour back", "to and fro"],
)
def test_the_machines_wall_clock_dates_nothing(tmp_path: Path, disturb: Callable[[Station, int], None]):
    right = _run(tmp_path, "right.db", lambda station, number: None)
    wrong = _run(tmp_path, "wrong.db", disturb)
    bars = _bars(right)
    assert max(ts for _, _, ts in bars) == LAST
    assert _bars(wrong) == bars
    off = wrong.clock.wall_ms - right.clock.wall_ms
    assert wrong.collector.skew_ms == pytest.approx(right.collector.skew_ms - off, abs=100)


@pytest.mark.parametrize("standing", [False, True], ids=["the clock leaps", "the clock stands still"])
def test_a_machine_that_slept_for_an_hour_asks_for_the_bars_of_that_hour(tmp_path: Path, standing: bool):
    """Where a suspended machine's monotonic clock stands still, the exchange's time leaps instead."""

    def sleep(station: Station, number: int) -> None:
        if number == 6 and standing:
            station.exchange.jump_ms += HOUR
        elif number == 6:
            station.clock.now += 3600.0

    station = Station(tmp_path)

    async def work() -> None:
        await station.start()
        for number in range(24):
            await station.collector.cycle()
            await station.clock.sleep(30.0)
            sleep(station, number)
        assert station.collector.heal_soon.is_set()
        await Healer(station.collector, station.history).look()

    station.run(work)
    stamps = sorted(
        ts for symbol, timeframe, ts in _bars(station) if (symbol[:3], timeframe) == ("BTC", "5m")
    )
    newest = station.exchange.now() // M5 * M5 - M5
    assert newest >= FIRST + HOUR + M5
    assert stamps == list(range(stamps[0], newest + 1, M5))
    with closing(sqlite3.connect(station.path)) as connection:
        unknown = connection.execute(
            "SELECT count(*) FROM bars WHERE oi_contracts IS NULL OR global_ls IS NULL"
        )
        assert unknown.fetchone() == (0,)
    station.close()


def test_a_budget_is_free_after_an_hour_and_a_pause_is_over():
    bucket = Bucket("weight", 10.0, 60.0)
    for _ in range(9):
        bucket.take(1000.0)
        bucket.settle(1000.0)
    bucket.block(1000.0, 600.0)
    assert bucket.ready_in(1000.0) == 600.0
    assert bucket.ready_in(4600.0) == 0.0
    assert bucket.used(4600.0) == 0.0
