"""A step that cannot be stored leaves nothing behind, on disk or in memory, and can be done again."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from futuresboard.bars import RAW_COLUMNS
from futuresboard.live import LiveUpdate
from futuresboard.model import Ticker
from futuresboard.pipeline import RawBars
from handmade_bars import M5
from support_core import Recorder, differences, spiked, swinging

SERIES = spiked(40, [32])
"""An alert starts at bar 32."""


@pytest.fixture
def recorder(tmp_path):
    with closing(Recorder(tmp_path)) as recorder:
        recorder.step(SERIES[:32])
        yield recorder


@pytest.fixture
def undisturbed(tmp_path):
    with closing(Recorder(tmp_path, name="undisturbed.db")) as recorder:
        recorder.step(SERIES[:32])
        recorder.one_by_one(SERIES[32:])
        yield recorder


def state(recorder: Recorder) -> list:
    tables = ("bars", "alerts", "series", "live", "superseded", "meta")
    return [recorder.query(f"SELECT * FROM {table}") for table in tables]


def disk_full(recorder: Recorder):
    """The database may not grow; rows are big enough to ask for pages soon."""
    connection = recorder.store._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    return lambda: connection.execute("PRAGMA max_page_count = 1073741823")


def trigger(recorder: Recorder):
    """The alert, last of a step, is refused."""
    recorder.store._connection.execute(
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
    )
    return lambda: recorder.store._connection.execute("DROP TRIGGER refuse")


def rollback(recorder: Recorder):
    """SQLite ends the transaction itself, as it does when the disk is full."""
    recorder.store._connection.execute(
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON alerts BEGIN SELECT RAISE(ROLLBACK, 'gone'); END"
    )
    return lambda: recorder.store._connection.execute("DROP TRIGGER refuse")


def locked(recorder: Recorder):
    """Another process holds the write lock."""
    recorder.store._connection.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(recorder.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def commit_refused(recorder: Recorder):
    """Everything is written but COMMIT itself fails, and the transaction stays open."""
    connection = recorder.store._connection
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TEMP TABLE parents (id INTEGER PRIMARY KEY)")
    connection.execute(
        "CREATE TEMP TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    connection.execute(
        "CREATE TEMP TRIGGER refuse AFTER INSERT ON alerts BEGIN INSERT INTO children VALUES (1); END"
    )
    return lambda: connection.execute("DROP TRIGGER refuse")


def file_limit(recorder: Recorder):
    """The operating system refuses to let any file grow."""
    log = recorder.path.with_name(recorder.path.name + "-wal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 4096, limits[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)


FAULTS = [trigger, rollback, locked, commit_refused, file_limit]


@pytest.mark.parametrize("fault", FAULTS)
class TestAFailedStep:
    def test_it_is_undone_and_can_be_done_again(self, recorder, undisturbed, fault):
        before = state(recorder)
        published = len(recorder.committed)
        heal = fault(recorder)
        try:
            with pytest.raises(sqlite3.Error):
                recorder.step([SERIES[32]])
        finally:
            heal()
        assert state(recorder) == before
        assert len(recorder.committed) == published
        recorder.one_by_one(SERIES[32:])
        assert differences(recorder.everything(), undisturbed.everything()) == []
        assert recorder.alerts() == undisturbed.alerts() != []

    def test_without_it_the_next_steps_see_none_of_it(self, recorder, tmp_path, fault):
        """The bar is lost, not half known: what follows equals a run that never had it."""
        heal = fault(recorder)
        try:
            with pytest.raises(sqlite3.Error):
                recorder.step([SERIES[32]])
        finally:
            heal()
        recorder.one_by_one(SERIES[33:])
        with closing(Recorder(tmp_path, name="other.db")) as other:
            other.step(SERIES[:32])
            other.one_by_one(SERIES[33:])
            assert differences(recorder.everything(), other.everything()) == []
            assert recorder.alerts() == other.alerts()


class TestAFullDisk:
    def test_a_page_of_history_is_stored_whole_or_not_at_all(self, tmp_path):
        with closing(Recorder(tmp_path)) as recorder:
            recorder.step(swinging(3))
            before = state(recorder)
            heal = disk_full(recorder)
            with pytest.raises(sqlite3.Error, match="full"):
                recorder.step(swinging(400))
            heal()
            assert state(recorder) == before
            assert recorder.pipeline.memory.newest_ts(recorder.ids[0]) == swinging(3)[-1]["ts"]
            recorder.step(swinging(400))
            assert len(recorder.bars()) == 400


class TestADatabaseThatCannotBeReadEither:
    def test_memory_is_filled_again_before_the_next_step(self, recorder, undisturbed, monkeypatch):
        def unreadable(*_):
            raise sqlite3.OperationalError("disk I/O error")

        heal = trigger(recorder)
        with monkeypatch.context() as patch:
            patch.setattr(recorder.store, "raw_bars", unreadable)
            with pytest.raises(sqlite3.Error):
                recorder.step([SERIES[32]])
            heal()
            with pytest.raises(sqlite3.Error):
                recorder.step([SERIES[32]])
        recorder.one_by_one(SERIES[32:])
        assert differences(recorder.everything(), undisturbed.everything()) == []
        assert recorder.alerts() == undisturbed.alerts()


class TestLiveValues:
    def test_a_failed_one_is_stored_with_the_next(self, recorder):
        pair = recorder.ids[0]
        other = locked(recorder)
        with pytest.raises(sqlite3.Error):
            recorder.pipeline.live(LiveUpdate({pair: Ticker("BTC/USDT:USDT", 1, price=5.0)}))
        other()
        recorder.pipeline.live(LiveUpdate({pair: Ticker("BTC/USDT:USDT", 2, funding_next=1e-4)}))
        assert recorder.live()["live_price"] == 5.0
        assert recorder.live()["funding_next"] == 1e-4


class TestNothingToDo:
    def test_bars_that_are_here_change_nothing(self, recorder):
        before = state(recorder)
        assert recorder.step(SERIES[10:20], now=SERIES[31]["ts"] + M5) is None
        assert state(recorder) == before

    def test_no_bars_at_all(self, recorder):
        none = np.zeros(0, dtype=np.int64)
        empty = RawBars(none, none, {name: np.zeros(0) for name in RAW_COLUMNS}, none)
        assert recorder.pipeline.step(empty, SERIES[31]["ts"] + M5) is None
