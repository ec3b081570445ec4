"""The ledger of alerts' outcomes and what evidence is counted from, in the database.

`outcomes` is only ever appended to, and chained: each row's hash covers the row before, its own
content and the alert it belongs to. The other tables can be counted again from bars.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from sqlite3 import Connection

import numpy as np
import orjson

from futuresboard.model import MS_PER_DAY, FloatArray, IntArray

GENESIS = bytes(32)
_CHUNK = 10_000
_OUTCOME = "alert_id, horizon, late, entry, exit, funding, long_net, short_net, matured_ts"
_ALERT = "SELECT series_id, ts, kind, tier, payload FROM alerts WHERE id = ?"
_BAR = "ts, open, close, funding, funding_interval_h, tiers, known, confluence, marks"

type Key = tuple[int, str, int]
"""(series_id, kind, tier)."""


@dataclass(frozen=True)
class Outcome:
    """What an alert's trade came to: the OPEN it entered at, the CLOSE it left at, the funding a long
    paid between, and the net of each direction; None where a price was never known: no trade."""

    alert_id: int
    horizon: int
    late: int
    entry: float | None
    exit: float | None
    funding: float | None
    long_net: float | None
    short_net: float | None
    matured_ts: int


@dataclass(frozen=True)
class Series:
    """One pair's bars of one timeframe; first_ts and last_ts None while it has none; seq: of the
    transaction that wrote the newest of them."""

    id: int
    timeframe: str
    first_ts: int | None
    last_ts: int | None
    seq: int


@dataclass(frozen=True)
class Pending:
    """An alert of which some outcomes are not in the ledger; done: (horizon, late) of those that are."""

    id: int
    series_id: int
    ts: int
    done: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Day:
    """One UTC day of a series counted anew: its base counts and its rehearsed alerts.

    base: (horizon, bars, long wins, short wins); alerts: (ts, kind, tier, net returns as bytes).
    """

    series_id: int
    day: int
    base: tuple[tuple[int, int, int, int], ...]
    alerts: tuple[tuple[int, str, int, bytes], ...]


# -- reading --------------------------------------------------------------------------------------


def series(connection: Connection) -> dict[int, Series]:
    """Every series by id."""
    query = "SELECT id, timeframe, first_ts, last_ts, seq FROM series"
    return {row[0]: Series(*row) for row in connection.execute(query)}


def state(connection: Connection, key: str) -> str | None:
    """A value kept beside the data."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def pending(connection: Connection, after: int, outcomes: int) -> list[Pending]:
    """Alerts with an id above `after` and fewer than `outcomes` outcomes, oldest first."""
    query = (
        "SELECT a.id, a.series_id, a.ts, (SELECT group_concat(horizon || ' ' || late) FROM outcomes "
        "WHERE alert_id = a.id) FROM alerts a WHERE a.id > ? AND "
        "(SELECT count(*) FROM outcomes WHERE alert_id = a.id) < ? ORDER BY a.id"
    )
    found = []
    for number, series_id, ts, done in connection.execute(query, (after, outcomes)):
        pairs = [tuple(map(int, pair.split())) for pair in (done or "").split(",") if pair]
        found.append(Pending(number, series_id, ts, frozenset((h, late) for h, late in pairs)))
    return found


