"""Taker volume by 5-minute window from public trades: whole windows only, never a guess. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from futuresboard.exchanges.parse import BASE_MS
from futuresboard.exchanges.streams.base import Trade

STRAGGLERS_MS = 1_000
"""A window is over when its connection has carried something this much younger than its end."""


@dataclass(frozen=True, slots=True)
class Window:
    """Base coin bought and sold by takers in the 5 minutes from `ts` on."""

    symbol: str
    ts: int
    buy: float
    sell: float


@dataclass(slots=True)
class _Pair:
    """Open windows of one pair: `first` is the oldest that was heard from its begin and not given yet."""

    first: int
    sums: dict[int, list[Decimal]] = field(default_factory=dict)


class TakerWindows:
    """Sums the trades of any pairs. A pair is heard from its first trade on, until `broke`.

    What was said before the first trade is unknown, so the window it falls into is left out.
    """

    def __init__(self) -> None:
        self._pairs: dict[str, _Pair] = {}

    def take(self, trades: Iterable[Trade]) -> None:
        """Add trades, of any age; those of windows already given, or not whole, are too late."""
        for trade in trades:
            window = trade.ts - trade.ts % BASE_MS
            pair = self._pairs.get(trade.symbol)
            if pair is None:
                pair = self._pairs[trade.symbol] = _Pair(window + BASE_MS)
            if window >= pair.first:
                pair.sums.setdefault(window, [Decimal(0), Decimal(0)])[0 if trade.buy else 1] += trade.size

    def broke(self, symbols: Iterable[str]) -> None:
        """Trades of these may have been missed: their open windows are unknown."""
        for symbol in symbols:
            self._pairs.pop(symbol, None)

    def is_whole(self, symbol: str, ts: int) -> bool:
        """Whether the window from `ts` on is being heard from its begin and has not been given yet."""
        pair = self._pairs.get(symbol)
        return pair is not None and pair.first <= ts

    def finished(self, symbols: Sequence[str], carried_ms: int) -> list[Window]:
        """Whole windows of pairs whose connection has carried events up to `carried_ms`, oldest first.

        Each is given once; one without trades is given as zero.
        """
        found: list[Window] = []
        for symbol in symbols:
            pair = self._pairs.get(symbol)
            while pair is not None and pair.first + BASE_MS + STRAGGLERS_MS <= carried_ms:
                buy, sell = pair.sums.pop(pair.first, (Decimal(0), Decimal(0)))
                found.append(Window(symbol, pair.first, float(buy), float(sell)))
                pair.first += BASE_MS
        return found
