"""`alerts verify` on databases with revisions, late bars, restarts, other thresholds, and on spoilt ones."""

from __future__ import annotations

import random
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
from futuresboard.crossing import WAIT_SLACK_MS
from futuresboard.db_rules import add_rule, delete_rule
from futuresboard.errors import StoreError
from futuresboard.model import Thresholds
from futuresboard.verifying import verify
from handmade_bars import M5, MIDNIGHT
from random_bars import rows as random_rows
from support_core import Recorder, market, swinging

EXCHANGES = ("binanceusdm", "bybit", "okx")
LOW = Thresholds(z=0.5, ls=0.5, imbalance_pct=0.5, oi_delta_pct=0.1, divergence_sigma=1.0, cooldown=3)
PAIRS = (*(market("BTC", name) for name in EXCHANGES), market("ETH"))
RULES = (
    'abs(oi_delta) > 0.2 and (base != "ETH" or exchange = "okx")',
    "cvd > 0 and not tier_4 or price_1h < 0",
    "k >= 1 and z > 0.3",
)
few = settings(max_examples=max(3, settings.default.max_examples // 30))


def play(recorder: Recorder, seed: int, faults: float, *, bars: int = 60) -> None:
    """Bars of all pairs as they close, in whatever order, some late, some told anew, with restarts."""
    rng, order = np.random.default_rng(seed), random.Random(seed)
    series = [random_rows(rng, bars, M5, faults) for _ in PAIRS]
    start = min(rows[0]["ts"] for rows in series)
    for rows in series:
        lead = rows[0]["ts"] - start
        for row in rows:
            row["ts"] -= lead
    for slot in range(bars):
        if slot % 20 == 10:
            change_rules(recorder, slot // 20)
        close = start + (slot + 1) * M5
        due = [(pair, row) for pair, rows in enumerate(series) for row in rows if row["ts"] + M5 == close]
        order.shuffle(due)
        for at, one in enumerate(due):
            late = order.random() < 0.05
            recorder.steps([one], close + (3 * M5 if late else 1000 * (at + 1)))
        if order.random() < 0.5:
            recorder.pipeline.settle(close + 60_000 + WAIT_SLACK_MS)
        revise(recorder, order, series, close)
        if order.random() < 0.03:
            recorder.restart()
        if order.random() < 0.02:
            recorder.pipeline.use(Thresholds(z=order.choice((0.7, 1.2)), cooldown=order.choice((2, 5))))


def change_rules(recorder: Recorder, number: int) -> None:
    """One rule more; from the third on one less too."""
    text = RULES[number % len(RULES)]
    add_rule(recorder.store, f"{number}", text, rules.compile(text).normal, 5)
    if number > 1:
        assert delete_rule(recorder.store, number - 1, 6)
    recorder.pipeline.reload_rules()


def revise(recorder: Recorder, order: random.Random, series: list[list[dict]], close: int) -> None:
    """Tell some older bar anew, with another open interest or one that was lacking."""
    if order.random() < 0.4:
        pair = order.randrange(len(series))
        past = [row for row in series[pair] if row["ts"] + M5 <= close][-10:]
        if past:
            row = order.choice(past)
            row["oi_contracts"] = float(row.get("oi_contracts") or 500.0) * order.uniform(0.98, 1.02)
            recorder.step([row], close + 90_000, pair=pair)


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
