"""What moves between closes: by websocket while it is fresh, in the same cycle by REST while it is not."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np

from futuresboard.book import STEP_MS, Book
from futuresboard.errors import ExchangeError
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.streams.hub import Streams
from futuresboard.feed import Feed
from futuresboard.model import BoolArray, IntArray, Kind, Market, Ticker

ROTATION_CALM = 40
ROTATION_LEAST = 100
ROTATION_BEFORE_CLOSE_MS = 62_000
WEBSOCKET, REST = "websocket", "rest"


class LiveValues:
    """Live values of one exchange's pairs.

    markets: by pair row, grows at its end; active: rows of those that are asked for, the most liquid
    first; now_ms: exchange time; store: writes values by pair row and their source; guarded: awaits one
    request whose failure ends nothing else; came: called when a socket brought closed rows; returned:
    at the first candle after a socket had dropped.
    """

    def __init__(
        self,
        exchange: Exchange,
        markets: Sequence[Market],
        active: Callable[[], Sequence[int]],
        *,
        now_ms: Callable[[], int],
        store: Callable[[Mapping[int, Ticker], str], Awaitable[None]],
        guarded: Callable[[Awaitable[object]], Awaitable[None]],
        came: Callable[[], None],
        returned: Callable[[], None],
        interval_s: float,
    ) -> None:
        self._exchange = exchange
        self._markets = markets
        self._active = active
        self._now_ms = now_ms
        self._store = store
        self._guarded = guarded
        self._came = came
        self._returned = returned
        self._interval_s = interval_s
        self._marks: dict[str, float] = {}
        self._next_oi = 0
        self._book: Book
        self.feed = None if exchange.streams is None else self._make_feed(exchange.streams)

    def _make_feed(self, streams: Streams) -> Feed:
        feed = Feed(
            streams,
            lambda: self._book,
            self._markets,
            self._active,
            now_ms=self._now_ms,
            take=self._take,
            came=self._came,
            returned=self._returned,
        )
        feed.select()
        return feed

    @property
    def taker_from_trades(self) -> list[str]:
        """Symbols whose taker volume is summed from their trades."""
        return [] if self.feed is None else self.feed.with_trades

    @property
    def streamed(self) -> Mapping[Kind, BoolArray]:
        """Kinds that come by websocket only, and the pair rows they come for."""
        if self.feed is None or not (listened := set(self.feed.with_trades)):
            return {}
        return {Kind.TAKER: np.array([market.symbol in listened for market in self._markets], dtype=bool)}

    def begin(self, book: Book) -> None:
        """Fill this book from now on."""
        self._book = book
        if self.feed is not None:
            self.feed.open()

    def revise(self) -> None:
        """Other pairs are asked for from now on: listen to them too."""
        if self.feed is not None:
            self.feed.open()
            self._book.streamed = self.streamed

    @property
    def source(self) -> str:
        """Whence live values and candles come: `websocket`, `rest` or `mixed`."""
        ways = (False, False) if self.feed is None else (self.feed.fresh, self.feed.candles_come)
        if all(ways):
            return WEBSOCKET
        return "mixed" if any(ways) else REST

    def grace_ms(self) -> int:
        """How long after a close requests for its candles wait, since they should come by themselves."""
        return 0 if self.feed is None else self.feed.grace_ms()

    def awaits(self, kind: Kind, rows: IntArray, ts: IntArray) -> BoolArray:
        """Which bars a websocket still owes rows of a kind that only it brings."""
        if self.feed is None:
            return np.zeros(len(rows), dtype=bool)
        return self.feed.awaits(kind, rows, ts)

    def _take(self, row: int, ticker: Ticker) -> None:
        if ticker.mark_price is not None:
            self._marks[ticker.symbol] = ticker.mark_price
        self._book.take_live(row, ticker)
        self._book.settlements.announce(row, ticker.funding_next_ts)

    async def refresh(self) -> None:
        """Store what is new: what was heard while that is fresh, else the answer to a request.

        Raises ExchangeError when the request failed; what was heard is stored all the same.
        """
        if self.feed is not None:
            if self.feed.skips_rest:
                await self._store(self.feed.values(), WEBSOCKET)
                return
            self.feed.asking()
        try:
            tickers = await self._exchange.tickers()
        except ExchangeError:
            if self.feed is not None:
                await self._store(self.feed.values(), WEBSOCKET)
            raise
        rows = {self._markets[row].symbol: row for row in self._active()}
        mine = {row: tickers[symbol] for symbol, row in rows.items() if symbol in tickers}
        for row, ticker in mine.items():
            self._take(row, ticker)
        if self.feed is not None:
            self.feed.answered(mine)
        await self._store(mine, REST)

    async def rotate_oi(self, now: int) -> None:
        """Ask for the open interest of the next pairs in turn, where that costs a request each."""
        to_close = STEP_MS - now % STEP_MS
        count, active = ROTATION_CALM, self._active()
        if to_close <= ROTATION_BEFORE_CLOSE_MS:
            # The cycles of the last minute share the pairs, so that each has a snapshot from it.
            cycles = max(1, int(ROTATION_BEFORE_CLOSE_MS / 1000 / self._interval_s))
            count = max(-(-len(active) // cycles), ROTATION_LEAST)
        count = min(count, len(active))
        rows = [active[(self._next_oi + i) % len(active)] for i in range(count)]
        self._next_oi = (self._next_oi + count) % max(1, len(active))
        found: dict[int, Ticker] = {}
        await asyncio.gather(*(self._guarded(self._live_oi(row, found)) for row in rows))
        await self._store(found, REST)

    async def _live_oi(self, row: int, found: dict[int, Ticker]) -> None:
        market = self._markets[row]
        ticker = await self._exchange.live_oi(market)
        mark = self._marks.get(market.symbol)
        if ticker.oi_contracts is not None and mark is not None:
            ticker = dataclasses.replace(ticker, oi_usd=ticker.oi_contracts * mark)
        found[row] = ticker
        self._book.take_live(row, ticker)
