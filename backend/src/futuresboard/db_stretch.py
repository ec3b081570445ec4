"""Stored raw bars of many series over a stretch of time, as arrays."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import connect
from futuresboard.errors import StoreError
from futuresboard.model import TIMEFRAME_MS, FloatArray, IntArray
from futuresboard.quality import PROVISIONAL

_BULK = 20_000


class Named(NamedTuple):
    """A series' pair: exchange, symbol, coin, and coins in one unit of the symbol."""

    exchange: str
    symbol: str
    base: str
    multiplier: float


@dataclass(frozen=True)
class Stretch:
    """Bars of n series over T consecutive slots; columns: every one of `RAW_COLUMNS`, (n, T), NaN unknown.

    out: how many of the newest slots were asked for; those before are their past, as far as it is stored.
    """

    series: tuple[Named, ...]
    timeframe_ms: int
    ts: IntArray
    columns: Mapping[str, FloatArray]
    out: int


@dataclass(frozen=True)
class Wanted:
    """Which bars: open times in [start, end] (None: all there are); of one exchange (empty: of all) and
    some symbols (empty: all). Pairs that are recorded no longer are among them: a past without those
    that died flatters."""

    timeframe: str
    start: int | None = None
    end: int | None = None
    exchange: str = ""
    symbols: tuple[str, ...] = ()


def read_stretch(
    path: Path,
    wanted: Wanted,
    past: int,
    *,
    most: int,
    told: Callable[[int, int], None] = lambda total, done: None,
) -> Stretch | None:
    """The bars asked for and `past` slots before them; None where there are none.

    most: slots of all series together that may be read; told: called with (slots in all, slots read since
    the last call), and may raise to stop. Raises StoreError when the database cannot be read or when
    there is more than `most`.
    """
    try:
        with closing(connect(path, readonly=True)) as connection:
            connection.execute("BEGIN")
            return _read(connection, wanted, past, most, told)
    except sqlite3.Error as error:
        raise StoreError(f"{path.name}: {error}") from error


def _read(
    connection: sqlite3.Connection,
    wanted: Wanted,
    past: int,
    most: int,
    told: Callable[[int, int], None],
) -> Stretch | None:
    step = TIMEFRAME_MS[wanted.timeframe]
    found = _series(connection, wanted)
    if not found:
        return None
    first = max(min(row[5] for row in found), wanted.start or 0)
    last = max(row[6] for row in found)
    last = last if wanted.end is None else min(last, wanted.end)
    first, last = -(-first // step) * step, last // step * step
    if last < first:
        return None
    out = (last - first) // step + 1
    slots = out + min(past, max(0, (first - min(row[5] for row in found)) // step))
    if slots * len(found) > most:
        raise StoreError(
            f"{len(found)} pairs × {slots} bars are more than the {most:,} that one run takes: "
            "ask for fewer days or pairs"
        )
    ts = last - step * np.arange(slots - 1, -1, -1, dtype=np.int64)
    columns = {name: np.full((len(found), slots), np.nan) for name in RAW_COLUMNS}
    ids = np.array([row[0] for row in found], dtype=np.int64)
    fill(connection, wanted.timeframe, ids, ts, columns, int(ts[0]), lambda done: told(slots, done))
    return Stretch(tuple(Named(*row[1:5]) for row in found), step, ts, columns, int(out))


def _series(
    connection: sqlite3.Connection, wanted: Wanted
) -> Sequence[tuple[int, str, str, str, float, int, int]]:
    query = (
        "SELECT s.id, p.exchange, p.symbol, p.base, p.multiplier, s.first_ts, s.last_ts FROM series s "
        "JOIN pairs p ON p.id = s.pair_id WHERE s.timeframe = ? AND s.last_ts IS NOT NULL "
        "AND s.last_ts >= ? AND s.first_ts <= ? AND (p.exchange = ? OR ? = '') ORDER BY p.exchange, p.symbol"
    )
    latest = np.iinfo(np.int64).max if wanted.end is None else wanted.end
    values = (wanted.timeframe, wanted.start or 0, int(latest), wanted.exchange, wanted.exchange)
    rows = connection.execute(query, values).fetchall()
    return [row for row in rows if not wanted.symbols or row[2] in wanted.symbols]


def fill(
    connection: sqlite3.Connection,
    timeframe: str,
    series: IntArray,
    ts: IntArray,
    columns: Mapping[str, FloatArray],
    start: int,
    told: Callable[[int], None] = lambda done: None,
) -> None:
    """Put finalised bars from `start` on into arrays (series, slots) by column name, NaN = unknown.

    ts: consecutive slots of the timeframe. Slots from `start` on that are not stored become NaN. told:
    called with the slots done since the last call.
    """
    step, slots = TIMEFRAME_MS[timeframe], len(ts)
    begin = max(0, (start - int(ts[0])) // step)
    for column in columns.values():
        column[:, begin:] = np.nan
    query = (
        f"SELECT b.series_id, b.ts, {', '.join('b.' + name for name in columns)} FROM bars b "
        "JOIN series s ON s.id = b.series_id AND s.timeframe = ? WHERE b.ts BETWEEN ? AND ? "
        f"AND NOT b.marks & {PROVISIONAL} ORDER BY b.ts"
    )
    order = np.argsort(series)
    ascending = series[order]
    cursor = connection.execute(query, (timeframe, int(ts[0]) + begin * step, int(ts[-1])))
    done = begin
    while found := cursor.fetchmany(_BULK):
        table = np.array(found, dtype=np.float64)
        place = np.searchsorted(ascending, table[:, 0])
        slot = (table[:, 1].astype(np.int64) - int(ts[0])) // step
        wanted = (place < len(series)) & (slot < slots)
        wanted[wanted] = ascending[place[wanted]] == table[wanted, 0]
        row = order[np.where(wanted, place, 0)]
        for i, column in enumerate(columns.values()):
            column[row[wanted], slot[wanted]] = table[wanted, 2 + i]
        told(int(slot[-1]) - done)
        done = int(slot[-1])
