"""The readers' side of the database: newest rows, history, alerts. Read-only connections."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, Error
from typing import cast

import numpy as np
import orjson

from futuresboard import db_alerts
from futuresboard.db import connect
from futuresboard.db_alerts import AlertFilter
from futuresboard.db_facts import facts
from futuresboard.db_rules import read_rules
from futuresboard.db_stretch import fill
from futuresboard.errors import FuturesboardError
from futuresboard.model import (
    MS_PER_DAY,
    TAKER_COLUMNS,
    TIMEFRAME_MS,
    FloatArray,
    IntArray,
    UserRule,
)
from futuresboard.quality import GAP, STALE, UNHEARD
from futuresboard.rows import JUDGED_COLUMNS, LIVE_COLUMNS, ROW_COLUMNS, STORED_COLUMNS, judgement

type Row = dict[str, object]

_CHUNK = 500
_MAX_IDLE = 8
_HISTORY = f"SELECT ts, {', '.join(STORED_COLUMNS)}, tiers, known, quality, guarded FROM bars"
# The row's columns as they are read; the rest is made of them.
_NAMES = tuple(name for name in ROW_COLUMNS if name not in ("oi_mcap_pct", "age_s"))
_NEWEST = f"""
SELECT p.exchange, p.symbol, p.base, s.timeframe, b.ts, {", ".join("b." + name for name in STORED_COLUMNS)},
       b.tiers, NULL, b.known, b.quality, b.guarded, NULL,
       {", ".join("l." + name for name in LIVE_COLUMNS)}, p.listed_ts
