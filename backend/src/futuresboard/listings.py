"""What the exchanges list, read again every hour: pairs join, leave and come back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from futuresboard.collector import Collector
from futuresboard.errors import ExchangeError
from futuresboard.exchanges.multipliers import resolve
from futuresboard.healing import next_hour
from futuresboard.model import Market, Ticker

log = logging.getLogger(__name__)

READ_AT_MS = 750_000
"""When in the hour the lists are read: far from any bar's close."""
SOON_MS = 60_000
"""So long after a pair turned out to be gone: others may follow."""


class Listings:
    """The newest list and prices of every exchange; multipliers are judged across all of them."""

    def __init__(self) -> None:
        self._listed: dict[str, Sequence[Market]] = {}
        self._prices: dict[tuple[str, str], float] = {}
        self._revising = asyncio.Lock()

    async def connect(self, collector: Collector) -> None:
        """Hear the exchange's clock and read its list. Raises ExchangeError."""
        self._take(collector.id, *await collector.connect())

    async def read(self, collector: Collector) -> None:
        """Read its list again. Raises ExchangeError."""
        markets = await collector.exchange.markets()
        self._take(collector.id, markets, await collector.exchange.tickers())

    def _take(self, exchange: str, markets: Sequence[Market], tickers: Mapping[str, Ticker]) -> None:
        self._listed[exchange] = markets
        self._prices = {key: price for key, price in self._prices.items() if key[0] != exchange}
        for symbol, ticker in tickers.items():
            if (price := ticker.price or ticker.mark_price) is not None:
                self._prices[exchange, symbol] = price

    def chosen(self, collector: Collector) -> list[Market]:
        """The pairs to record, most liquid first."""
        listed = [market for markets in self._listed.values() for market in markets]
        resolved = resolve(listed, self._prices)
        return collector.select([market for market in resolved if market.exchange == collector.id])

    def prices(self, collector: Collector) -> dict[str, float]:
        """Prices by symbol, where known."""
        return {
            symbol: price for (exchange, symbol), price in self._prices.items() if exchange == collector.id
        }

    async def keep(self, collector: Collector, joined: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        """Follow an exchange's list for ever; `joined` is called with the rows of pairs to fetch."""
        while True:
            due = next_hour(collector.now_ms(), READ_AT_MS)
            await collector.until(due, collector.list_soon)
            gone = collector.list_soon.is_set()
            if gone:
                await collector.until(collector.now_ms() + SOON_MS, asyncio.Event())
            collector.list_soon.clear()
            try:
                await self.read(collector)
            except ExchangeError as error:
                log.warning("%s: its list could not be read (%s); trying again", collector.id, error.reason)
                continue
            if rows := await self._revise(collector, gone=gone):
                await joined(rows)

    async def judge_again(self, collector: Collector) -> list[int]:
        """Choose its pairs anew, nothing read: another exchange's prices, known since, may say which
        coin a name counts. Returns the rows of pairs to fetch."""
        return await self._revise(collector, gone=True)

    async def _revise(self, collector: Collector, *, gone: bool) -> list[int]:
        async with self._revising:
            return await self._revise_alone(collector, gone=gone)

    async def _revise_alone(self, collector: Collector, *, gone: bool) -> list[int]:
        before = {collector.markets[row].symbol for row in collector.active}
        chosen = self.chosen(collector)
        if gone:
            # Who was refused a moment ago is believed gone, whatever the list still says.
            refused = {collector.markets[row].symbol for row in range(len(collector.markets))} - before
            chosen = [market for market in chosen if market.symbol not in refused]
        if not chosen:
            return []
        rows = await collector.revise(chosen, self.prices(collector))
        after = {market.symbol for market in chosen}
        if left := sorted(before - after):
            log.info("%s: no longer recorded: %s", collector.id, ", ".join(left))
        if new := sorted(after - before):
            log.info("%s: recorded from now on: %s", collector.id, ", ".join(new))
        return rows
