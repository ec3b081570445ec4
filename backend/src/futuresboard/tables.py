"""Rows as CSV or Parquet, part by part. Pure.

| form | CSV | Parquet |
|---|---|---|
| number | as `repr` has it | int64, double |
| text | as it is; one that a spreadsheet would run begins with ' | string |
| list | its items with a space between | list |
| object | JSON, empty where it has no keys | JSON string |

Unknown is an empty cell in CSV, null in Parquet.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import cast

import orjson

type Block = Sequence[Sequence[object]]
"""Some rows, a value a column each."""


class Form(Enum):
    """What the values of a column are."""

    INTEGER = auto()
    REAL = auto()
    TEXT = auto()
    INTEGERS = auto()
    WORDS = auto()
    OBJECT = auto()


CSV_TYPE = "text/csv"
PARQUET_TYPE = "application/vnd.apache.parquet"
# What a spreadsheet takes for a formula, and the two characters it skips before one.
_RUNS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


def csv_parts(columns: Mapping[str, Form], blocks: Iterable[Block]) -> Iterator[bytes]:
    """The file: the header with the first block, then a part a block."""
    text = io.StringIO(newline="")
    # Both of them, so that a text with either is quoted.
    writer = csv.writer(text, lineterminator="\r\n")
    forms = tuple(columns.values())
    writer.writerow(columns)
    for block in blocks:
        writer.writerows(
            [_cell(form, value) for form, value in zip(forms, row, strict=True)] for row in block
        )
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if text.tell():
        yield text.getvalue().encode()


def _cell(form: Form, value: object) -> object:
    if value is None:
        return ""
    match form:
        case Form.TEXT:
            return harmless(str(value))
        case Form.INTEGERS | Form.WORDS:
            return harmless(" ".join(map(str, cast("Sequence[object]", value))))
        case Form.OBJECT:
            return orjson.dumps(value).decode() if value else ""
        case _:
            return value


def harmless(text: str) -> str:
    """The text, with a ' before it where a spreadsheet would run it."""
    runs = text.lstrip(" ").startswith(_RUNS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


def parquet_parts(columns: Mapping[str, Form], blocks: Iterable[Block]) -> Iterator[bytes]:
    """The file: a part a block, which is a row group, and the footer."""
    # A third of a second and 60 MB, which only those who ask shall pay.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    types = {
        Form.INTEGER: pa.int64(),
        Form.REAL: pa.float64(),
        Form.TEXT: pa.string(),
        Form.INTEGERS: pa.list_(pa.int64()),
        Form.WORDS: pa.list_(pa.string()),
        Form.OBJECT: pa.string(),
    }
    schema = pa.schema([(name, types[form]) for name, form in columns.items()])
    sink = _Sink()
    with parquet.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for block in blocks:
            cells = list(zip(*block, strict=True)) if block else [()] * len(schema)
            arrays = [
                pa.array([_stored(form, value) for value in values], types[form])
                for form, values in zip(columns.values(), cells, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _stored(form: Form, value: object) -> object:
    return orjson.dumps(value).decode() if form is Form.OBJECT and value is not None else value


class _Sink(io.RawIOBase):
    """A file that only grows, and gives away what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """How much was written."""
        return self._at

    def write(self, part: object) -> int:
        """Keep some bytes."""
        data = bytes(cast("bytes", part))
        self._parts.append(data)
        self._at += len(data)
        return len(data)

    def taken(self) -> bytes:
        """What was written since this was last asked."""
        found, self._parts = b"".join(self._parts), []
        return found
