"""From file to file: read, guard, compute, write, and tell what there was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TextIO

import numpy as np

from futuresboard import quality
from futuresboard.compute import arithmetic, telling
from futuresboard.compute.reading import BarFile, read
from futuresboard.compute.writing import CsvOutput, Output, ParquetOutput
from futuresboard.errors import FileError
from futuresboard.model import TIMEFRAME_MS, Thresholds, Tier

_PARQUET = (".parquet", ".pq")

type Progress = Callable[[int, int], None]


def compute(
    path: Path,
    timeframe: str,
    thresholds: Thresholds,
    *,
    stream: TextIO,
    out: Path | None = None,
    progress: Progress = lambda total, done: None,
) -> str:
    """Compute all of a file; returns one line about it.

    The answer goes to `out`, which is there once it is complete (Parquet if it is named .parquet or
    .pq, else CSV); without it to `stream`, as CSV. progress: told how many rows there are, and how
    many more are done. Raises FileError.
    """
    source = read(path)
    if out is None:
        return f"{path}: {_work(source, timeframe, thresholds, CsvOutput(source, stream), progress)}"
    unfinished = out.with_name(f".{out.name}.part")
    try:
        with closing(_open(source, unfinished, out.suffix in _PARQUET)) as output:
            said = _work(source, timeframe, thresholds, output, progress)
        unfinished.replace(out)
    except OSError as error:
        raise FileError(f"{out}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return f"{path}: {said}"


def _open(source: BarFile, path: Path, is_parquet: bool) -> Output:
    if is_parquet:
        return ParquetOutput(source, path)
    return CsvOutput(source, path.open("w", encoding="utf-8", newline=""))


def _work(source: BarFile, timeframe: str, thresholds: Thresholds, output: Output, progress: Progress) -> str:
    step = TIMEFRAME_MS[timeframe]
    clean, _, _ = quality.guard(source.columns)
    started: Counter[Tier] = Counter()
    judged: dict[Tier, bool] = {}
    for part in arithmetic.compute(source.ts, clean, step, thresholds):
        output.write(part)
        started.update(tier for _, tier in part.alerts)
        for tier, flag in part.flags.items():
            judged[tier] = judged.get(tier, False) or bool(np.isfinite(flag).any())
        progress(len(source.ts), len(part.k))
    said = telling.rows(source.ts, timeframe, step, source.repeated)
    if output.replaced:
        said.append(f"computed anew: {', '.join(output.replaced)}")
    said += telling.columns(source.ts, source.columns, clean, source.given, step)
    return "; ".join([*said, telling.alerts(started, judged)])
