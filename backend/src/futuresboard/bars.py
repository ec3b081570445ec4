"""`Bars`: raw columns of many series over the same consecutive time slots. Pure arrays, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from futuresboard.model import FloatArray, IntArray

RAW_COLUMNS: tuple[str, ...] = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "taker_buy",
    "oi_contracts",
    "oi_abs_usd",
    "global_ls",
    "top_ls",
    "funding",
    "funding_interval_h",
)

UNLISTED = np.iinfo(np.int64).min
"""`Bars.listed_ts` of a series whose listing lies before anything it holds (or is unknown)."""


@dataclass(frozen=True)
class Bars:
    """n series × T consecutive slots of one timeframe.

    ts: (T,) bar open times in ms UTC, one timeframe apart: **slots**, not rows, so that a missing
        bar is a column of NaN and every window counts time.
    columns: name -> (n, T) float64, NaN = unknown; names of `RAW_COLUMNS`.
    listed_ts: (n,) open time of the bar in which the pair was listed, or `UNLISTED`.
    out: how many of the newest slots a metric is asked for; the slots before are its past.
    made: what `once` has computed.
    """

    timeframe_ms: int
    ts: IntArray
    columns: Mapping[str, FloatArray]
    listed_ts: IntArray
    out: int
    made: dict[str, FloatArray] = field(init=False, default_factory=dict, repr=False, compare=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, out): the shape of every metric's answer."""
        return len(self.listed_ts), self.out

    def widen(self, slots: int) -> Bars:
        """The same bars, asked for `slots` more values before the first (for metrics of metrics)."""
        return replace(self, out=self.out + slots)

    def once(self, name: str, make: Callable[[], FloatArray]) -> FloatArray:
        """What `make` computes, at most once for these bars: several metrics may rest on it."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def series(self, part: slice) -> Bars:
        """Some of the series alone."""
        columns = {name: column[part] for name, column in self.columns.items()}
        return replace(self, columns=columns, listed_ts=self.listed_ts[part])

    def lag(self, name: str, slots: int = 0) -> FloatArray:
        """(n, out) values of a column `slots` time slots before each slot asked for; NaN before the start."""
        column = self.columns[name]
        stop = len(self.ts) - slots
        start = stop - self.out
        if start >= 0:
            return column[:, start:stop]
        padded = np.full(self.shape, np.nan)
        if stop > 0:
            padded[:, -stop:] = column[:, :stop]
        return padded
