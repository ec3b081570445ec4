"""`futuresboard export`: bars of the archive and of the database as one table, as a stream."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, TextIO

import numpy as np
import orjson
import pyarrow as pa
from pyarrow import parquet

from futuresboard import db_archive
from futuresboard.archive import Archive, Block, join, month_span, months_between
from futuresboard.archive.disk import begin_whole, finish_whole
from futuresboard.bars import RAW_COLUMNS
from futuresboard.compute.writing import texts
from futuresboard.config import Settings
from futuresboard.db import connect
from futuresboard.db_read import Reader
from futuresboard.errors import FileError
from futuresboard.model import TIMEFRAME_MS
from futuresboard.rows import JUDGED_COLUMNS, STORED_COLUMNS

KEYS = ("exchange", "symbol", "ts")
DERIVED: tuple[str, ...] = tuple(
    name for name in (*STORED_COLUMNS, *JUDGED_COLUMNS) if name not in RAW_COLUMNS
)
"""Columns that the database has beside the raw ones; of archived bars they are unknown."""
_WORDS = tuple(name for name in JUDGED_COLUMNS if name != "tier")
_LATER = 1 << 62
_MOST_BARS = 20_000


@dataclass(frozen=True)
class Wanted:
    """Which bars: exchanges and symbols (or coins; none: all), bars that open in [since, until]."""

    timeframe: str
    exchanges: Collection[str] = ()
    symbols: Collection[str] = ()
    since: int | None = None
    until: int | None = None
    derived: bool = False


@dataclass(frozen=True)
class Part:
    """Some bars of one series: the keys, and a column each as numbers (NaN) or words (None)."""

    exchange: str
    symbol: str
    ts: list[int]
    numbers: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]
    words: dict[str, list[str | None]] = field(default_factory=dict)


class Output(Protocol):
    """Takes parts in order."""

    def write(self, part: Part) -> None:
        """Add rows."""
        ...

    def close(self) -> None:
        """Finish."""
        ...


def columns_of(wanted: Wanted) -> tuple[str, ...]:
    """The table's columns behind the keys."""
    return (*RAW_COLUMNS, *DERIVED) if wanted.derived else RAW_COLUMNS


class CsvOutput:
    """Unknown is empty, floats are as `repr` has them."""

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        self._columns = columns
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow((*KEYS, *columns))

    def write(self, part: Part) -> None:
        """Add rows."""
        size = len(part.ts)
        cells: list[Sequence[object]] = [[part.exchange] * size, [part.symbol] * size, part.ts]
        for name in self._columns:
            cells.append(part.words[name] if name in part.words else texts(part.numbers[name]))
        self._writer.writerows(zip(*cells, strict=True))

    def close(self) -> None:
        """Hand everything on."""
        self._stream.flush()


