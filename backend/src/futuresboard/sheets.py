"""`Sheet`: an exchange's rows of one kind by pair and stamp, and how they become a bar's columns. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from futuresboard.model import ROW_COLUMNS, BoolArray, FloatArray, IntArray, Kind
from futuresboard.quality import LS_LATE, OI_LIVE, STAMP_ASSUMED

FAR = np.iinfo(np.int64).max
LS_LATE_BARS = 2
TAKER_TOLERANCE = 0.02
TRADES_TOLERANCE = 1e-6
"""Of sums of trades: nothing but a trade that was missed, or heard twice, makes a difference."""


@dataclass
class Sheet:
    """Rows of one kind: columns and presence by (pair row, slot of the stamp), and what was asked for.

    low: stamp slot from which on answers cover a row; high: its newest stamp slot; offset: bars
    from a bar to the stamp of its row; assumed: nothing has decided the offset yet.
    """

    columns: dict[str, FloatArray]
    have: BoolArray
    low: IntArray
    high: IntArray
    offset: int = 0
    assumed: bool = False

    def at(self, slots: IntArray) -> IntArray:
        """Stamp slots of bars' rows (within what is held)."""
        stamps: IntArray = np.minimum(slots + self.offset, self.have.shape[1] - 1)
        return stamps

    def roll(self, shift: int) -> None:
        """The oldest `shift` slots leave."""
        self.low = np.where(self.low == FAR, FAR, np.maximum(0, self.low - shift))
        self.high = np.maximum(-1, self.high - shift)
        roll(self.have, shift)
        for column in self.columns.values():
            roll(column, shift)

    def grow(self, rows: int) -> None:
        """Room for `rows` more pairs."""
        self.have = longer(self.have, rows)
        self.columns = {name: longer(column, rows) for name, column in self.columns.items()}
        self.low = np.concatenate([self.low, np.full(rows, FAR)])
        self.high = np.concatenate([self.high, np.full(rows, -1, dtype=np.int64)])

    def clear(self, row: int) -> None:
        """Nothing is known of a pair any more."""
        self.have[row], self.low[row], self.high[row] = False, FAR, -1
        for column in self.columns.values():
            column[row] = np.nan


def empty(grid: FloatArray | BoolArray) -> float | bool:
    """What a grid holds where it holds nothing."""
    return False if grid.dtype == np.bool_ else np.nan


def roll(grid: FloatArray | BoolArray, shift: int) -> None:
    """Move a grid by slots to the left; what comes in is empty."""
    kept = max(0, grid.shape[1] - shift)
    grid[:, :kept] = grid[:, grid.shape[1] - kept :].copy()
    grid[:, kept:] = empty(grid)


def longer[T: (np.float64, np.bool_)](grid: NDArray[T], rows: int) -> NDArray[T]:
    """A grid, or one value a row, with so many empty rows more."""
    more = np.full((rows, *grid.shape[1:]), empty(grid), dtype=grid.dtype)
    return np.concatenate([grid, more])


def new_sheet(kind: Kind, shape: tuple[int, int]) -> Sheet:
    """An empty sheet of (pairs, slots)."""
    return Sheet(
        {name: np.full(shape, np.nan) for name in ROW_COLUMNS[kind]},
        np.zeros(shape, dtype=bool),
        np.full(shape[0], FAR),
        np.full(shape[0], -1, dtype=np.int64),
    )


def join_oi(
    sheet: Sheet,
    live: tuple[FloatArray, FloatArray],
    rows: IntArray,
    slots: IntArray,
    columns: dict[str, FloatArray],
    marks: IntArray,
) -> None:
    """Open interest of m bars: the published row, else (or until its stamp is decided) the live one.

    live: (m,) open interest and its USD value as last seen before each close.
    """
    at = sheet.at(slots)
    have = sheet.have[rows, at]
    use_live = np.isfinite(live[0]) & (~have | sheet.assumed)
    oi = np.where(use_live, live[0], np.where(have, sheet.columns["oi_contracts"][rows, at], np.nan))
    usd = np.where(use_live, live[1], np.where(have, sheet.columns["oi_usd"][rows, at], np.nan))
    columns["oi_contracts"] = oi
    columns["oi_abs_usd"] = np.where(np.isnan(usd), oi * columns["close"], usd)
    marks |= np.where(use_live, OI_LIVE, 0)
    if sheet.assumed:
        marks |= np.where(have & ~use_live, STAMP_ASSUMED, 0)


def join_ratio(
    sheet: Sheet, rows: IntArray, slots: IntArray, marks: IntArray, *, borrow: BoolArray
) -> FloatArray:
    """(m,) a long/short ratio at m closes: the bar's own row, else (`borrow`) one at most two bars older."""
    values, found = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=bool)
    for older in range(LS_LATE_BARS + 1):
        at = np.clip(slots + sheet.offset - older, 0, sheet.have.shape[1] - 1)
        use = ~found & sheet.have[rows, at] & (slots + sheet.offset >= older)
        if older:
            use &= borrow
        values = np.where(use, sheet.columns["ratio"][rows, at], values)
        found |= use
        if older:
            marks |= np.where(use, LS_LATE, 0)
    if sheet.assumed:
        marks |= np.where(found, STAMP_ASSUMED, 0)
    return values


def join_taker(
    sheet: Sheet, rows: IntArray, slots: IntArray, volume: FloatArray, tolerance: float
) -> tuple[FloatArray, dict[int, float]]:
    """(m,) taker buy volume, and by bar number what was refused.

    A split that does not add up to the bar's volume, within a share of it, belongs to another bar.
    """
    at = sheet.at(slots)
    buy, sell = sheet.columns["buy"][rows, at], sheet.columns["sell"][rows, at]
    agrees = np.abs(buy + sell - volume) <= tolerance * np.maximum(volume, 1e-12)
    have = sheet.have[rows, at]
    refused = np.flatnonzero(have & ~agrees & np.isfinite(buy))
    taken = np.where(have & agrees, np.minimum(buy, volume), np.nan)
    return taken, {int(i): float(buy[i]) for i in refused}
