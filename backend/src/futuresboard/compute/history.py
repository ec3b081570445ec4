"""A history to simulate on out of files of bars, one pair each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from futuresboard import quality
from futuresboard.bars import RAW_COLUMNS
from futuresboard.compute.reading import BarFile, read
from futuresboard.errors import FileError
from futuresboard.model import TIMEFRAME_MS
from futuresboard.simulation.history import History, Pair

MOST_SLOTS = 20_000_000
"""Bars of all pairs together, gaps included: 13 columns of them are 2 GB."""


def history_of_files(paths: Sequence[Path], timeframe: str) -> History:
    """Read files as `compute` does and lay them on one grid of slots; a pair is called as its file.

    Unfit numbers are unknown, as everywhere. Raises FileError: what `read` finds wrong, a row that is not
    on the timeframe's grid, two files of one name, files without rows, more bars than can be held.
    """
    step = TIMEFRAME_MS[timeframe]
    names = [path.name.partition(".")[0] for path in paths]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise FileError(f"{twice}: got two files of this name, allowed: one a pair")
    files = [_on_grid(path, timeframe, step) for path in paths]
    start = min(int(file.ts[0]) for file in files)
    slots = (max(int(file.ts[-1]) for file in files) - start) // step + 1
    if slots * len(files) > MOST_SLOTS:
        raise FileError(f"got {slots} bars × {len(files)} pairs, allowed: {MOST_SLOTS} in all")
    columns = {name: np.full((len(files), slots), np.nan) for name in RAW_COLUMNS}
    for row, file in enumerate(files):
        clean, _, _ = quality.guard(file.columns)
        for name in RAW_COLUMNS:
            columns[name][row, (file.ts - start) // step] = clean[name]
    ts = start + step * np.arange(slots, dtype=np.int64)
    return History.of([Pair("", name, name) for name in names], step, ts, columns)


def _on_grid(path: Path, timeframe: str, step: int) -> BarFile:
    file = read(path)
    if not len(file.ts):
        raise FileError(f"{path}: got no rows, allowed: at least one")
    beside = file.ts[file.ts % step != 0]
    if len(beside):
        raise FileError(
            f"{path}, column ts: got {int(beside[0])} and {len(beside) - 1} more, "
            f"allowed: open times of {timeframe} bars"
        )
    return file
