"""Months that move from the database into the archive: nothing is lost, whatever happens on the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pytest

from futuresboard import db_archive, retention, rolling
from futuresboard.archive import Archive
from futuresboard.bars import RAW_COLUMNS
from futuresboard.clock import SystemClock
from futuresboard.db import Store
from futuresboard.errors import FileError, StoreError
from futuresboard.model import Thresholds
from futuresboard.pipeline import Pipeline
from futuresboard.retention import due, keep_rolled
from futuresboard.rolling import Roller, forget_month, forget_piece, roll
from futuresboard.verifying import verify
from support_core import Recorder, make_settings, market, spiked

FEBRUARY = 1_769_904_000_000
M5 = 300_000
DAY = 86_400_000
LATER = FEBRUARY + 100 * DAY
OWN = ("marks", "guarded", "raw_seq", "seen_ts")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Three pairs on two exchanges over the end of January, live, with a revision and alerts."""
    folder = tmp_path_factory.mktemp("recorded")
    pairs = (market(), market("ETH"), market(exchange="bybit"))
    with closing(Recorder(folder, pairs=pairs)) as recorder:
        rows = spiked(160, [40, 110, 140])
        begin = FEBRUARY - 80 * M5
        shifted = [row | {"ts": begin + i * M5} for i, row in enumerate(rows)]
        for row in shifted:
            recorder.steps([(pair, row) for pair in range(3)])
        recorder.step([shifted[70] | {"oi_contracts": 777.0}], shifted[-1]["ts"] + M5)
        recorder.query("SELECT 1")
        with recorder.store.transaction() as db:
            db.execute("DELETE FROM changed_days")
    return recorder.path