FROM series s
JOIN pairs p ON p.id = s.pair_id AND p.active
CROSS JOIN bars b ON b.ts = s.last_ts AND b.series_id = s.id
LEFT JOIN live l ON l.pair_id = p.id
WHERE s.timeframe = ? AND max(s.seq, coalesce(l.seq, 0)) > ?
"""


class ReadError(FuturesboardError):
    """Answered as 503, asked again later: the database cannot be read now."""


@dataclass(frozen=True)
class Snapshot:
    """Newest rows of a timeframe as of a transaction: `seq`, and the rows changed since the one asked for."""

    timeframe: str
    seq: int
    rows: list[Row]


class Reader:
    """Queries of the API, for any thread; every answer is of one moment (a read transaction).

    A query borrows a connection and gives it back: a web server's threads come and go, so one a
    thread would pile up. path: the SQLite file; stale_after_ms: age beyond the timeframe at which
    a row is `stale`.
    """

    def __init__(self, path: Path, *, stale_after_ms: int) -> None:
        self.path = path
        self._stale_after_ms = stale_after_ms
        self._idle: deque[Connection] = deque()
        self._closed = False

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        try:
            return connect(self.path, readonly=True)
        except Error as error:
            raise ReadError(str(error)) from error

    @contextmanager
    def _borrow(self) -> Iterator[Connection]:
        connection = self._take()
        kept = False
        try:
            yield connection
            kept = not self._closed and len(self._idle) < _MAX_IDLE
        except Error as error:
            raise ReadError(str(error)) from error
        finally:
            if kept:
                self._idle.append(connection)
            else:
                connection.close()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._borrow() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    def close(self) -> None:
        """Close the idle connections; one in use closes when its query ends."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def state(self, key: str) -> str | None:
        """A value the writer keeps beside the data."""
        with self._borrow() as connection:
            return _state(connection, key)

    def seq(self) -> int:
        """The number of the newest transaction."""
        return int(self.state("seq") or 0)

    def facts(self) -> dict[str, object]:
        """The newest transaction's number, sizes, counts and times, for an operator."""
        with self._read() as connection:
            try:
                found = facts(connection, self.path)
            except OSError as error:
                raise ReadError(str(error)) from error
            return {"seq": int(_state(connection, "seq") or 0), **found}

    def bars_seq(self, timeframe: str) -> int:
        """The number of the newest transaction that wrote bars of a timeframe."""
        with self._borrow() as connection:
            query = "SELECT coalesce(max(seq), 0) FROM series WHERE timeframe = ?"
            return int(connection.execute(query, (timeframe,)).fetchone()[0])

    def unpublished(self) -> Mapping[str, Mapping[str, str]]:
        """exchange -> row column it does not publish -> the reason in words."""
        with self._read() as connection:
            return read_unpublished(connection).catalog

    def snapshot(self, timeframe: str, now_ms: int, since: int = 0) -> Snapshot:
        """The newest row of every active pair that changed after transaction `since`.

        One read transaction, so that rows and `seq` belong together. `now_ms`: exchange time.
        """
        with self._read() as connection:
            seq = int(_state(connection, "seq") or 0)
            unpublished = read_unpublished(connection)
            cursor = connection.execute(_NEWEST, (timeframe, since))
            rows = [self._row(values, now_ms, unpublished) for values in cursor]
        return Snapshot(timeframe, seq, rows)

    def _row(self, values: tuple[object, ...], now_ms: int, unpublished: Unpublished) -> Row:
        row: Row = dict(zip(_NAMES, values, strict=True))
        timeframe_ms = TIMEFRAME_MS[cast("str", row["timeframe"])]
        close_ts = cast("int", row["ts"]) + timeframe_ms
        seen = max(close_ts, cast("int", row["live_ts"] or 0))
        stale = STALE if now_ms - close_ts > timeframe_ms + self._stale_after_ms else 0
        columns, silent = unpublished.of(
            cast("str", row["exchange"]), cast("str", row["symbol"]), cast("int", row["ts"])
        )
        marks = cast("int | None", row["quality"]) or 0
        stored = (row["tiers"], row["unknown_tiers"], marks & ~silent | stale, row["guarded"])
        row.update(zip(JUDGED_COLUMNS, judgement(stored, columns), strict=True))
        row["oi_mcap_pct"] = _share_of_cap(row)
        row["age_s"] = max(0.0, round((now_ms - seen) / 1000.0, 1))
        return row

    def history(
        self, exchange: str, symbol: str, timeframe: str, start: int | None, end: int | None, limit: int
    ) -> dict[str, list[object]] | None:
        """Closed bars as arrays, oldest first, one entry a time slot (a missing bar: nulls and `gap`).

        With `start` the first `limit` slots from it, without the newest `limit` up to `end`. None
        when the pair has no such series.
        """
        query = (
            "SELECT s.id, s.first_ts, s.last_ts FROM series s JOIN pairs p ON p.id = s.pair_id "
            "WHERE p.exchange = ? AND p.symbol = ? AND s.timeframe = ?"
        )
        with self._read() as connection:
            found = connection.execute(query, (exchange, symbol, timeframe)).fetchone()
            if found is None:
                return None
            number, first, last = found
            grid = [] if last is None else _grid(first, last, TIMEFRAME_MS[timeframe], start, end, limit)
            bars: dict[int, tuple[object, ...]] = {}
            for begin in range(0, len(grid), _CHUNK):
                part = grid[begin : begin + _CHUNK]
                marks = ",".join("?" * len(part))
                cursor = connection.execute(
                    f"{_HISTORY} WHERE ts IN ({marks}) AND series_id = ?", (*part, number)
                )
                bars.update((row[0], row[1:]) for row in cursor)
            unpublished = read_unpublished(connection)
        return _columns(grid, bars, lambda ts: unpublished.of(exchange, symbol, ts))

    def multipliers(self) -> dict[tuple[str, str], float]:
        """(exchange, symbol) of every active pair -> how many coins one unit of its symbol is."""
        query = "SELECT exchange, symbol, multiplier FROM pairs WHERE active"
        with self._read() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def columns(
        self, timeframe: str, pairs: Sequence[tuple[str, str]], names: Sequence[str], last: int, slots: int
    ) -> dict[str, list[list[float | None]]]:
        """Stored columns of several pairs: name -> a list a pair of its `slots` values up to bar `last`.

        pairs: (exchange, symbol). What is not stored is None.
        """
        step = TIMEFRAME_MS[timeframe]
        grid = list(range(last - (slots - 1) * step, last + step, step))
        query = (
            "SELECT s.id FROM series s JOIN pairs p ON p.id = s.pair_id "
            "WHERE p.exchange = ? AND p.symbol = ? AND s.timeframe = ?"
        )
        found: dict[tuple[int, int], tuple[float | None, ...]] = {}
        with self._read() as connection:
            ids = [connection.execute(query, (*pair, timeframe)).fetchone() for pair in pairs]
            numbers = [-1 if row is None else int(row[0]) for row in ids]
            series = ",".join("?" * len(numbers))
            for begin in range(0, slots, _CHUNK):
                part = grid[begin : begin + _CHUNK]
                marks = ",".join("?" * len(part))
                cursor = connection.execute(
                    f"SELECT ts, series_id, {', '.join(names)} FROM bars "
                    f"WHERE ts IN ({marks}) AND series_id IN ({series})",
                    (*part, *numbers),
                )
                found.update(((row[0], row[1]), row[2:]) for row in cursor)
        missing = (None,) * len(names)
        rows = [[found.get((ts, number), missing) for ts in grid] for number in numbers]
        return {name: [[row[i] for row in cells] for cells in rows] for i, name in enumerate(names)}

    def newest_bar(self, timeframe: str) -> int | None:
        """Open time of the newest closed bar of any active pair."""
        query = (
            "SELECT max(s.last_ts) FROM series s JOIN pairs p ON p.id = s.pair_id "
            "WHERE p.active AND s.timeframe = ?"
        )
        with self._borrow() as connection:
            found: int | None = connection.execute(query, (timeframe,)).fetchone()[0]
        return found

    def series_of_coins(self, timeframe: str) -> tuple[IntArray, list[tuple[str, float]]]:
        """Ids (n,) of the series of active pairs that hold bars, and each one's coin and multiplier.

        In the order of coins' exchanges and symbols: that in which sums over exchanges run.
        """
        query = (
            "SELECT s.id, p.base, p.multiplier FROM series s JOIN pairs p ON p.id = s.pair_id "
            "WHERE p.active AND s.timeframe = ? AND s.last_ts IS NOT NULL ORDER BY p.exchange, p.symbol"
        )
        with self._borrow() as connection:
            found = connection.execute(query, (timeframe,)).fetchall()
        return np.array([row[0] for row in found], dtype=np.int64), [(row[1], row[2]) for row in found]

    def fill(
        self,
        timeframe: str,
        series: IntArray,
        ts: IntArray,
        columns: Mapping[str, FloatArray],
        start: int,
    ) -> None:
        """Put stored bars from `start` on into arrays (series, slots) by column name, NaN = unknown.

        ts: consecutive slots of the timeframe. Slots from `start` on that are not stored become NaN.
        """
        with self._read() as connection:
            fill(connection, timeframe, series, ts, columns, start)

    def alerts(self, wanted: AlertFilter, limit: int, offset: int) -> tuple[list[Row], int]:
        """Alerts newest first, and how many there are before `limit`."""
        with self._read() as connection:
            return db_alerts.alerts(connection, wanted, limit, offset)

    def alerts_before(self, wanted: AlertFilter, limit: int) -> list[Row]:
        """Alerts newest first."""
        with self._read() as connection:
            return db_alerts.newest(connection, wanted, limit)

    def alert(self, number: int) -> Row | None:
        """One alert by id, with the evidence of its kind and timeframe."""
        with self._read() as connection:
            return db_alerts.alert(connection, number)

    def evidence(self, timeframe: str = "", kind: str = "", tier: int | None = None) -> list[Row]:
        """What alerts were worth by kind, direction and horizon; empty and None mean any."""
        with self._read() as connection:
            return db_alerts.evidence(connection, timeframe or None, kind or None, tier)

    def outcomes(self, number: int) -> list[Row] | None:
        """What the trades of one alert came to, as far as they have ended; None without such an alert."""
        with self._read() as connection:
            return db_alerts.outcomes(connection, number)

    def alerts_after(self, seq: int, until: int, limit: int = -1) -> list[Row]:
        """Alerts of the transactions in (seq, until], oldest first; with `limit` the newest of them."""
        with self._read() as connection:
            return db_alerts.alerts_after(connection, seq, until, limit)

    def rules(self) -> list[UserRule]:
        """The user's alert rules in force, oldest first."""
        with self._read() as connection:
            return read_rules(connection)

    def counts(self) -> dict[str, int]:
        """Active pairs by exchange."""
        query = "SELECT exchange, count(*) FROM pairs WHERE active GROUP BY exchange"
        with self._read() as connection:
            return dict(connection.execute(query).fetchall())


