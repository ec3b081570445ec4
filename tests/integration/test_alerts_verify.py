"""`alerts verify` on databases with revisions, late bars, restarts, other thresholds, and on spoilt ones."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futuresboard import rules
from futuresboard.cli import main
from futuresboard.db_rules import add_rule
from futuresboard.errors import StoreError
from futuresboard.verifying import verify
from handmade_bars import M5, MIDNIGHT
from random_bars import rows as random_rows
from support_core import Recorder, market, swinging
from support_recordings import LOW, PAIRS, play

few = settings(max_examples=max(3, settings.default.max_examples // 30))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that nobody writes any more."""
    folder = tmp_path_factory.mktemp("recorded")
    with closing(Recorder(folder, pairs=PAIRS, thresholds=LOW)) as recorder:
        play(recorder, 1, 0.0)
    return recorder.path


@pytest.fixture
def played(recorded: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copy(recorded, tmp_path))


def query(path: Path, text: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(text).fetchall()


@few
@given(seed=st.integers(0, 2**32 - 1), faults=st.sampled_from([0.0, 0.02, 0.1]))
def test_what_was_recorded_is_what_is_recomputed(seed: int, faults: float):
    with tempfile.TemporaryDirectory() as folder:
        with closing(Recorder(Path(folder), pairs=PAIRS, thresholds=LOW)) as recorder:
            play(recorder, seed, faults)
        verdict = verify(Path(folder) / "test.db")
        assert (verdict.missing, verdict.extra, verdict.different) == ([], [], [])


def test_every_kind_is_among_them(played: Path):
    kinds = {(kind, tier) for kind, tier in query(played, "SELECT DISTINCT kind, tier FROM alerts")}
    assert {("tier", tier) for tier in range(1, 7)} | {
        ("confluence", 0),
        ("rule", 1),
        ("rule", 2),
        ("rule", 3),
    } <= kinds
    verdict = verify(played)
    assert verdict.right
    assert verdict.stored == verdict.recomputed == query(played, "SELECT count(*) FROM alerts")[0][0] >= 60
    assert query(played, "SELECT count(*) FROM superseded")[0][0] > 5


def test_a_part_of_the_time(played: Path):
    times = [int(ts) for (ts,) in query(played, "SELECT ts FROM alerts ORDER BY ts")]
    since, until = times[len(times) // 3], times[2 * len(times) // 3]
    verdict = verify(played, since=since, until=until)
    assert verdict.right
    assert verdict.stored == sum(since <= ts <= until for ts in times)


@pytest.mark.parametrize(("begins", "listed"), [(0, None), (30, MIDNIGHT + 30 * M5)], ids=["a day", "listed"])
def test_a_rule_that_reads_the_day(tmp_path: Path, begins: int, listed: int | None):
    """CVD counts from midnight, or from the listing: long before the bars that are verified."""
    text = "cvd < 0 and close > 20"
    series = swinging(130, close=[25.0 if i == 120 else 10.0 for i in range(130)], taker_buy=40.0)
    with closing(Recorder(tmp_path, pairs=[market("BTC", listed_ts=listed)])) as recorder:
        add_rule(recorder.store, "Day", text, rules.compile(text).normal, 5)
        recorder.pipeline.reload_rules()
        recorder.step(series[begins:110])
        recorder.one_by_one(series[110:])
    assert query(recorder.path, "SELECT count(*) FROM alerts WHERE kind = 'rule'") == [(1,)]
    verdict = verify(recorder.path, since=series[110]["ts"])
    assert verdict.right
    assert verdict.recomputed >= 1


def test_a_pair_that_is_listed_later_was_awaited_by_nobody_before(tmp_path: Path):
    rng = np.random.default_rng(3)
    first, later = PAIRS[:2], PAIRS[2]
    series = [random_rows(rng, 140, M5, 0.0) for _ in range(3)]
    with closing(Recorder(tmp_path, pairs=first, thresholds=LOW)) as recorder:

        def bars(begin: int, end: int, pairs: int) -> int:
            for slot in range(begin, end):
                recorder.steps(
                    [(pair, {**series[pair][slot], "ts": MIDNIGHT + slot * M5}) for pair in range(pairs)]
                )
            return int(
                query(recorder.path, "SELECT count(*) FROM alerts WHERE kind = 'tier' AND tier = 5")[0][0]
            )

        before = bars(0, 100, 2)
        assert before > 0
        recorder.ids += [pair.id for pair in recorder.pipeline.register([later])]
        # Heard of, and without a bar yet: from now on it is awaited.
        assert bars(100, 110, 2) == before
        assert verify(recorder.path).right
        bars(110, 140, 3)
    verdict = verify(recorder.path)
    assert verdict.right, (verdict.missing, verdict.extra)


def spoil(played: Path, *statements: str) -> None:
    with closing(sqlite3.connect(played)) as db, db:
        for statement in statements:
            assert db.execute(statement).rowcount > 0


# The newest alert has no follower that its loss would let start.
LOST = "DELETE FROM alerts WHERE id = (SELECT max(id) FROM alerts WHERE kind = 'confluence')"
INVENTED = (
    "INSERT INTO alerts (seq, series_id, ts, kind, tier, payload) "
    "SELECT seq, series_id, ts + 86400000, kind, tier, payload FROM alerts "
    "WHERE id = (SELECT max(id) FROM alerts WHERE kind = 'confluence')"
)
OTHER_INPUTS = (
    "UPDATE alerts SET payload = json_set(payload, '$.window.oi_contracts[3]', 1.5) "
    "WHERE id = (SELECT max(id) FROM alerts WHERE kind = 'tier' AND tier = 1)"
)
RAW_REPLACED = (
    "UPDATE bars SET oi_contracts = oi_contracts * 1.3 WHERE ts = (SELECT max(ts) - 900000 FROM alerts)"
)


@pytest.mark.parametrize(
    ("statement", "found"),
    [(LOST, {"missing"}), (OTHER_INPUTS, {"different"})],
    ids=["lost", "other inputs"],
)
def test_one_spoilt_alert_is_named(played: Path, statement: str, found: set[str]):
    spoil(played, statement)
    verdict = verify(played)
    assert not verdict.right
    assert {name for name in ("missing", "extra", "different") if getattr(verdict, name)} == found
    assert len(verdict.missing) + len(verdict.extra) + len(verdict.different) == 1


def test_a_number_replaced_without_a_trace_is_found(played: Path):
    spoil(played, RAW_REPLACED)
    assert not verify(played).right


def test_an_invented_alert_is_extra(played: Path):
    spoil(played, INVENTED)
    last = query(played, "SELECT max(ts) FROM alerts")[0][0]
    spoil(played, f"UPDATE series SET last_ts = {last}")
    (one,) = verify(played).extra
    assert one["ts"] == last


@pytest.fixture
def command(played: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{played}")
    return lambda *more: main(["alerts", "verify", *more])


def test_the_command_exits_with_0_when_all_is_right(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
):
    assert command("--json") == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told["right"] is True
    assert told["missing"] == told["extra"] == told["different"] == []


def test_and_with_1_when_one_is_missing(
    command: Callable[..., int], played: Path, capsys: pytest.CaptureFixture[str]
):
    spoil(played, LOST)
    assert command() == 1
    printed = capsys.readouterr()
    assert "1 missing, 0 extra" in printed.out
    assert printed.err.startswith("missing: {")


def test_without_a_database_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert main(["alerts", "verify"]) == 1
    assert "none.db does not exist" in capsys.readouterr().err


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "text.db").write_text("no database, but long enough to look like one" * 100)
    with pytest.raises(StoreError, match=r"text\.db"):
        verify(tmp_path / "text.db")
