"""Parquet files of irregular series joined onto bars once, kept as memory-mapped arrays.

Decoding the files is nearly all of the time of such a join, so its result is kept: one `.npy` a column
in a folder named by what went in (a hash of every file's contents and of the join's parameters). Any
other content makes another folder; the old ones of the same files are removed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from futuresboard.asof import Source, join, offsets_of
from futuresboard.errors import FileError
from futuresboard.model import FloatArray, IntArray

_FORMAT = 1
_DIGESTS = "digests.json"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Column:
    """One source: files with the columns symbol, ts (availability, ms UTC) and `name`; its maximum age."""

    files: Sequence[Path]
    name: str
    max_age_ms: int


@dataclass(frozen=True)
class Joining:
    """Files of bars (symbol, ts: the time asked for, usually the close; `keep`: columns to take along)
    and the sources to join onto them by the name of the column they become."""

    bars: Sequence[Path]
    keep: Sequence[str]
    sources: Mapping[str, Column]


@dataclass(frozen=True)
class Joined:
    """The wide table by (symbol, ts): offsets (n + 1,) of the symbols' rows; columns: name -> (b,).

    Arrays are memory-mapped and read-only.
    """

    symbols: Sequence[str]
    offsets: IntArray
    ts: IntArray
    columns: Mapping[str, FloatArray]


def joined(joining: Joining, cache: Path) -> Joined:
    """The joined table, from `cache` (an existing folder) when the same files were joined before.

    Raises FileError for a file that cannot be read or lacks a column, and when the cache cannot be
    written; then nothing half-made is left.
    """
    digests = _Digests(cache)
    key = _key(joining, digests)
    folder = cache / key
    try:
        if not (folder / "symbols.json").exists():
            _write(joining, cache, folder)
            _drop_older(cache, _family(joining), folder)
            digests.save()
        return _open(folder)
    except OSError as error:
        raise FileError(f"{cache}: the joined table cannot be kept: {error}") from error


def _key(joining: Joining, digests: _Digests) -> str:
    inputs = {
        "format": _FORMAT,
        "bars": [digests.of(path) for path in joining.bars],
        "keep": list(joining.keep),
        "sources": {
            name: [[digests.of(path) for path in one.files], one.name, one.max_age_ms]
            for name, one in joining.sources.items()
        },
    }
    content = hashlib.sha256(orjson.dumps(inputs, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{_family(joining)}-{content[:32]}"


def _family(joining: Joining) -> str:
    """What tables made of the same files and columns have in common."""
    named = {
        "bars": [str(path.resolve()) for path in joining.bars[:1]],
        "keep": list(joining.keep),
        "sources": {name: [str(p.resolve()) for p in one.files[:1]] for name, one in joining.sources.items()},
    }
    return hashlib.sha256(orjson.dumps(named, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


class _Digests:
    """Content hashes of files; a file is read again when anything the system says of it is another."""

    def __init__(self, cache: Path) -> None:
        self._path = cache / _DIGESTS
        self._known: dict[str, list[object]] = {}
        if self._path.exists():
            self._known = orjson.loads(self._path.read_bytes())

    def of(self, path: Path) -> str:
        """The hash of a file's content. Raises FileError when it cannot be read."""
        try:
            said = path.stat()
            stamp = [said.st_size, said.st_mtime_ns, said.st_ctime_ns, said.st_ino]
            name = str(path.resolve())
            known = self._known.get(name)
            if known is None or known[:-1] != stamp:
                known = self._known[name] = [*stamp, _digest(path)]
        except OSError as error:
            raise FileError(f"{path.name}: {error.strerror or error}") from error
        return str(known[-1])

    def save(self) -> None:
        """Keep them for the next run."""
        new = self._path.with_suffix(f".{os.getpid()}")
        new.write_bytes(orjson.dumps(self._known))
        new.replace(self._path)


def _digest(path: Path) -> str:
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            found.update(part)
    return found.hexdigest()


