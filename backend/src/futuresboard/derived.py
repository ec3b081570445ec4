"""Everything computed from a window of bars, ready to be stored. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from futuresboard import metrics, quality, signals
from futuresboard.bars import Bars
from futuresboard.model import BoolArray, FloatArray, IntArray, Thresholds, Tier
from futuresboard.wilder import RSI_CHANGES

type Value = float | int | str | None


class Derived:
    """Metrics, flags, k and shown marks of a window, each (n, out)."""

    def __init__(
        self, bars: Bars, marks: IntArray, present: BoolArray, first_ts: IntArray, thresholds: Thresholds
    ) -> None:
        """marks, present: own marks and presence (n, T); first_ts: each series' oldest bar (n,)."""
        self.bars = bars
        self.marks = marks
        self.metrics = metrics.get_all(bars)
        self.flags, self.k = signals.evaluate(bars, self.metrics, thresholds)
        with np.errstate(invalid="ignore"):
            raw = metrics.imbalance_raw(bars)
        self._refused = np.where(np.isfinite(self.metrics["imbalance"]), np.nan, raw)
        self.shown = quality.spread(marks, present, bars.ts >= first_ts[:, None], bars.out)
        self.shown |= np.where(np.isfinite(self._refused), quality.GUARDED["imbalance"], 0)
        self.shown |= np.where(_run_length(present, bars.out) <= RSI_CHANGES, quality.WARMING, 0)

    def stored_values(self, at: IntArray, slot: IntArray) -> list[tuple[Value, ...]]:
        """Values of the database's derived fields for chosen (row, slot) pairs."""
        numbers = [self.metrics[name][at, slot] for name in metrics.stored_names()]
        columns = objects([*numbers, (self.k / 3.0)[at, slot]])
        true = np.zeros(self.shown.shape, np.int64)
        # What no alert has been counted for is known to be no cluster.
        known = np.full(self.shown.shape, 1 << int(Tier.CLUSTER))
        for tier, flag in self.flags.items():
            true |= np.where(flag == 1.0, 1 << int(tier), 0)
            known |= np.where(np.isfinite(flag), 1 << int(tier), 0)
        bits = zip(
            true[at, slot].tolist(), known[at, slot].tolist(), self.shown[at, slot].tolist(), strict=True
        )
        return [(*column, *three) for column, three in zip(columns, bits, strict=True)]

    def guarded_imbalance(self, at: IntArray, slot: IntArray) -> dict[int, dict[str, object]]:
        """Raw imbalances beyond the guard, by position in `at`."""
        chosen = self._refused[at, slot]
        return {int(i): {"imbalance": float(chosen[i])} for i in np.flatnonzero(np.isfinite(chosen))}


def objects(columns: Sequence[FloatArray]) -> list[tuple[Value, ...]]:
    """Columns of floats as row tuples, unknown as None."""
    lists = []
    for column in columns:
        values = column.astype(object)
        values[~np.isfinite(column)] = None
        lists.append(values.tolist())
    return list(zip(*lists, strict=True))


def _run_length(present: BoolArray, out: int) -> IntArray:
    """(n, out) bars in a row up to each of the newest slots."""
    slots = np.arange(present.shape[1])
    gap = np.maximum.accumulate(np.where(present, -1, slots), axis=1)
    run: IntArray = (slots - gap)[:, -out:]
    return run
