"""An import from beginning to end: everything is read, joined and compared before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from futuresboard.archive import Block
from futuresboard.bars import RAW_COLUMNS
from futuresboard.importing.joining import Known, Notes, join
from futuresboard.importing.meeting import meet
from futuresboard.importing.pieces import Options, Piece, Skipped, pieces_of, step_of
from futuresboard.importing.shapes import BINANCE, Named, Shape, named
from futuresboard.importing.sheet import read
from futuresboard.importing.sources import unpack
from futuresboard.importing.targets import SeriesName, Target
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS

_LEVELS_STEP = "5m"


@dataclass
class Report:
    """What an import did.

    files: read; series: (exchange, symbol, timeframe); added, completed, replaced, same: bars that are new,
    know more than before, have another value, say nothing new; repeated: rows that said the same again;
    unplaced: levels of moments at which no bar closes; skipped: rows of exchanges not asked for; blank:
    rows that say nothing but their time; unfit: numbers that were taken out and kept aside; written: months
    (or transactions) that changed.
    """

    files: int = 0
    series: list[SeriesName] = field(default_factory=list)
    added: int = 0
    completed: int = 0
    replaced: int = 0
    same: int = 0
    repeated: int = 0
    unplaced: int = 0
    skipped: int = 0
    blank: int = 0
    unfit: int = 0
    written: int = 0
    verdicts: list[str] = field(default_factory=list)


def import_files(
    paths: Sequence[Path],
    options: Options,
    target: Target,
    told: Callable[[int], None] = lambda done: None,
) -> Report:
    """Import files. told: called with how many more are read.

    Files of Binance's names are read pair by pair, so that memory holds one pair's at a time. Raises
    FileError, StoreError: then nothing is stored (in a database: nothing but whole transactions).
    """
    report, skipped = Report(files=len(paths)), Skipped()
    names = {path: named(path.name) for path in paths}
    other = [path for path in paths if names[path] is None]
    groups: dict[tuple[str, str], list[Piece]] = {}
    for piece in _read(other, names, options, skipped, told):
        groups.setdefault((piece.exchange, piece.symbol), []).append(piece)
    by_symbol: dict[str, list[Path]] = {}
    for path, name in names.items():
        if name is not None:
            by_symbol.setdefault(options.symbol or name.symbol, []).append(path)
    exchange = options.exchanges[0] if len(options.exchanges) == 1 else BINANCE
    for key in sorted({*groups, *((exchange, symbol) for symbol in by_symbol)}):
        pieces = groups.pop(key, [])
        if key[0] == exchange:
            pieces += _read(by_symbol.get(key[1], []), names, options, skipped, told)
        if pieces:
            _series(key, pieces, options, target, report)
    report.skipped, report.blank = skipped.rows, skipped.blank
    report.written = target.finish()
    return report


def _read(
    paths: Iterable[Path],
    names: dict[Path, Named | None],
    options: Options,
    skipped: Skipped,
    told: Callable[[int], None],
) -> list[Piece]:
    pieces: list[Piece] = []
    for path in paths:
        pieces += pieces_of(read(unpack(path)), names[path], options, skipped)
        told(1)
    return pieces


def _series(
    key: tuple[str, str], pieces: Sequence[Piece], options: Options, target: Target, report: Report
) -> None:
    """Join the pieces of one pair, by timeframe, and have the target store what is new in them."""
    bars: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.shape is Shape.BARS:
            frame = piece.timeframe or step_of([piece], options.timeframe)
            bars.setdefault(frame, []).append(piece)
    rest = [piece for piece in pieces if piece.shape is not Shape.BARS]
    for timeframe in bars or {_timeframe(rest, options): []}:
        notes = Notes()
        name = SeriesName(*key, timeframe)
        first, last = _span([*bars.get(timeframe, []), *rest], timeframe)
        stored = target.stored(name, first, last)
        block = join([*bars.get(timeframe, []), *rest], timeframe, _known(stored), options.prefer, notes)
        met = meet(stored, block, options.prefer, target.seq, f"{key[0]} {key[1]} {timeframe}")
        target.put(name, met.changed)
        report.series.append(name)
        report.added += met.added
        report.completed += met.completed
        report.replaced += met.replaced
        report.same += met.same
        report.repeated += notes.repeated
        report.unplaced += notes.unplaced
        report.unfit += sum(text.count(":") for text in block.guarded if text)
        report.verdicts += notes.verdicts


def _timeframe(pieces: Sequence[Piece], options: Options) -> str:
    """Of a pair without bars: as the user says, or as far apart as its levels are."""
    levels = [piece for piece in pieces if piece.shape in (Shape.LEVELS, Shape.METRICS)]
    return step_of(levels, options.timeframe) if levels else options.timeframe or _LEVELS_STEP


def _span(pieces: Sequence[Piece], timeframe: str) -> tuple[int, int]:
    """(first, last) bar that rows may speak of: a settlement does so for a day at most."""
    step = TIMEFRAME_MS[timeframe]
    first = min(int(piece.ts.min()) for piece in pieces) // step * step - 2 * step
    last = max(int(piece.ts.max()) for piece in pieces) // step * step + 2 * step
    return first, last + MS_PER_DAY


def _known(stored: Block) -> Known:
    opened, closed = (stored.raw[RAW_COLUMNS.index(name)] for name in ("open", "close"))
    return Known(stored.ts, np.array(opened), np.array(closed))
