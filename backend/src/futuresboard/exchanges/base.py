"""The port between the scraper and an exchange: what every adapter offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from futuresboard.model import Kind, Market, Rows, Ticker


class Exchange(Protocol):
    """One exchange's public market data.

    Every coroutine raises only subclasses of `futuresboard.errors.ExchangeError`. An instance
    belongs to the event loop that made its first request; `close()` ends its HTTP session.
    """

    id: str
    kinds: frozenset[Kind]
    """Kinds that come as separate requests (TAKER is absent where the candle carries it)."""
    unpublished: Mapping[str, str]
    """Row columns this exchange does not publish, with the reason in words."""
    page_rows: Mapping[Kind, int]
    """Most rows one request of a kind returns."""
    depth_rows: Mapping[Kind, int | None]
    """How many 5-minute rows back a kind reaches; None: to the listing."""
    rotates_oi: bool
    """True where live open interest costs one request a pair (`live_oi`)."""

    async def server_time(self) -> int:
        """The exchange's clock, milliseconds UTC."""
        ...

    async def markets(self) -> Sequence[Market]:
        """Trading USDT-margined linear perpetuals, most liquid first."""
        ...

    async def tickers(self) -> Mapping[str, Ticker]:
        """All pairs' live values by unified symbol, in as few bulk requests as there are."""
        ...

    async def live_oi(self, market: Market) -> Ticker:
        """One pair's live open interest; only where `rotates_oi`."""
        ...

    async def rows(self, kind: Kind, market: Market, *, limit: int, end: int | None = None) -> Rows:
        """The newest `limit` rows of a kind, or the newest with stamp <= `end`.

        `limit` may exceed `page_rows`: then one page is returned. The still-forming candle is
        included when the exchange returns it; telling it apart is the caller's.
        """
        ...

    async def close(self) -> None:
        """End the HTTP session."""
        ...
