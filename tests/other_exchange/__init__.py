"""A second server that speaks the exchanges' wire formats, with its truth: tests only.

It shares nothing with the package or with the simulator, so that a reading of a wire format that is
wrong in both cannot hide: what the product stores is compared with what this server knows.
"""

from __future__ import annotations

from other_exchange.compare import Difference, compare, missing, rows_of_history, summary
from other_exchange.config import BAR, DAY, HOUR, OtherConfig
from other_exchange.markets import BINANCE, BYBIT, OKX, Listing, default_listings
from other_exchange.server import OtherExchange
from other_exchange.truth import Truth

__all__ = [
    "BAR",
    "BINANCE",
    "BYBIT",
    "DAY",
    "HOUR",
    "OKX",
    "Difference",
    "Listing",
    "OtherConfig",
    "OtherExchange",
    "Truth",
    "compare",
    "default_listings",
    "missing",
    "rows_of_history",
    "summary",
]