class ParquetOutput:
    """Unknown is null; a row group each part."""

    def __init__(self, file: IO[bytes], columns: Sequence[str]) -> None:
        kinds = [(name, pa.string() if name in _WORDS else pa.float64()) for name in columns]
        self._schema = pa.schema(
            [("exchange", pa.string()), ("symbol", pa.string()), ("ts", pa.int64()), *kinds]
        )
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, part: Part) -> None:
        """Add rows."""
        size = len(part.ts)
        cells = [
            pa.array([part.exchange] * size),
            pa.array([part.symbol] * size),
            pa.array(part.ts, pa.int64()),
        ]
        for name in self._schema.names[len(KEYS) :]:
            if name in _WORDS:
                cells.append(pa.array(part.words[name], pa.string()))
            else:
                cells.append(pa.array(part.numbers[name], pa.float64(), from_pandas=True))
        self._writer.write_table(pa.table(cells, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


def export(
    settings: Settings,
    wanted: Wanted,
    *,
    out: Path | None,
    stream: TextIO,
    told: Callable[[int, int], None] = lambda total, done: None,
) -> int:
    """Write bars, oldest first, series by series; returns how many.

    out: a file that ends in .parquet, .csv or .csv.gz, there in whole or not at all; None: CSV into
    `stream`. told: called with (series in all, series done since). Raises FileError.
    """
    columns = columns_of(wanted)
    if out is None:
        return _write(settings, wanted, CsvOutput(stream, columns), told)
    if not out.name.endswith((".parquet", ".csv", ".csv.gz")):
        raise FileError(f"{out}: got another ending, allowed: .parquet, .csv, .csv.gz")
    if out.is_dir():
        raise FileError(f"{out}: is a folder, allowed: a file")
    written: list[int] = []

    def fill(file: IO[bytes]) -> None:
        if out.suffix == ".parquet":
            written.append(_write(settings, wanted, ParquetOutput(file, columns), told))
            return
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) if out.suffix == ".gz" else None
        text = io.TextIOWrapper(packed or file, encoding="utf-8", newline="", write_through=True)
        written.append(_write(settings, wanted, CsvOutput(text, columns), told))
        text.detach()
        if packed is not None:
            packed.close()

    finish_whole(begin_whole(out, fill), out)
    return written[0]


def _write(settings: Settings, wanted: Wanted, output: Output, told: Callable[[int, int], None]) -> int:
    rows = 0
    series = _series(settings, wanted)
    told(len(series), 0)
    for exchange, symbol in series:
        for part in _parts(settings, wanted, exchange, symbol):
            output.write(part)
            rows += len(part.ts)
        told(len(series), 1)
    output.close()
    return rows


def _series(settings: Settings, wanted: Wanted) -> list[tuple[str, str]]:
    """Series that are archived or stored, and wanted. Raises FileError when there are none."""
    archive = Archive(settings.archive_path)
    found = {
        (exchange, symbol)
        for exchange in archive.exchanges()
        for symbol in archive.spans(exchange, wanted.timeframe)
    }
    if settings.database_path.exists():
        with closing(connect(settings.database_path, readonly=True)) as db:
            stored = db_archive.series(db)
        found |= {(one.exchange, one.symbol) for one in stored if one.timeframe == wanted.timeframe}
    chosen = [key for key in sorted(found) if _is_wanted(key, wanted)]
    if not chosen:
        raise FileError(f"there are no bars of {wanted.timeframe} of what was asked for")
    return chosen


def _is_wanted(key: tuple[str, str], wanted: Wanted) -> bool:
    exchange, symbol = key
    names = {symbol, symbol.partition("/")[0]}
    return (not wanted.exchanges or exchange in wanted.exchanges) and (
        not wanted.symbols or bool(names & set(wanted.symbols))
    )


def _parts(settings: Settings, wanted: Wanted, exchange: str, symbol: str) -> Iterator[Part]:
    """A series' bars month by month."""
    archive = Archive(settings.archive_path)
    stored = _Stored(settings, exchange, symbol, wanted.timeframe)
    with closing(stored):
        spans = [
            span for span in (archive.spans(exchange, wanted.timeframe).get(symbol), stored.span) if span
        ]
        first = max(min(span[0] for span in spans), wanted.since or 0)
        last = max(span[1] for span in spans)
        last = last if wanted.until is None else min(last, wanted.until)
        for month in months_between(first, last):
            start, end = month_span(month)
            start, end = max(start, first), min(end - 1, last)
            archived = archive.series(exchange, wanted.timeframe, month, [symbol]).get(symbol)
            block = _together(archived, stored.bars(start, end))
            block = block.take(np.flatnonzero((block.ts >= start) & (block.ts <= end)))
            if len(block):
                yield _part(exchange, symbol, block, stored.derived(block) if wanted.derived else None)


def _together(archived: Block | None, stored: Block) -> Block:
    """Archived and stored bars; of one that is both the stored one, completed by what is archived."""
    if archived is None:
        return stored
    old = archived.current()
    _, left, right = np.intersect1d(old.ts, stored.ts, assume_unique=True, return_indices=True)
    stored.raw[:, right] = np.where(np.isnan(stored.raw[:, right]), old.raw[:, left], stored.raw[:, right])
    both = join(old.take(np.setdiff1d(np.arange(len(old)), left)), stored)
    return both.take(np.argsort(both.ts))


def _part(exchange: str, symbol: str, block: Block, derived: Part | None) -> Part:
    numbers = {name: block.raw[i] for i, name in enumerate(RAW_COLUMNS)}
    if derived is None:
        return Part(exchange, symbol, block.ts.tolist(), numbers)
    return Part(exchange, symbol, block.ts.tolist(), numbers | derived.numbers, derived.words)


class _Stored:
    """One series in the database; none where there is no database or no such series."""

    def __init__(self, settings: Settings, exchange: str, symbol: str, timeframe: str) -> None:
        self._names = (exchange, symbol, timeframe)
        self._db = self._reader = None
        self._id = -1
        self.span: tuple[int, int] | None = None
        if not settings.database_path.exists():
            return
        self._db = connect(settings.database_path, readonly=True)
        self._reader = Reader(settings.database_path, stale_after_ms=_LATER)
        for one in db_archive.series(self._db):
            if (one.exchange, one.symbol, one.timeframe) == self._names:
                self._id, self.span = one.id, (one.first_ts, one.last_ts)

    def close(self) -> None:
        """Close the connections."""
        if self._db is not None:
            self._db.close()
        if self._reader is not None:
            self._reader.close()

    def bars(self, start: int, end: int) -> Block:
        """Stored bars start … end."""
        times: Sequence[int] = []
        step = TIMEFRAME_MS[self._names[2]]
        if self.span is not None:
            first, last = max(start, self.span[0]), min(end, self.span[1])
            times = range(-(-first // step) * step, last + 1, step)
        if self._db is None or not times:
            return db_archive.no_versions()
        found = db_archive.versions(self._db, self._id, times).current()
        return found.take(np.argsort(found.ts))

    def derived(self, block: Block) -> Part:
        """Columns beside the raw ones of some bars, unknown where the database has none."""
        rows: dict[int, list[object]] = {}
        if self._reader is not None and self.span is not None and block.ts[-1] >= self.span[0]:
            start, end = max(int(block.ts[0]), self.span[0]), int(block.ts[-1])
            found = self._reader.history(*self._names, start, end, _MOST_BARS) or {"ts": []}
            columns = [found[name] for name in DERIVED] if found["ts"] else []
            rows = dict(
                zip((int(str(ts)) for ts in found["ts"]), map(list, zip(*columns, strict=True)), strict=True)
            )
        unknown: list[object] = [None] * len(DERIVED)
        cells = list(zip(*(rows.get(ts, unknown) for ts in block.ts.tolist()), strict=True))
        table = dict(zip(DERIVED, cells, strict=True))
        words = {name: [_word(cell) for cell in table[name]] for name in _WORDS}
        numbers = {name: np.array(table[name], dtype=np.float64) for name in DERIVED if name not in _WORDS}
        return Part(self._names[0], self._names[1], [], numbers, words)


def _word(cell: object) -> str | None:
    """A cell as the API's own exports have it: a list with spaces between its items, an object as JSON."""
    if cell is None or isinstance(cell, str):
        return cell
    return " ".join(map(str, cell)) if isinstance(cell, list) else orjson.dumps(cell).decode()
