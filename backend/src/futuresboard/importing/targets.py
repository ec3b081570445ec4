"""Where imported bars go: into the archive, or through the pipeline into the database."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import orjson
from pyarrow import parquet

from futuresboard import db_archive
from futuresboard.archive import (
    ArchivedPair,
    ArchiveWriter,
    Block,
    Prepared,
    block_of,
    join,
    month_span,
    months_between,
)
from futuresboard.bars import RAW_COLUMNS
from futuresboard.clock import SystemClock
from futuresboard.config import Settings
from futuresboard.db import Store, connect
from futuresboard.importing.shapes import coin_of
from futuresboard.model import TIMEFRAME_MS, Market
from futuresboard.pipeline import Pipeline, RawBars
from futuresboard.quality import BACKFILLED, HISTORIC

STEP_BARS = 4_096
"""Bars a transaction stores."""


@dataclass(frozen=True)
class SeriesName:
    """Whose bars they are."""

    exchange: str
    symbol: str
    timeframe: str


class Target(Protocol):
    """Takes series one after the other; nothing of them is kept before `finish`."""

    seq: int

    def stored(self, series: SeriesName, first: int, last: int) -> Block:
        """Current versions of the bars first … last that are stored."""
        ...

    def put(self, series: SeriesName, changed: Block) -> None:
        """Have versions of bars stored."""
        ...

    def finish(self) -> int:
        """Store everything; returns how many files or transactions changed. Raises FileError, StoreError."""
        ...

    def close(self) -> None:
        """Let others write."""
        ...


class IntoArchive:
    """Months of the archive: all that an import changes is published together, or nothing."""

    def __init__(self, settings: Settings) -> None:
        self._writer = ArchiveWriter(settings.archive_path, settings.data_kind)
        self.seq = self._writer.state.seq
        # Packed, so that years of many pairs fit into memory.
        self._packed: dict[tuple[str, str, str], dict[str, bytes]] = {}

    def stored(self, series: SeriesName, first: int, last: int) -> Block:
        """Current versions of the bars first … last that are stored."""
        archive, found = self._writer.archive, [db_archive.no_versions()]
        for month in months_between(first, last):
            read = archive.series(series.exchange, series.timeframe, month, [series.symbol])
            found += [block.current() for block in read.values()]
        block = join(*found)
        return block.take(np.flatnonzero((block.ts >= first) & (block.ts <= last)))

    def put(self, series: SeriesName, changed: Block) -> None:
        """Have versions of bars stored."""
        for month in months_between(int(changed.ts[0]), int(changed.ts[-1])) if len(changed) else []:
            start, end = month_span(month)
            part = changed.take(np.flatnonzero((changed.ts >= start) & (changed.ts < end)))
            if len(part):
                packed = io.BytesIO()
                parquet.write_table(part.table(series.symbol), packed, compression="zstd")
                key = (series.exchange, series.timeframe, month)
                self._packed.setdefault(key, {})[series.symbol] = packed.getvalue()

    def finish(self) -> int:
        """Write, verify and publish all months that change; returns how many those are."""
        prepared: list[Prepared] = []
        try:
            for key, packed in sorted(self._packed.items()):
                if (one := self._writer.prepare(*key, _unpacked(packed))) is not None:
                    prepared.append(one)
            if prepared:
                self._writer.announce(self._pairs())
        except BaseException:
            self._writer.discard(prepared)
            raise
        self._writer.publish(prepared)
        return len(prepared)

    def _pairs(self) -> list[ArchivedPair]:
        known = {(pair.exchange, pair.symbol) for pair in self._writer.state.pairs}
        named = {(exchange, symbol) for (exchange, _, _), packed in self._packed.items() for symbol in packed}
        return [ArchivedPair(exchange, symbol, *coin_of(symbol), None) for exchange, symbol in named - known]

    def close(self) -> None:
        """Let others write."""
        self._writer.close()


def _unpacked(packed: Mapping[str, bytes]) -> Iterator[tuple[str, Block]]:
    for symbol in sorted(packed):
        yield symbol, block_of(parquet.read_table(io.BytesIO(packed[symbol])))


class IntoDatabase:
    """The one path of every bar, `Pipeline.step`: columns are derived, alerts are not started.

    Held like a recorder holds it: raises StoreError while another process records. Each transaction stores
    some thousand bars of one series; a run that was ended goes on where it was when started again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store(settings.database_path, simulated=settings.simulated, sole=True)
        self._pipelines: dict[str, Pipeline] = {}
        self._puts: list[tuple[SeriesName, Block]] = []
        self.seq = int(self._store.state("seq") or 0)

    def stored(self, series: SeriesName, first: int, last: int) -> Block:
        """Current versions of the bars first … last that are stored."""
        pair = self._store.pair(series.exchange, series.symbol)
        if pair is None or not self._store.has_series(pair.id, series.timeframe):
            return db_archive.no_versions()
        times = range(first, last + 1, TIMEFRAME_MS[series.timeframe])
        with closing(connect(self._settings.database_path, readonly=True)) as db:
            number = self._store.series_id(pair.id, series.timeframe)
            found = db_archive.versions(db, number, times).current()
        return found.take(np.argsort(found.ts))

    def put(self, series: SeriesName, changed: Block) -> None:
        """Have versions of bars stored."""
        if len(changed):
            self._puts.append((series, changed))

    def finish(self) -> int:
        """Store all, oldest first; returns how many transactions that took."""
        now, transactions = SystemClock().time_ms(), 0
        for series, block in self._puts:
            pipeline = self._pipeline(series.timeframe)
            pair = self._store.pair(series.exchange, series.symbol)
            if pair is None or not self._store.has_series(pair.id, series.timeframe):
                base, multiplier = coin_of(series.symbol)
                name = series.symbol.partition("/")[0]
                market = Market(series.exchange, series.symbol, name, base, multiplier)
                [pair] = pipeline.register([market], complete=False)
            for begin in range(0, len(block), STEP_BARS):
                part = block.take(np.arange(begin, min(begin + STEP_BARS, len(block))))
                transactions += pipeline.step(_raw_bars(pair.id, part), now) is not None
        return transactions

    def _pipeline(self, timeframe: str) -> Pipeline:
        if timeframe not in self._pipelines:
            frames = self._settings.timeframes
            used = frames if timeframe == frames[0] else (timeframe,)
            thresholds = self._settings.thresholds
            history = self._settings.history_bars
            self._pipelines[timeframe] = Pipeline(self._store, used, thresholds, history_bars=history)
        return self._pipelines[timeframe]

    def close(self) -> None:
        """Let others write."""
        self._store.close()


def _raw_bars(pair_id: int, block: Block) -> RawBars:
    guarded = {row: orjson.loads(text) for row, text in enumerate(block.guarded) if text}
    marks = (block.marks & ~HISTORIC) | BACKFILLED
    columns = {name: block.raw[i] for i, name in enumerate(RAW_COLUMNS)}
    return RawBars(np.full(len(block), pair_id, dtype=np.int64), block.ts, columns, marks, guarded)
