"""`Sheet`: the cells of a table as they came, and numbers and times made of them. No disk."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from futuresboard.errors import FileError
from futuresboard.importing.sources import Source
from futuresboard.model import BoolArray, FloatArray, IntArray

TIME = "seconds, milliseconds or microseconds UTC, or an ISO 8601 time (UTC where it names no offset)"
NUMBER = "a number, or an empty cell"
KLINES = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)
"""Columns of Binance's klines files; the older ones have no header."""
_MOST_COLUMNS = 512
_NUMERIC = r"^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$"
_DATED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
# Each unit's range is 2001-09 to 2286: no stamp is possible in two of them.
_UNITS: tuple[tuple[str, float, float, float], ...] = (
    ("seconds", 1e9, 1e10, 1e3),
    ("milliseconds", 1e12, 1e13, 1.0),
    ("microseconds", 1e15, 1e16, 1e-3),
)


@dataclass(frozen=True)
class Sheet:
    """path: for what is told; columns: trimmed name -> cells; lines: (m,) line (Parquet: row) of each."""

    path: Path
    columns: Mapping[str, pa.ChunkedArray]
    word: str
    lines: IntArray

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: IntArray) -> Sheet:
        """Some of the rows."""
        columns = {name: cells.take(pa.array(rows)) for name, cells in self.columns.items()}
        return Sheet(self.path, columns, self.word, self.lines[rows])

    def place(self, row: int, column: str) -> str:
        """Where a cell stands, in words."""
        return f"{self.path}, {self.word} {self.lines[row]}, column {column}"

    def refuse(self, row: int, column: str, allowed: str) -> NoReturn:
        """Raise FileError about a cell."""
        came = self.columns[column][row].as_py()
        raise FileError(f"{self.place(row, column)}: got {str(came)!r}, allowed: {allowed}")

    def texts(self, name: str) -> list[str]:
        """A column's cells as trimmed text, empty where there is nothing."""
        cells = pc.fill_null(pc.cast(self.columns[name], pa.string()), "")
        found: list[str] = pc.utf8_trim_whitespace(cells).to_pylist()
        return found

    def numbers(self, name: str) -> FloatArray:
        """A column as numbers, NaN where a cell is empty; raises FileError for other text."""
        cells = self.columns[name]
        if not pa.types.is_string(cells.type):
            return _floats(cells)
        text = pc.utf8_trim_whitespace(cells)
        text = pc.if_else(pc.equal(text, ""), None, text)
        try:
            return _floats(text)
        except pa.ArrowInvalid:
            for row, cell in enumerate(text):
                try:
                    _floats(pa.chunked_array([[cell.as_py()]], pa.string()))
                except pa.ArrowInvalid:
                    self.refuse(row, name, NUMBER)
            raise

    def times(self, name: str) -> IntArray:
        """A column as milliseconds UTC; raises FileError for what is no time and for mixed units."""
        cells = self.columns[name]
        if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
            micros = pc.cast(pc.cast(cells, pa.timestamp("us"), safe=False), pa.int64())
            ms = _floats(micros) / 1000.0
            dated = np.ones(len(self), dtype=bool)
        elif pa.types.is_string(cells.type):
            ms, dated = self._times_of_text(name, pc.utf8_trim_whitespace(cells))
        else:
            ms, dated = _floats(cells), np.zeros(len(self), dtype=bool)
        ms = np.where(dated, ms, self._one_unit(name, np.where(dated, np.nan, ms), dated))
        with np.errstate(invalid="ignore"):
            bad = ~((ms >= 0) & (ms < 1e13) & (np.floor(ms) == ms))
        if bad.any():
            self.refuse(int(np.argmax(bad)), name, TIME)
        times: IntArray = ms.astype(np.int64)
        return times

    def _one_unit(self, name: str, stamps: FloatArray, dated: BoolArray) -> FloatArray:
        """Numbers as milliseconds: all of one unit, which their size tells."""
        units = np.full(len(stamps), -1)
        for number, (_, low, high, _) in enumerate(_UNITS):
            with np.errstate(invalid="ignore"):
                units[(stamps >= low) & (stamps < high)] = number
        for row in np.flatnonzero(~dated & (units < 0))[:1].tolist():
            self.refuse(row, name, TIME)
        for row in np.flatnonzero(dated != dated[0])[:1].tolist():
            self.refuse(row, name, "times of one form in a file, as in its first line")
        numbered = units[~dated]
        if not len(numbered):
            return stamps
        for row in np.flatnonzero(units != numbered[0])[:1].tolist():
            self.refuse(row, name, f"{_UNITS[numbered[0]][0]}, as in the first line")
        scaled: FloatArray = stamps * _UNITS[numbered[0]][3]
        return scaled

    def _times_of_text(self, name: str, text: pa.ChunkedArray) -> tuple[FloatArray, BoolArray]:
        """(milliseconds of dates, or the numbers as they are; whether each is a date)."""
        numeric = pc.match_substring_regex(text, _NUMERIC)
        ms = _floats(pc.if_else(numeric, text, None))
        dated = pc.match_substring_regex(text, _DATED).to_numpy().astype(bool)
        if dated.any():
            dates = text.filter(pa.array(dated))
            zoned = pc.match_substring_regex(dates, _OFFSET).to_numpy().astype(bool)
            for row in np.flatnonzero(zoned != zoned[0])[:1].tolist():
                self.refuse(
                    int(np.flatnonzero(dated)[row]), name, "an offset in every time of a file, or in none"
                )
            times = pd.to_datetime(dates.to_pandas(), utc=True, format="ISO8601", errors="coerce")
            micros = times.dt.as_unit("us").to_numpy(dtype="datetime64[us]").astype(np.int64)
            ms[dated] = np.where(times.isna(), np.nan, micros / 1000.0)
        return ms, dated


