"""What a trade might have been, known only afterwards: its best close, and how far it went. Pure."""

from __future__ import annotations

import math

import numpy as np

from futuresboard.model import IntArray
from futuresboard.simulation.compiling import compiled, inlined
from futuresboard.simulation.outcomes import Outcome
from futuresboard.simulation.records import Grid, Record

_OPEN, _HORIZON = int(Outcome.OPEN), int(Outcome.HORIZON)


@compiled
def look_back(
    grid: Grid, rows: IntArray, directions: IntArray, hold: int, record: Record, first: IntArray
) -> None:
    """Fill `best`, `favourable` and `adverse` of the finished trades in a record.

    first: (m,) the slot each is entered in. best: the best gross at a known close of the window, which is
    `hold` bars, or (0) those up to the exit; −inf without a known close, NaN where the window is not over.
    favourable, adverse: the farthest gross for and against the trade; the bar of an exit at its open or
    within it counts with its open and the exit alone; NaN where a high or low is unknown.
    """
    for at in range(len(rows)):
        if record.outcome[at] > _OPEN:
            whole = record.outcome[at] == _HORIZON
            stop = first[at] + hold if hold > 0 else record.exit_slot[at] + whole
            record.best[at] = _best(grid, rows[at], first[at], stop, directions[at])
            low, high = _range(grid, rows[at], first[at], record.exit_slot[at], record.exit[at], whole)
            for_it, against = (high, low) if directions[at] > 0 else (low, high)
            record.favourable[at] = directions[at] * (for_it / record.entry[at] - 1.0)
            record.adverse[at] = directions[at] * (against / record.entry[at] - 1.0)


@inlined
def _best(grid: Grid, row: int, first: int, stop: int, direction: int) -> float:
    if stop > grid.close.shape[1]:
        return math.nan
    # The best close's return is the best return, to the last bit: dividing keeps the order.
    best = -math.inf * direction
    for held in range(first, stop):
        close = grid.close[row, held]
        if close > 0.0 and close < math.inf:
            best = max(best, close) if direction > 0 else min(best, close)
    gross: float = direction * (best / grid.open[row, first] - 1.0)
    return gross


@inlined
def _range(grid: Grid, row: int, first: int, last: int, price: float, whole: bool) -> tuple[float, float]:
    """Lowest and highest price the trade is known to have seen."""
    bottom = top = grid.open[row, first]
    for held in range(first, last + whole):
        high, low = grid.high[row, held], grid.low[row, held]
        if not (low > 0.0 and high > 0.0 and high < math.inf):
            return math.nan, math.nan
        bottom, top = min(bottom, low), max(top, high)
    if not whole:
        opened = grid.open[row, last]
        bottom, top = min(bottom, price), max(top, price)
        if opened > 0.0 and opened < np.inf:
            bottom, top = min(bottom, opened), max(top, opened)
    return bottom, top
