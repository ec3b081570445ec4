"""`futuresboard backfill` as an operator types it, on simulated exchanges over HTTP."""

from __future__ import annotations

import json
import math
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from futuresboard.db import Store
from futuresboard.db_schema import DERIVED_FIELDS, RAW_FIELDS
from futuresboard.errors import StoreError
from futuresboard.quality import names
from futuresboard.sim_exchange import SimConfig, SimThread
from support_core import differences
from support_system import EXCHANGES, STEP_MS, Product, Row, environment, finished, until

M5, DAY = STEP_MS["5m"], 86_400_000
NOON = 1_773_792_000_000 + DAY // 2
COINS = ("BTC", "ETH")
SINCE, UNTIL = NOON - 6 * DAY, NOON - 4 * DAY

type Key = tuple[str, str, str, int]


@pytest.fixture(scope="module")
def sim() -> Iterator[SimThread]:
    config = SimConfig(pairs=8, latency_ms=0, jitter_ms=0, time_scale=1, epoch_ms=NOON, enforce_limits=False)
    with SimThread(config) as exchanges:
        yield exchanges


def env(folder: Path, sim: SimThread) -> dict[str, str]:
    return environment(folder, sim.url, SYMBOLS=",".join(COINS), HISTORY_BARS="100")


def command(*more: str, since: int = SINCE, until: int = UNTIL) -> list[str]:
    return ["backfill", "--since", str(since), "--until", str(until), *more]