def read(source: Source) -> Sheet:
    """The table a file holds; a file of klines without a header gets Binance's. Raises FileError."""
    try:
        return _parquet(source) if source.parquet else _csv(source)
    except pa.ArrowException as error:
        raise FileError(f"{source.path}: {str(error).splitlines()[0]}") from error


def _parquet(source: Source) -> Sheet:
    table = parquet.read_table(io.BytesIO(source.data))
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = pc.cast(column, column.type.value_type)
        if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
            column = pc.cast(column, pa.string())
        columns[name.strip()] = column
    _refuse_doubles(source.path, [name.strip() for name in table.column_names])
    return Sheet(source.path, columns, "row", 1 + np.arange(table.num_rows, dtype=np.int64))


def _csv(source: Source) -> Sheet:
    path, ragged = source.path, list[csv.InvalidRow]()

    def note(row: csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    if not source.data.strip():
        raise FileError(f"{path}: is empty, allowed: a table with a header")
    table = csv.read_csv(
        io.BytesIO(source.data),
        read_options=csv.ReadOptions(autogenerate_column_names=True, use_threads=False),
        parse_options=csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=note),
        convert_options=csv.ConvertOptions(
            column_types={f"f{i}": pa.string() for i in range(_MOST_COLUMNS)}, strings_can_be_null=False
        ),
    )
    if ragged:
        words = f"got {ragged[0].actual_columns} cells, allowed: {ragged[0].expected_columns}"
        raise FileError(f"{path}, line {ragged[0].number}: {words}, as in the first line")
    first = [str(column[0].as_py()).strip().lstrip("\ufeff") for column in table.columns]
    headed = 0 if first[0].replace(".", "", 1).isdecimal() else 1
    header = first if headed else list(_headerless(path, first))
    _refuse_doubles(path, header)
    cells = [pc.cast(column.slice(headed), pa.string()) for column in table.columns]
    filled = np.zeros(len(cells[0]), dtype=bool)
    for column in cells:
        filled |= pc.not_equal(column, "").to_numpy().astype(bool)
    if not filled.all():
        cells = [column.filter(pa.array(filled)) for column in cells]
    lines = 1 + headed + np.flatnonzero(filled)
    return Sheet(path, dict(zip(header, cells, strict=True)), "line", lines.astype(np.int64))


def _headerless(path: Path, first: Sequence[str]) -> tuple[str, ...]:
    if len(first) != len(KLINES):
        words = f"got {len(first)} columns without a header, allowed: a header, or Binance's {len(KLINES)}"
        raise FileError(f"{path}, line 1: {words} columns of klines")
    return KLINES


def _refuse_doubles(path: Path, header: Sequence[str]) -> None:
    for name in header:
        if header.count(name) > 1:
            raise FileError(f"{path}: got {header.count(name)} columns {name!r}, allowed: one")


def _floats(cells: pa.ChunkedArray) -> FloatArray:
    number = pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type)
    if not (number or pa.types.is_string(cells.type) or pa.types.is_decimal(cells.type)):
        raise pa.ArrowInvalid(f"got {cells.type}, allowed: numbers")
    return np.array(pc.cast(cells, pa.float64(), safe=not number).to_numpy(), dtype=np.float64)
