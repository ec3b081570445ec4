"""Down for two hours, then started again: the database becomes that of a twin who was there all the time.

Two products record the same simulated exchanges, whose time runs fast; one of them is away for a while.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from futuresboard.db_schema import DERIVED_FIELDS, RAW_FIELDS
from futuresboard.quality import BACKFILLED, HISTORIC, REVISED, names
from futuresboard.sim_exchange import SimConfig, SimThread
from support_core import differences
from support_system import EXCHANGES, STEP_MS, Row, environment, running, scaled, until

M5, HOUR = STEP_MS["5m"], 3_600_000
MIDNIGHT = 1_773_792_000_000
SCALE = 100.0
COINS = ("BTC", "ETH", "SOL", "XRP")
HISTORY = 460
"""RSI forgets where a series began after 400 bars; the twins need not begin at the same bar."""
BEGIN = MIDNIGHT - HOUR - 20 * M5
"""Bars from here on are compared."""
SETTINGS = {
    "SYMBOLS": ",".join(COINS),
    "HISTORY_BARS": str(HISTORY),
    "INTERVAL": "60",
    # Trades of a gap are gone for good: see `test_healing_taker.py`.
    "WEBSOCKETS": "0",
}
CONFIG = SimConfig(pairs=8, time_scale=SCALE, in_exchange_time=True, epoch_ms=MIDNIGHT - HOUR)
AWAY_BARS = 24
OWN = BACKFILLED | HISTORIC | REVISED

type Key = tuple[str, str, str, int]


def stored(database: Path) -> dict[Key, Row]:
    """Every stored bar by exchange, symbol, timeframe and time."""
    columns = (*RAW_FIELDS, *DERIVED_FIELDS)
    query = (
        f"SELECT p.exchange, p.symbol, s.timeframe, b.ts, {', '.join('b.' + name for name in columns)} "
        "FROM bars b JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id"
    )
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        rows = connection.execute(query).fetchall()
    return {row[:4]: dict(zip(columns, row[4:], strict=True)) for row in rows}


def newest(database: Path) -> int:
    """The oldest of the newest bars of all pairs."""
    query = "SELECT count(*), min(last_ts) FROM series WHERE timeframe = '5m' AND last_ts IS NOT NULL"
    if not database.exists():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        try:
            pairs, ts = connection.execute(query).fetchone()
        except sqlite3.OperationalError:
            return 0
    return ts if pairs == 3 * len(COINS) else 0


def comparable(dump: dict[Key, Row], first: int, last: int) -> dict[Key, Row]:
    """Bars within first … last, less the marks and times that say how each came.

    RSI of 15 m would need 1,200 bars before them to forget where each twin began.
    """
    own = {"5m": ("raw_seq", "seen_ts"), "15m": ("raw_seq", "seen_ts", "rsi")}
    return {
        key: {name: value for name, value in row.items() if name not in own[key[2]]}
        | {name: row[name] & ~OWN for name in ("marks", "quality")}
        for key, row in dump.items()
        if first <= key[3] and key[3] + STEP_MS[key[2]] <= last + M5
    }


@dataclass
class Twins:
    """What both runs hold in the end, and the bars one of them was away for."""

    whole: dict[Key, Row]
    healed: dict[Key, Row]
    left: int
    back: int


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    folders = [tmp_path_factory.mktemp(name) for name in ("whole", "healed")]
    files = [folder / "test.db" for folder in folders]
    with SimThread(CONFIG) as sim:
        clock = sim.server.clock
        first, second = (environment(folder, sim.url, **(scaled(CONFIG) | SETTINGS)) for folder in folders)
        with running(["scrape"], first, folders[0]) as whole:
            with running(["scrape"], second, folders[1]) as product:
                begun = clock.now_ms()
                for one, file in ((whole, files[0]), (product, files[1])):
                    until(lambda file=file: newest(file) >= begun + 2 * M5, 90, "recording", alive=one.check)
                product.end()
            left = newest(files[1])
            until(lambda: newest(files[0]) >= left + (AWAY_BARS + 1) * M5, 120, "later", alive=whole.check)
            back = clock.now_ms() // M5 * M5
            with running(["scrape"], second, folders[1]) as product:
                last = back + 3 * M5
                seen: list[dict[Key, Row]] = [{}, {}]

                def equal() -> bool:
                    if min(map(newest, files)) < last:
                        return False
                    seen[:] = (comparable(stored(file), BEGIN, last) for file in files)
                    return not differences(*seen)

                try:
                    until(equal, 90, "equal", alive=product.check)
                except AssertionError:
                    found = differences(*seen)
                    assert found[:5] == [], Counter(one[1] for one in found if isinstance(one[0], tuple))
                dumps = [stored(file) for file in files]
        assert sum(counts.total_violations for counts in sim.stats.values()) == 0
    return Twins(dumps[0], dumps[1], left, back)


def test_every_closed_bar_of_the_gap_is_there(twins: Twins) -> None:
    for exchange in EXCHANGES:
        for coin in COINS:
            key = (exchange, f"{coin}/USDT:USDT", "5m")
            there = [ts for ts in range(twins.left, twins.back, M5) if (*key, ts) in twins.healed]
            assert len(there) == (twins.back - twins.left) // M5 >= AWAY_BARS


def test_they_say_that_they_came_later(twins: Twins) -> None:
    away = range(twins.left + 2 * M5, twins.back - 4 * M5, M5)
    for key, row in twins.healed.items():
        if key[2] == "5m" and key[3] in away:
            assert "backfilled" in names(row["quality"]), key
    assert not any(row["marks"] & BACKFILLED for key, row in twins.whole.items() if key[3] in away)


def test_the_statistics_are_those_of_the_twin(twins: Twins) -> None:
    last = twins.back + 3 * M5
    whole, healed = (comparable(dump, BEGIN, last) for dump in (twins.whole, twins.healed))
    assert differences(healed, whole) == []
    assert len(healed) > 3 * len(COINS) * AWAY_BARS * 4 / 3
    after = [row for key, row in healed.items() if key[0] == "okx" and key[3] >= twins.back]
    assert all(row["z_score"] is not None and row["cvd"] is not None for row in after)
