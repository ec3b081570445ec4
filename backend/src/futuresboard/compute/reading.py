"""A user's bars out of a CSV or Parquet file. What is wrong is told with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import FileError
from futuresboard.model import BoolArray, FloatArray, IntArray

_PARQUET = b"PAR1"
_MOST_COLUMNS = 4096
_LATEST_MS = 9_999_999_999_999
_TIME = "milliseconds UTC, or an ISO 8601 time (UTC where it names no offset)"
_NUMBER = "a number, or an empty cell"
_WHOLE = r"^[0-9]{1,13}(\.0*)?$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class BarFile:
    """The rows of a file, sorted by `ts`, one a `ts`.

    ts: (m,) ms UTC; columns: each of `RAW_COLUMNS` -> (m,), NaN = unknown, unfit numbers among them;
    given: those of them that the file has; header, cells: all of its columns as they came; repeated:
    how many rows had a later one of the same `ts`.
    """

    ts: IntArray
    columns: Mapping[str, FloatArray]
    given: tuple[str, ...]
    header: tuple[str, ...]
    cells: tuple[pa.ChunkedArray, ...]
    repeated: int


def read(path: Path) -> BarFile:
    """Read a CSV file (gzip too) or a Parquet file: its first bytes say which it is.

    Raises FileError: the file, line (Parquet: row), column, what came and what is allowed.
    """
    try:
        with path.open("rb") as file:
            table = _Parquet(path) if file.read(len(_PARQUET)) == _PARQUET else _Csv(path)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except pa.ArrowException as error:
        raise FileError(f"{path}: {str(error).splitlines()[0]}") from error
    return table.bars()


class _Table:
    """A file's columns, header apart; `word` and `numbers` (m,) say where each row stands."""

    def __init__(
        self,
        path: Path,
        header: Sequence[str],
        cells: Sequence[pa.ChunkedArray],
        word: str,
        numbers: IntArray,
    ) -> None:
        self._path = path
        self._header = tuple(header)
        self._cells = tuple(cells)
        self._word = word
        self._row_numbers = numbers
        self._known = {name.strip(): i for i, name in enumerate(header)}
        named = [name.strip() for name in header]
        for name in ("ts", *RAW_COLUMNS):
            if named.count(name) > 1:
                raise FileError(f"{path}: got {named.count(name)} columns {name}, allowed: one")
        if "ts" not in named:
            raise FileError(f"{path}: got no column ts among {', '.join(named)[:200]}, allowed: one")

    def bars(self) -> BarFile:
        """The rows in order of time, of equal times the last."""
        ts = self._times()
        columns = {name: self._numbers(name) for name in RAW_COLUMNS}
        order = np.argsort(ts, kind="stable")
        sorted_ts = ts[order]
        kept = order[np.append(sorted_ts[1:] != sorted_ts[:-1], np.ones(min(1, len(ts)), dtype=bool))]
        cells = self._cells
        if len(kept) < len(ts) or (order[1:] < order[:-1]).any():
            cells = tuple(column.take(pa.array(kept)) for column in cells)
        return BarFile(
            ts[kept],
            {name: values[kept] for name, values in columns.items()},
            tuple(name for name in RAW_COLUMNS if name in self._known),
            self._header,
            cells,
            len(ts) - len(kept),
        )

    def _refuse(self, row: int, column: str, came: object, allowed: str) -> NoReturn:
        place = f"{self._path}, {self._word} {self._row_numbers[row]}, column {column}"
        raise FileError(f"{place}: got {came!r}, allowed: {allowed}")

    def _refuse_first(self, bad: BoolArray, column: str, allowed: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            self._refuse(row, column, self._cells[self._known[column]][row].as_py(), allowed)

    def _numbers(self, name: str) -> FloatArray:
        rows = len(self._cells[0])
        if name not in self._known:
            return np.full(rows, np.nan)
        cells = self._cells[self._known[name]]
        if is_text(cells.type):
            cells = _trimmed(cells)
            cells = pc.if_else(pc.equal(cells, ""), None, cells)
        elif not (_is_number(cells.type) or pa.types.is_null(cells.type)):
            raise FileError(f"{self._path}, column {name}: got {cells.type}, allowed: numbers")
        try:
            return _floats(cells)
        except pa.ArrowInvalid:
            row = _first_refused(cells)
            self._refuse(row, name, self._cells[self._known[name]][row].as_py(), _NUMBER)

    def _times(self) -> IntArray:
        cells = self._cells[self._known["ts"]]
        if is_text(cells.type):
            ms = self._times_of_text(_trimmed(cells))
        elif pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
            micros = pc.cast(cells, pa.timestamp("us"), safe=False)
            ms = _floats(pc.cast(micros, pa.int64())) / 1000.0
        elif _is_number(cells.type):
            ms = _floats(cells)
        else:
            raise FileError(f"{self._path}, column ts: got {cells.type}, allowed: {_TIME}")
        with np.errstate(invalid="ignore"):
            bad = ~((ms >= 0) & (ms <= _LATEST_MS) & (np.floor(ms) == ms))
        self._refuse_first(bad, "ts", _TIME)
        times: IntArray = ms.astype(np.int64)
        return times

    def _times_of_text(self, text: pa.ChunkedArray) -> FloatArray:
        """Milliseconds, NaN for what is no time; whole numbers and dates may stand side by side."""
        whole = pc.match_substring_regex(text, _WHOLE)
        ms = _floats(pc.if_else(whole, text, None))
        dated = pc.match_substring_regex(text, _DATE).to_numpy().astype(bool)
        if dated.any():
            dates = text.filter(pa.array(dated)).to_pandas()
            times = pd.to_datetime(dates, utc=True, format="ISO8601", errors="coerce").dt.as_unit("us")
            micros = times.to_numpy(dtype="datetime64[us]").astype(np.int64)
            ms[dated] = np.where(times.isna(), np.nan, micros / 1000.0)
        return ms


class _Csv(_Table):
    """Cells are read as text, so that they leave as they came and a wrong one can be shown."""

    def __init__(self, path: Path) -> None:
        ragged: list[csv.InvalidRow] = []

        def note(row: csv.InvalidRow) -> str:
            ragged.append(row)
            return "skip"

        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(autogenerate_column_names=True, use_threads=False),
            parse_options=csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=csv.ConvertOptions(
                column_types={f"f{i}": pa.string() for i in range(_MOST_COLUMNS)}, strings_can_be_null=False
            ),
        )
        if ragged:
            came = f"got {ragged[0].actual_columns} cells, allowed: {ragged[0].expected_columns}"
            raise FileError(f"{path}, line {ragged[0].number}: {came}, as in the first line")
        header = [str(column[0].as_py()) for column in table.columns]
        cells = [column.slice(1) for column in table.columns]
        filled = np.zeros(len(cells[0]), dtype=bool)
        for column in cells:
            filled |= pc.not_equal(column, "").to_numpy()
        if not filled.all():
            cells = [column.filter(pa.array(filled)) for column in cells]
        super().__init__(path, header, cells, "line", 2 + np.flatnonzero(filled))


class _Parquet(_Table):
    """Cells keep their types."""

    def __init__(self, path: Path) -> None:
        table = parquet.read_table(path)
        cells = [
            pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
            for column in table.columns
        ]
        super().__init__(path, table.column_names, cells, "row", 1 + np.arange(table.num_rows))


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _trimmed(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim_whitespace(pc.cast(cells, pa.string()))


def _floats(cells: pa.ChunkedArray) -> FloatArray:
    """Numbers or their text as floats, null as NaN; raises ArrowInvalid for other text."""
    floats: FloatArray = pc.cast(cells, pa.float64(), safe=not _is_number(cells.type)).to_numpy()
    return np.array(floats, dtype=np.float64)


def _first_refused(text: pa.ChunkedArray) -> int:
    """Number of the first cell that is no number; there must be one."""
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            _floats(text.slice(low, middle - low))
            low = middle
        except pa.ArrowInvalid:
            high = middle
    return low