def newest_alert(connection: Connection) -> int:
    """The highest id of an alert; 0 when there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM alerts").fetchone()[0])


def bars(connection: Connection, series_id: int, times: Sequence[int]) -> FloatArray:
    """(m, 9) stored bars of a series at some times, oldest first: ts, open, close, funding,
    funding_interval_h, tiers, known, confluence, marks; NaN where a value is unknown."""
    rows: list[tuple[object, ...]] = []
    for begin in range(0, len(times), _CHUNK):
        part = times[begin : begin + _CHUNK]
        places = ", ".join("?" * len(part))
        query = f"SELECT {_BAR} FROM bars WHERE ts IN ({places}) AND series_id = ? ORDER BY ts"
        rows += connection.execute(query, (*part, series_id)).fetchall()
    return np.array(rows, dtype=np.float64).reshape(-1, 9)


def changed_days(connection: Connection, limit: int) -> list[tuple[int, int, int]]:
    """(day, series_id, time of the first changed bar) of days that are to be counted anew, oldest first."""
    query = "SELECT day, series_id, from_ts FROM changed_days ORDER BY day, series_id LIMIT ?"
    return connection.execute(query, (limit,)).fetchall()


def heard(
    connection: Connection, series_id: int, start: int, day: int
) -> Iterator[tuple[str, int, int, int]]:
    """(kind, tier, ts, 1 if live) of what silences a day's rehearsal: live alerts from `start` to the day's
    end, and rehearsed ones from `start` to its begin."""
    begin, end = day * MS_PER_DAY, (day + 1) * MS_PER_DAY
    query = (
        "SELECT kind, tier, ts, 1 FROM alerts WHERE series_id = ? AND ts >= ? AND ts < ? UNION ALL "
        "SELECT kind, tier, ts, 0 FROM past_alerts WHERE series_id = ? AND ts >= ? AND ts < ?"
    )
    yield from connection.execute(query, (series_id, start, end, series_id, start, begin))


def rehearsed(connection: Connection, series_id: int, day: int) -> set[tuple[str, int, int]]:
    """(kind, tier, ts) of the alerts rehearsed in a day so far."""
    query = "SELECT kind, tier, ts FROM past_alerts WHERE series_id = ? AND ts >= ? AND ts < ?"
    return set(connection.execute(query, (series_id, day * MS_PER_DAY, (day + 1) * MS_PER_DAY)))


def base_totals(connection: Connection, timeframe: str) -> IntArray:
    """(m, 5) series_id, horizon, bars with a trade, won long, won short, over all days."""
    query = (
        "SELECT b.series_id, b.horizon, sum(b.bars), sum(b.long_wins), sum(b.short_wins) "
        "FROM base_days b JOIN series s ON s.id = b.series_id WHERE s.timeframe = ? "
        "GROUP BY b.series_id, b.horizon"
    )
    rows = connection.execute(query, (timeframe,)).fetchall()
    return np.array(rows, dtype=np.int64).reshape(-1, 5)


def past_alerts(
    connection: Connection, timeframe: str, limit: int
) -> Iterator[tuple[int, str, int, int, bytes]]:
    """(series_id, kind, tier, ts, net returns as bytes) of the newest `limit` rehearsed alerts."""
    query = (
        "SELECT p.series_id, p.kind, p.tier, p.ts, p.nets FROM past_alerts p "
        "JOIN series s ON s.id = p.series_id WHERE s.timeframe = ? ORDER BY p.ts DESC LIMIT ?"
    )
    yield from connection.execute(query, (timeframe, limit))


def live_alerts(
    connection: Connection, timeframe: str, limit: int
) -> Iterator[tuple[int, int, str, int, int]]:
    """(id, series_id, kind, tier, ts) of the newest `limit` alerts raised live."""
    query = (
        "SELECT a.id, a.series_id, a.kind, a.tier, a.ts FROM alerts a "
        "JOIN series s ON s.id = a.series_id WHERE s.timeframe = ? ORDER BY a.id DESC LIMIT ?"
    )
    yield from connection.execute(query, (timeframe, limit))


def outcomes_since(
    connection: Connection, alert_id: int
) -> Iterator[tuple[int, int, int, float | None, float | None]]:
    """(alert_id, horizon, late, long_net, short_net) of the alerts from `alert_id` on."""
    query = "SELECT alert_id, horizon, late, long_net, short_net FROM outcomes WHERE alert_id >= ?"
    yield from connection.execute(query, (alert_id,))


def verify(connection: Connection) -> tuple[int, int | None]:
    """(rows checked, id of the first row that is not as it was written), None where all are.

    Walks the whole chain. A row that was changed, left out or put in between shows, and so does an
    alert that was changed after its outcome was written. What an attacker who rewrites the chain to
    its end, or cuts its end off, leaves behind does not: keep the last hash elsewhere for that.
    """
    before, count = GENESIS, 0
    for number, kept, *values in connection.execute(f"SELECT id, hash, {_OUTCOME} FROM outcomes ORDER BY id"):
        before = _chained(before, number, Outcome(*values), _alert_digest(connection, values[0]))
        if before != kept:
            return count, number
        count += 1
    return count, None


# -- writing, within the writer's transaction -----------------------------------------------------


def append(connection: Connection, outcomes: Iterable[Outcome]) -> None:
    """Add outcomes to the end of the chain."""
    row = connection.execute("SELECT id, hash FROM outcomes ORDER BY id DESC LIMIT 1").fetchone()
    number, before = (0, GENESIS) if row is None else row
    for outcome in outcomes:
        number += 1
        before = _chained(before, number, outcome, _alert_digest(connection, outcome.alert_id))
        connection.execute(
            f"INSERT INTO outcomes (id, hash, {_OUTCOME}) VALUES (?, ?{', ?' * 9})",
            (number, before, *astuple(outcome)),
        )


def replace_days(connection: Connection, days: Sequence[Day]) -> None:
    """Put days counted anew in the place of what was counted before."""
    for day in days:
        span = (day.series_id, day.day * MS_PER_DAY, (day.day + 1) * MS_PER_DAY)
        connection.execute("DELETE FROM past_alerts WHERE series_id = ? AND ts >= ? AND ts < ?", span)
        connection.executemany(
            "INSERT INTO past_alerts (series_id, ts, kind, tier, nets) VALUES (?, ?, ?, ?, ?)",
            [(day.series_id, *alert) for alert in day.alerts],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO base_days (series_id, day, horizon, bars, long_wins, short_wins) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [(day.series_id, day.day, *counts) for counts in day.base],
        )


def mark_changed(connection: Connection, seq: int, days: Iterable[tuple[int, int, int]]) -> None:
    """Have (day, series_id, time of the first changed bar) counted anew."""
    connection.executemany(
        "INSERT INTO changed_days (day, series_id, from_ts, seq) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (day, series_id) DO UPDATE SET from_ts = min(from_ts, excluded.from_ts), "
        "seq = excluded.seq",
        [(*day, seq) for day in days],
    )


def clear_changed(connection: Connection, seq: int, days: Iterable[tuple[int, int]]) -> None:
    """Forget (day, series_id) that were counted as of transaction `seq`."""
    connection.executemany(
        "DELETE FROM changed_days WHERE day = ? AND series_id = ? AND seq <= ?", [(*day, seq) for day in days]
    )


def count_all_anew(connection: Connection, seq: int) -> None:
    """Mark every day that was counted."""
    connection.execute(
        "INSERT OR IGNORE INTO changed_days (day, series_id, from_ts, seq) "
        # Changed at its end: that reaches back no further than it must.
        f"SELECT day, series_id, (day + 1) * {MS_PER_DAY} - 1, ? FROM base_days GROUP BY series_id, day",
        (seq,),
    )


def replace_evidence(connection: Connection, timeframe: str, cells: Iterable[tuple[object, ...]]) -> None:
    """Put a timeframe's cells (source, kind, tier, direction, horizon, JSON) in the place of the old."""
    connection.execute("DELETE FROM evidence WHERE timeframe = ?", (timeframe,))
    connection.executemany(
        "INSERT INTO evidence (timeframe, source, kind, tier, direction, horizon, cell) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(timeframe, *cell) for cell in cells],
    )


def _alert_digest(connection: Connection, alert_id: int) -> bytes:
    found = connection.execute(_ALERT, (alert_id,)).fetchone()
    return hashlib.sha256(orjson.dumps(found)).digest()


def _chained(before: bytes, number: int, outcome: Outcome, alert: bytes) -> bytes:
    return hashlib.sha256(before + alert + orjson.dumps([number, *astuple(outcome)])).digest()
