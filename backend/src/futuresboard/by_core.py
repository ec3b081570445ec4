"""Work that goes series by series and lets the interpreter's lock go, a thread for each core."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from futuresboard.model import IntArray


def by_core[T](offsets: IntArray, work: Callable[[int, int], T], *, worth: int) -> list[T]:
    """`work(first, last)` for runs of series that hold about as many rows each, together all of them.

    offsets: (n + 1,) where each series begins, and the end; worth: the rows from which a thread of its own
    saves more than it costs. Returns the results in order; raises what `work` raises.
    """
    series, rows = len(offsets) - 1, int(offsets[-1])
    parts = max(1, min(os.cpu_count() or 1, series, rows // worth))
    cuts = [0, *np.searchsorted(offsets, rows * np.arange(1, parts) // parts).tolist(), series]
    if parts == 1:
        return [work(0, series)]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(work, cuts[:-1], cuts[1:]))
