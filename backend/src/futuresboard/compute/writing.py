"""What was computed, beside the columns it was computed from, as CSV or Parquet."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from futuresboard.bars import RAW_COLUMNS
from futuresboard.compute.arithmetic import ELSEWHERE, Computed
from futuresboard.compute.reading import BarFile, is_text
from futuresboard.metrics import REGISTRY
from futuresboard.model import FloatArray, Tier

METRICS = (*(name for name in REGISTRY if name not in ELSEWHERE), "oi_price_quadrant", *ELSEWHERE)
COMPUTED = (*METRICS, "confluence_k", *(f"tier_{tier}" for tier in Tier))
"""The columns that are added, in their order."""

_FLAGS = np.array(["false", "true", ""], dtype=object)
_COUNTS = np.array(["0", "1", "2", "3", ""], dtype=object)
_ROWS_AT_ONCE = 1 << 16


class Output(ABC):
    """Takes what is computed, part by part. The input's columns come first, as they came.

    One that bears the name of a computed column gives way to it.
    """

    def __init__(self, source: BarFile) -> None:
        self.source = source
        self.echoed = [i for i, name in enumerate(source.header) if name.strip() not in COMPUTED]
        self.header = [*(source.header[i] for i in self.echoed), *COMPUTED]

    @property
    def replaced(self) -> list[str]:
        """The input's columns that gave way."""
        return [name.strip() for name in self.source.header if name.strip() in COMPUTED]

    @abstractmethod
    def write(self, part: Computed) -> None:
        """Add the rows of a part."""

    @abstractmethod
    def close(self) -> None:
        """Finish."""


class CsvOutput(Output):
    """Unknown is empty, floats are as `repr` has them, flags `true` and `false`."""

    def __init__(self, source: BarFile, stream: TextIO) -> None:
        super().__init__(source)
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(self.header)

    def write(self, part: Computed) -> None:
        """Add the rows of a part."""
        for begin in range(0, len(part.k), _ROWS_AT_ONCE):
            rows = slice(begin, begin + _ROWS_AT_ONCE)
            size = len(part.k[rows])
            echoed = [_echo(self.source.cells[i].slice(part.start + begin, size)) for i in self.echoed]
            self._writer.writerows(zip(*echoed, *self._texts(part, rows, size), strict=True))

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def _texts(self, part: Computed, rows: slice, size: int) -> list[Sequence[str]]:
        unknown = [""] * size
        columns: list[Sequence[str]] = []
        for name in METRICS:
            if name == "oi_price_quadrant":
                columns.append(part.quadrant[rows].tolist())
            else:
                columns.append(unknown if name in ELSEWHERE else texts(part.values[name][rows]))
        columns.append(_words(_COUNTS, part.k[rows]))
        return [*columns, *(_words(_FLAGS, part.flags[tier][rows]) for tier in Tier)]


class ParquetOutput(Output):
    """Unknown is null. Text of raw columns becomes numbers, other text stays text."""

    def __init__(self, source: BarFile, path: Path) -> None:
        super().__init__(source)
        self._path = path
        self._cells = [self._typed(i) for i in self.echoed]
        floats = [(name, pa.float64()) for name in METRICS]
        fields = [(source.header[i], cells.type) for i, cells in zip(self.echoed, self._cells, strict=True)]
        fields += [(name, pa.string() if name == "oi_price_quadrant" else kind) for name, kind in floats]
        fields += [("confluence_k", pa.int64()), *((f"tier_{tier}", pa.bool_()) for tier in Tier)]
        self._schema = pa.schema(fields)
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def _typed(self, column: int) -> pa.ChunkedArray:
        cells, name = self.source.cells[column], self.source.header[column].strip()
        if not is_text(cells.type):
            return cells
        if name in RAW_COLUMNS:
            return pa.chunked_array([_floats(self.source.columns[name])])
        if name == "ts" and pc.all(pc.match_substring_regex(cells, "^[0-9]+$")).as_py():
            return pc.cast(cells, pa.int64())
        return cells

    def write(self, part: Computed) -> None:
        """Add the rows of a part."""
        size = len(part.k)
        columns: list[pa.Array] = [cells.slice(part.start, size).combine_chunks() for cells in self._cells]
        for name in METRICS:
            if name == "oi_price_quadrant":
                columns.append(pa.array([word or None for word in part.quadrant.tolist()], pa.string()))
            else:
                columns.append(
                    pa.nulls(size, pa.float64()) if name in ELSEWHERE else _floats(part.values[name])
                )
        columns.append(_floats(part.k).cast(pa.int64()))
        columns += [_floats(part.flags[tier]).cast(pa.bool_()) for tier in Tier]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def texts(values: FloatArray) -> list[str]:
    """Floats as `repr` has them, unknown as ''."""
    unknown = np.isnan(values)
    found = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    words = found[1:-1].split(",") if len(values) else []
    for row in np.flatnonzero(unknown).tolist():
        words[row] = ""
    # orjson is four times as fast and writes the same digits, but not the same exponents.
    size = np.abs(values)
    odd = ~unknown & (size != 0.0) & ~((size >= 1e-4) & (size < 1e16))
    for row in np.flatnonzero(odd).tolist():
        words[row] = repr(float(values[row]))
    return words


def _words(words: np.ndarray[tuple[int], np.dtype[np.object_]], values: FloatArray) -> list[str]:
    """The word each whole number stands for, the last one for unknown."""
    chosen: list[str] = words[np.where(np.isnan(values), len(words) - 1, values).astype(np.int64)].tolist()
    return chosen


def _echo(cells: pa.ChunkedArray) -> list[str]:
    """Cells as text: what was text as it came, floats as `repr` has them, null as ''."""
    if pa.types.is_floating(cells.type):
        return ["" if cell is None else repr(cell) for cell in cells.to_pylist()]
    text = cells if is_text(cells.type) else pc.cast(cells, pa.string())
    return ["" if cell is None else cell for cell in text.to_pylist()]


def _floats(values: FloatArray) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
