"""How new raw bars meet the stored ones: what is new, what is a revision, what stays. Arrays, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard import metrics, quality
from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import BoolArray, FloatArray, IntArray
from futuresboard.panel import Panel

NEVER = np.iinfo(np.int64).max
"""Time of the oldest bar of a row that has none."""
KEPT_BARS = metrics.LOOKBACK + 12
"""Newest slots whose former values are always kept: what is derived of the newest bars rests on them."""
_LEVELS = ("oi_contracts", "oi_abs_usd", "global_ls", "top_ls")


@dataclass
class Touched:
    """Bars of one timeframe that a step changed: parallel arrays.

    fresh: finalised now; changed: stored with other values (else only their marks are others);
    superseded: changed after they were finalised, so that what was known before is kept; reread:
    their levels were read anew; first_before: time of the oldest bar of the row before the step;
    `NEVER` where there was none.
    """

    rows: IntArray
    ts: IntArray
    fresh: BoolArray
    changed: BoolArray
    guarded: Mapping[int, Mapping[str, object]]
    superseded: BoolArray
    reread: BoolArray
    first_before: IntArray

    def places(self) -> Iterator[tuple[int, int, bool]]:
        """(row, time, whether its levels were read anew) of each bar."""
        return zip(self.rows.tolist(), self.ts.tolist(), self.reread.tolist(), strict=True)


def merge(
    panel: Panel,
    first: IntArray,
    rows: IntArray,
    ts: IntArray,
    columns: Mapping[str, FloatArray],
    marks: IntArray,
    guarded: Mapping[int, Mapping[str, object]],
    reread: BoolArray | None = None,
    kept_bars: int = KEPT_BARS,
) -> Touched | None:
    """Put m bars into a panel; returns those that are new, changed or differently marked.

    first: time of each row's oldest bar, brought up to date here; guarded: as in `RawBars`;
    reread: bars whose levels give way to unknown; kept_bars: newest slots whose former values are kept also
    where nothing but what was unknown is another. Bars older than the panel holds are left out.
    """
    present, stored, stored_marks = panel.get(rows, ts)
    settled = present & (stored_marks & quality.PROVISIONAL == 0)
    reread = np.zeros(len(rows), dtype=bool) if reread is None else reread
    anew = reread | (present & ~settled)
    columns, marks = _without_stand_ins(columns, marks, stored, np.where(anew, -1, stored_marks))
    said = _still_said(columns, stored, np.where(anew, 0, stored_marks))
    columns = _merged(columns, stored, anew)
    changed, replaced = _changes(columns, stored)
    # A bar from history may be completed piece by piece; one finalised at its close is revised.
    revised = settled & changed & (replaced | (stored_marks & quality.HISTORIC == 0))
    recent = ts > panel.newest(rows) - kept_bars * panel.timeframe_ms
    superseded = revised | (settled & changed & recent)
    changed &= present
    marks = np.where(settled, _kept_marks(marks, stored_marks, revised) | said, marks)
    marks = np.where(np.isnan(columns["taker_buy"]), marks, marks & ~quality.UNHEARD)
    marks = np.where(settled & ~changed, _as_it_came(marks, stored_marks), marks)
    keep = np.flatnonzero((~present | changed | (marks != stored_marks)) & (panel.slots(ts) >= 0))
    if not len(keep):
        return None
    renumbered = {new: guarded[int(old)] for new, old in enumerate(keep) if int(old) in guarded}
    panel.put(rows[keep], ts[keep], {name: columns[name][keep] for name in RAW_COLUMNS}, marks[keep])
    first_before = first[rows[keep]]
    np.minimum.at(first, rows[keep], ts[keep])
    return Touched(
        rows[keep],
        ts[keep],
        (~settled & (marks & quality.PROVISIONAL == 0))[keep],
        changed[keep],
        renumbered,
        superseded[keep],
        reread[keep],
        first_before,
    )


def _kept_marks(marks: IntArray, stored_marks: IntArray, revised: BoolArray) -> IntArray:
    """(m,) marks of settled bars: whence they first came stays, and that they were revised."""
    own = (marks & ~(quality.BACKFILLED | quality.HISTORIC)) | np.where(revised, quality.REVISED, 0)
    return own | (stored_marks & (quality.REVISED | quality.BACKFILLED | quality.HISTORIC))


def _as_it_came(marks: IntArray, stored_marks: IntArray) -> IntArray:
    """(m,) marks of bars that an answer left as they were: whence they came is no other either."""
    sources = quality.BY_SOCKET | quality.BY_BOTH
    return marks & ~sources | stored_marks & sources


def _changes(new: Mapping[str, FloatArray], stored: Mapping[str, FloatArray]) -> tuple[BoolArray, BoolArray]:
    """(m,) bars with any other value, and those of them where a known value was another."""
    changed = np.zeros(len(stored["close"]), dtype=bool)
    replaced = changed.copy()
    for name in RAW_COLUMNS:
        known = ~np.isnan(stored[name])
        differs = (new[name] != stored[name]) & (known | ~np.isnan(new[name]))
        changed |= differs
        replaced |= differs & known
    return changed, replaced


def _without_stand_ins(
    new: Mapping[str, FloatArray], marks: IntArray, stored: Mapping[str, FloatArray], stored_marks: IntArray
) -> tuple[Mapping[str, FloatArray], IntArray]:
    """What the exchange published gives way to nothing that only stands in for it, whichever came first."""
    columns, left = dict(new), marks
    for bit, names in quality.STAND_INS.items():
        published = (marks & bit != 0) & (stored_marks & bit == 0)
        remains = np.zeros(len(marks), dtype=bool)
        for name in names:
            known = published & ~np.isnan(stored[name])
            columns[name] = np.where(known, stored[name], columns[name])
            remains |= ~known & ~np.isnan(columns[name])
        left = np.where(published & ~remains, left & ~bit, left)
    return columns, left


def _still_said(
    new: Mapping[str, FloatArray], stored: Mapping[str, FloatArray], stored_marks: IntArray
) -> IntArray:
    """(m,) what is said of stored values (or of refused ones) that a new answer does not speak of."""
    said = np.zeros(len(stored_marks), dtype=np.int64)
    for name in RAW_COLUMNS:
        silent = np.isnan(new[name])
        known = ~np.isnan(stored[name])
        said |= np.where(silent & known, stored_marks & quality.SAID_OF.get(name, 0), 0)
        said |= np.where(silent & ~known, stored_marks & quality.GUARDED[name], 0)
    return said


def _merged(
    new: Mapping[str, FloatArray], stored: Mapping[str, FloatArray], anew: BoolArray
) -> dict[str, FloatArray]:
    """What was known stays known, since an answer that lacks a value takes none away.

    Only levels give way to unknown: where their stamps turned out to mean something else, and where
    the bar was only shown before.
    """
    return {
        name: np.where(np.isnan(new[name]) & ~(anew & (name in _LEVELS)), stored[name], new[name])
        for name in RAW_COLUMNS
    }
