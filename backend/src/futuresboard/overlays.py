"""Chart overlays of one pair by `ta`, computed when they are asked for. Pure.

`ta` looks at no gap and no unknown bar, so each run of known bars is handed over alone: null between
them, never filled, and warming up anew after them. What it calls a value while it warms up is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from futuresboard.model import BoolArray, FloatArray

if TYPE_CHECKING:
    from pandas import DataFrame

LOOKBACK = 500
"""Bars before the first one shown after which these recursive filters have forgotten their start."""

type Function = Callable[[ModuleType, DataFrame], Mapping[str, FloatArray]]


@dataclass(frozen=True)
class Overlay:
    """outputs: name of each line -> bars of a run from which it is known; needs: raw columns.

    anchored: it counts from the first bar shown, so that nothing before it is looked at.
    """

    outputs: Mapping[str, int]
    needs: tuple[str, ...]
    function: Function
    anchored: bool = False


def _obv(ta: ModuleType, bars: DataFrame) -> Mapping[str, FloatArray]:
    # `ta` books an unchanged close, and a run's first one, as a rise; here they book nothing.
    moved = bars["close"].diff().fillna(0.0) != 0.0
    found = ta.volume.OnBalanceVolumeIndicator(bars["close"], bars["volume"].where(moved, 0.0))
    return {"obv": found.on_balance_volume().to_numpy()}


def _macd(ta: ModuleType, bars: DataFrame) -> Mapping[str, FloatArray]:
    found = ta.trend.MACD(bars["close"])
    return {
        "macd": found.macd().to_numpy(),
        "macd_signal": found.macd_signal().to_numpy(),
        "macd_hist": found.macd_diff().to_numpy(),
    }


def _bollinger(ta: ModuleType, bars: DataFrame) -> Mapping[str, FloatArray]:
    found = ta.volatility.BollingerBands(bars["close"])
    return {
        "bollinger_middle": found.bollinger_mavg().to_numpy(),
        "bollinger_upper": found.bollinger_hband().to_numpy(),
        "bollinger_lower": found.bollinger_lband().to_numpy(),
    }


def _atr(ta: ModuleType, bars: DataFrame) -> Mapping[str, FloatArray]:
    found = ta.volatility.AverageTrueRange(bars["high"], bars["low"], bars["close"])
    return {"atr": found.average_true_range().to_numpy()}


_BAND = dict.fromkeys(("bollinger_middle", "bollinger_upper", "bollinger_lower"), 20)
OVERLAYS: Mapping[str, Overlay] = {
    "obv": Overlay({"obv": 1}, ("close", "volume"), _obv, anchored=True),
    "macd": Overlay({"macd": 26, "macd_signal": 34, "macd_hist": 34}, ("close",), _macd),
    "bollinger": Overlay(_BAND, ("close",), _bollinger),
    "atr": Overlay({"atr": 14}, ("high", "low", "close"), _atr),
}
"""OBV (from the first bar shown), MACD 12/26/9, Bollinger bands 20 ± 2 sd, ATR 14."""


def outputs(names: Sequence[str]) -> tuple[str, ...]:
    """The lines of some overlays."""
    return tuple(line for name in names for line in OVERLAYS[name].outputs)


def compute(names: Sequence[str], columns: Mapping[str, FloatArray], shown: int) -> dict[str, FloatArray]:
    """Lines of the newest `shown` slots: name -> (shown,), NaN where unknown.

    columns: raw columns -> (T,), T at least `shown`, `LOOKBACK` more for values that do not depend on
    where the columns begin.
    """
    # Half a second and 75 MB, which only those who ask shall pay.
    import ta  # noqa: PLC0415
    from pandas import DataFrame  # noqa: PLC0415

    found: dict[str, FloatArray] = {}
    for name in names:
        overlay = OVERLAYS[name]
        taken = {
            need: columns[need][-shown:] if overlay.anchored else columns[need] for need in overlay.needs
        }
        known = np.all([np.isfinite(values) for values in taken.values()], axis=0)
        lines = {line: np.full(len(known), np.nan) for line in overlay.outputs}
        for begin, stop in _runs(known):
            if stop - begin < min(overlay.outputs.values()):
                continue
            run = DataFrame({need: values[begin:stop] for need, values in taken.items()})
            for line, values in overlay.function(ta, run).items():
                warm = begin + overlay.outputs[line] - 1
                lines[line][warm:stop] = values[warm - begin :]
        found |= {line: values[-shown:] for line, values in lines.items()}
    return found


def _runs(known: BoolArray) -> list[tuple[int, int]]:
    """(begin, stop) of each run of known slots."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