def _state(connection: Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


@dataclass(frozen=True)
class Unpublished:
    """What exchanges do not publish: exchange -> column -> why; `since`: exchange -> symbol of a pair
    that has the columns of taker volume all the same, summed from its trades -> the first bar heard."""

    catalog: Mapping[str, Mapping[str, str]]
    since: Mapping[str, Mapping[str, int]]

    def of(self, exchange: str, symbol: str, ts: int) -> tuple[tuple[str, ...], int]:
        """Columns a pair does not have in the bar at `ts`, and marks that say nothing there."""
        columns = tuple(self.catalog.get(exchange, ()))
        since = self.since.get(exchange, {}).get(symbol)
        if since is None or ts < since:
            # Nobody listened yet: that is no gap.
            return columns, UNHEARD
        whole_day = ts // MS_PER_DAY * MS_PER_DAY >= since
        heard = [column for column in TAKER_COLUMNS if whole_day or column != "cvd"]
        return tuple(column for column in columns if column not in heard), 0


def read_unpublished(connection: Connection) -> Unpublished:
    """What a database's exchanges do not publish."""
    catalog, since = _state(connection, "unpublished"), _state(connection, "trades_since")
    return Unpublished(orjson.loads(catalog) if catalog else {}, orjson.loads(since) if since else {})


def _grid(first: int, last: int, step: int, start: int | None, end: int | None, limit: int) -> list[int]:
    """Bar times to show: slots of the series within [start, end], at most `limit`."""
    low = first if start is None else max(first, -(-start // step) * step)
    high = last if end is None else min(last, end // step * step)
    grid = range(low, high + 1, step)
    return list(grid[:limit] if start is not None else grid[max(0, len(grid) - limit) :])


def _share_of_cap(row: Row) -> float | None:
    """Open interest of this pair (the newest known, USD) in percent of its coin's market cap."""
    live, closed, cap = (
        cast("float | None", row[name]) for name in ("live_oi_abs_usd", "oi_abs_usd", "market_cap_usd")
    )
    oi = closed if live is None else live
    return None if oi is None or cap is None else oi / cap * 100.0


def _columns(
    grid: list[int],
    bars: Mapping[int, tuple[object, ...]],
    unpublished: Callable[[int], tuple[tuple[str, ...], int]],
) -> dict[str, list[object]]:
    missing: tuple[object, ...] = (*(None for _ in STORED_COLUMNS), 0, 0, GAP, None)
    rows = [bars.get(ts, missing) for ts in grid]
    columns: dict[str, list[object]] = {"ts": list(grid)}
    for i, name in enumerate(STORED_COLUMNS):
        columns[name] = [row[i] for row in rows]
    judged = []
    for ts, row in zip(grid, rows, strict=True):
        tiers, known, marks, guarded = row[len(STORED_COLUMNS) :]
        lacking, silent = unpublished(ts)
        shown = (cast("int | None", marks) or 0) & ~silent
        judged.append(judgement((tiers, known, shown, guarded), lacking))
    for i, name in enumerate(JUDGED_COLUMNS[:-1]):
        columns[name] = [entry[i] for entry in judged]
    columns["source"] = [entry[-1] if ts in bars else None for ts, entry in zip(grid, judged, strict=True)]
    return columns