@pytest.fixture
def database(recorded, tmp_path):
    """A copy of it."""
    path = tmp_path / "test.db"
    with closing(sqlite3.connect(recorded)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    return path


def in_database(path: Path) -> set[tuple[object, ...]]:
    """Every version of every bar that the database holds."""
    columns = ", ".join(f"b.{name}" for name in (*RAW_COLUMNS, *OWN))
    names = "p.exchange, s.timeframe, p.symbol, b.ts"
    tables = "b JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id"
    with closing(sqlite3.connect(path)) as db:
        current = db.execute(f"SELECT {names}, {columns}, judged_seq, NULL FROM bars {tables}").fetchall()
        old = db.execute(f"SELECT {names}, {columns}, NULL, until_seq FROM superseded {tables}").fetchall()
    return {*current, *old}


def in_archive(folder: Path) -> set[tuple[object, ...]]:
    """Every version of every bar that the archive holds."""
    archive = Archive(folder)
    found: set[tuple[object, ...]] = set()
    for exchange in archive.exchanges():
        for timeframe in archive.timeframes(exchange):
            files = [str(path) for path in archive.files(exchange, timeframe)]
            rows = duckdb.execute("SELECT * FROM read_parquet(?)", [files]).fetchall()
            found |= {(exchange, timeframe, *row) for row in rows}
    return found


def move(path: Path, folder: Path) -> tuple[int, list[str]]:
    """Roll by hand; how many versions moved, and months that are kept."""
    roller = Roller(path, folder, "simulated")
    with closing(Store(path, simulated=True)) as store:
        moved, kept = roll(roller, store, due(path, LATER, 90), told=lambda done, total: None)
    return sum(one.bars for one in moved), kept


def test_a_month_is_due_when_it_ended_long_enough_ago(database, tmp_path):
    assert due(database, FEBRUARY + 90 * DAY - 1, 90) == []
    assert due(database, FEBRUARY + 90 * DAY, 90) == ["2026-01"]
    assert due(database, FEBRUARY + 400 * DAY, 90) == ["2026-01", "2026-02"]


def test_what_moves_is_in_the_archive_value_for_value(database, tmp_path):
    before = in_database(database)
    old = {row for row in before if row[3] < FEBRUARY}
    assert any(row[-1] is not None for row in old)
    moved, kept = move(database, tmp_path / "archive")
    assert (moved, kept) == (len(old), [])
    assert in_archive(tmp_path / "archive") == old
    assert in_database(database) == before - old


def test_pairs_and_modes_go_along(database, tmp_path):
    move(database, tmp_path / "archive")
    archive = Archive(tmp_path / "archive")
    assert [(pair.exchange, pair.symbol, pair.base) for pair in archive.pairs()] == [
        ("bybit", "BTC/USDT:USDT", "BTC"),
        ("okx", "BTC/USDT:USDT", "BTC"),
        ("okx", "ETH/USDT:USDT", "ETH"),
    ]
    assert archive.modes()[0].thresholds["z"] == 2.5
    with closing(sqlite3.connect(database)) as db:
        [(seq,)] = db.execute("SELECT value FROM meta WHERE key = 'seq'").fetchall()
    assert archive.state().seq == int(seq)


def test_what_is_left_begins_where_it_begins_and_keeps_its_values(database, tmp_path):
    with closing(sqlite3.connect(database)) as db:
        before = db.execute("SELECT * FROM bars WHERE ts >= ? ORDER BY ts, series_id", (FEBRUARY,)).fetchall()
    move(database, tmp_path / "archive")
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT * FROM bars ORDER BY ts, series_id").fetchall() == before
        assert {row[0] for row in db.execute("SELECT first_ts FROM series")} == {FEBRUARY}


def test_every_alert_that_can_be_verified_still_is_right(database, tmp_path):
    whole = verify(database)
    assert whole.right
    move(database, tmp_path / "archive")
    left = verify(database)
    assert left.right
    assert 0 < left.stored < whole.stored


def test_the_newest_bar_of_a_series_that_ended_stays(database, tmp_path):
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DELETE FROM bars WHERE series_id = 1 AND ts > ?", (FEBRUARY - 9 * M5,))
        db.execute("UPDATE series SET last_ts = ? WHERE id = 1", (FEBRUARY - 9 * M5,))
    before = in_database(database)
    move(database, tmp_path / "archive")
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT ts FROM bars WHERE series_id = 1").fetchall() == [(FEBRUARY - 9 * M5,)]
        assert db.execute("SELECT first_ts, last_ts FROM series WHERE id = 1").fetchone() == (
            FEBRUARY - 9 * M5,
            FEBRUARY - 9 * M5,
        )
    assert in_archive(tmp_path / "archive") | in_database(database) == before
    assert due(database, LATER, 90) == []


def test_nothing_is_forgotten_before_evidence_is_counted(database, tmp_path):
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("INSERT INTO changed_days VALUES (?, 1, ?, 1)", (FEBRUARY // DAY + 1, FEBRUARY + DAY))
    before = in_database(database)
    assert move(database, tmp_path / "archive") == (0, ["2026-01"])
    assert in_database(database) == before
    assert in_archive(tmp_path / "archive") == {row for row in before if row[3] < FEBRUARY}


def test_a_bar_that_changed_meanwhile_is_not_forgotten(database, tmp_path):
    roller = Roller(database, tmp_path / "archive", "simulated")
    rolled = roller.archive("2026-01")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE bars SET close = close + 1, raw_seq = 900 WHERE ts = ?", (FEBRUARY - M5,))
    before = in_database(database)
    with closing(Store(database, simulated=True)) as store:
        last = next(piece for piece in rolled.pieces if piece[0] <= FEBRUARY - M5 < piece[1])
        with pytest.raises(StoreError, match="changed after they were archived"):
            forget_piece(store, rolled, last)
    assert in_database(database) == before
    moved, _ = move(database, tmp_path / "archive")
    assert moved
    current = {row for row in in_archive(tmp_path / "archive") if row[-1] is None}
    assert {row for row in before if row[-1] is None and row[3] < FEBRUARY} == current


def test_a_healed_gap_in_an_archived_month_joins_it(database, tmp_path):
    folder = tmp_path / "archive"
    with closing(sqlite3.connect(database)) as db, db:
        [lost] = db.execute("SELECT * FROM bars WHERE ts = ? AND series_id = 1", (FEBRUARY - 5 * M5,))
        db.execute("DELETE FROM bars WHERE ts = ? AND series_id = 1", (FEBRUARY - 5 * M5,))
    move(database, folder)
    without = in_archive(folder)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(f"INSERT INTO bars VALUES ({', '.join('?' * len(lost))})", lost)
        db.execute("UPDATE series SET first_ts = ? WHERE id = 1", (FEBRUARY - 5 * M5,))
    moved, _ = move(database, folder)
    assert moved == 1
    added = in_archive(folder) - without
    assert [row[3] for row in added] == [FEBRUARY - 5 * M5]


class Killed(BaseException):
    """Stands for the end of the process."""


def fatal_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """End the "process" at one of the steps that change something on the disk, and at all after it."""
    count = 0

    def guarded(real):
        def call(*given, **more):
            nonlocal count
            count += 1
            if count > steps:
                raise Killed
            return real(*given, **more)

        return call

    for place, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
        monkeypatch.setattr(place, name, guarded(getattr(place, name)))
    monkeypatch.setattr(db_archive, "forget", guarded(db_archive.forget))
    monkeypatch.setattr(db_archive, "begin_series_at", guarded(db_archive.begin_series_at))


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 6, 7, 9, 20, 35, 38, 50, 67])
def test_a_kill_between_any_two_steps_loses_nothing(database, tmp_path, monkeypatch, steps):
    folder = tmp_path / "archive"
    before = in_database(database)
    with monkeypatch.context() as patched:
        fatal_after(patched, steps)
        with contextlib.suppress(Killed):
            move(database, folder)
    assert in_database(database) | in_archive(folder) == before
    move(database, folder)
    assert in_archive(folder) == {row for row in before if row[3] < FEBRUARY}
    assert in_database(database) == {row for row in before if row[3] >= FEBRUARY}
    # The next time anything is archived, what was left unfinished is gone.
    Roller(database, folder, "simulated").archive("2026-02")
    assert not [path for path in folder.rglob("*") if "unfinished" in path.name]


def test_a_full_disk_forgets_nothing(database, tmp_path, monkeypatch):
    before = in_database(database)

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left on device"):
        move(database, tmp_path / "archive")
    assert in_database(database) == before


def test_a_second_database_does_not_mix_into_an_archive(database, tmp_path):
    move(database, tmp_path / "archive")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE meta SET value = 'another' WHERE key = 'id'")
    with pytest.raises(StoreError, match="another database"):
        Roller(database, tmp_path / "archive", "simulated").archive("2026-02")


forgotten: list[int] = []


def keep(database: Path, tmp_path: Path, retention: str, done) -> None:
    """The recorder's own task, until `done` says so."""
    settings = make_settings(tmp_path, RETENTION_DAYS=retention, ARCHIVE_DIR="archive")

    async def main(store: Store) -> None:
        async def run(work):
            return work()

        task = asyncio.create_task(
            keep_rolled(
                settings,
                store,
                run=run,
                clock=SystemClock(10_000.0),
                now_ms=lambda: LATER,
                forgot=forgotten.append,
            )
        )
        while not done() and not task.done():
            await asyncio.sleep(0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with closing(Store(database, simulated=True)) as store:
        asyncio.run(main(store))


def began(database: Path) -> int:
    with closing(sqlite3.connect(database)) as db:
        return int(db.execute("SELECT min(first_ts) FROM series").fetchone()[0])


def test_the_recorder_rolls_by_itself(database, tmp_path):
    before = in_database(database)
    forgotten.clear()
    keep(database, tmp_path, "90", lambda: bool(forgotten))
    assert forgotten == [FEBRUARY]
    assert in_archive(tmp_path / "archive") == {row for row in before if row[3] < FEBRUARY}
    assert in_database(database) == {row for row in before if row[3] >= FEBRUARY}


def test_the_recorder_tries_again_what_failed(database, tmp_path, monkeypatch, caplog):
    real, failed = rolling.ArchiveWriter.merge, []

    def once(*given):
        if not failed:
            failed.append(True)
            raise FileError("no space")
        return real(*given)

    monkeypatch.setattr(rolling.ArchiveWriter, "merge", once)
    monkeypatch.setattr(retention, "LOOK_S", 60.0)
    keep(database, tmp_path, "90", lambda: began(database) == FEBRUARY)
    assert "no space" in caplog.text
    assert began(database) == FEBRUARY


def test_zero_days_of_retention_keep_everything(database, tmp_path):
    keep(database, tmp_path, "0", lambda: False)
    assert not (tmp_path / "archive").exists()


def test_what_holds_the_newest_bars_learns_where_the_database_begins(database, tmp_path):
    with closing(Store(database, simulated=True)) as store:
        pipeline = Pipeline(store, ("5m", "15m"), Thresholds())
        before = {name: first.tolist() for name, first in pipeline.memory.first.items()}
        pipeline.memory.forget_before(FEBRUARY)
        after = {name: first.tolist() for name, first in pipeline.memory.first.items()}
    move(database, tmp_path / "archive")
    with closing(Store(database, simulated=True)) as store:
        read = Pipeline(store, ("5m", "15m"), Thresholds()).memory.first
    assert before != after
    assert after == {name: first.tolist() for name, first in read.items()}


def test_a_month_that_is_forgotten_twice_is_the_same(database, tmp_path):
    roller = Roller(database, tmp_path / "archive", "simulated")
    rolled = roller.archive("2026-01")
    with closing(Store(database, simulated=True)) as store:
        for piece in rolled.pieces:
            forget_piece(store, rolled, piece)
        forget_month(store, rolled)
    again = partial(roller.archive, "2026-01")
    assert again().bars == 0
