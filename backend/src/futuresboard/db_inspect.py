"""What an operator asks about the database: is it whole, how large, who writes to it. Changes nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from futuresboard.db import connect
from futuresboard.model import TIMEFRAME_MS

_STEPS_BETWEEN_LOOKS = 20_000
_LOCK_PATIENCE_MS = 500


@dataclass(frozen=True)
class Kept:
    """What the scraper last kept about itself: when (seconds UTC), its health, its budgets in use."""

    at: float
    health: Mapping[str, object]
    budgets: Mapping[str, Mapping[str, list[tuple[float, float]]]]


@dataclass(frozen=True)
class Inspection:
    """One look at a database file.

    size_bytes: with its journal; used_bytes: pages in use; kind: `live`, `simulated` or None;
    damage: what the check found, empty when sound, None when it did not finish in time; slots: bars
    its series span; series: active series by timeframe; newest_close_ms: close of the newest base
    bar; obstacle: why nothing can be written now, in words; kept: None where no scraper ever ran.
    """

    size_bytes: int
    used_bytes: int
    schema: int
    kind: str | None
    damage: tuple[str, ...] | None
    slots: int
    series: Mapping[str, int]
    newest_close_ms: int | None
    obstacle: str | None
    kept: Kept | None

    @property
    def row_bytes(self) -> float | None:
        """Bytes of the file for each stored bar; None while there is none."""
        return self.used_bytes / self.slots if self.slots else None


def inspect(path: Path, timeframe: str, out_of_time: Callable[[], bool]) -> Inspection:
    """Look at an existing database; `timeframe` is the base one, `out_of_time` ends the check.

    Raises sqlite3.Error when it is no database or cannot be read.
    """
    with contextlib.closing(connect(path, readonly=True)) as connection:
        schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
        made = bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'series'").fetchone())
        spans = _spans(connection) if made else []
        newest = [last for frame, _, _, last in spans if frame == timeframe and last is not None]
        active = [frame for frame, is_active, _, _ in spans if is_active]
        return Inspection(
            size_bytes=sum(file.stat().st_size for file in _files(path)),
            used_bytes=_used_bytes(connection),
            schema=schema,
            kind=_state(connection, "kind") if made else None,
            damage=_damage(connection, out_of_time),
            slots=sum(
                (last - first) // TIMEFRAME_MS[frame] + 1
                for frame, _, first, last in spans
                if last is not None
            ),
            series={frame: active.count(frame) for frame in dict.fromkeys(active)},
            newest_close_ms=max(newest) + TIMEFRAME_MS[timeframe] if newest else None,
            obstacle=_obstacle(connection),
            kept=_kept(connection) if made else None,
        )


def _files(path: Path) -> list[Path]:
    return [file for file in (path, path.with_name(path.name + "-wal")) if file.exists()]


def _spans(connection: sqlite3.Connection) -> list[tuple[str, int, int, int | None]]:
    query = (
        "SELECT s.timeframe, p.active, s.first_ts, s.last_ts FROM series s JOIN pairs p ON p.id = s.pair_id"
    )
    return connection.execute(query).fetchall()


def _used_bytes(connection: sqlite3.Connection) -> int:
    page, pages, free = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    return page * (pages - free)


def _damage(connection: sqlite3.Connection, out_of_time: Callable[[], bool]) -> tuple[str, ...] | None:
    connection.set_progress_handler(out_of_time, _STEPS_BETWEEN_LOOKS)
    try:
        rows = connection.execute("PRAGMA quick_check(5)").fetchall()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname == "SQLITE_INTERRUPT":
            return None
        if error.sqlite_errorname == "SQLITE_CORRUPT":
            return (str(error),)
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return tuple(str(row[0]) for row in rows if row[0] != "ok")


def _obstacle(connection: sqlite3.Connection) -> str | None:
    """Why a writer could not begin now; asked by beginning and leaving at once."""
    connection.execute(f"PRAGMA busy_timeout = {_LOCK_PATIENCE_MS}")
    connection.execute("PRAGMA query_only = 0")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return str(error)
    connection.execute("ROLLBACK")
    return None


def _state(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _kept(connection: sqlite3.Connection) -> Kept | None:
    at = _state(connection, "kept_at")
    if at is None:
        return None
    health, budgets = (orjson.loads(_state(connection, key) or "{}") for key in ("health", "budgets"))
    return Kept(float(at), health, budgets)
