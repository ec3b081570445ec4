"""Open interest as live values showed it beside each close. Pure.

It stands in for rows that are still to come, and tells what the stamps of rows mean that say nothing
about it themselves.
"""

from __future__ import annotations

import numpy as np

from futuresboard.model import BoolArray, FloatArray, IntArray, Ticker
from futuresboard.sheets import Sheet, longer, roll

STEP_MS = 300_000
LEAST_PAIRS = 10
HARDLY = 0.35
"""A row sent seconds after its window began has gone a fraction of this share of a bar's way."""
WINDOW_MS = 60_000
"""A value this much before or after a close stands for it."""


class LiveOi:
    """By (pair row, slot): the last open interest seen in the minute before the bar's close with its USD
    value, and the first seen in the minute after it; NaN where none was."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._before, self._usd, self._after = (np.full(shape, np.nan) for _ in range(3))

    def take(self, row: int, ticker: Ticker, origin: int) -> None:
        """Keep what a ticker says of a pair; origin: time of the first slot."""
        if ticker.oi_contracts is None or ticker.oi_ts is None:
            return
        slots = self._before.shape[1]
        closing = -(-(ticker.oi_ts - origin) // STEP_MS) - 1
        close_ts = origin + (closing + 1) * STEP_MS
        if 0 <= closing < slots and close_ts - ticker.oi_ts <= WINDOW_MS:
            self._before[row, closing] = ticker.oi_contracts
            self._usd[row, closing] = np.nan if ticker.oi_usd is None else ticker.oi_usd
        closed = closing - 1
        since = ticker.oi_ts - (close_ts - STEP_MS)
        if 0 <= closed < slots and since <= WINDOW_MS and np.isnan(self._after[row, closed]):
            self._after[row, closed] = ticker.oi_contracts

    def known(self, rows: IntArray, slots: IntArray) -> BoolArray:
        """(m,) whether something stands for the close."""
        known: BoolArray = np.isfinite(self._before[rows, slots])
        return known

    def standing(self, rows: IntArray, slots: IntArray, allowed: BoolArray) -> tuple[FloatArray, FloatArray]:
        """(m,) open interest and its USD value for the closes where it may be used."""
        oi = np.where(allowed, self._before[rows, slots], np.nan)
        return oi, np.where(allowed, self._usd[rows, slots], np.nan)

    def evidence(self, sheet: Sheet) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """OI rows stamped at a close and one bar before it, and live OI before and after: four (m,).

        By one of the two readings the newest row, stamped at the close, is of a window that was open
        then, and may have been sent while it was. It counts only if it moved as far as rows do.
        """
        oi, have = sheet.columns["oi_contracts"], sheet.have
        before, after = self._before[:, :-1], self._after[:, :-1]
        seen = have[:, 1:] & have[:, :-1] & np.isfinite(before) & np.isfinite(after)
        followed = np.zeros_like(seen)
        followed[:, :-1] = have[:, 2:]
        newest = seen & ~followed
        newest[:, 1:] &= have[:, :-2]
        newest[:, 0] = False
        if not _moved(oi, *np.nonzero(newest)):
            seen &= followed
        return oi[:, 1:][seen], oi[:, :-1][seen], before[seen], after[seen]

    def roll(self, shift: int) -> None:
        """The oldest `shift` slots leave."""
        for grid in (self._before, self._usd, self._after):
            roll(grid, shift)

    def grow(self, rows: int) -> None:
        """Room for `rows` more pairs."""
        self._before, self._usd, self._after = (
            longer(grid, rows) for grid in (self._before, self._usd, self._after)
        )

    def clear(self, row: int) -> None:
        """Nothing is known of a pair any more."""
        for grid in (self._before, self._usd, self._after):
            grid[row] = np.nan


def _moved(oi: FloatArray, rows: IntArray, slots: IntArray) -> bool:
    """Whether the newest rows, one slot after `slots`, went about as far as those before them did."""
    if len(rows) < LEAST_PAIRS:
        return False
    new, old = (
        np.median(np.abs(oi[rows, slots + 1 - back] / oi[rows, slots - back] - 1.0)) for back in (0, 1)
    )
    return bool(new > HARDLY * old)
