"""Raw bars of many series over a stretch of time, as arrays: those of the database, and archived ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import connect
from futuresboard.errors import StoreError
from futuresboard.model import TIMEFRAME_MS, FloatArray, IntArray
from futuresboard.months import month_span
from futuresboard.quality import PROVISIONAL

if TYPE_CHECKING:
    from futuresboard.archive import Archive

_BULK = 20_000
_NOWHERE = -1


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

    def takes(self, one: _Held) -> bool:
        """Whether some bars of a series are among them."""
        return (
            (not self.exchange or one.named.exchange == self.exchange)
            and (not self.symbols or one.named.symbol in self.symbols)
            and (self.start is None or one.last >= self.start)
            and (self.end is None or one.first <= self.end)
        )


@dataclass(frozen=True)
class _Held:
    """A series with bars: its number in the database (`_NOWHERE`: archived alone), first and last bar."""

    id: int
    named: Named
    first: int
    last: int


def read_stretch(
    path: Path,
    archive: Path,
    wanted: Wanted,
    past: int,
    *,
    most: int,
    told: Callable[[int, int], None] = lambda total, done: None,
) -> Stretch | None:
    """The bars asked for and `past` slots before them; None where there are none.

    Of a bar that both database and archive hold the database's counts. most: slots of all series together
    that may be read; told: called with (slots in all, slots read since the last call), and may raise to
    stop. Raises StoreError when the database cannot be read or when there is more than `most`, FileError
    when the archive cannot be read.
    """
    # 40 MB that a server without simulations never needs.
    from futuresboard.archive import Archive  # noqa: PLC0415

    try:
        with closing(connect(path, readonly=True)) if path.exists() else nullcontext() as connection:
            if connection is not None:
                connection.execute("BEGIN")
            return _read(connection, Archive(archive), wanted, past, most, told)
    except sqlite3.Error as error:
        raise StoreError(f"{path.name}: {error}") from error


def _read(
    connection: sqlite3.Connection | None,
    archive: Archive,
    wanted: Wanted,
    past: int,
    most: int,
    told: Callable[[int, int], None],
) -> Stretch | None:
    step = TIMEFRAME_MS[wanted.timeframe]
    held = _both(_stored(connection, wanted), _archived(archive, wanted))
    if not held:
        return None
    oldest = min(one.first for one in held)
    first, last = max(oldest, wanted.start or 0), max(one.last for one in held)
    last = last if wanted.end is None else min(last, wanted.end)
    first, last = -(-first // step) * step, last // step * step
    if last < first:
        return None
    out = (last - first) // step + 1
    slots = out + min(past, (first - oldest) // step)
    if slots * len(held) > most:
        raise StoreError(
            f"{len(held)} pairs × {slots} bars are more than the {most:,} that one run takes: "
            "ask for fewer days or pairs"
        )
    ts = last - step * np.arange(slots - 1, -1, -1, dtype=np.int64)
    columns = {name: np.full((len(held), slots), np.nan) for name in RAW_COLUMNS}
    ids = np.array([one.id for one in held], dtype=np.int64)
    if connection is not None:
        fill(connection, wanted.timeframe, ids, ts, columns, int(ts[0]), lambda done: told(slots, done))
    _fill_archived(archive, wanted.timeframe, [one.named for one in held], ts, columns)
    return Stretch(tuple(one.named for one in held), step, ts, columns, int(out))


def _both(stored: Sequence[_Held], archived: Sequence[_Held]) -> list[_Held]:
    """Each series once, by exchange and symbol."""
    found = {one.named[:2]: one for one in archived}
    for one in stored:
        old = found.get(one.named[:2], one)
        found[one.named[:2]] = replace(one, first=min(one.first, old.first), last=max(one.last, old.last))
    return [found[name] for name in sorted(found)]


def _stored(connection: sqlite3.Connection | None, wanted: Wanted) -> list[_Held]:
    if connection is None:
        return []
    query = (
        "SELECT s.id, s.first_ts, s.last_ts, p.exchange, p.symbol, p.base, p.multiplier FROM series s "
        "JOIN pairs p ON p.id = s.pair_id WHERE s.timeframe = ? AND s.last_ts IS NOT NULL"
    )
    rows = connection.execute(query, (wanted.timeframe,)).fetchall()
    held = [_Held(number, Named(*named), first, last) for number, first, last, *named in rows]
    return [one for one in held if wanted.takes(one)]


def _archived(archive: Archive, wanted: Wanted) -> list[_Held]:
    named = {(one.exchange, one.symbol): one for one in archive.pairs()}
    held = []
    for exchange in archive.exchanges():
        for symbol, span in archive.spans(exchange, wanted.timeframe).items():
            pair = named[exchange, symbol]
            held.append(_Held(_NOWHERE, Named(exchange, symbol, pair.base, pair.multiplier), *span))
    return [one for one in held if wanted.takes(one)]


def _fill_archived(
    archive: Archive,
    timeframe: str,
    series: Sequence[Named],
    ts: IntArray,
    columns: Mapping[str, FloatArray],
) -> None:
    """Put archived bars where the database has none."""
    rows = {(one.exchange, one.symbol): row for row, one in enumerate(series)}
    free = np.isnan(list(columns.values())).all(axis=0)
    step, first, last = TIMEFRAME_MS[timeframe], int(ts[0]), int(ts[-1])
    for exchange in sorted({one.exchange for one in series}):
        symbols = [one.symbol for one in series if one.exchange == exchange]
        for month in archive.months(exchange, timeframe):
            begin, end = month_span(month)
            if end <= first or begin > last:
                continue
            for symbol, block in archive.series(exchange, timeframe, month, symbols).items():
                row, bars = rows[exchange, symbol], block.current()
                inside = (bars.ts >= first) & (bars.ts <= last)
                slots = (bars.ts[inside] - first) // step
                new = free[row, slots]
                for name, values in zip(RAW_COLUMNS, bars.raw[:, inside], strict=True):
                    columns[name][row, slots[new]] = values[new]


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
