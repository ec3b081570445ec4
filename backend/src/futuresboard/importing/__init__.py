"""`futuresboard import`: files as users have them become bars; see docs/archive.md."""

from futuresboard.importing.pieces import Options
from futuresboard.importing.run import Report, import_files
from futuresboard.importing.shapes import ROLES, exchange_of, parse_columns, unified
from futuresboard.importing.sources import find
from futuresboard.importing.targets import IntoArchive, IntoDatabase, SeriesName, Target

__all__ = [
    "ROLES",
    "IntoArchive",
    "IntoDatabase",
    "Options",
    "Report",
    "SeriesName",
    "Target",
    "exchange_of",
    "find",
    "import_files",
    "parse_columns",
    "unified",
]
