"""The one writer of an archive: months are merged, verified on the disk and then published."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from futuresboard import __version__
from futuresboard.archive.block import NONE, Block, digest, merge
from futuresboard.archive.disk import UNFINISHED, begin_whole, finish_whole, json_bytes, sha256, write_json
from futuresboard.archive.layout import (
    ARROW_SCHEMA,
    INTEGERS,
    SCHEMA_VERSION,
    STATE_FILE,
    ArchivedMode,
    ArchivedPair,
    Manifest,
    State,
)
from futuresboard.archive.reading import Archive, blocks_of, open_month, state_document
from futuresboard.errors import FileError, StoreError
from futuresboard.holding import hold

# Times and transactions hardly differ from the one before, and few prices come twice: measured, a third
# less than dictionaries of them, in less time. Level 9 would save another 4 % and take three times as long.
_PACKING: Mapping[str, object] = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": ["symbol", "guarded", "funding", "funding_interval_h"],
    "column_encoding": dict.fromkeys(INTEGERS, "DELTA_BINARY_PACKED"),
}
_CODE = f"futuresboard {__version__}"


@dataclass
class _Written:
    """What was written so far: versions, bars, their digest, bars and span of each series."""

    rows: int = 0
    bars: int = 0
    digest: int = 0
    changed: bool = False

    def __post_init__(self) -> None:
        self.series: dict[str, tuple[int, int, int]] = {}

    def add(self, symbol: str, block: Block) -> None:
        """Count a series."""
        bars = int((block.until_seq == NONE).sum())
        self.rows += len(block)
        self.bars += bars
        self.digest = (self.digest + _digest(symbol, block)) % 2**64
        self.series[symbol] = (bars, int(block.ts[0]), int(block.ts[-1]))

    def manifest(self, file: str, sha256: str) -> Manifest:
        """What is to be said of it."""
        return Manifest(
            file=file,
            rows=self.rows,
            bars=self.bars,
            first_ts=min(first for _, first, _ in self.series.values()),
            last_ts=max(last for _, _, last in self.series.values()),
            sha256=sha256,
            digest=f"{self.digest:016x}",
            series=self.series,
            schema=SCHEMA_VERSION,
            code=_CODE,
        )


@dataclass(frozen=True)
class Prepared:
    """A month's file that is on the disk and verified, and the manifest that will name it."""

    path: Path
    manifest: Manifest


