"""What is imported meets what is stored: what is new, what is the same, what contradicts. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from futuresboard import quality
from futuresboard.archive import IMPORTED_SEQ, Block, join, month_of, texts
from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import FileError
from futuresboard.importing.joining import IMPORTED
from futuresboard.importing.pieces import Prefer
from futuresboard.model import BoolArray, FloatArray, IntArray

_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Met:
    """changed: versions to store, current ones; added, completed, replaced: how many bars are new, know
    more than before, and have another value than before; same: bars that say nothing new."""

    changed: Block
    added: int
    completed: int
    replaced: int
    same: int


def meet(stored: Block, new: Block, prefer: Prefer, seq: int, where: str) -> Met:
    """Compare imported bars with the current stored ones of the same series.

    Unknown gives way to known, whoever knows. What stands in for a published value (`oi:live`,
    `ls:late`) gives way too. Any other difference raises FileError with both values, unless `prefer` says
    which is right. seq: the transaction number under which bars that were recorded are replaced.
    """
    common, left, right = np.intersect1d(stored.ts, new.ts, assume_unique=True, return_indices=True)
    old_raw, raw = stored.raw[:, left], new.raw[:, right]
    both = ~np.isnan(old_raw) & ~np.isnan(raw)
    differ = both & (np.abs(old_raw - raw) > _TOLERANCE * np.abs(old_raw))
    real = differ & ~_stand_ins(stored.marks[left])
    if real.any() and prefer is None:
        _refuse(common, old_raw, raw, real, where)
    ours = np.isnan(old_raw) | (differ & (~real if prefer == "old" else True))
    merged = np.where(ours & ~np.isnan(raw), raw, old_raw)
    changed = ((merged != old_raw) & ~(np.isnan(merged) & np.isnan(old_raw))).any(axis=0)
    changed |= _refused_anew(stored.marks[left], new.marks[right], merged) & (
        stored.raw_seq[left] == IMPORTED_SEQ
    )
    replaced = (real & (merged != old_raw)).any(axis=0)
    fresh = np.setdiff1d(np.arange(len(new)), right, assume_unique=True)
    at = np.flatnonzero(changed)
    block = _versions(stored, new, left[at], right[at], merged[:, at], seq)
    whole = join(new.take(fresh), block)
    whole = whole.take(np.argsort(whole.ts))
    return Met(
        whole, len(fresh), int((changed & ~replaced).sum()), int(replaced.sum()), int((~changed).sum())
    )


def _refused_anew(before: IntArray, after: IntArray, merged: FloatArray) -> BoolArray:
    """(m,) bars of which an unknown value was refused by a guard now, and that do not say so yet."""
    found = np.zeros(len(before), dtype=bool)
    for number, name in enumerate(RAW_COLUMNS):
        bit = quality.GUARDED[name]
        found |= (after & ~before & bit != 0) & np.isnan(merged[number])
    return found


def _stand_ins(marks: IntArray) -> BoolArray:
    """(13, m) which stored values stand in for what was not published yet."""
    found = np.zeros((len(RAW_COLUMNS), len(marks)), dtype=bool)
    for bit, names in quality.STAND_INS.items():
        for name in names:
            found[RAW_COLUMNS.index(name)] |= marks & bit != 0
    return found


def _versions(
    stored: Block, new: Block, left: IntArray, right: IntArray, merged: FloatArray, seq: int
) -> Block:
    """Stored bars with what was merged: those that were imported are completed in place, of recorded ones
    this is a further version, a revision."""
    before, after = stored.take(left), new.take(right)
    imported = before.raw_seq == IMPORTED_SEQ
    guarded = [mine or theirs for mine, theirs in zip(after.guarded, before.guarded, strict=True)]
    marks = before.marks.copy()
    for bit, names in quality.STAND_INS.items():
        rows = [RAW_COLUMNS.index(name) for name in names]
        marks[(merged[rows] != before.raw[rows]).any(axis=0) & ~np.isnan(merged[rows]).all(axis=0)] &= ~bit
    said = np.where(imported, after.marks, after.marks & ~IMPORTED | quality.REVISED)
    return Block(
        before.ts,
        merged,
        marks | said,
        texts(guarded),
        np.where(imported, IMPORTED_SEQ, np.maximum(seq, before.raw_seq + 1)),
        before.seen_ts,
        before.judged_seq,
        before.until_seq,
    )


def _refuse(ts: IntArray, old: FloatArray, new: FloatArray, real: BoolArray, where: str) -> None:
    column, at = (int(found[0]) for found in np.nonzero(real))
    bars = int(real.any(axis=0).sum())
    raise FileError(
        f"{where}, column {RAW_COLUMNS[column]} of the bar at {ts[at]} ms UTC ({month_of(int(ts[at]))}): "
        f"stored is {float(old[column, at])!r}, the file says {float(new[column, at])!r} "
        f"({bars} bars differ); allowed: the same, or --prefer new or --prefer old"
    )
