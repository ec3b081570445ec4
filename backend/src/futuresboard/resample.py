"""Longer timeframes from the base: one rule for every column. Pure arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import BoolArray, FloatArray, IntArray
from futuresboard.quality import BY_BOTH, BY_SOCKET, PARTIAL

_SUMMED = ("volume", "quote_volume", "taker_buy")
AGGREGATED = ("open", "high", "low", "close", *_SUMMED)
# What stands at a moment is the closing bar's alone; nothing older may speak for it.
LEVELS = tuple(name for name in RAW_COLUMNS if name not in AGGREGATED)


def resample(
    columns: Mapping[str, FloatArray], marks: IntArray, present: BoolArray
) -> tuple[dict[str, FloatArray], IntArray]:
    """Bars of a longer timeframe from the base bars of their windows.

    columns: name -> (m, k) base values of m windows of k bars, oldest first; marks, present: (m, k).
    Returns name -> (m,) and the own marks (m,). Everything is unknown unless every base bar is there;
    then an aggregate is unknown unless every base bar's value is known, and a level is the last base
    bar's. A window with anything unknown that a base bar of it does have is `partial`.
    """
    partial: BoolArray = ~present.all(axis=1)
    result: dict[str, FloatArray] = {}
    for name in RAW_COLUMNS:
        values = columns[name]
        known = np.isfinite(values)
        whole = known.all(axis=1) if name in AGGREGATED else known[:, -1]
        result[name] = np.where(whole & present.all(axis=1), _bar_value(name, values), np.nan)
        partial |= known.any(axis=1) & ~np.isfinite(result[name])
    bits: IntArray = np.bitwise_or.reduce(np.where(present, marks, 0), axis=1)
    streamed = (np.where(present, marks, 0) & BY_SOCKET != 0).sum(axis=1)
    both = (streamed > 0) & (streamed < present.sum(axis=1))
    return result, bits | np.where(partial, PARTIAL, 0) | np.where(both, BY_BOTH, 0)


def _bar_value(name: str, values: FloatArray) -> FloatArray:
    """(m,) one column of a longer bar from its base bars (m, k)."""
    if name == "open":
        return values[:, 0]
    if name == "high":
        return values.max(axis=1)
    if name == "low":
        return values.min(axis=1)
    if name in _SUMMED:
        total = np.zeros(len(values))
        for i in range(values.shape[1]):
            total = total + values[:, i]
        return total
    return values[:, -1]
