"""What replay reads of a recording beside its alerts: pairs, series, versions of raw bars. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any, NamedTuple

import orjson

from futuresboard.db import Pair
from futuresboard.db_schema import DERIVED_FIELDS, RAW_FIELDS
from futuresboard.model import TIMEFRAME_MS
from futuresboard.past import Past, nothing, of_rows

_RAW = ", ".join(RAW_FIELDS)
GRID = (
    "WITH RECURSIVE grid (at) AS "
    "(SELECT :first UNION ALL SELECT at + :step FROM grid WHERE at + :step <= :last) "
)
"""Begins a query: `grid.at` is every time :first, :first + :step … up to :last."""
# A version counts where it stood after transaction `:after`, came later, or was judged later.
_TABLES = (
    ("bars", f"{_RAW}, NULL, judged_seq", "(raw_seq > :after OR judged_seq > :after)"),
    ("superseded", f"{_RAW}, until_seq, NULL", "until_seq > :after"),
)
FEW = 40
"""Up to so many series are looked up bar by bar, more are picked out of all that have a bar at a time."""

type Values = tuple[object, ...]


@dataclass(frozen=True)
class Recorded:
    """A series of a recording.

    first, last: its bars in ms UTC, None while it has none; listed: whether its exchange still has the pair;
    heard: the newest transaction when the pair was first heard of.
    """

    id: int
    pair_id: int
    exchange: str
    symbol: str
    base: str
    timeframe: str
    first: int | None
    last: int | None
    listed: bool
    heard: int


def recorded(db: Connection) -> list[Recorded]:
    """Every series there is."""
    query = (
        "SELECT s.id, p.id, p.exchange, p.symbol, p.base, s.timeframe, s.first_ts, s.last_ts, p.active, "
        "p.registered_seq FROM series s JOIN pairs p ON p.id = s.pair_id ORDER BY s.id"
    )
    rows: list[list[Any]] = [[*row[:-2], bool(row[-2]), row[-1]] for row in db.execute(query)]
    return [Recorded(*row) for row in rows]


def pairs_of(db: Connection, ids: Collection[int]) -> list[Pair]:
    """Some pairs by id."""
    query = (
        "SELECT id, exchange, symbol, base, multiplier, listed_ts, active FROM pairs "
        "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    )
    rows = db.execute(query, (orjson.dumps(sorted(ids)).decode(),))
    named: list[list[Any]] = [[*row[:-1], bool(row[-1])] for row in rows]
    return [Pair(*row) for row in named]


def state_of(db: Connection, key: str) -> str | None:
    """A value kept beside the data."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


class HotTail:
    """The database as keeper of versions."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def versions(self, series: Collection[int], first: int, last: int, after: int = -1) -> Past:
        """Versions of the bars first … last of some series; see `past.Keeper`."""
        rows: list[Values] = []
        for table, columns, counts in _TABLES:
            for source, given in self._sources(table, series, first, last):
                query = f"{GRID}SELECT ts, series_id, {columns} FROM {source} AND {counts}"
                rows += self._db.execute(query, given | {"after": after})
        return of_rows(rows)

    def earliest(
        self, series: Collection[int], first: int, last: int, seen: int, version: int
    ) -> tuple[int, int] | None:
        """(transaction, time) of the first version seen at `seen` or later; see `past.Keeper`."""
        found: list[tuple[int, int]] = []
        for table, _, _ in _TABLES:
            for source, given in self._sources(table, series, first, last):
                query = f"{GRID}SELECT min(raw_seq), seen_ts FROM {source} "
                one = self._db.execute(
                    f"{query}AND seen_ts >= :seen AND raw_seq <= :version",
                    given | {"seen": seen, "version": version},
                ).fetchone()
                if one[0] is not None:
                    found.append(one)
        return min(found, default=None)

    def archived(self, series: Collection[int], first: int, last: int) -> Past:
        """Nothing has left it."""
        return nothing()

    @property
    def kept_from(self) -> int:
        """It has all bars."""
        return 0

    def _sources(
        self, table: str, series: Collection[int], first: int, last: int
    ) -> Iterator[tuple[str, dict[str, int | str]]]:
        """SQL of the rows of a table at bars first … last, for each timeframe of some series: FROM what and
        WHERE, after `GRID`, with its parameters."""
        # Times by times, then the series at each: of the longer timeframes few rows are passed over.
        few = "" if len(series) <= FEW else "+"
        for step, mine in self._by_step(series).items():
            begin = -(-first // step) * step
            if begin <= last:
                yield (
                    f"grid CROSS JOIN {table} ON ts = at "
                    f"WHERE {few}series_id IN (SELECT value FROM json_each(:series))",
                    {"first": begin, "last": last, "step": step, "series": orjson.dumps(mine).decode()},
                )

    def _by_step(self, series: Collection[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        query = "SELECT id, timeframe FROM series WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        for number, timeframe in self._db.execute(query, (orjson.dumps(sorted(series)).decode(),)):
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


def alert_id(db: Connection, series: int, ts: int, kind: str, number: int) -> int | None:
    """The id of the alert of a series at a bar; number: its tier or rule. None where there is none."""
    query = "SELECT id FROM alerts WHERE series_id = ? AND ts = ? AND kind = ? AND tier = ?"
    row = db.execute(query, (series, ts, kind, number)).fetchone()
    return None if row is None else int(row[0])
