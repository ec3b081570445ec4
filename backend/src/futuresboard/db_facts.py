"""How large the database is and how far it reaches, for an operator: no path, no secret."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection

from futuresboard.model import TIMEFRAME_MS

FORGOTTEN = "forgotten"
"""Under which the database keeps the time before which it has forgotten bars."""


def facts(connection: Connection, path: Path) -> dict[str, object]:
    """Sizes, counts and newest times of a database; what it costs does not grow with its bars."""
    spans = connection.execute(
        "SELECT timeframe, count(*), count(last_ts), coalesce(sum(last_ts - first_ts), 0), "
        "min(first_ts), max(last_ts) FROM series GROUP BY timeframe"
    ).fetchall()
    wal = path.with_name(f"{path.name}-wal")
    return {
        "size_bytes": path.stat().st_size,
        "wal_bytes": wal.stat().st_size if wal.exists() else 0,
        "schema": connection.execute("PRAGMA user_version").fetchone()[0],
        "pairs": connection.execute("SELECT count(*) FROM pairs WHERE active").fetchone()[0],
        "series": sum(row[1] for row in spans),
        "bars": sum(row[2] + row[3] // TIMEFRAME_MS[row[0]] for row in spans),
        "oldest_ts": min((row[4] for row in spans if row[4] is not None), default=None),
        "newest_ts": max((row[5] for row in spans if row[5] is not None), default=None),
    }


def forgotten(db: Connection) -> int | None:
    """The time (ms) before which the database has forgotten bars; None where it has them all."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (FORGOTTEN,)).fetchone()
    return None if row is None else int(row[0])


def spans_of_many(db: Connection) -> list[tuple[int, int]]:
    """(first, last) bar of every series with more than one; the newest of a series is never forgotten."""
    return db.execute("SELECT first_ts, last_ts FROM series WHERE first_ts < last_ts").fetchall()
