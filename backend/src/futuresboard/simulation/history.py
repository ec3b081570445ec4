"""What a simulation runs on: bars of named pairs, from a database, an archive or files alike. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from futuresboard.bars import RAW_COLUMNS, UNLISTED, Bars
from futuresboard.model import MS_PER_DAY, FloatArray, IntArray


class Pair(NamedTuple):
    """One series: ccxt's exchange id and symbol (empty where there is no exchange), its coin, and the
    number of coins one unit of the symbol stands for."""

    exchange: str
    symbol: str
    base: str = ""
    multiplier: float = 1.0

    @property
    def name(self) -> str:
        """What people read."""
        return f"{self.exchange} {self.symbol}".strip()


@dataclass(frozen=True)
class History:
    """n pairs × T consecutive slots of one timeframe.

    bars: every one of `RAW_COLUMNS` (n, T), as the guards leave them: NaN is unknown, a missing bar a
    slot of NaN. Signals are looked for in the newest `bars.out` slots; those before are their past.
    """

    pairs: tuple[Pair, ...]
    bars: Bars

    @classmethod
    def of(
        cls,
        pairs: Sequence[Pair],
        timeframe_ms: int,
        ts: IntArray,
        columns: Mapping[str, FloatArray],
        *,
        first: int = 0,
    ) -> History:
        """From columns by name, each (n, T); those not given are unknown. first: the slot from which on
        signals are looked for."""
        shape = (len(pairs), len(ts))
        unknown = np.full(shape, np.nan)
        laid = {name: np.ascontiguousarray(columns.get(name, unknown)) for name in RAW_COLUMNS}
        for name, column in laid.items():
            if column.shape != shape:
                raise ValueError(f"{name}: got the shape {column.shape}, allowed: {shape}")
        listed = np.full(len(pairs), UNLISTED)
        return cls(tuple(pairs), Bars(timeframe_ms, ts, laid, listed, len(ts) - first))

    @property
    def first(self) -> int:
        """The slot from which on signals are looked for."""
        return len(self.bars.ts) - self.bars.out

    @property
    def day_of(self) -> IntArray:
        """(T,) number of each slot's UTC day, from 0."""
        days: IntArray = self.bars.ts // MS_PER_DAY
        return days - days[0] if len(days) else days

    @cached_property
    def data_hash(self) -> str:
        """Names the data: the same pairs, times and known values give the same hash on any machine."""
        found = hashlib.sha256()
        names = [f"{pair.name} {pair.base} {pair.multiplier!r}" for pair in self.pairs]
        head = [str(self.bars.timeframe_ms), str(self.first), *names, *RAW_COLUMNS]
        found.update("\n".join(head).encode())
        found.update(self.bars.ts.astype("<i8").tobytes())
        for name in RAW_COLUMNS:
            for row in self.bars.columns[name]:
                # Unknown has many bit patterns, and so has zero.
                found.update((np.where(np.isnan(row), np.nan, row) + 0.0).astype("<f8").tobytes())
        return found.hexdigest()[:16]
