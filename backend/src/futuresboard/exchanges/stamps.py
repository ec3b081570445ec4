"""What a level's stamp means, decided from data. Pure.

Exchanges stamp a row of open interest or of a ratio either with the moment of the snapshot or with
the begin of the window at whose end it was taken, and have changed that without notice. Read the
wrong way a level looks ahead by a bar or is a bar stale; so it is measured, never assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from futuresboard.model import TIMEFRAME_MS, FloatArray, IntArray, Rows

type LevelStamp = Literal["snapshot", "start"]
type FlowStamp = Literal["start", "end"]

STEP_MS = TIMEFRAME_MS["5m"]
LEAST_OI_ROWS = 50
LEAST_TAKER_ROWS = 12
LEAST_LIVE_PAIRS = 10
TAKER_TOLERANCE = 0.02
CLEARLY = 0.5
"""A verdict against the default must have less than this share of the default's error."""


class LiveLevel(NamedTuple):
    """One pair around a close C: published rows stamped C and C - 5 min, live levels beside C."""

    row_at: float
    row_before: float
    live_before: float
    live_after: float


def oi_stamp(oi: Rows, candles: Rows) -> LevelStamp | None:
    """Whether open-interest rows carry the time of their snapshot or of their window's start.

    Each row's own price (USD / base) is compared with the price at its stamp T (the open of the
    candle at T) and five minutes later (its close); the smaller median relative error wins. None:
    fewer than `LEAST_OI_ROWS` comparable rows, or no difference.
    """
    ts, own, opened, closed = _aligned(
        oi.ts,
        oi.columns["oi_usd"] / oi.columns["oi_contracts"],
        candles,
        candles.columns["open"],
        candles.columns["close"],
    )
    if len(ts) < LEAST_OI_ROWS:
        return None
    at_stamp, later = _error(own, opened), _error(own, closed)
    if at_stamp == later:
        return None
    return "snapshot" if at_stamp < later else "start"


def oi_stamp_from_live(levels: Sequence[LiveLevel]) -> LevelStamp | None:
    """The same where rows carry no USD value: rows against our own live snapshots beside a close.

    A row's error is its distance to the nearer of the two live ones: where live values move once a
    bar, the one before C still shows the bar before. "start" (the row stamped C - 5 min is the one
    that stood at C) only if its median error is less than half of the other; else "snapshot". None
    with fewer than `LEAST_LIVE_PAIRS` usable pairs.
    """
    values = np.array(levels, dtype=np.float64).reshape(-1, 4)
    values = values[np.all(np.isfinite(values) & (values > 0), axis=1)]
    if len(values) < LEAST_LIVE_PAIRS:
        return None
    snapshot, start = (_nearest_error(values[:, row], values[:, 2:]) for row in (0, 1))
    return "start" if start < CLEARLY * snapshot else "snapshot"


def taker_stamp(taker: Rows, candles: Rows) -> FlowStamp | None:
    """Whether taker rows carry the start or the end of the bar they count.

    Buys plus sells are compared with the volume of the candle at T and of the one before. None, to
    be refused: neither fits within `TAKER_TOLERANCE` (median), or fewer than `LEAST_TAKER_ROWS`
    comparable rows.
    """
    flow = taker.columns["buy"] + taker.columns["sell"]
    best: tuple[float, FlowStamp] | None = None
    verdicts: tuple[tuple[int, FlowStamp], ...] = ((0, "start"), (STEP_MS, "end"))
    for shift, verdict in verdicts:
        ts, own, volume = _aligned(taker.ts - shift, flow, candles, candles.columns["volume"])
        if len(ts) < LEAST_TAKER_ROWS:
            continue
        error = _error(own, volume)
        if error <= TAKER_TOLERANCE and (best is None or error < best[0]):
            best = (error, verdict)
    return None if best is None else best[1]


def _aligned(ts: IntArray, values: FloatArray, candles: Rows, *columns: FloatArray) -> list[FloatArray]:
    """Stamps, values and candle columns of the stamps both have, where all are finite and > 0."""
    common, left, right = np.intersect1d(ts, candles.ts, return_indices=True)
    picked = [values[left], *(column[right] for column in columns)]
    usable = np.all([np.isfinite(column) & (column > 0) for column in picked], axis=0)
    return [common[usable].astype(np.float64), *(column[usable] for column in picked)]


def _nearest_error(values: FloatArray, live: FloatArray) -> float:
    return float(np.median(np.abs(values[:, None] / live - 1).min(axis=1)))


def _error(values: FloatArray, reference: FloatArray) -> float:
    return float(np.median(np.abs(values / reference - 1)))