class ArchiveWriter:
    """Holds an archive for writing; close it, or use it as a context.

    kind: `live` or `simulated`; database: id of the database that is to roll into it (None: bars come
    from files). Raises StoreError while another process writes, for data of the other kind, and for
    bars of another database than before: their transactions' numbers would mean nothing together.
    """

    def __init__(self, path: Path, kind: str, database: str | None = None) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{path}: {error.strerror or error}") from error
        self._hold = hold(path / ".writer", f"another process writes into the archive {path}")
        self.archive = Archive(path)
        try:
            self.state = self._admitted(kind, database)
            self._tidy()
        except BaseException:
            self._hold.close()
            raise

    def _admitted(self, kind: str, database: str | None) -> State:
        state = self.archive.state() or State(kind)
        if state.kind != kind:
            words = f"holds {state.kind} data and this run would write {kind} data"
            raise StoreError(f"the archive {self.archive.path} {words}: set another ARCHIVE_DIR")
        if database is not None and state.database not in (None, database):
            raise StoreError(
                f"the archive {self.archive.path} belongs to another database: set another ARCHIVE_DIR"
            )
        return state if database is None else replace(state, database=database)

    def _tidy(self) -> None:
        """Remove what a run that was killed left unfinished, and files that were replaced."""
        for folder in self.archive.path.glob("*/*"):
            named = {
                manifest.file
                for month in self.archive.months(folder.parent.name, folder.name)
                if (manifest := self.archive.manifest(folder.parent.name, folder.name, month)) is not None
            }
            for file in folder.glob("*.parquet"):
                if file.name not in named:
                    _remove(file)
        for file in self.archive.path.glob(f"**/*{UNFINISHED}"):
            _remove(file)

    def close(self) -> None:
        """Let others write."""
        self._hold.close()

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def announce(
        self,
        pairs: Iterable[ArchivedPair],
        *,
        modes: Iterable[ArchivedMode] | None = None,
        seq: int | None = None,
    ) -> None:
        """Keep what replay needs to know beside the bars; pairs are added to those known."""
        known = {(pair.exchange, pair.symbol): pair for pair in self.state.pairs}
        known |= {(pair.exchange, pair.symbol): pair for pair in pairs}
        state = replace(
            self.state,
            pairs=tuple(known[key] for key in sorted(known)),
            modes=self.state.modes if modes is None else tuple(modes),
            seq=self.state.seq if seq is None else seq,
        )
        if state != self.archive.state():
            write_json(self.archive.path / STATE_FILE, state_document(state))
        self.state = state

    def merge(
        self, exchange: str, timeframe: str, month: str, series: Iterable[tuple[str, Block]]
    ) -> Manifest | None:
        """Merge versions of bars into a month; returns the manifest in force afterwards, None: no bars.

        Where nothing changes nothing is published. Raises FileError: nothing changed.
        """
        prepared = self.prepare(exchange, timeframe, month, series)
        if prepared is None:
            return self.archive.manifest(exchange, timeframe, month)
        self.publish([prepared])
        return prepared.manifest

    def prepare(
        self, exchange: str, timeframe: str, month: str, series: Iterable[tuple[str, Block]]
    ) -> Prepared | None:
        """Merge versions of bars into a month's next file, which nobody reads before it is published.

        series: (symbol, block), symbols ascending. The file is written beside the old one, read back and
        compared with what was handed over. None: it would say nothing else than the old one. Raises
        FileError: nothing changed.
        """
        folder = self.archive.path / exchange / timeframe
        old = self.archive.manifest(exchange, timeframe, month)
        written = _Written(changed=old is None)
        target = folder / f"{month}.parquet"
        unfinished = begin_whole(target, lambda file: self._write(file, folder, old, series, written))
        with contextlib.ExitStack() as leave:
            leave.callback(_remove, unfinished)
            if not written.changed or not written.rows:
                return None
            _compare(unfinished, written)
            name = sha256(unfinished)
            manifest = written.manifest(f"{month}-{name[:12]}.parquet", name)
            prepared = Prepared(folder / f"{month}.json", manifest)
            try:
                finish_whole(unfinished, folder / manifest.file)
            except BaseException:
                self.discard([prepared])
                raise
        return prepared

    def publish(self, prepared: Sequence[Prepared]) -> None:
        """Let prepared files be their months' files: all of them, or on a full disk none.

        Raises FileError; then the files are gone.
        """
        begun: list[tuple[Path, Path]] = []
        try:
            for one in prepared:
                data = json_bytes(asdict(one.manifest))
                begun.append((begin_whole(one.path, partial(_put, data=data)), one.path))
        except BaseException:
            for unfinished, _ in begun:
                _remove(unfinished)
            self.discard(prepared)
            raise
        for unfinished, path in begun:
            finish_whole(unfinished, path)

    def discard(self, prepared: Iterable[Prepared]) -> None:
        """Remove prepared files that are not to be published."""
        for one in prepared:
            _remove(one.path.with_name(one.manifest.file))

    def _write(
        self,
        file: IO[bytes],
        folder: Path,
        old: Manifest | None,
        series: Iterable[tuple[str, Block]],
        written: _Written,
    ) -> None:
        with contextlib.ExitStack() as stack:
            known: Iterator[tuple[str, Block]] = iter(())
            if old is not None:
                known = blocks_of(stack.enter_context(open_month(folder / old.file)))
            parts = parquet.ParquetWriter(file, ARROW_SCHEMA, **_PACKING)
            stack.callback(parts.close)
            for symbol, before, new in _side_by_side(known, iter(series)):
                merged = before if new is None else new if before is None else merge(before, new)
                assert merged is not None
                if not len(merged):
                    continue
                same = before is not None and (merged is before or _same(merged, before))
                written.changed |= not same
                written.add(symbol, merged)
                parts.write_table(merged.table(symbol), row_group_size=len(merged))


def _digest(symbol: str, block: Block) -> int:
    return digest(block, int.from_bytes(symbol.encode()[:8], "big"))


def _same(one: Block, other: Block) -> bool:
    return len(one) == len(other) and digest(one) == digest(other)


def _compare(path: Path, written: _Written) -> None:
    """Read a file back and compare it with what was handed over. Raises FileError."""
    found = _Written()
    with open_month(path) as file:
        try:
            for symbol, block in blocks_of(file):
                found.add(symbol, block)
        except (OSError, pa.ArrowException) as error:
            raise FileError(f"{path}: what was written cannot be read back: {error}") from error
    if (found.rows, found.digest, found.series) != (written.rows, written.digest, written.series):
        raise FileError(f"{path}: what was read back is not what was written; nothing is archived")


def _side_by_side(
    old: Iterator[tuple[str, Block]], new: Iterator[tuple[str, Block]]
) -> Iterator[tuple[str, Block | None, Block | None]]:
    """(symbol, old block, new block) in order of symbols, None where one side has none."""
    left, right = next(old, None), next(new, None)
    while left is not None or right is not None:
        symbol = min(part[0] for part in (left, right) if part is not None)
        mine = left[1] if left is not None and left[0] == symbol else None
        theirs = right[1] if right is not None and right[0] == symbol else None
        left = next(old, None) if mine is not None else left
        right = next(new, None) if theirs is not None else right
        yield symbol, mine, theirs if theirs is None else _sorted(theirs)


def _sorted(block: Block) -> Block:
    return block.take(np.lexsort((block.raw_seq, block.ts)))


def _put(file: IO[bytes], data: bytes) -> None:
    file.write(data)


def _remove(path: Path) -> None:
    # Where somebody still reads it (Windows), it goes the next time.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
