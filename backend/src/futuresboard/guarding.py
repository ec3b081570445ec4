"""What the pipeline lets in: raw bars against the hot window, refused numbers taken out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from futuresboard import plausible, quality
from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import Pair
from futuresboard.memory import Memory
from futuresboard.model import LATE_BARS, BoolArray, FloatArray, IntArray


@dataclass
class Admitted:
    """m bars without what was refused: marks and refused raw values by bar number beside them."""

    columns: dict[str, FloatArray]
    marks: IntArray
    guarded: dict[int, dict[str, object]] = field(default_factory=dict)

    def refuse(self, name: str, at: IntArray, mark: int) -> None:
        """Take a column's numbers out of bars, and keep them aside."""
        for bar in at.tolist():
            self.guarded.setdefault(bar, {})[name] = float(self.columns[name][bar])
        self.columns[name][at] = np.nan
        self.marks[at] |= mark


def admit(
    memory: Memory,
    rows: IntArray,
    ts: IntArray,
    columns: Mapping[str, FloatArray],
    already: Mapping[int, Mapping[str, object]],
) -> Admitted:
    """Judge m new bars; `already`: raw values that their adapter refused, by bar number.

    The memory's base panel must have room for every time, or be past it.
    """
    clean, bits, failed = quality.guard(columns)
    admitted = Admitted(clean, bits)
    for number, values in _merged(already, failed):
        admitted.guarded.setdefault(number, {}).update(values)
        admitted.marks[number] |= sum(quality.GUARDED[name] for name in values)
    held = np.flatnonzero(memory.base.slots(ts) >= 0)
    if len(held):
        _doubt(memory, rows[held], ts[held], held, admitted)
    return admitted


def provenance(memory: Memory, rows: IntArray, ts: IntArray, live: BoolArray | None, now_ms: int) -> IntArray:
    """(m,) marks that say whence new bars came; live: see `RawBars`."""
    step = memory.base.timeframe_ms
    late = now_ms - (ts + step) > LATE_BARS * step
    # Late bars newer than one finalised at its close heal a gap; others only extend the past.
    healed = late & (ts > memory.base.oldest_without(rows, quality.HISTORIC))
    historic = late if live is None else late | ~live
    marks = np.zeros(len(ts), dtype=np.int64)
    marks[healed] |= quality.BACKFILLED
    marks[historic] |= quality.HISTORIC
    return marks


def _merged(*parts: Mapping[int, Mapping[str, object]]) -> Iterable[tuple[int, Mapping[str, object]]]:
    return [entry for part in parts for entry in part.items()]


def _doubt(
    memory: Memory,
    rows: IntArray,
    ts: IntArray,
    numbers: IntArray,
    admitted: Admitted,
) -> None:
    """Refuse what cannot be true beside the bars around it; `numbers`: which of the m bars these are."""
    panel = memory.base
    step = panel.timeframe_ms
    unique, line = np.unique(rows, return_inverse=True)
    end = min(int(ts.max()) + plausible.WINDOW * step, panel.last_slot_ts)
    slots = (end - max(int(ts.min()) - plausible.REACH * step, panel.oldest)) // step + 1
    begin = end - (slots - 1) * step
    place = (ts - begin) // step
    bars, _, _ = panel.window(unique, end, slots, slots, np.zeros(len(unique), dtype=np.int64))
    seen = {name: column.copy() for name, column in bars.columns.items()}
    new = np.zeros((len(unique), slots), dtype=bool)
    new[line, place] = True
    for name in RAW_COLUMNS:
        known = np.isfinite(admitted.columns[name][numbers])
        seen[name][line[known], place[known]] = admitted.columns[name][numbers[known]]

    def peers(position: int) -> FloatArray:
        mine = memory.pairs[int(unique[position])]
        others, units = _elsewhere(memory.pairs, mine)
        nowhere = np.zeros(len(others), dtype=np.int64)
        closes = panel.window(others, end, slots, slots, nowhere)[0].columns["close"] * units[:, None]
        reference = memory.references.get(mine.base.upper(), np.nan) * mine.multiplier
        quoted: FloatArray = np.concatenate([closes, np.full((1, slots), reference)])
        return quoted

    scene = plausible.Scene(seen, bars.columns, new, peers)
    for name, bad in plausible.repeated(scene).items():
        admitted.refuse(name, _fresh(numbers[bad[line, place]], admitted, name), quality.STALE)
    for name, bad in plausible.refused(scene).items():
        admitted.refuse(name, _fresh(numbers[bad[line, place]], admitted, name), quality.GUARDED[name])


def _elsewhere(pairs: Sequence[Pair], mine: Pair) -> tuple[IntArray, FloatArray]:
    """(k,) rows of the same coin on other exchanges, and what turns their prices into this pair's unit."""
    others = [i for i, pair in enumerate(pairs) if pair.base == mine.base and pair.exchange != mine.exchange]
    units = [mine.multiplier / pairs[other].multiplier for other in others]
    return np.array(others, dtype=np.int64), np.array(units, dtype=np.float64)


def _fresh(numbers: IntArray, admitted: Admitted, name: str) -> IntArray:
    """Those of the bars whose number of a column is (still) there to be refused."""
    return numbers[np.isfinite(admitted.columns[name][numbers])]