def _write(joining: Joining, cache: Path, folder: Path) -> None:
    """Make the table beside its place and move it there whole."""
    made = Path(mkdtemp(prefix="joining-", dir=cache))
    try:
        symbols, ids, ts, kept = _read(joining.bars, joining.keep, {})
        offsets = offsets_of(ids, len(symbols))
        del ids
        np.save(made / "offsets.npy", offsets)
        np.save(made / "ts.npy", ts)
        for name in joining.keep:
            np.save(made / f"column-{name}.npy", kept.pop(name))
        for name, one in joining.sources.items():
            source = _source(one, symbols)
            np.save(made / f"column-{name}.npy", join(offsets, ts, source))
        (made / "symbols.json").write_bytes(orjson.dumps(sorted(symbols, key=symbols.__getitem__)))
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _source(one: Column, symbols: Mapping[str, int]) -> Source:
    _, ids, ts, columns = _read(one.files, (one.name,), symbols)
    mine = ids >= 0
    if not mine.all():
        ids, ts, columns = ids[mine], ts[mine], {one.name: columns[one.name][mine]}
    ages = np.full(len(symbols), one.max_age_ms, dtype=np.int64)
    return Source(offsets_of(ids, len(symbols)), ts, columns[one.name], ages)


def _read(
    files: Sequence[Path], names: Sequence[str], symbols: Mapping[str, int]
) -> tuple[dict[str, int], IntArray, IntArray, dict[str, FloatArray]]:
    """(symbols by number, symbol numbers, times, columns) by (symbol, time), of equal times in the order
    of the files; symbols: their numbers where those are given already (others get −1)."""
    tables = [_table(path, names) for path in files]
    numbers = dict(symbols)
    if not numbers:
        found = sorted({name for table in tables for name in table["symbol"].unique().to_pylist()})
        numbers = {name: number for number, name in enumerate(found)}
    ids = np.concatenate([_numbers(table["symbol"], numbers) for table in tables])
    ts = np.concatenate([table["ts"].to_numpy().astype(np.int64, copy=False) for table in tables])
    columns = {name: np.concatenate([_floats(table[name]) for table in tables]) for name in names}
    del tables
    later = ids[1:] > ids[:-1]
    if not (later | ((ids[1:] == ids[:-1]) & (ts[1:] >= ts[:-1]))).all():
        order = np.lexsort((ts, ids))
        ids, ts = ids[order], ts[order]
        columns = {name: column[order] for name, column in columns.items()}
    return numbers, ids, ts, columns


def _table(path: Path, names: Sequence[str]) -> pa.Table:
    wanted = ["symbol", "ts", *names]
    try:
        with pq.ParquetFile(path, read_dictionary=["symbol"]) as file:
            missing = [name for name in wanted if name not in file.schema_arrow.names]
            if not missing:
                return file.read(wanted)
    except (OSError, pa.ArrowException) as error:
        said = str(error).splitlines()[0]
        raise FileError(f"{path.name} is no Parquet file that can be read: {said}") from error
    raise FileError(f"{path.name} has no column {', '.join(missing)}: {', '.join(wanted)} are needed")


def _numbers(column: pa.ChunkedArray, numbers: Mapping[str, int]) -> IntArray:
    parts = []
    for chunk in column.chunks:
        coded = chunk if isinstance(chunk, pa.DictionaryArray) else chunk.dictionary_encode()
        named = np.array([numbers.get(name, -1) for name in coded.dictionary.to_pylist()], dtype=np.int64)
        parts.append(named[coded.indices.to_numpy()])
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _floats(column: pa.ChunkedArray) -> FloatArray:
    found: FloatArray = column.cast(pa.float64()).to_numpy()
    return found


def _drop_older(cache: Path, family: str, kept: Path) -> None:
    for folder in cache.glob(f"{family}-*"):
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)


def _open(folder: Path) -> Joined:
    columns = {
        path.stem.removeprefix("column-"): np.load(path, mmap_mode="r")
        for path in sorted(folder.glob("column-*.npy"))
    }
    return Joined(
        orjson.loads((folder / "symbols.json").read_bytes()),
        np.load(folder / "offsets.npy"),
        np.load(folder / "ts.npy", mmap_mode="r"),
        columns,
    )
