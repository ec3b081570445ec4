"""SIGKILL at twenty random moments of a running scraper: what was committed stays, once and intact.

A reader of its own writes down what is committed just before each kill; the next scraper starts on the
same database. The first kills fall into the warm start, the later ones among bar closes.
"""

from __future__ import annotations

import math
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from futuresboard.bars import RAW_COLUMNS
from futuresboard.quality import HISTORIC, REVISED
from futuresboard.sim_exchange import SimConfig, SimThread
from support_system import STEP_MS, Product, environment, free_port, reading, running, scaled, until

KILLS = 20
EPOCH = 1_773_791_100_000
SETTINGS = {
    # Twenty starts in a minute are more than Binance's own budget allows; the other two wait less.
    "EXCHANGES": "bybit,okx",
    "MAX_PAIRS": "14",
    "HISTORY_BARS": "260",
    "INTERVAL": "15",
    "Z_THRESHOLD": "0.5",
    "LS_THRESHOLD": "1",
    "IMBALANCE_THRESHOLD": "0.5",
    "OI_DELTA_THRESHOLD": "0.01",
    "ALERT_COOLDOWN": "1",
}

type BarKey = tuple[str, str, str, int]
_NAMED = "JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id"  # who a row belongs to
_RAW = ", ".join(f"b.{name}" for name in RAW_COLUMNS)


@dataclass
class Snapshot:
    """Everything committed at one moment."""

    seq: int = 0
    bars: dict[BarKey, tuple[float | None, ...]] = field(default_factory=dict)
    marks: dict[BarKey, int] = field(default_factory=dict)
    older: dict[BarKey, set[tuple[float | None, ...]]] = field(default_factory=dict)
    alerts: dict[int, tuple[object, ...]] = field(default_factory=dict)


def _snapshot(connection: sqlite3.Connection) -> Snapshot:
    shot = Snapshot()
    connection.execute("BEGIN")
    shot.seq = int(connection.execute("SELECT value FROM meta WHERE key = 'seq'").fetchone()[0])
    who = "p.exchange, p.symbol, s.timeframe, b.ts"
    for row in connection.execute(f"SELECT {who}, b.marks, {_RAW} FROM bars b {_NAMED}"):
        assert row[:4] not in shot.bars, f"twice: {row[:4]}"
        shot.bars[row[:4]], shot.marks[row[:4]] = row[5:], row[4]
    for row in connection.execute(f"SELECT {who}, {_RAW} FROM superseded b {_NAMED}"):
        shot.older.setdefault(row[:4], set()).add(row[4:])
    for row in connection.execute(f"SELECT b.id, {who}, b.kind, b.tier, b.payload FROM alerts b {_NAMED}"):
        shot.alerts[row[0]] = row[1:]
    connection.execute("COMMIT")
    return shot


