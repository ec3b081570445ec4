"""What the collector makes of what its sockets say: over real sockets, with time moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np

from futuresboard import quality
from futuresboard.book import Book
from futuresboard.exchanges.streams.base import Channel
from futuresboard.exchanges.streams.bybit import BybitStreams
from futuresboard.exchanges.streams.hub import Streams
from futuresboard.feed import AUDIT_MS, GRACE_MS, LAG_MS, QUIET_MS, Feed
from futuresboard.model import Kind, Market, Ticker
from handmade_bars import M5, MIDNIGHT
from socket_server import Caller, HandClock, SocketServer, socket_server

MARKETS = [Market("bybit", f"{base}/USDT:USDT", f"{base}USDT", base) for base in ("BTC", "ETH")]
BEGIN = MIDNIGHT + 20 * M5
START = BEGIN - 20_000
"""The exchange's time when a test begins."""


class Scene:
    """Two pairs of one exchange, the first listened to with its trades."""

    def __init__(self, server: SocketServer) -> None:
        self.server = server
        self.clock = HandClock()
        self._began = self.clock.now
        self.streams = Streams(BybitStreams(f"{server.url}/bybit"), self.clock, trades_pairs=1)
        self.taken: list[tuple[int, Ticker]] = []
        self.came = 0
        self.feed = Feed(
            self.streams,
            lambda: self.book,
            MARKETS,
            lambda: [0, 1],
            now_ms=self.now_ms,
            take=lambda row, ticker: self.taken.append((row, ticker)),
            came=self._note,
            returned=lambda: None,
        )
        self.feed.select()
        self.book = Book(
            {Kind.CANDLES},
            [1, 2],
            oldest=MIDNIGHT,
            slots=60,
            begin=BEGIN,
            streamed={Kind.TAKER: np.array([True, False])},
            awaits=self.feed.awaits,
        )

    def _note(self) -> None:
        self.came += 1

    def now_ms(self) -> int:
        return START + int((self.clock.now - self._began) * 1000)

    async def open(self) -> dict[str, Caller]:
        self.feed.open()
        found: dict[str, Caller] = {}
        while len(found) < 3:
            caller = await self.clock.until(self.server.callers.get(), 0.02)
            asked = await self.clock.until(caller.said.get(), 0.02)
            found[asked["args"][0].partition(".")[0]] = caller  # type: ignore[index]
        return found

    async def heard(self, caller: Caller, message: object, seen: Callable[[], bool]) -> None:
        """Send a message and wait until it has had its effect; no time passes."""
        await caller.tell(message)
        while not seen():
            await asyncio.sleep(0.001)

    async def pass_by(self, callers: dict[str, Caller], seconds: float) -> None:
        """Let time go by with something to hear on every connection."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.advance(min(10.0, end - self.clock.now))
            at = self.now_ms()
            await callers["tickers"].tell({"topic": "tickers.X", "ts": at})
            await callers["kline"].tell({"topic": "kline.5.X", "ts": at})
            await callers["publicTrade"].tell({"topic": "publicTrade.X", "ts": at})
            while any(state.silent_s != 0.0 for state in self.streams.states()):
                await asyncio.sleep(0.001)

    async def price(self, caller: Caller, id_: str, at: int, **fields: str) -> None:
        count = len(self.taken)
        data = {"symbol": id_, "lastPrice": "1", **fields}
        message = {"topic": f"tickers.{id_}", "type": "snapshot", "ts": at, "data": data}
        await self.heard(caller, message, lambda: len(self.taken) > count)

    async def synced(self, caller: Caller) -> None:
        """Both pairs heard, and the one request answered that follows a connection."""
        for market in MARKETS:
            await self.price(caller, market.id, self.now_ms())
        self.feed.asking()
        self.feed.answered([0, 1])


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with socket_server() as server:
        it = Scene(server)
        try:
            yield it
        finally:
            await it.streams.close()


def run(work: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        async with scene() as it:
            await work(it)

    asyncio.run(asyncio.wait_for(main(), 60))


def candle(id_: str, ts: int, close: str, at: int, *, confirm: bool = True) -> dict[str, object]:
    row = {
        "start": ts,
        "end": ts + M5 - 1,
        "interval": "5",
        **dict.fromkeys(("open", "high", "low"), close),
        "close": close,
        "volume": "10",
        "turnover": "20",
        "confirm": confirm,
        "timestamp": at,
    }
    return {"topic": f"kline.5.{id_}", "data": [row], "ts": at, "type": "snapshot"}


def trades(at: int, *parts: tuple[int, str, str]) -> dict[str, object]:
    data = [{"T": ts, "s": "BTCUSDT", "S": side, "v": size, "p": "1", "i": "x"} for ts, side, size in parts]
    return {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": at, "data": data}


def test_values_are_fresh_after_every_pair_was_heard_and_one_request_answered() -> None:
    async def work(it: Scene) -> None:
        assert not it.feed.fresh
        callers = await it.open()
        await it.price(callers["tickers"], "BTCUSDT", it.now_ms())
        it.feed.asking()
        it.feed.answered([0, 1])
        assert not it.feed.fresh
        await it.price(callers["tickers"], "ETHUSDT", it.now_ms())
        assert it.feed.fresh
        assert it.feed.skips_rest

    run(work)


def test_a_request_answered_before_the_connection_came_up_says_nothing_of_what_was_missed() -> None:
    async def work(it: Scene) -> None:
        it.feed.asking()
        callers = await it.open()
        it.feed.answered([0, 1])
        for market in MARKETS:
            await it.price(callers["tickers"], market.id, it.now_ms())
        assert not it.feed.fresh

    run(work)


def test_values_that_come_late_or_not_at_all_are_not_fresh() -> None:
    async def work(it: Scene) -> None:
        caller = (await it.open())["tickers"]
        await it.synced(caller)
        assert it.feed.fresh
        it.clock.advance(7.0)
        assert not it.feed.fresh
        await it.price(caller, "BTCUSDT", it.now_ms())
        assert it.feed.fresh
        await it.price(caller, "BTCUSDT", it.now_ms() - LAG_MS - 1)
        assert not it.feed.fresh

    run(work)


def test_a_broken_connection_makes_them_stale_until_another_request() -> None:
    async def work(it: Scene) -> None:
        caller = (await it.open())["tickers"]
        await it.synced(caller)
        await caller.drop()
        while it.feed.fresh:
            await asyncio.sleep(0.001)
        caller = await it.clock.until(it.server.callers.get())
        for market in MARKETS:
            await it.price(caller, market.id, it.now_ms())
        assert not it.feed.fresh
        it.feed.asking()
        it.feed.answered([0, 1])
        assert it.feed.fresh

    run(work)


def test_a_pair_of_which_nothing_is_heard_is_asked_about_now_and_then() -> None:
    async def work(it: Scene) -> None:
        caller = (await it.open())["tickers"]
        await it.synced(caller)
        asked = []
        for _ in range((QUIET_MS + 2 * AUDIT_MS) // 5_000):
            it.clock.advance(5.0)
            await it.price(caller, "BTCUSDT", it.now_ms())
            assert it.feed.fresh
            asked.append(it.feed.skips_rest)
        first = QUIET_MS // 5_000 - 1
        assert all(asked[:first])
        assert asked[first:].count(False) == 3

    run(work)


def test_values_are_laid_over_each_other_until_they_are_taken() -> None:
    async def work(it: Scene) -> None:
        caller = (await it.open())["tickers"]
        at = it.now_ms()
        await it.price(caller, "BTCUSDT", at, markPrice="2", openInterest="8", openInterestValue="16")
        await it.price(caller, "BTCUSDT", at + 5, lastPrice="3")
        (ticker,) = it.feed.values().values()
        assert (ticker.ts, ticker.price, ticker.mark_price) == (at + 5, 3.0, 2.0)
        assert (ticker.oi_contracts, ticker.oi_usd) == (4.0, 8.0)
        assert it.feed.values() == {}

    run(work)


def test_what_is_heard_while_a_request_is_under_way_is_newer_than_its_answer() -> None:
    async def work(it: Scene) -> None:
        caller = (await it.open())["tickers"]
        await it.price(caller, "BTCUSDT", it.now_ms())
        it.feed.asking()
        await it.price(caller, "ETHUSDT", it.now_ms())
        it.feed.answered([0, 1])
        assert list(it.feed.values()) == [1]
        await it.price(caller, "BTCUSDT", it.now_ms())
        it.feed.asking()
        # Without an answer nothing that was heard is lost.
        assert list(it.feed.values()) == [0]

    run(work)


def test_a_closed_candle_is_in_the_book_at_once_and_its_source_is_known() -> None:
    async def work(it: Scene) -> None:
        caller = (await it.open())["kline"]
        it.clock.advance(20.5)
        message = candle("ETHUSDT", BEGIN - M5, "7", it.now_ms())
        await it.heard(caller, message, lambda: it.came > 0)
        assert it.book.wanted(Kind.CANDLES, BEGIN - M5).tolist() == [0]
        ready = it.book.ready(it.now_ms(), 60_000, 300_000)
        assert ready is not None
        assert ready.bars.columns["close"].tolist() == [7.0]
        assert ready.bars.marks.tolist() == [quality.BY_SOCKET]
        assert it.feed.grace_ms() == GRACE_MS
        it.clock.advance(16.0)
        assert it.feed.grace_ms() == 0

    run(work)


def test_a_candle_of_the_future_is_refused() -> None:
    async def work(it: Scene) -> None:
        caller = (await it.open())["kline"]
        message = candle("ETHUSDT", BEGIN, "7", BEGIN + M5)
        await it.heard(caller, message, lambda: it.feed.refused > 0)
        assert it.book.wanted(Kind.CANDLES, BEGIN).tolist() == [0, 1]

    run(work)


def test_a_bar_waits_for_trades_heard_from_its_begin_and_for_no_others() -> None:
    async def work(it: Scene) -> None:
        callers = await it.open()
        await callers["publicTrade"].tell(trades(BEGIN - 5_000, (BEGIN - 5_000, "Buy", "1")))
        await callers["publicTrade"].tell(
            trades(BEGIN + 9_000, (BEGIN, "Buy", "4"), (BEGIN + 9_000, "Sell", "6"))
        )
        state = it.streams.channel
        while (heard := state(Channel.TRADES)) is None or heard.event_ms != BEGIN + 9_000:
            await asyncio.sleep(0.001)
        close = BEGIN + M5
        await it.pass_by(callers, (close - it.now_ms()) / 1000)
        for ts in (BEGIN - M5, BEGIN):
            for id_ in ("BTCUSDT", "ETHUSDT"):
                came = it.came
                await it.heard(
                    callers["kline"], candle(id_, ts, "7", close), lambda came=came: it.came > came
                )
        ready = it.book.ready(close, 60_000, 300_000)
        assert ready is not None
        places = zip(ready.bars.pair_ids.tolist(), ready.bars.ts.tolist(), strict=True)
        # The first bar's begin was not heard, and nobody listens to the other pair's trades.
        assert sorted(places) == [(1, BEGIN - M5), (2, BEGIN - M5), (2, BEGIN)]
        unheard = dict(zip(ready.bars.pair_ids.tolist(), ready.bars.marks.tolist(), strict=True))
        assert unheard[1] & quality.UNHEARD
        assert not unheard[2] & quality.UNHEARD
        came = it.came
        late = trades(close + 1_000, (close + 900, "Buy", "1"))
        await it.heard(callers["publicTrade"], late, lambda: it.came > came)
        ready = it.book.ready(close + 2_000, 60_000, 300_000)
        assert ready is not None
        assert ready.bars.columns["taker_buy"].tolist() == [4.0]
        assert not ready.bars.marks[0] & quality.UNHEARD

    run(work)


def test_a_break_makes_the_open_window_unknown_and_nothing_waits_for_it() -> None:
    async def work(it: Scene) -> None:
        callers = await it.open()
        caller = callers["publicTrade"]
        await caller.tell(trades(BEGIN - 5_000, (BEGIN - 5_000, "Buy", "1")))
        await caller.tell(trades(BEGIN + 9_000, (BEGIN, "Buy", "4")))
        while not it.feed.awaits(Kind.TAKER, np.array([0]), np.array([BEGIN])).all():
            await asyncio.sleep(0.001)
        await caller.drop()
        while it.feed.awaits(Kind.TAKER, np.array([0]), np.array([BEGIN])).any():
            await asyncio.sleep(0.001)

    run(work)
