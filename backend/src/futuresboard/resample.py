"""Longer timeframes from the base: one rule for every column. Pure arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import BoolArray, FloatArray, IntArray
from futuresboard.quality import PARTIAL

_SUMMED = ("volume", "quote_volume", "taker_buy")
AGGREGATED = ("open", "high", "low", "close", *_SUMMED)
# What stands at a moment is the closing bar's alone; nothing older may speak for it.
LEVELS = tuple(name for name in RAW_COLUMNS if name not in AGGREGATED)


def resample(
    columns: Mapping[str, FloatArray], marks: IntArray, present: BoolArray
) -> tuple[dict[str, FloatArray], IntArray]:
    """Bars of a longer timeframe from the base bars of their windows.

    columns: name -> (m, k) base values of m windows of k bars, oldest first; marks, present: (m, k).
    Returns name -> (m,) and the own marks (m,). An aggregate is unknown unless every base bar's
    value is known; a level is the last base bar's. A window with anything unknown that a base bar
    of its pair does have is `partial`.
    """
    result: dict[str, FloatArray] = {}
    for name in RAW_COLUMNS:
        values = columns[name]
        if name in LEVELS:
            result[name] = values[:, -1].copy()
        elif name == "open":
            result[name] = values[:, 0].copy()
        elif name == "close":
            result[name] = values[:, -1].copy()
        elif name == "high":
            result[name] = values.max(axis=1)
        elif name == "low":
            result[name] = values.min(axis=1)
        else:
            total = np.zeros(len(values))
            for i in range(values.shape[1]):
                total = total + values[:, i]
            result[name] = total
    some, every = _known(columns)
    for name in AGGREGATED:
        result[name] = np.where(every[name], result[name], np.nan)
    partial = ~present.all(axis=1)
    for name in RAW_COLUMNS:
        partial |= some[name] & ~np.isfinite(result[name])
    bits: IntArray = np.bitwise_or.reduce(np.where(present, marks, 0), axis=1)
    return result, bits | np.where(partial, PARTIAL, 0)


def _known(columns: Mapping[str, FloatArray]) -> tuple[dict[str, BoolArray], dict[str, BoolArray]]:
    known = {name: np.isfinite(columns[name]) for name in RAW_COLUMNS}
    some = {name: mask.any(axis=1) for name, mask in known.items()}
    return some, {name: mask.all(axis=1) for name, mask in known.items()}
