"""Whole bars out of the database, for the archive, and bars the database forgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

import numpy as np

from futuresboard.archive import NONE, ArchivedPair, Block, join, texts
from futuresboard.bars import RAW_COLUMNS
from futuresboard.db_facts import FORGOTTEN, forgotten
from futuresboard.model import MS_PER_DAY, IntArray

_CHUNK = 500
_OWN = "marks, guarded, raw_seq, seen_ts"
_BARS = f"SELECT ts, series_id, {', '.join(RAW_COLUMNS)}, {_OWN}, judged_seq, NULL FROM bars"
_OLDER = f"SELECT ts, series_id, {', '.join(RAW_COLUMNS)}, {_OWN}, NULL, until_seq FROM superseded"
_WIDTH = 2 + len(RAW_COLUMNS)


@dataclass(frozen=True)
class Stored:
    """A series with bars: what it is of, and its oldest and newest."""

    id: int
    exchange: str
    symbol: str
    timeframe: str
    first_ts: int
    last_ts: int


def series(db: Connection) -> list[Stored]:
    """Every series that holds bars, by exchange, timeframe and symbol."""
    query = (
        "SELECT s.id, p.exchange, p.symbol, s.timeframe, s.first_ts, s.last_ts FROM series s "
        "JOIN pairs p ON p.id = s.pair_id WHERE s.last_ts IS NOT NULL ORDER BY 2, 4, 3"
    )
    return [Stored(*row) for row in db.execute(query)]


def pairs(db: Connection) -> list[ArchivedPair]:
    """Every pair, as the archive keeps it."""
    query = "SELECT exchange, symbol, base, multiplier, listed_ts FROM pairs ORDER BY 1, 2"
    return [ArchivedPair(*row) for row in db.execute(query)]


def versions(db: Connection, series_id: int, times: Sequence[int]) -> Block:
    """All versions of one series' bars at some times."""
    rows: list[tuple[object, ...]] = []
    for begin in range(0, len(times), _CHUNK):
        part = times[begin : begin + _CHUNK]
        where = f"WHERE ts IN ({', '.join('?' * len(part))}) AND series_id = ?"
        for query in (_BARS, _OLDER):
            rows += db.execute(f"{query} {where}", (*part, series_id))
    return _block(rows)[0]


def no_versions() -> Block:
    """None at all."""
    return _block([])[0]


def versions_between(db: Connection, start: int, end: int) -> tuple[Block, IntArray]:
    """All versions of all bars with start <= ts < end, and the series of each (m,)."""
    where = "WHERE ts >= ? AND ts < ?"
    parts = [_block(db.execute(f"{query} {where}", (start, end))) for query in (_BARS, _OLDER)]
    return join(*(block for block, _ in parts)), np.concatenate([ids for _, ids in parts])


def _block(found: Iterable[tuple[object, ...]]) -> tuple[Block, IntArray]:
    rows = list(found)
    raw = np.array([row[2:_WIDTH] for row in rows], dtype=np.float64).reshape(-1, len(RAW_COLUMNS)).T

    def integers(at: int) -> IntArray:
        return np.array([NONE if row[at] is None else row[at] for row in rows], dtype=np.int64)

    marks, seq, seen, judged, until = (integers(_WIDTH + at) for at in (0, 2, 3, 4, 5))
    guarded = texts([None if row[_WIDTH + 1] is None else str(row[_WIDTH + 1]) for row in rows])
    return Block(integers(0), raw, marks, guarded, seq, seen, judged, until), integers(1)


def uncounted(db: Connection, before: int) -> bool:
    """Whether evidence has still to be counted from bars that open before a time."""
    query = "SELECT EXISTS (SELECT 1 FROM changed_days WHERE day < ?)"
    return bool(db.execute(query, (-(-before // MS_PER_DAY),)).fetchone()[0])


def note_forgotten(db: Connection, before: int) -> None:
    """Keep the time before which bars may be gone; it only ever moves forward."""
    text = str(max(before, forgotten(db) or 0))
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (FORGOTTEN, text))


def forget(db: Connection, start: int, end: int) -> int:
    """Delete bars with start <= ts < end and what they replaced; returns how many bars.

    The newest bar of a series stays: it tells whether a symbol that comes back is still the same coin.
    """
    db.execute("DELETE FROM superseded WHERE ts >= ? AND ts < ?", (start, end))
    return db.execute(
        "DELETE FROM bars WHERE ts >= ? AND ts < ? "
        "AND ts != (SELECT last_ts FROM series WHERE id = bars.series_id)",
        (start, end),
    ).rowcount


def begin_series_at(db: Connection, cut: int) -> None:
    """Let series begin with the first bar that is left of them, all before `cut` being forgotten."""
    db.execute(
        "UPDATE series SET first_ts = iif(last_ts < :cut, last_ts, coalesce((SELECT ts FROM bars "
        "WHERE ts >= :cut AND ts < :later AND series_id = series.id ORDER BY ts LIMIT 1), :cut)) "
        "WHERE first_ts < :cut",
        {"cut": cut, "later": cut + MS_PER_DAY},
    )
