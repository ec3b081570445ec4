"""`Archive`: what is in the archive, for those who read it. Any number may read beside the one writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

import pyarrow as pa
from pyarrow import parquet

from futuresboard.archive.block import Block, block_of
from futuresboard.archive.disk import read_json, sha256
from futuresboard.archive.layout import (
    ARROW_SCHEMA,
    SCHEMA_VERSION,
    STATE_FILE,
    ArchivedMode,
    ArchivedPair,
    Manifest,
    State,
)
from futuresboard.errors import FileError
from futuresboard.months import month_span


class Archive:
    """A folder of `<exchange>/<timeframe>/<month>-<hash>.parquet`, each with its manifest `<month>.json`.

    The manifest alone says which file is a month's: it is renamed into place once the file is verified.
    A file never changes, and one that was replaced stays until the next time something is archived, so
    that whoever has taken `files` can read them to the end. Raises FileError for what cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def state(self) -> State | None:
        """What is known of the archive as a whole; None while it is empty."""
        found = cast("dict[str, object] | None", read_json(self.path / STATE_FILE))
        if found is None:
            return None
        if found.pop("schema") != SCHEMA_VERSION:
            raise FileError(f"{self.path}: another futuresboard wrote this archive, this one cannot read it")
        pairs = tuple(ArchivedPair(**pair) for pair in cast("list[dict[str, object]]", found.pop("pairs")))  # type: ignore[arg-type]
        modes = tuple(ArchivedMode(**mode) for mode in cast("list[dict[str, object]]", found.pop("modes")))  # type: ignore[arg-type]
        return State(pairs=pairs, modes=modes, **found)  # type: ignore[arg-type]

    def pairs(self) -> list[ArchivedPair]:
        """Every pair with archived bars, by exchange and symbol."""
        state = self.state()
        return [] if state is None else list(state.pairs)

    def modes(self) -> list[ArchivedMode]:
        """By what thresholds bars were judged, oldest first."""
        state = self.state()
        return [] if state is None else list(state.modes)

    def exchanges(self) -> list[str]:
        """Exchanges with archived bars."""
        return sorted({path.parent.parent.name for path in self.path.glob("*/*/*.json")})

    def timeframes(self, exchange: str) -> list[str]:
        """Timeframes of which an exchange has archived bars."""
        return sorted({path.parent.name for path in (self.path / exchange).glob("*/*.json")})

    def months(self, exchange: str, timeframe: str) -> list[str]:
        """Months (`2026-01`) of which there is a file, oldest first."""
        return sorted(path.stem for path in (self.path / exchange / timeframe).glob("*.json"))

    def manifest(self, exchange: str, timeframe: str, month: str) -> Manifest | None:
        """What is said of a month's file; None when there is none."""
        found = read_json(self.path / exchange / timeframe / f"{month}.json")
        if found is None:
            return None
        manifest = Manifest(**cast("dict[str, object]", found))  # type: ignore[arg-type]
        if manifest.schema != SCHEMA_VERSION:
            raise FileError(f"{exchange} {timeframe} {month}: written by another futuresboard")
        return manifest

    def files(
        self, exchange: str, timeframe: str, start: int | None = None, end: int | None = None
    ) -> list[Path]:
        """Files that hold bars opening within [start, end] (ms UTC, None: without limit), oldest first."""
        found: list[Path] = []
        for month in self.months(exchange, timeframe):
            first, after = month_span(month)
            if (start is not None and after <= start) or (end is not None and first > end):
                continue
            manifest = self.manifest(exchange, timeframe, month)
            if manifest is not None:
                found.append(self.path / exchange / timeframe / manifest.file)
        return found

    def spans(self, exchange: str, timeframe: str) -> dict[str, tuple[int, int]]:
        """symbol -> (first, last) archived bar."""
        spans: dict[str, tuple[int, int]] = {}
        for month in self.months(exchange, timeframe):
            manifest = self.manifest(exchange, timeframe, month)
            for symbol, (_, first, last) in (manifest.series if manifest else {}).items():
                known = spans.get(symbol, (first, last))
                spans[symbol] = (min(known[0], first), max(known[1], last))
        return spans

    def series(self, exchange: str, timeframe: str, month: str, symbols: Sequence[str]) -> dict[str, Block]:
        """All versions of some series' bars of a month; symbols without any are left out."""
        manifest = self.manifest(exchange, timeframe, month)
        wanted = [symbol for symbol in symbols if manifest is not None and symbol in manifest.series]
        if manifest is None or not wanted:
            return {}
        with open_month(self.path / exchange / timeframe / manifest.file) as file:
            return dict(blocks_of(file, set(wanted)))

    def verify(self, exchange: str, timeframe: str, month: str) -> str | None:
        """What is wrong with a month's file, in words; None when it is as its manifest says."""
        manifest = self.manifest(exchange, timeframe, month)
        if manifest is None:
            return "there is no manifest"
        path = self.path / exchange / timeframe / manifest.file
        found = sha256(path)
        return None if found == manifest.sha256 else f"{path}: its sha256 is {found}, not {manifest.sha256}"


def open_month(path: Path) -> parquet.ParquetFile:
    """A month's file, to be closed; raises FileError."""
    try:
        file = parquet.ParquetFile(path)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except pa.ArrowException as error:
        raise FileError(f"{path}: {str(error).splitlines()[0]}") from error
    if not file.schema_arrow.equals(ARROW_SCHEMA):
        file.close()
        raise FileError(f"{path}: got other columns than an archive's")
    return file


def blocks_of(file: parquet.ParquetFile, wanted: set[str] | None = None) -> Iterator[tuple[str, Block]]:
    """(symbol, its versions) of each row group, in order of symbols; wanted: of these alone."""
    at = ARROW_SCHEMA.get_field_index("symbol")
    for group in range(file.num_row_groups):
        symbol = str(file.metadata.row_group(group).column(at).statistics.min)
        if wanted is None or symbol in wanted:
            yield symbol, block_of(file.read_row_group(group))


def state_document(state: State) -> dict[str, object]:
    """As it is kept."""
    return {"schema": SCHEMA_VERSION, **asdict(state)}
