"""What replay reads of a recording beside its alerts: pairs, series, versions of raw bars. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import NamedTuple

from futuresboard.db_schema import DERIVED_FIELDS, RAW_FIELDS
from futuresboard.model import TIMEFRAME_MS
from futuresboard.past import Past, of_rows

_RAW = ", ".join(RAW_FIELDS)
_TABLES = (f"{_RAW}, NULL, judged_seq FROM bars", f"{_RAW}, until_seq, NULL FROM superseded")
_FEW = 40
"""Up to so many series are looked up bar by bar, more are picked out of the whole stretch of time."""
_AT_ONCE = 500

type Values = tuple[object, ...]


@dataclass(frozen=True)
class Recorded:
    """A series of a recording. first, last: its bars, None while it has none; times in ms UTC."""

    id: int
    pair_id: int
    exchange: str
    symbol: str
    base: str
    timeframe: str
    first: int | None
    last: int | None


def recorded(db: Connection) -> list[Recorded]:
    """Every series there is."""
    query = (
        "SELECT s.id, p.id, p.exchange, p.symbol, p.base, s.timeframe, s.first_ts, s.last_ts "
        "FROM series s JOIN pairs p ON p.id = s.pair_id ORDER BY s.id"
    )
    return [Recorded(*row) for row in db.execute(query)]


def state_of(db: Connection, key: str) -> str | None:
    """A value kept beside the data."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


class HotTail:
    """The database as keeper of versions."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def versions(self, series: Collection[int], first: int, last: int) -> Past:
        """Every version of the bars first … last of some series; see `past.Keeper`."""
        wanted = sorted(series)
        rows: list[Values] = []
        for table in _TABLES:
            rows += self._few(table, wanted, first, last) if len(wanted) <= _FEW else ()
            rows += self._many(table, wanted, first, last) if len(wanted) > _FEW else ()
        return of_rows(rows)

    def _many(self, table: str, series: Sequence[int], first: int, last: int) -> Iterator[Values]:
        mine = set(series)
        query = f"SELECT ts, series_id, {table} WHERE ts BETWEEN ? AND ?"
        return (row for row in self._db.execute(query, (first, last)) if row[1] in mine)

    def _few(self, table: str, series: Sequence[int], first: int, last: int) -> Iterator[Values]:
        for step, mine in self._by_step(series).items():
            begin = -(-first // step) * step
            for start in range(begin, last + 1, _AT_ONCE * step):
                grid = range(start, min(last + 1, start + _AT_ONCE * step), step)
                times, places = ", ".join("?" * len(grid)), ", ".join("?" * len(mine))
                query = f"SELECT ts, series_id, {table} WHERE ts IN ({times}) AND series_id IN ({places})"
                yield from self._db.execute(query, (*grid, *mine))

    def _by_step(self, series: Sequence[int]) -> dict[int, list[int]]:
        places = ", ".join("?" * len(series))
        found: dict[int, list[int]] = {}
        for number, timeframe in self._db.execute(
            f"SELECT id, timeframe FROM series WHERE id IN ({places})", tuple(series)
        ):
            found.setdefault(TIMEFRAME_MS[timeframe], []).append(number)
        return found


def first_seen(db: Connection, series: int, ts: int) -> int | None:
    """When a bar was first seen, ms; None when the database no longer holds it."""
    query = (
        "SELECT min(seen_ts) FROM (SELECT seen_ts FROM bars WHERE ts = :ts AND series_id = :series "
        "UNION ALL SELECT seen_ts FROM superseded WHERE ts = :ts AND series_id = :series)"
    )
    found: int | None = db.execute(query, {"ts": ts, "series": series}).fetchone()[0]
    return found


class AlertRow(NamedTuple):
    """A row of the table of alerts."""

    id: int
    seq: int
    series: int
    ts: int
    kind: str
    tier: int
    payload: str


def newest_alert_before(db: Connection, ts: int) -> int:
    """The last transaction that started an alert at a bar before a time; 0 where none did."""
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM alerts WHERE ts < ?", (ts,)).fetchone()[0])


def alerts_until(db: Connection, seq: int, since: int) -> list[AlertRow]:
    """Alerts started by transaction `seq`, oldest first:
    all at bars from `since` on, and the newest of each series, kind and tier before."""
    query = (
        "SELECT id, seq, series_id, ts, kind, tier, payload FROM alerts WHERE seq <= :seq AND ts >= :since "
        "UNION SELECT id, seq, series_id, max(ts), kind, tier, payload FROM alerts "
        "WHERE seq <= :seq AND ts < :since GROUP BY series_id, kind, tier ORDER BY 1"
    )
    return [AlertRow(*row) for row in db.execute(query, {"seq": seq, "since": since})]


def alerts_between(db: Connection, after: int, until: int) -> list[AlertRow]:
    """The alerts of transactions after < seq <= until, oldest first."""
    columns = "id, seq, series_id, ts, kind, tier, payload"
    query = f"SELECT {columns} FROM alerts WHERE seq > ? AND seq <= ? ORDER BY id"
    return [AlertRow(*row) for row in db.execute(query, (after, until))]


STORED_NAMES: tuple[str, ...] = (*RAW_FIELDS, "judged_seq", *DERIVED_FIELDS)
"""What is stored of a bar, all of it."""

type Stored = tuple[tuple[int, int], Values]
"""(series, time) of a bar, and its `STORED_NAMES`."""


def stored_bars(db: Connection, first: int, last: int) -> Iterator[Stored]:
    """Every bar first … last with everything that is stored of it, by time and series."""
    query = f"SELECT series_id, ts, {', '.join(STORED_NAMES)} FROM bars WHERE ts BETWEEN ? AND ? ORDER BY ts"
    return ((row[:2], row[2:]) for row in db.execute(f"{query}, series_id", (first, last)))


def alert_ids(db: Connection, first: int, last: int) -> dict[tuple[int, int, str, int], int]:
    """(series_id, ts, kind, tier or rule) -> id of the alerts at bars first … last."""
    query = "SELECT series_id, ts, kind, tier, id FROM alerts WHERE ts BETWEEN ? AND ?"
    found = db.execute(query, (first, last)).fetchall()
    return {(series, ts, kind, tier): number for series, ts, kind, tier, number in found}
