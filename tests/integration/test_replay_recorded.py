"""Replay of databases that the product itself recorded: faults, calibrated mode, months in the archive; and
the command."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from futuresboard.calibrated import Calibrated
from futuresboard.cli import main
from futuresboard.db import Store
from futuresboard.model import MS_PER_DAY, Thresholds
from futuresboard.pipeline import Pipeline
from futuresboard.replay_engine import Frame, Replay
from futuresboard.replay_scope import Scope
from futuresboard.retention import due
from futuresboard.rolling import Roller, roll
from futuresboard.validation.simulated import START, first_bars, simulate
from futuresboard.validation.week import feed, history, register
from support_core import Recorder, market, spiked
from support_fault_table import Fault, fault
from support_fault_table import play as play_fault
from support_recordings import LOW, PAIRS
from support_recordings import play as play_all
from support_replay import play, whole

M5 = 300_000
FEBRUARY = 1_769_904_000_000

FAULTS = [
    *fault("zero OI", ("zero_oi", {}), on="okx", states="ok degraded", guarded=True),
    *fault("shuffled", ("shuffled", {}), on="bybit", states="ok"),
    *fault("no answer", ("status", {"options": {"status": 503}}), on="binanceusdm", states="degraded down"),
]


@pytest.fixture(params=FAULTS, ids=str)
def faulty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    one: Fault = request.param
    yield from play_fault(one, tmp_path_factory)


def test_a_live_recording_with_faults(faulty):
    """Stand-ins, healed gaps and revisions come in the order in which they came."""
    played = play(faulty.database, whole(faulty.database))
    check = played.check
    assert (check.examples, check.missing, check.extra, check.other) == ([], [], [], [])
    assert check.alerts > 0
    with closing(sqlite3.connect(faulty.database)) as db:
        assert db.execute("SELECT count(*) FROM superseded").fetchone()[0] >= 0
        assert check.bars == db.execute("SELECT count(*) FROM bars").fetchone()[0]


def test_calibrated_mode(tmp_path: Path):
    """Thresholds of the day as they served, and the budget as it was spent, over a restart."""
    bars, path = first_bars(simulate(3, 2, 1.5), 288 + 48), tmp_path / "run.db"
    for part in (slice(0, 20), slice(20, 48)):
        with closing(Store(path, simulated=True)) as store:
            calibrated = Calibrated(store, ("5m",), budget=60, cooldown=12)
            pipeline = Pipeline(store, ("5m",), Thresholds(), calibrated=calibrated)
            pairs = register(pipeline, bars)
            if part.start == 0:
                pipeline.step(*history(bars, pairs, 288))
            for raw, now in list(feed(bars, pairs, 288))[part]:
                pipeline.step(raw, now)
    check = play(path, Scope("5m", START + MS_PER_DAY, START + MS_PER_DAY + 47 * M5)).check
    assert (check.examples, check.missing, check.extra, check.other) == ([], [], [], [])
    assert check.alerts > 4


def frames(path: Path, archive: Path) -> list[Frame]:
    with closing(Replay(path, whole_of_rolled(path), archive=archive)) as replay:
        return list(replay.frames(10_000))


def rename(recorder: Recorder, last: Mapping[str, Any]) -> None:
    """Let the first pair's name be another contract's, which has bars of its own at once."""
    listed = int(last["ts"]) + 10 * M5
    (pair,) = recorder.pipeline.register([market(listed_ts=listed)], complete=False)
    assert pair.id not in recorder.ids
    recorder.ids.append(pair.id)
    recorder.steps([(3, dict(last) | {"ts": listed + i * M5, "close": 5.0}) for i in range(3)])


def whole_of_rolled(path: Path) -> Scope:
    return Scope("5m", FEBRUARY - 60 * M5, FEBRUARY + 70 * M5)


@pytest.mark.parametrize("another", [False, True], ids=["the same contract", "another has its name now"])
def test_months_that_moved_to_the_archive(tmp_path: Path, another: bool):
    """The same frames, whether the database still has the bars or the archive."""
    pairs = (market(), market("ETH"), market(exchange="bybit"))
    with closing(Recorder(tmp_path, pairs=pairs, thresholds=LOW)) as recorder:
        begin = FEBRUARY - 80 * M5
        rows = [row | {"ts": begin + i * M5} for i, row in enumerate(spiked(160, [40, 78, 110, 140]))]
        for number, row in enumerate(rows):
            recorder.steps([(pair, row) for pair in range(3)])
            if number == 70:
                recorder.step([rows[66] | {"oi_contracts": 777.0}], row["ts"] + M5 + 20_000)
        with recorder.store.transaction() as db:
            db.execute("DELETE FROM changed_days")
        archive = tmp_path / "archive"
        before = frames(recorder.path, archive)
        roller = Roller(recorder.path, archive, "simulated")
        late = FEBRUARY + 100 * MS_PER_DAY
        moved, _ = roll(roller, recorder.store, due(recorder.path, late, 90), told=lambda done, total: None)
        assert sum(one.bars for one in moved) > 0
        if another:
            rename(recorder, rows[-1])
    after = frames(recorder.path, archive)
    with closing(sqlite3.connect(recorder.path)) as db:
        # The newest bar of a series stays, and none of these is old.
        assert db.execute("SELECT count(*) FROM bars WHERE ts < ?", (FEBRUARY,)).fetchone() == (0,)
    assert [frame.rows for frame in after] == [frame.rows for frame in before]
    assert [[one["id"] for one in frame.alerts] for frame in after] == [
        [one["id"] for one in frame.alerts] for frame in before
    ]
    assert sum(len(frame.alerts) for frame in before) > 4
    with closing(Replay(recorder.path, whole_of_rolled(recorder.path), archive=archive)) as replay:
        for _ in replay.frames(10_000):
            pass
        assert replay.check().equal


# --- the command -----------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(Recorder(tmp_path, pairs=PAIRS, thresholds=LOW)) as recorder:
        play_all(recorder, 3, 0.02, bars=25)
    return recorder.path


@pytest.fixture
def command(path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    return lambda *more: main(["replay", *more])


def test_it_says_what_began_and_that_it_is_the_same(
    command: Callable[..., int], path: Path, capsys: pytest.CaptureFixture[str]
):
    assert command("--check") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1].startswith("compared with what live stored: ")
    assert "0 differ" in told[-1]
    scope = whole(path)
    assert told[-2].startswith(f"{(scope.end - scope.start) // M5 + 1} frames, ")
    assert any("BTC on " in line for line in told[:-2])


def test_as_json_a_frame_a_line(command: Callable[..., int], capsys: pytest.CaptureFixture[str]):
    assert command("--json", "--check", "--tf", "15m") == 0
    *frames, check = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["ts"] for one in frames] == sorted(one["ts"] for one in frames)
    assert set(frames[0]) == {"ts", "rows", "alerts", "revised"}
    assert check["equal"] is True


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE bars SET z_score = z_score + 1e-12 WHERE ts = (SELECT max(ts) FROM alerts)", "z_score"),
        ("DELETE FROM alerts WHERE id = (SELECT max(id) FROM alerts WHERE kind = 'confluence')", "extra"),
        ("UPDATE alerts SET ts = ts + 300000 WHERE id = (SELECT min(id) FROM alerts)", "missing"),
        ("UPDATE alerts SET payload = json_set(payload, '$.values.z_raw', 9.5) WHERE id = 3", "inputs"),
    ],
    ids=["a bit", "lost", "moved", "inputs"],
)
def test_a_difference_ends_with_1(
    command: Callable[..., int], path: Path, capsys: pytest.CaptureFixture[str], statement: str, says: str
):
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(statement).rowcount > 0
    assert command("--check") == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--start", "2100-01-01"], "--start"),
        (["--check", "--as", "revised"], "--check"),
        (["--symbols", "NONE"], "no pair"),
        (["--tf", "4h"], "no 4h bars"),
    ],
    ids=str,
)
def test_what_cannot_be_replayed_is_said(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], given: list[str], says: str
):
    assert command(*given) == 1
    assert says in capsys.readouterr().err