def stored(database: Path, *, without: tuple[str, ...] = ("raw_seq", "seen_ts")) -> dict[Key, Row]:
    columns = [name for name in (*RAW_FIELDS, *DERIVED_FIELDS) if name not in without]
    query = (
        f"SELECT p.exchange, p.symbol, s.timeframe, b.ts, {', '.join('b.' + name for name in columns)} "
        "FROM bars b JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id"
    )
    if not database.exists():
        return {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'bars'").fetchone():
            return {}  # the file is there before its schema is
        return {row[:4]: dict(zip(columns, row[4:], strict=True)) for row in connection.execute(query)}


@pytest.fixture(scope="module")
def filled(sim: SimThread, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, int]:
    """The database after one run, what the run said, and how many requests it took."""
    folder = tmp_path_factory.mktemp("filled")
    sim.server.reset()
    done = finished(command("--json"), env(folder, sim), folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout), sum(counts.requests for counts in sim.stats.values())


def test_every_bar_is_there_and_true(filled: tuple[Path, dict, int], sim: SimThread) -> None:
    dump, truth = stored(filled[0] / "test.db"), sim.truth
    for exchange in EXCHANGES:
        for coin in COINS:
            key = (exchange, f"{coin}/USDT:USDT", "5m")
            for bar in truth.bars(*key[:2], SINCE, (UNTIL - SINCE) // M5, M5):
                got = dump[*key, bar.ts]
                assert [got[name] for name in ("open", "high", "low", "close")] == [
                    bar.open,
                    bar.high,
                    bar.low,
                    bar.close,
                ]
                close = bar.ts + M5
                kept = exchange != "okx" or close > NOON - 5 * DAY + 10 * M5
                oi = truth.oi(*key[:2], close).base
                assert (got["oi_contracts"] is not None) >= kept, (key, bar.ts)
                if got["oi_contracts"] is not None:
                    assert math.isclose(got["oi_contracts"], oi, rel_tol=1e-9)
                assert math.isclose(got["funding"], truth.funding(*key[:2], close)[1], rel_tol=1e-9)


def test_they_are_marked_and_derived(filled: tuple[Path, dict, int]) -> None:
    dump = stored(filled[0] / "test.db")
    assert all("backfilled" in names(row["quality"]) for row in dump.values())
    last = dump["binanceusdm", "BTC/USDT:USDT", "15m", UNTIL - STEP_MS["15m"]]
    assert None not in (last["rsi"], last["z_score"], last["cvd"], last["global_ls"])


def test_it_says_what_it_did(filled: tuple[Path, dict, int]) -> None:
    said = filled[1]
    assert said["complete"] is True
    assert said["pairs"] == dict.fromkeys(EXCHANGES, 2)
    assert said["bars"] == dict.fromkeys(EXCHANGES, 2 * (UNTIL - SINCE) // M5)


def test_again_it_asks_for_next_to_nothing(filled: tuple[Path, dict, int], sim: SimThread) -> None:
    folder, _, asked = filled
    before = stored(folder / "test.db", without=())
    sim.server.reset()
    done = finished(command("--json"), env(folder, sim), folder)
    again = sum(counts.requests for counts in sim.stats.values())
    assert done.returncode == 0
    assert stored(folder / "test.db", without=()) == before
    # Lists, clocks and what stamps mean are asked for by every run.
    assert again < asked / 2


def test_one_exchange_and_one_coin(sim: SimThread, tmp_path: Path) -> None:
    done = finished(
        command("--exchange", "bybit", "--symbols", "eth", until=SINCE + 20 * M5),
        env(tmp_path, sim),
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "bybit: 20 bars of 1 pairs stored" in done.stdout
    assert {key[:2] for key in stored(tmp_path / "test.db")} == {("bybit", "ETH/USDT:USDT")}


def test_ended_in_the_middle_it_goes_on_where_it_was(
    filled: tuple[Path, dict, int], sim: SimThread, tmp_path: Path
) -> None:
    product = Product(command(), env(tmp_path, sim), tmp_path)
    until(lambda: len(stored(tmp_path / "test.db")) > 100, 60, "under way", alive=product.check)
    product.process.send_signal(signal.SIGINT)
    assert product.process.wait(20) == 1
    assert "goes on where it was" in product.log
    part = stored(tmp_path / "test.db")
    assert 0 < len(part) < len(stored(filled[0] / "test.db"))
    assert finished(command(), env(tmp_path, sim), tmp_path).returncode == 0
    assert differences(stored(tmp_path / "test.db"), stored(filled[0] / "test.db")) == []


def test_nobody_else_may_record_meanwhile(sim: SimThread, tmp_path: Path) -> None:
    with closing(Store(tmp_path / "test.db", simulated=True, sole=True)):
        done = finished(command(), env(tmp_path, sim), tmp_path)
        assert done.returncode == 1
        assert "another process records into test.db" in done.stderr
        with pytest.raises(StoreError, match="another process"):
            Store(tmp_path / "test.db", simulated=True, sole=True)
    Store(tmp_path / "test.db", simulated=True, sole=True).close()


def test_a_database_of_simulated_data_is_refused(sim: SimThread, tmp_path: Path) -> None:
    Store(tmp_path / "test.db", simulated=True).close()
    done = finished(command(), env(tmp_path, sim), tmp_path)
    assert done.returncode == 1
    assert "simulated data" in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("--since", "yesterday"),
        ("--since", "2026-13-01"),
        (),
        ("--since", "2026-01-01", "--exchange", "mtgox"),
    ],
)
def test_wrong_arguments_exit_2(tmp_path: Path, sim: SimThread, wrong: tuple[str, ...]) -> None:
    done: subprocess.CompletedProcess[str] = finished(["backfill", *wrong], env(tmp_path, sim), tmp_path)
    assert done.returncode == 2
    assert "allowed" in done.stderr or "required" in done.stderr


def test_an_exchange_that_does_not_answer_fails_and_the_others_are_stored(
    sim: SimThread, tmp_path: Path
) -> None:
    settings = env(tmp_path, sim) | {"OKX_URL": "http://127.0.0.1:9/okx"}
    done = finished(command("--json", until=SINCE + 10 * M5), settings, tmp_path)
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert list(said["errors"]) == ["okx"]
    assert said["bars"] == {"binanceusdm": 20, "bybit": 20}
