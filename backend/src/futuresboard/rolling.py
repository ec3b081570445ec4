"""From the database into the archive: whole months that are old enough, verified, then forgotten.

Reading and compressing have a thread of their own; what the database forgets goes in small pieces, each
compared in its own transaction with what was archived.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from futuresboard import db_archive
from futuresboard.archive import (
    ArchivedMode,
    ArchiveWriter,
    Block,
    month_span,
    row_digests,
)
from futuresboard.db import Store, connect
from futuresboard.db_versions import modes_of
from futuresboard.errors import StoreError
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS

_QUARTER_MS = 900_000
_ROWS_AT_ONCE = 4_000
_COUNTING_MS = 2 * MS_PER_DAY
"""Evidence of the days after a month's end is counted from bars of the month too."""


class StoppedError(Exception):
    """Ends a roll-over early: the process is about to end."""


@dataclass(frozen=True)
class Rolled:
    """A month that is in the archive, verified.

    start, end: its first ms and the next month's; bars: versions read; pieces: (start, end, digest) of
    what the database held when it was read.
    """

    month: str
    start: int
    end: int
    bars: int
    pieces: tuple[tuple[int, int, int], ...]


class Roller:
    """Archives months of one database.

    path: the database; archive: the folder; kind: `live` or `simulated`; stop: ends it early, with
    StoppedError; rest_s: between two series; told: called with (month, series done, series in all).
    """

    def __init__(
        self,
        path: Path,
        archive: Path,
        kind: str,
        *,
        stop: threading.Event | None = None,
        rest_s: float = 0.0,
        told: Callable[[str, int, int], None] = lambda month, done, total: None,
    ) -> None:
        self._path = path
        self._archive = archive
        self._kind = kind
        self._stop = stop or threading.Event()
        self._rest_s = rest_s
        self._told = told

    def archive(self, month: str) -> Rolled:
        """Write a month of every series into the archive; the database keeps it. It may be repeated.

        Raises FileError, StoreError, sqlite3.Error, StoppedError.
        """
        start, end = month_span(month)
        with closing(connect(self._path, readonly=True)) as db:
            found = [s for s in db_archive.series(db) if s.first_ts < end and s.last_ts >= start]
            pieces = _Pieces(start, end, len(found))
            identity = db.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()[0]
            with ArchiveWriter(self._archive, self._kind, identity) as writer:
                # Who the bars are of is known before the bars are there.
                modes = [ArchivedMode(m.from_seq, asdict(m.thresholds), m.budget) for m in modes_of(db)]
                seq = int(db.execute("SELECT value FROM meta WHERE key = 'seq'").fetchone()[0])
                writer.announce(db_archive.pairs(db), modes=modes, seq=seq)
                done = 0
                for (exchange, timeframe), group in groupby(found, lambda s: (s.exchange, s.timeframe)):
                    mine = list(group)
                    blocks = self._blocks(db, month, mine, pieces, done, len(found))
                    writer.merge(exchange, timeframe, month, blocks)
                    done += len(mine)
        return Rolled(month, start, end, pieces.rows, pieces.all())

    def _blocks(
        self,
        db: sqlite3.Connection,
        month: str,
        series: Sequence[db_archive.Stored],
        pieces: _Pieces,
        done: int,
        total: int,
    ) -> Iterator[tuple[str, Block]]:
        start, end = month_span(month)
        for number, one in enumerate(series, 1):
            if self._stop.wait(self._rest_s):
                raise StoppedError
            step = TIMEFRAME_MS[one.timeframe]
            first = max(start, one.first_ts)
            times = range(-(-first // step) * step, min(end - 1, one.last_ts) + 1, step)
            db.execute("BEGIN")
            try:
                block = db_archive.versions(db, one.id, times)
            finally:
                db.execute("COMMIT")
            pieces.add(one.id, block)
            self._told(month, done + number, total)
            if len(block):
                yield one.symbol, block

    def may_forget(self, rolled: Rolled) -> bool:
        """Whether everything that is counted from the month's bars has been."""
        with closing(connect(self._path, readonly=True)) as db:
            return not db_archive.uncounted(db, rolled.end + _COUNTING_MS)


class _Pieces:
    """What the database holds of a month, in pieces of some time: the digest of each."""

    def __init__(self, start: int, end: int, series: int) -> None:
        bars = 4 * max(1, series)
        self._length = _QUARTER_MS * max(1, min(96, _ROWS_AT_ONCE // bars))
        self._start, self._end = start, end
        self._digests = np.zeros(-(-(end - start) // self._length), dtype=np.uint64)
        self.rows = 0

    def add(self, series_id: int, block: Block) -> None:
        """Count what was read of a series."""
        labels = np.full(len(block), series_id, dtype=np.int64)
        at = (block.ts - self._start) // self._length
        np.add.at(self._digests, at, row_digests(block, labels))
        self.rows += len(block)

    def all(self) -> tuple[tuple[int, int, int], ...]:
        """(start, end, digest) of each."""
        begins = range(self._start, self._end, self._length)
        ends = [min(begin + self._length, self._end) for begin in begins]
        return tuple(zip(begins, ends, self._digests.tolist(), strict=True))


def forget_piece(store: Store, rolled: Rolled, piece: tuple[int, int, int]) -> int:
    """Delete a piece of an archived month from the database, in one short transaction; returns the bars.

    Raises StoreError when it is not what was archived: then nothing is deleted, and the month is to be
    archived again.
    """
    start, end, expected = piece
    with store.transaction() as db:
        block, ids = db_archive.versions_between(db, start, end)
        if int(row_digests(block, ids).sum(dtype=np.uint64)) != expected:
            raise StoreError(f"bars of {rolled.month} changed after they were archived: once more")
        db_archive.note_forgotten(db, rolled.end)
        return db_archive.forget(db, start, end)


def forget_month(store: Store, rolled: Rolled) -> None:
    """Let every series begin after an archived month whose pieces are all forgotten."""
    with store.transaction() as db:
        db_archive.begin_series_at(db, rolled.end)


def roll(
    roller: Roller, store: Store, months: Sequence[str], *, told: Callable[[int, int], None]
) -> tuple[list[Rolled], list[str]]:
    """Archive months now and forget them; returns what moved, and months that the database still keeps.

    told: called with (pieces forgotten, pieces in all) of each month. Raises as `Roller.archive` does.
    """
    moved: list[Rolled] = []
    kept: list[str] = []
    for month in months:
        rolled = roller.archive(month)
        if kept or not roller.may_forget(rolled):
            kept.append(month)
            continue
        for number, piece in enumerate(rolled.pieces, 1):
            forget_piece(store, rolled, piece)
            told(number, len(rolled.pieces))
        forget_month(store, rolled)
        moved.append(rolled)
    return moved, kept
