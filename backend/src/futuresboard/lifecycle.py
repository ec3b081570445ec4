"""The lifecycle of alerts over whole arrays of flags: edge, then silence. Pure.

The same rule as `signals.starts`, which judges one bar at a time with the memory of the last alert.
"""

from __future__ import annotations

import numpy as np

from futuresboard.model import BoolArray, FloatArray, IntArray


def edges(flags: FloatArray) -> BoolArray:
    """(n, T) where a flag (1, 0 or NaN) is true and was false, not unknown, one slot before."""
    found = np.zeros(flags.shape, dtype=bool)
    found[:, 1:] = (flags[:, 1:] == 1.0) & (flags[:, :-1] == 0.0)
    return found


def rested(rows: IntArray, slots: IntArray, cooldown: int) -> IntArray:
    """Numbers of the edges that start alerts: each row's first, then the first `cooldown` slots later.

    rows, slots: (m,) of the edges, ascending by row, then by slot.
    """
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    stride = int(slots.max()) + cooldown + 1
    keys = rows * stride + slots
    ends = np.searchsorted(keys, (rows + 1) * stride)
    at = np.flatnonzero(np.diff(rows, prepend=-1))
    kept = []
    # Every round takes one alert of each row that still has any.
    while len(at):
        kept.append(at)
        later = np.searchsorted(keys, keys[at] + cooldown)
        at = later[later < ends[at]]
    return np.sort(np.concatenate(kept))


def replay(flags: FloatArray, cooldown: int, may: BoolArray | None = None) -> tuple[IntArray, IntArray]:
    """(rows, slots) at which alerts start, by row and time, when nothing was before the first slot.

    may: (n, T) where one may start (None: everywhere).
    """
    begun = edges(flags)
    rows, slots = np.nonzero(begun if may is None else begun & may)
    kept = rested(rows, slots, cooldown)
    return rows[kept], slots[kept]
