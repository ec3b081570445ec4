"""The archive: raw columns of closed bars as Parquet files, one a month; see docs/archive.md."""

from futuresboard.archive.block import NONE, Block, block_of, digest, join, merge, row_digests, texts
from futuresboard.archive.layout import (
    ARCHIVE_COLUMNS,
    ARROW_SCHEMA,
    IMPORTED_SEQ,
    OWN_COLUMNS,
    ArchivedMode,
    ArchivedPair,
    Manifest,
    State,
)
from futuresboard.archive.reading import Archive
from futuresboard.archive.writing import ArchiveWriter, Prepared
from futuresboard.months import month_of, month_span, months_between

__all__ = [
    "ARCHIVE_COLUMNS",
    "ARROW_SCHEMA",
    "IMPORTED_SEQ",
    "NONE",
    "OWN_COLUMNS",
    "Archive",
    "ArchiveWriter",
    "ArchivedMode",
    "ArchivedPair",
    "Block",
    "Manifest",
    "Prepared",
    "State",
    "block_of",
    "digest",
    "join",
    "merge",
    "month_of",
    "month_span",
    "months_between",
    "row_digests",
    "texts",
]