@dataclass
class Story:
    """The snapshots before and after each kill, what the file said, and how it ended."""

    sim: SimThread
    rounds: list[tuple[Snapshot, Snapshot]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    warm_kills: int = 0
    said: int = 0
    final: Snapshot = field(default_factory=Snapshot)


def _seq(database: Path) -> int:
    """The last transaction's number; 0 before the first bar."""
    if not database.exists():
        return 0
    with reading(database) as connection:
        try:
            row = connection.execute(
                "SELECT value FROM meta WHERE key = 'seq' AND EXISTS (SELECT 1 FROM bars)"
            ).fetchone()
        except sqlite3.OperationalError:
            return 0
    return 0 if row is None else int(row[0])


def _kill(product: Product, story: Story, before: int, delay: float, *, warm: bool) -> None:
    """Let it commit something (or all its history), wait a random moment more, look, kill, look again."""
    product.until(lambda: _seq(product.database) > before, 20, "committed")
    if warm:
        product.until(lambda: product.log.count("history of") == story.said + 2, 60, "warm")
    time.sleep(delay)
    with reading(product.database) as connection:
        seen = _snapshot(connection)
    product.process.send_signal(signal.SIGKILL)
    product.process.wait(10)
    said = product.log
    story.warm_kills += said.count("history of") == story.said
    story.said = said.count("history of")
    with closing(sqlite3.connect(product.database)) as connection:
        story.checks.append(str(connection.execute("PRAGMA integrity_check").fetchone()[0]))
        connection.isolation_level = None
        story.rounds.append((seen, _snapshot(connection)))


def _caught_up(product: Product, sim: SimThread, pairs: int, already: int) -> bool:
    newest = sim.server.clock.now_ms() // STEP_MS["5m"] * STEP_MS["5m"] - STEP_MS["5m"]
    query = "SELECT count(*) FROM series WHERE timeframe = '5m' AND last_ts >= ?"
    with reading(product.database) as connection:
        there = int(connection.execute(query, (newest,)).fetchone()[0])
    return there == pairs and product.log.count("history of") == already + 2


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("kill")
    moments = random.Random(20)
    config = SimConfig(
        pairs=24,
        latency_ms=80,
        jitter_ms=20,
        time_scale=30,
        in_exchange_time=True,
        epoch_ms=EPOCH,
    )
    with SimThread(config) as sim:
        told = Story(sim)
        env = environment(folder, sim.url, PORT=str(free_port()), **SETTINGS, **scaled(config))
        before = 0
        # The next one loads while the present one runs: half of a start is reading program text.
        products = [Product(["scrape"], env, folder, on_call=True)]
        try:
            for number in range(KILLS):
                products.append(Product(["scrape"], env, folder, on_call=True))
                products[number].go()
                delay = moments.uniform(0.0, 0.3 if number < 6 else 0.9)
                _kill(products[number], told, before, delay, warm=number >= 6 and number % 2 == 0)
                before = told.rounds[-1][1].seq
        finally:
            for product in products:
                product.process.kill()
                product.process.communicate()
        with running(["scrape"], env, folder) as product:
            pairs = 2 * int(SETTINGS["MAX_PAIRS"])
            until(lambda: _caught_up(product, sim, pairs, told.said), 30, "caught up", alive=product.check)
            with reading(product.database) as connection:
                told.final = _snapshot(connection)
        yield told


def test_the_file_stays_intact(story: Story) -> None:
    assert story.checks == ["ok"] * KILLS


def test_kills_fell_into_the_warm_start_and_after_it(story: Story) -> None:
    assert 3 <= story.warm_kills < KILLS


def _lost(old: Snapshot, new: Snapshot) -> list[tuple[BarKey, object, object]]:
    """Bars of `old` that are gone in `new`, or changed without a word."""
    wrong: list[tuple[BarKey, object, object]] = []
    for key, values in old.bars.items():
        now = new.bars.get(key)
        if now is None:
            wrong.append((key, values, None))
            continue
        changed = [was for was, is_ in zip(values, now, strict=True) if was is not None and was != is_]
        grown = now != values
        marked = bool(new.marks[key] & REVISED) and values in new.older.get(key, set())
        historic = bool(old.marks[key] & HISTORIC) and not changed
        if grown and not marked and not historic:
            wrong.append((key, values, now))
    return wrong


def test_no_committed_bar_is_lost_or_silently_changed(story: Story) -> None:
    shots = [shot for both in story.rounds for shot in both] + [story.final]
    assert [wrong for old, new in pairwise(shots) for wrong in _lost(old, new)] == []
    assert len(story.final.bars) > len(story.rounds[0][0].bars) > 0


def test_seq_never_goes_back(story: Story) -> None:
    numbers = [shot.seq for both in story.rounds for shot in both] + [story.final.seq]
    assert numbers == sorted(numbers)
    assert len({after.seq for _, after in story.rounds}) == KILLS


def test_alerts_are_neither_lost_nor_repeated(story: Story) -> None:
    for before, after in story.rounds:
        assert before.alerts.items() <= after.alerts.items()
        assert after.alerts.items() <= story.final.alerts.items()
    keys = [alert[:-1] for alert in story.final.alerts.values()]
    assert len(set(keys)) == len(keys)
    assert keys


def test_what_the_kills_interrupted_is_made_good(story: Story) -> None:
    """Every series ends without a hole, and its candles are the exchanges'."""
    series: dict[tuple[str, str], list[int]] = {}
    for exchange, symbol, timeframe, ts in story.final.bars:
        if timeframe == "5m":
            series.setdefault((exchange, symbol), []).append(ts)
    close = RAW_COLUMNS.index("close")
    for (exchange, symbol), stamps in series.items():
        stamps.sort()
        assert stamps == list(range(stamps[0], stamps[-1] + 1, STEP_MS["5m"]))
        want = story.sim.truth.bars(exchange, symbol, stamps[0], len(stamps))
        got = [story.final.bars[exchange, symbol, "5m", ts][close] for ts in stamps]
        assert all(
            value is not None and math.isclose(value, bar.close) for value, bar in zip(got, want, strict=True)
        )
