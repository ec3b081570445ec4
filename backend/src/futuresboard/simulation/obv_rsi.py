"""The blueprint's OBV/RSI strategy: when it enters and when it leaves. Pure.

Long when OBV is above its 20-bar mean and RSI crosses up through 30; out when RSI crosses down through 70
or OBV is below its mean; short mirrored.
"""

from __future__ import annotations

import numpy as np

from futuresboard.bars import Bars
from futuresboard.model import BoolArray, FloatArray

OBV_BARS = 20
OVERSOLD, OVERBOUGHT = 30.0, 70.0


def obv_above_mean(bars: Bars) -> FloatArray:
    """(n, out) OBV less the mean of its last 20 values, base coin; NaN unless all that moves it is known.

    OBV has no zero of its own, and its difference from its mean needs none: it is
    Σ_{j=0}^{18} v_{t−j} · (19 − j) / 20 with v the volume signed by the change of the close, 0 for an
    unchanged one. So it depends on 20 bars alone and not on where the history begins.
    """
    total = np.zeros(bars.shape)
    for back in range(OBV_BARS - 1):
        move = bars.lag("close", back) - bars.lag("close", back + 1)
        total = total + np.sign(move) * bars.lag("volume", back) * (OBV_BARS - 1 - back)
    return total / OBV_BARS


def crosses_up(values: FloatArray, level: float) -> BoolArray:
    """(n, T) where values are above a level and were not one slot before; both known."""
    found = np.zeros(values.shape, dtype=bool)
    found[:, 1:] = (values[:, 1:] > level) & (values[:, :-1] <= level)
    return found


def crosses_down(values: FloatArray, level: float) -> BoolArray:
    """(n, T) where values are below a level and were not one slot before; both known."""
    found = np.zeros(values.shape, dtype=bool)
    found[:, 1:] = (values[:, 1:] < level) & (values[:, :-1] >= level)
    return found


def entries(obv: FloatArray, rsi: FloatArray) -> tuple[BoolArray, BoolArray]:
    """(n, T) where a long and where a short is entered. obv: as `obv_above_mean` has it."""
    return (obv > 0.0) & crosses_up(rsi, OVERSOLD), (obv < 0.0) & crosses_down(rsi, OVERBOUGHT)


def exits(obv: FloatArray, rsi: FloatArray) -> tuple[BoolArray, BoolArray]:
    """(n, T) where a long and where a short is left; what is unknown says nothing."""
    return (obv < 0.0) | crosses_down(rsi, OVERBOUGHT), (obv > 0.0) | crosses_up(rsi, OVERSOLD)
