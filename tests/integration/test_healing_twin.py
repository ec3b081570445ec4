"""Down for two hours, then started again: the database becomes that of a twin who was there all the time.

Both record the same simulated exchanges, by websocket; one of them is away for a while. Bybit's taker
volume is summed from trades, and those of the gap are gone for good.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from futuresboard.db_schema import DERIVED_FIELDS, RAW_FIELDS
from futuresboard.model import Tier
from futuresboard.quality import (
    BACKFILLED,
    BY_BOTH,
    BY_SOCKET,
    GAP,
    HISTORIC,
    PARTIAL,
    REVISED,
    UNHEARD,
    names,
)
from support_faults import EXCHANGES, Stage, sim_config, staged
from support_truth import STEP_MS, Key, Row

# Hours of two scrapers are minutes of work on a busy machine.
pytestmark = pytest.mark.timeout(900)

M5, MINUTE, HOUR = STEP_MS["5m"], 60_000, 3_600_000
MIDNIGHT = 1_773_792_000_000
BEGIN = MIDNIGHT - 3 * HOUR - 13 * MINUTE
LEFT = BEGIN + 24 * MINUTE
BACK = LEFT + 2 * HOUR + MINUTE
END = MIDNIGHT + 23 * MINUTE
COINS = ("BTC", "ETH", "SOL", "PEPE")
CONFIG = replace(sim_config(), epoch_ms=BEGIN)
SETTINGS = {"SYMBOLS": ",".join(COINS), "HISTORY_BARS": "460"}
AWAY = range(LEFT // M5 * M5, BACK // M5 * M5, M5)
"""Bars that closed while one of them was away."""
OWN = BACKFILLED | HISTORIC | REVISED | BY_SOCKET | BY_BOTH
"""Marks that say how a bar came."""
OF_TRADES = ("taker_buy", "taker_sell", "imbalance", "cvd", "confluence", "tiers", "known")

type Bar = tuple[Key, int]


def stored(database: Path) -> dict[Bar, Row]:
    """Every stored bar that closed before the end."""
    columns = (*RAW_FIELDS, *DERIVED_FIELDS)
    query = (
        f"SELECT p.exchange, p.symbol, s.timeframe, b.ts, {', '.join('b.' + name for name in columns)} "
        "FROM bars b JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id"
    )
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(query).fetchall()
    return {
        ((exchange, symbol, timeframe), ts): dict(zip(columns, values, strict=True))
        for exchange, symbol, timeframe, ts, *values in rows
        if ts + STEP_MS[timeframe] <= END - 3 * MINUTE
    }


@dataclass
class Twins:
    """What both hold in the end."""

    whole: dict[Bar, Row]
    healed: dict[Bar, Row]


def _play(stage: Stage, until_ms: int) -> None:
    stage.play(until_ms)
    assert sum(counts.total_violations for counts in stage.sim.stats.values()) == 0


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    whole, healed = (tmp_path_factory.mktemp(name) for name in ("whole", "healed"))
    dumps = []
    for folder, parts in ((whole, [(0, END)]), (healed, [(0, LEFT), (BACK - BEGIN, END)])):
        for later_ms, until_ms in parts:
            with (
                pytest.MonkeyPatch.context() as patch,
                staged(folder, patch, sockets=True, config=CONFIG, later_ms=later_ms, **SETTINGS) as stage,
            ):
                _play(stage, until_ms)
                database = stage.settings.database_path
        dumps.append(stored(database))
    return Twins(*dumps)


def test_every_closed_bar_of_the_gap_is_there(twins: Twins) -> None:
    assert len(AWAY) == 24
    assert twins.healed.keys() == twins.whole.keys()
    for key in {key for key, _ in twins.healed if key[2] == "5m"}:
        assert all((key, ts) in twins.healed for ts in AWAY)
    assert {key[0] for key, _ in twins.healed} == set(EXCHANGES)


def test_they_say_that_they_came_later(twins: Twins) -> None:
    for (key, ts), row in twins.healed.items():
        # The newest few were completed by the first cycles, as if they had just closed.
        if key[2] == "5m" and ts in AWAY[2:-4]:
            assert "backfilled" in names(row["quality"]), (key, ts)
            assert row["marks"] & BY_SOCKET == 0
    assert not any(row["marks"] & BACKFILLED for (_, ts), row in twins.whole.items() if ts in AWAY)


def _comparable(key: Key, row: Row) -> Row:
    """A bar less what says how and when it came, and less what trades say where they were not heard.

    And less tier 6, which counts alerts: they start at bars that came in time.
    """
    left = {name: value for name, value in row.items() if name not in ("raw_seq", "seen_ts", "rsi")}
    # Three bars make a long one; where trades of one are unknown, the long one's are partly so.
    unheard = GAP | UNHEARD | PARTIAL if key[0] == "bybit" else 0
    left |= {name: row[name] & ~(OWN | unheard) for name in ("marks", "quality")}
    left["tiers"] = row["tiers"] & ~(1 << Tier.CLUSTER)
    return {name: value for name, value in left.items() if key[0] != "bybit" or name not in OF_TRADES}


def test_the_statistics_are_those_of_the_twin_to_the_last_bit(twins: Twins) -> None:
    differing = {
        (key, (ts - LEFT) // M5): [name for name in wanted if got[name] != wanted[name]]
        for (key, ts), row in twins.whole.items()
        for wanted, got in [(_comparable(key, row), _comparable(key, twins.healed[key, ts]))]
        if wanted != got
    }
    assert differing == {}
    known = [row for (key, ts), row in twins.healed.items() if key[0] == "okx" and ts >= BACK]
    assert all(row["z_score"] is not None and row["cvd"] is not None for row in known)


@pytest.mark.parametrize("timeframe", list(STEP_MS))
def test_rsi_is_the_twins(twins: Twins, timeframe: str) -> None:
    whole, healed = (
        {bar: row["rsi"] for bar, row in dump.items() if bar[0][2] == timeframe}
        for dump in (twins.whole, twins.healed)
    )
    differing = {bar for bar, value in whole.items() if not _close(healed[bar], value)}
    assert differing == set()
    assert any(value is not None for value in healed.values())


def _close(got: float | None, wanted: float | None) -> bool:
    return got is wanted if got is None or wanted is None else abs(got - wanted) <= 1e-9


def _of_bybit(dump: dict[Bar, Row]) -> dict[Bar, Row]:
    return {bar: row for bar, row in dump.items() if bar[0][0] == "bybit" and bar[0][2] == "5m"}


def test_trades_of_the_gap_stay_unknown_and_say_so(twins: Twins) -> None:
    for (key, ts), row in _of_bybit(twins.healed).items():
        if ts in AWAY:
            assert (row["taker_buy"], row["imbalance"], row["cvd"]) == (None, None, None), (key, ts)
            assert "gap" in names(row["quality"])
        elif ts > BACK:
            assert row["taker_buy"] == twins.whole[key, ts]["taker_buy"] is not None


def test_cvd_is_unknown_until_the_next_day(twins: Twins) -> None:
    after = {bar: row for bar, row in _of_bybit(twins.healed).items() if bar[1] > BACK}
    assert {row["cvd"] for (_, ts), row in after.items() if ts < MIDNIGHT} == {None}
    today = {bar: row["cvd"] for bar, row in after.items() if bar[1] >= MIDNIGHT}
    assert today == {bar: twins.whole[bar]["cvd"] for bar in today}
    assert None not in today.values()
    assert today
