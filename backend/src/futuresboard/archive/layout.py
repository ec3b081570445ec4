"""How the archive is laid out: columns, months, manifests. No disk in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from futuresboard.bars import RAW_COLUMNS

SCHEMA_VERSION = 1
STATE_FILE = "archive.json"

OWN_COLUMNS: tuple[str, ...] = ("marks", "guarded", "raw_seq", "seen_ts", "judged_seq", "until_seq")
"""What is known of a version of a bar beside its raw numbers: quality bits, raw values that a guard
refused (JSON), the transaction that stored it, when it was first seen (ms), the transaction that judged
it beside its coin's others, and the transaction that replaced it (null: the current version)."""

ARCHIVE_COLUMNS: tuple[str, ...] = ("symbol", "ts", *RAW_COLUMNS, *OWN_COLUMNS)
"""Columns of every file, in their order. Rows are sorted by symbol, ts, raw_seq."""

IMPORTED_SEQ = 0
"""`raw_seq` of bars that were imported: known before every transaction."""

INTEGERS: tuple[str, ...] = ("ts", "marks", "raw_seq", "seen_ts", "judged_seq", "until_seq")
_TEXTS = ("symbol", "guarded")


def _type(name: str) -> pa.DataType:
    if name in _TEXTS:
        return pa.string()
    return pa.int64() if name in INTEGERS else pa.float64()


ARROW_SCHEMA = pa.schema([(name, _type(name)) for name in ARCHIVE_COLUMNS])


@dataclass(frozen=True)
class Manifest:
    """What is said of one month's file, and kept beside it.

    file: its name; rows: versions in it, bars: those that are current; first_ts, last_ts: of its bars;
    sha256: of the file's bytes; digest: of its rows as they were handed over, in hexadecimal;
    series: symbol -> (bars, first_ts, last_ts); schema, code: versions.
    """

    file: str
    rows: int
    bars: int
    first_ts: int
    last_ts: int
    sha256: str
    digest: str
    series: Mapping[str, tuple[int, int, int]]
    schema: int
    code: str


@dataclass(frozen=True)
class ArchivedPair:
    """A pair as the archive knows it: what replay needs to know of it beside its bars."""

    exchange: str
    symbol: str
    base: str
    multiplier: float
    listed_ts: int | None


@dataclass(frozen=True)
class ArchivedMode:
    """By what bars were judged from a transaction on; budget: alerts a day, None in literal mode."""

    from_seq: int
    thresholds: Mapping[str, float]
    budget: int | None


@dataclass(frozen=True)
class State:
    """What the archive knows as a whole.

    kind: `live` or `simulated`; database: id of the database that rolls into it, None before any did;
    seq: that database's newest transaction when it last did.
    """

    kind: str
    database: str | None = None
    seq: int = 0
    pairs: tuple[ArchivedPair, ...] = ()
    modes: tuple[ArchivedMode, ...] = ()
