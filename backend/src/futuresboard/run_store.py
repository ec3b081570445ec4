"""Simulated runs and what was tried for them: a SQLite file of its own beside the database.

The database has one writer, which is not there when only the page is served, and runs are worth keeping
where it is lost. Any process may write here; every transaction is short.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

import orjson

from futuresboard.db import connect
from futuresboard.errors import StoreError
from futuresboard.trials import Trial

MOST_RUNS = 500
"""Runs that are kept; the oldest goes first. What was tried is kept for ever: it deflates what follows."""
_VERSION = 1
_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, created_ts INTEGER NOT NULL, summary BLOB NOT NULL, document BLOB NOT NULL,
    trades BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX runs_by_time ON runs (created_ts);
CREATE TABLE trials (
    settings TEXT NOT NULL, data TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    sharpe REAL, days INTEGER NOT NULL, trades INTEGER NOT NULL, PRIMARY KEY (settings, data));
"""

type Document = Mapping[str, object]


@dataclass(frozen=True)
class KeptRun:
    """A run as it is kept. summary: what a list shows; trades: all of them, as a Parquet file."""

    id: str
    created_ts: int
    summary: Document
    document: Document
    trades: bytes


class RunStore:
    """database: the file the runs are over; theirs stands beside it and is made with the first run.

    Raises StoreError where it cannot be used.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_suffix(".runs.db")

    def keep(self, run: KeptRun, trial: Trial) -> None:
        """Keep a run, in place of the one of its id, and that it was tried."""
        kept = [zlib.compress(orjson.dumps(one)) for one in (run.summary, run.document)]
        with self._write() as connection:
            values = (run.id, run.created_ts, *kept, run.trades)
            connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", values)
            newest = "SELECT id FROM runs ORDER BY created_ts DESC, id LIMIT ?"
            connection.execute(f"DELETE FROM runs WHERE id NOT IN ({newest})", (MOST_RUNS,))
            self._note(connection, [trial])

    def note(self, trials: list[Trial]) -> None:
        """Keep that these were tried, as a sweep does, without their results."""
        with self._write() as connection:
            self._note(connection, trials)

    @staticmethod
    def _note(connection: sqlite3.Connection, trials: list[Trial]) -> None:
        connection.executemany(
            "INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?)", [astuple(one) for one in trials]
        )

    def trials(self, start: int, end: int) -> list[Trial]:
        """What was tried on any time of [start, end] (open times, ms UTC), oldest first."""
        query = 'SELECT * FROM trials WHERE start <= ? AND "end" >= ? ORDER BY rowid'
        with self._read() as connection:
            return [Trial(*row) for row in connection.execute(query, (end, start))] if connection else []

    def listed(self, limit: int, offset: int) -> tuple[list[Document], int]:
        """Summaries, newest first, and how many there are before `limit`."""
        with self._read() as connection:
            if connection is None:
                return [], 0
            query = "SELECT summary FROM runs ORDER BY created_ts DESC, id LIMIT ? OFFSET ?"
            found = [_unpacked(row[0]) for row in connection.execute(query, (limit, offset))]
            return found, int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])

    def document(self, name: str) -> Document | None:
        """One run; None without such a one."""
        found = self._one("document", name)
        return None if found is None else _unpacked(found)

    def trades(self, name: str) -> bytes | None:
        """All trades of one run as a Parquet file."""
        return self._one("trades", name)

    def _one(self, column: str, name: str) -> bytes | None:
        with self._read() as connection:
            if connection is None:
                return None
            row = connection.execute(f"SELECT {column} FROM runs WHERE id = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def delete(self, name: str) -> bool:
        """Keep a run no longer; False without such a one. That it was tried stays."""
        if not self.path.exists():
            return False
        with self._write() as connection:
            return connection.execute("DELETE FROM runs WHERE id = ?", (name,)).rowcount > 0

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection | None]:
        """None while there is no file."""
        if not self.path.exists():
            yield None
            return
        with self._connected(readonly=True) as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connected(readonly=False) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._prepare(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _connected(self, *, readonly: bool) -> Iterator[sqlite3.Connection]:
        try:
            connection = connect(self.path, readonly=readonly)
            try:
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path.name}: {error}") from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise StoreError(
                f"{self.path.name} has schema {version}, this futuresboard knows {_VERSION}: update it"
            )
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")


def _unpacked(blob: bytes) -> Document:
    found: Document = orjson.loads(zlib.decompress(blob))
    return found
