"""`Panel`: the newest raw bars of all pairs of one timeframe, in memory, as arrays. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from futuresboard.bars import RAW_COLUMNS, Bars
from futuresboard.model import BoolArray, FloatArray, IntArray

_GROW = 64


class Panel:
    """Raw bars by (row, slot): a row is a pair, a slot a bar time; NaN and `present` False where none.

    `capacity` slots are held; when a newer bar needs room the oldest slots leave. Times before
    `oldest` are not held.
    """

    def __init__(self, timeframe_ms: int, capacity: int) -> None:
        self.timeframe_ms = timeframe_ms
        self.capacity = capacity
        self.oldest = 0
        self._started = False
        self._columns = {name: np.full((0, capacity), np.nan) for name in RAW_COLUMNS}
        self._marks = np.zeros((0, capacity), dtype=np.int64)
        self._present = np.zeros((0, capacity), dtype=bool)
        self._divergence = np.zeros((0, capacity), dtype=np.int8)

    def grow(self, rows: int) -> None:
        """Make room for at least `rows` rows."""
        missing = rows - len(self._marks)
        if missing <= 0:
            return
        shape = (missing + _GROW, self.capacity)
        self._columns = {
            name: np.concatenate([column, np.full(shape, np.nan)]) for name, column in self._columns.items()
        }
        self._marks = np.concatenate([self._marks, np.zeros(shape, dtype=np.int64)])
        self._present = np.concatenate([self._present, np.zeros(shape, dtype=bool)])
        self._divergence = np.concatenate([self._divergence, np.zeros(shape, dtype=np.int8)])

    def reach(self, newest: int) -> None:
        """Make room for a bar at time `newest`, letting the oldest slots go."""
        if not self._started:
            # Most of what comes next is older: warm start runs from the newest page backwards.
            self.oldest = newest - (self.capacity - self.capacity // 8) * self.timeframe_ms
            self._started = True
            return
        over = (newest - self.oldest) // self.timeframe_ms - self.capacity + 1
        if over <= 0:
            return
        shift = min(self.capacity, over + self.capacity // 8)
        for array in (*self._columns.values(), self._marks, self._present, self._divergence):
            array[:, : self.capacity - shift] = array[:, shift:].copy()
        for column in self._columns.values():
            column[:, self.capacity - shift :] = np.nan
        self._marks[:, self.capacity - shift :] = 0
        self._present[:, self.capacity - shift :] = False
        self._divergence[:, self.capacity - shift :] = 0
        # A leap beyond the whole capacity leaves an empty panel that ends at `newest`.
        self.oldest += (over + self.capacity // 8) * self.timeframe_ms

    def hold(self, oldest: int, slots: int) -> None:
        """Hold `slots` bar times from `oldest` on, for good; only before any bar is in."""
        rows = len(self._marks)
        self.capacity, self.oldest, self._started = slots, oldest, True
        self._columns = {name: np.full((rows, slots), np.nan) for name in RAW_COLUMNS}
        self._marks = np.zeros((rows, slots), dtype=np.int64)
        self._present = np.zeros((rows, slots), dtype=bool)
        self._divergence = np.zeros((rows, slots), dtype=np.int8)

    @property
    def last_slot_ts(self) -> int:
        """Time of the newest slot there is room for."""
        return self.oldest + (self.capacity - 1) * self.timeframe_ms

    def slots(self, ts: IntArray) -> IntArray:
        """Slot numbers of bar times (may be negative: not held)."""
        return (ts - self.oldest) // self.timeframe_ms

    def get(self, rows: IntArray, ts: IntArray) -> tuple[BoolArray, dict[str, FloatArray], IntArray]:
        """(present, columns, marks) of m bars; not held counts as absent."""
        slots = self.slots(ts)
        held = (slots >= 0) & (slots < self.capacity)
        safe = np.where(held, slots, 0)
        present = held & self._present[rows, safe]
        columns = {
            name: np.where(present, column[rows, safe], np.nan) for name, column in self._columns.items()
        }
        return present, columns, np.where(present, self._marks[rows, safe], 0)

    def column(self, name: str, rows: IntArray, ts: IntArray) -> FloatArray:
        """Values of one column at bars, shaped like `rows` and `ts` together; NaN where none is held."""
        slots = self.slots(ts)
        held = (slots >= 0) & (slots < self.capacity)
        safe = np.where(held, slots, 0)
        return np.where(held & self._present[rows, safe], self._columns[name][rows, safe], np.nan)

    def put(self, rows: IntArray, ts: IntArray, columns: Mapping[str, FloatArray], marks: IntArray) -> None:
        """Store m bars; every time must be held."""
        slots = self.slots(ts)
        for name, column in self._columns.items():
            column[rows, slots] = columns[name]
        self._marks[rows, slots] = marks
        self._present[rows, slots] = True

    def note_divergence(self, rows: IntArray, ts: IntArray, flags: NDArray[np.int8]) -> BoolArray:
        """(m,) where a stored bar's flag of tier 5 is another than what is stored; it is noted as stored.

        flags: 0 unknown (as a new bar is), 1 false, 2 true. Bars that are not held count as others.
        """
        slots = self.slots(ts)
        held = (slots >= 0) & (slots < self.capacity)
        safe = np.where(held, slots, 0)
        changed: BoolArray = ~held | (self._divergence[rows, safe] != flags)
        self._divergence[rows[held], slots[held]] = flags[held]
        return changed

    def forget_divergence(self, rows: IntArray, ts: IntArray) -> None:
        """Bars whose stored flag of tier 5 is not known here: whatever is judged next is stored."""
        self._divergence[rows, self.slots(ts)] = -1

    def newest(self, rows: IntArray) -> IntArray:
        """(n,) time of each row's newest bar; `oldest` minus one slot where a row has none."""
        present = self._present[rows]
        last = self.capacity - 1 - np.argmax(present[:, ::-1], axis=1)
        return self.oldest + np.where(present.any(axis=1), last, -1) * self.timeframe_ms

    def oldest_without(self, rows: IntArray, mark: int) -> IntArray:
        """(n,) time of each row's oldest bar held without a mark; beyond all time where there is none."""
        found = self._present[rows] & (self._marks[rows] & mark == 0)
        first = self.oldest + np.argmax(found, axis=1) * self.timeframe_ms
        return np.where(found.any(axis=1), first, np.iinfo(np.int64).max)

    def before(self, rows: IntArray, ts: IntArray) -> IntArray:
        """(m,) time of the newest bar of each row before each time; -1 where there is none."""
        slots = np.arange(self.capacity)
        earlier = self._present[rows] & (slots[None, :] < self.slots(ts)[:, None])
        last = self.capacity - 1 - np.argmax(earlier[:, ::-1], axis=1)
        return np.where(earlier.any(axis=1), self.oldest + last * self.timeframe_ms, -1)

    def window(
        self, rows: IntArray, end: int, slots: int, out: int, listed_ts: IntArray
    ) -> tuple[Bars, IntArray, BoolArray]:
        """`slots` slots of some rows up to the bar at `end`: bars, own marks and presence, each (n, slots).

        Slots that are not held are empty.
        """
        stop = int((end - self.oldest) // self.timeframe_ms) + 1
        start = stop - slots
        missing = max(0, -start)

        def cut[T: np.generic](array: NDArray[T], empty: float = 0) -> NDArray[T]:
            held = array[rows, max(0, start) : stop]
            return np.pad(held, ((0, 0), (missing, 0)), constant_values=empty) if missing else held

        columns = {name: cut(column, np.nan) for name, column in self._columns.items()}
        ts = end - self.timeframe_ms * np.arange(slots - 1, -1, -1, dtype=np.int64)
        bars = Bars(self.timeframe_ms, ts, columns, listed_ts, out)
        return bars, cut(self._marks), cut(self._present)
