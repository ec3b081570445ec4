"""What the compiled loops take and give. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from futuresboard.model import FloatArray, IntArray

type SmallArray = np.ndarray[tuple[int, ...], np.dtype[np.int8]]

LEAVE_LONG, LEAVE_SHORT = 1, 2


class Grid(NamedTuple):
    """(n, T) prices; `paid`: what a long pays within each bar as a fraction (0 columns: no funding);
    `leave`: bits of `LEAVE_LONG` and `LEAVE_SHORT` at a bar's close (0 columns: no exit signals)."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    paid: FloatArray
    leave: SmallArray


class Rule(NamedTuple):
    """How a trade ends and what it costs: bars held (0: no limit), fractions of the price (0: none);
    `late`: bars between the bar after the signal and the entry."""

    hold: int
    take_profit: float
    stop_loss: float
    trailing_stop: float
    fee: float
    slippage: float
    late: int


class Record(NamedTuple):
    """(m,) one row a signal; what there is none of is NaN (`exit_slot`: −1). free: the first slot whose
    signal the pair may act on again, −1 where it was not occupied."""

    outcome: SmallArray
    exit_slot: IntArray
    free: IntArray
    entry: FloatArray
    exit: FloatArray
    gross: FloatArray
    funding: FloatArray
    net: FloatArray
    best: FloatArray
    favourable: FloatArray
    adverse: FloatArray


def empty_record(count: int) -> Record:
    """Rows for so many signals."""
    floats = [np.full(count, np.nan) for _ in range(8)]
    exits, free = (np.full(count, -1, dtype=np.int64) for _ in range(2))
    return Record(np.zeros(count, dtype=np.int8), exits, free, *floats)


class Sets(NamedTuple):
    """s rules of a sweep. numbers: (s, 7) each one's `Rule`; keys: (s, 2) which of the levels its
    stop-loss and take-profit are; levels: (k, 3) a lateness, with a stop-loss or a take-profit as
    fractions, the other one 0 (both 0: no level); reach: the most bars a rule holds (0: no limit)."""

    numbers: FloatArray
    keys: IntArray
    levels: FloatArray
    reach: int
