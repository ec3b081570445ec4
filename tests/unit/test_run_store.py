"""Kept runs and what was tried for them, in a real SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from futuresboard import run_store
from futuresboard.errors import StoreError
from futuresboard.run_store import KeptRun, RunStore
from futuresboard.trials import Trial


def kept(name: str, created_ts: int = 1) -> KeptRun:
    return KeptRun(name, created_ts, {"id": name, "n": created_ts}, {"id": name, "all": [1.5, None]}, b"PAR1")


def trial(settings: str, data: str = "d", start: int = 0, end: int = 10, sharpe: float | None = 0.1) -> Trial:
    return Trial(settings, data, start, end, sharpe, 30, 100)


@pytest.fixture
def runs(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "futures.db")


def test_nothing_is_made_before_the_first_run(runs: RunStore) -> None:
    assert runs.listed(10, 0) == ([], 0)
    assert runs.document("a") is None
    assert runs.trades("a") is None
    assert runs.trials(0, 10) == []
    assert not runs.delete("a")
    assert not runs.path.exists()


def test_what_was_kept_comes_back_newest_first(runs: RunStore) -> None:
    for number, name in enumerate("abc"):
        runs.keep(kept(name, number), trial(name))
    assert runs.path.name == "futures.runs.db"
    assert runs.listed(2, 0) == ([{"id": "c", "n": 2}, {"id": "b", "n": 1}], 3)
    assert runs.listed(2, 2) == ([{"id": "a", "n": 0}], 3)
    assert runs.document("b") == {"id": "b", "all": [1.5, None]}
    assert runs.trades("b") == b"PAR1"


def test_the_same_run_again_is_one_run_and_one_trial(runs: RunStore) -> None:
    runs.keep(kept("a", 1), trial("s", sharpe=0.1))
    runs.keep(kept("a", 2), trial("s", sharpe=0.1))
    assert runs.listed(10, 0) == ([{"id": "a", "n": 2}], 1)
    assert runs.trials(0, 10) == [trial("s", sharpe=0.1)]


def test_a_deleted_run_was_tried_all_the_same(runs: RunStore) -> None:
    runs.keep(kept("a"), trial("s"))
    assert runs.delete("a")
    assert not runs.delete("a")
    assert runs.document("a") is None
    assert runs.trials(0, 10) == [trial("s")]


def test_the_oldest_runs_go_and_their_trials_stay(runs: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_store, "MOST_RUNS", 2)
    for number, name in enumerate("abc"):
        runs.keep(kept(name, number), trial(name))
    assert [one["id"] for one in runs.listed(10, 0)[0]] == ["c", "b"]
    assert len(runs.trials(0, 10)) == 3


def test_trials_are_those_that_share_any_time(runs: RunStore) -> None:
    runs.note(
        [trial("before", start=0, end=9), trial("touches", start=5, end=10), trial("after", start=21, end=30)]
    )
    runs.note([trial("within", start=12, end=13), trial("touches", data="e", start=20, end=40, sharpe=None)])
    assert [(one.settings, one.data) for one in runs.trials(10, 20)] == [
        ("touches", "d"),
        ("within", "d"),
        ("touches", "e"),
    ]


def test_many_processes_may_write(runs: RunStore) -> None:
    def write(part: int) -> None:
        mine = RunStore(runs.path.with_name("futures.db"))
        for number in range(10):
            mine.keep(kept(f"{part}-{number}"), trial(f"{part}-{number}"))

    threads = [threading.Thread(target=write, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs.listed(1, 0)[1] == 40
    assert len(runs.trials(0, 10)) == 40


def test_a_newer_or_damaged_file_is_refused_and_left_alone(runs: RunStore) -> None:
    runs.keep(kept("a"), trial("s"))
    with sqlite3.connect(runs.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="schema 99"):
        runs.keep(kept("b"), trial("s"))
    assert runs.listed(10, 0)[1] == 1
    runs.path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"futures\.runs\.db"):
        runs.listed(10, 0)


def test_a_run_is_kept_whole_or_not_at_all(runs: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.keep(kept("a"), trial("s"))

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(RunStore, "_note", fail)
    with pytest.raises(StoreError, match="disk is full"):
        runs.keep(kept("b"), trial("t"))
    assert [one["id"] for one in runs.listed(10, 0)[0]] == ["a"]
