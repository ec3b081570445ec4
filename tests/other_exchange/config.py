"""What the second server may be asked to do differently, and its clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from other_exchange.markets import Listing, default_listings

BAR = 300_000
HOUR = 3_600_000
DAY = 86_400_000

SERIES = ("candles", "oi", "ls", "taker", "funding")


@dataclass(frozen=True)
class OtherConfig:
    """Switches of one server; every default is what the exchanges are believed to do.

    `stamps` says per exchange whether a level row carries the snapshot's time ("snapshot", T is the
    close of the bar the level belongs to) or the start of its window ("start"). `publish_delay_ms`
    is per series, in exchange time: a candle endpoint lags by it as a whole (the closed bar still
    shows as forming), the other histories show a row only that long after it could exist.
    """

    start_ms: int | None = None
    time_scale: float = 1.0
    latency_s: float = 0.0
    publish_delay_ms: Mapping[str, int] = field(default_factory=dict)
    stamps: Mapping[str, str] = field(default_factory=dict)
    okx_taker_stamp: str = "start"
    okx_rubik_per_ip: bool = False
    bybit_single_oi: bool = True
    bybit_instruments_page: int = 7
    binance_top_needs_key: bool = False
    enforce_limits: bool = False
    listings: tuple[Listing, ...] = field(default_factory=default_listings)

    def delay(self, series: str) -> int:
        if series not in SERIES:
            raise KeyError(series)
        return self.publish_delay_ms.get(series, 0)

    def stamp(self, exchange: str) -> str:
        stamp = self.stamps.get(exchange, "snapshot")
        if stamp not in ("snapshot", "start"):
            raise ValueError(stamp)
        return stamp


class Clock:
    """Exchange time: real time, or `scale` times as fast from `start_ms` on."""

    def __init__(self, start_ms: int | None, scale: float) -> None:
        self._real0 = time.monotonic()
        self.start_ms = int(time.time() * 1000) if start_ms is None else start_ms
        self.scale = scale

    def now(self) -> int:
        """Milliseconds UTC of the exchange."""
        return self.start_ms + int((time.monotonic() - self._real0) * 1000 * self.scale)
