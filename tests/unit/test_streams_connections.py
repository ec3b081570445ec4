"""Connections over real sockets, with time moved by hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from futuresboard.exchanges.streams.base import Channel, Dialect, Heard, Line
from futuresboard.exchanges.streams.binanceusdm import BinanceStreams
from futuresboard.exchanges.streams.bybit import BybitStreams
from futuresboard.exchanges.streams.hub import Streams
from futuresboard.exchanges.streams.okx import OkxStreams
from futuresboard.model import Market
from socket_server import Caller, HandClock, SocketServer, socket_server

AT = 1_700_000_100_000
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def pair(id_: str, symbol: str) -> Market:
    return Market("x", symbol, id_, symbol.split("/")[0])


BYBIT = [pair("BTCUSDT", BTC), pair("ETHUSDT", ETH)]
OKX = [pair("BTC-USDT-SWAP", BTC), pair("ETH-USDT-SWAP", ETH)]


def price(id_: str, last: str = "1", at: int = AT) -> dict[str, object]:
    data = {"symbol": id_, "lastPrice": last}
    return {"topic": f"tickers.{id_}", "type": "snapshot", "ts": at, "data": data}


@dataclass
class Scene:
    server: SocketServer
    clock: HandClock
    streams: Streams
    heard: asyncio.Queue[tuple[Line, Heard]] = field(default_factory=asyncio.Queue)
    broken: asyncio.Queue[Line] = field(default_factory=asyncio.Queue)

    def open(self, markets: list[Market]) -> None:
        self.streams.open(
            markets, lambda line, heard: self.heard.put_nowait((line, heard)), self.broken.put_nowait
        )

    async def called(self, *names: str) -> dict[str, Caller]:
        """The next connections by what they subscribed to first."""
        found: dict[str, Caller] = {}
        while not set(names) <= found.keys():
            caller = await self.clock.until(self.server.callers.get())
            asked = await self.clock.until(caller.said.get())
            found[first_topic(asked)] = caller
            caller.said.put_nowait(asked)
        return found

    async def lost(self, name: str) -> str:
        """Why the connection was lost, once it was."""

        async def reason() -> str:
            while True:
                for state in self.streams.states():
                    if state.name == name and state.last_error is not None:
                        return state.last_error
                await self.clock.sleep(0.5)

        return await self.clock.until(reason())

    async def told(self) -> Heard:
        return (await self.clock.until(self.heard.get()))[1]


def first_topic(asked: object) -> str:
    assert isinstance(asked, dict)
    first = (asked.get("params") or asked["args"])[0]
    return first["channel"] if isinstance(first, dict) else first


@asynccontextmanager
async def scene(dialect: Callable[[str], Dialect], path: str, **options: int) -> AsyncIterator[Scene]:
    async with socket_server() as server:
        clock = HandClock()
        streams = Streams(dialect(server.url + path), clock, **options)
        try:
            yield Scene(server, clock, streams)
        finally:
            await streams.close()


def run(work: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def test_what_is_pushed_is_heard_and_every_connection_goes_its_own_way() -> None:
    async def main() -> None:
        async with scene(BybitStreams, "/bybit", trades_pairs=1) as it:
            it.open(BYBIT)
            callers = await it.called("kline.5.BTCUSDT", "tickers.BTCUSDT", "publicTrade.BTCUSDT")
            assert {caller.path for caller in callers.values()} == {"/bybit/v5/public/linear"}
            asked = [await caller.said.get() for caller in callers.values()]
            assert {"req_id": "1", "op": "subscribe", "args": ["publicTrade.BTCUSDT"]} in asked
            await callers["tickers.BTCUSDT"].tell(price("BTCUSDT", "37000"))
            heard = await it.told()
            assert heard.tickers[0].price == 37000.0
            state = it.streams.channel(Channel.TICKERS)
            assert state is not None
            assert (state.up, state.event_ms, state.unheard) == (True, AT, 1)
            await callers["tickers.BTCUSDT"].tell(price("ETHUSDT", "3000", AT + 5))
            await it.told()
            state = it.streams.channel(Channel.TICKERS)
            assert state is not None
            assert (state.unheard, state.event_ms) == (0, AT + 5)
            assert it.streams.channel(Channel.MARKS) is None
            assert it.streams.reconnects == 0

    run(main())


def test_a_lost_connection_is_told_and_comes_back() -> None:
    async def main() -> None:
        async with scene(BybitStreams, "/bybit") as it:
            it.open(BYBIT)
            caller = (await it.called("tickers.BTCUSDT"))["tickers.BTCUSDT"]
            await caller.tell(price("BTCUSDT"))
            await it.told()
            await caller.drop()
            line = await it.clock.until(it.broken.get())
            assert line.name == "values 1"
            state = it.streams.channel(Channel.TICKERS)
            assert state is not None
            assert not state.up
            assert state.silent_s is None
            caller = (await it.called("tickers.BTCUSDT"))["tickers.BTCUSDT"]
            # A delta is nothing until this connection's own snapshot came.
            await caller.tell({**price("BTCUSDT"), "type": "delta"})
            assert (await it.told()).unreadable == 1
            await caller.tell(price("BTCUSDT"))
            assert (await it.told()).tickers
            assert it.streams.reconnects == 1
            assert "closed" in await it.lost("values 1")
            it.open(BYBIT[:1])
            assert it.streams.reconnects == 1

    run(main())


def test_silence_is_an_error_though_the_other_side_answers_pings() -> None:
    async def main() -> None:
        async with scene(OkxStreams, "/okx") as it:
            it.open(OKX)
            caller = (await it.called("tickers"))["tickers"]
            began = it.clock.now
            await caller.said.get()
            assert await it.clock.until(caller.said.get()) == "ping"
            await caller.tell("pong")
            await it.clock.until(it.broken.get())
            assert 29.0 <= it.clock.now - began <= 40.0
            assert "silent" in await it.lost("values 1")

    run(main())


def test_no_closed_candle_within_two_bars_is_an_error() -> None:
    async def main() -> None:
        async with scene(BybitStreams, "/bybit") as it:
            it.open(BYBIT[:1])
            caller = (await it.called("kline.5.BTCUSDT"))["kline.5.BTCUSDT"]
            forming = '{"topic":"kline.5.BTCUSDT","data":[{"interval":"5","confirm":false}],"ts":1}'

            async def chatter() -> None:
                while True:
                    await caller.tell(forming)
                    await it.clock.sleep(10.0)

            talk = asyncio.create_task(chatter())
            began = it.clock.now
            while (await it.clock.until(it.broken.get(), 1.0)).name != "candles 1":
                pass
            talk.cancel()
            assert 600.0 <= it.clock.now - began <= 700.0
            assert "no closed candle" in await it.lost("candles 1")

    run(main())


def test_what_cannot_be_read_is_counted_and_ends_nothing() -> None:
    async def main() -> None:
        async with scene(BybitStreams, "/bybit") as it:
            it.open(BYBIT)
            caller = (await it.called("tickers.BTCUSDT"))["tickers.BTCUSDT"]
            for text in ("{", "NaN", '{"topic":"tickers.BTCUSDT","ts":1}', "[]", '{"topic":"x.y","ts":1}'):
                await caller.tell(text)
            await caller.tell(price("BTCUSDT"))
            while not (await it.told()).tickers:
                pass
            (values,) = [state for state in it.streams.states() if state.name == "values 1"]
            assert (values.unreadable, values.up) == (5, True)
            assert it.streams.reconnects == 0

    run(main())


def test_a_refused_topic_takes_no_other_with_it(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        pairs = [pair(f"P{n}USDT", f"P{n}/USDT:USDT") for n in range(5)]
        async with scene(BybitStreams, "/bybit") as it:
            it.open(pairs)
            caller = (await it.called("tickers.P0USDT"))["tickers.P0USDT"]
            good: set[str] = set()
            while len(good) < 4:
                asked = await it.clock.until(caller.said.get())
                assert isinstance(asked, dict)
                bad = "tickers.P3USDT" in asked["args"]
                good |= set() if bad else set(asked["args"])
                message = {"success": not bad, "ret_msg": "error:no such topic" if bad else ""}
                await caller.tell({**message, "req_id": asked["req_id"], "op": "subscribe", "conn_id": "x"})
            await caller.tell(price("P0USDT"))
            await it.told()
            (values,) = [state for state in it.streams.states() if state.name == "values 1"]
            assert (values.refused, values.up) == (1, True)
            assert good == {f"tickers.P{n}USDT" for n in (0, 1, 2, 4)}

    with caplog.at_level(logging.WARNING):
        run(main())
    assert "no tickers.P3USDT by websocket" in caplog.text


def test_messages_keep_a_distance() -> None:
    async def main() -> None:
        pairs = [pair(f"P{n}USDT", f"P{n}/USDT:USDT") for n in range(170)]
        async with scene(BinanceStreams, "/binance") as it:
            it.open(pairs)
            caller = (await it.called("p0usdt@kline_5m"))["p0usdt@kline_5m"]
            assert caller.path == "/binance/market/ws/0"
            asked, times = [], []
            for _ in range(3):
                asked.append(await it.clock.until(caller.said.get(), 0.05))
                times.append(it.clock.now)
            assert [len(request["params"]) for request in asked] == [60, 60, 50]
            assert [request["id"] for request in asked] == [1, 2, 3]
            assert times[2] - times[0] >= 0.4

    run(main())


def test_who_has_no_sockets_is_asked_again_ever_later_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with scene(BinanceStreams, "/binance") as it:
            it.server.refuse = 404
            it.open([pair("BTCUSDT", BTC)])

            async def dials(count: int) -> None:
                while it.server.dials < count:
                    await it.clock.sleep(1.0)

            await it.clock.until(dials(2 * 9), 1.0, 3000.0)
            # Nine dials of two lines: 1 + 2 + 4 + … seconds, at least half of it.
            assert it.clock.now - 1000.0 >= 127.0
            states = it.streams.states()
            assert all("404" in str(state.last_error) and not state.up for state in states)
            assert it.streams.reconnects == 0
            it.server.refuse = 0
            await it.called("btcusdt@kline_5m")

    with caplog.at_level(logging.WARNING):
        run(main())
    assert caplog.text.count("REST until it is back") == 2


def test_a_notice_brings_a_successor_before_the_end() -> None:
    async def main() -> None:
        async with scene(OkxStreams, "/okx") as it:
            it.open(OKX)
            first = (await it.called("tickers"))["tickers"]
            await first.tell({"event": "notice", "code": "64008", "msg": "closing soon", "connId": "x"})
            second = (await it.called("tickers"))["tickers"]
            assert not first.socket.closed
            argument = {"channel": "tickers", "instId": "BTC-USDT-SWAP"}
            row = {"instId": "BTC-USDT-SWAP", "last": "2", "ts": str(AT)}
            await second.tell({"arg": argument, "data": [row]})
            assert (await it.told()).tickers[0].price == 2.0
            assert (await it.clock.until(it.broken.get())).name == "values 1"
            await second.tell({"arg": argument, "data": [{**row, "last": "3"}]})
            assert (await it.told()).tickers[0].price == 3.0
            assert it.streams.reconnects == 0
            states = [state for state in it.streams.states() if state.name == "values 1"]
            assert [state.up for state in states] == [True]

    run(main())


def test_other_pairs_change_only_the_connections_they_are_on() -> None:
    async def main() -> None:
        async with scene(BinanceStreams, "/binance") as it:
            it.open([pair("BTCUSDT", BTC)])
            before = await it.called("btcusdt@kline_5m", "!ticker@arr")
            it.open([pair("BTCUSDT", BTC), pair("ETHUSDT", ETH)])
            after = await it.called("btcusdt@kline_5m")
            assert len((await it.clock.until(after["btcusdt@kline_5m"].said.get()))["params"]) == 2
            assert not before["!ticker@arr"].socket.closed
            row = {"e": "24hrTicker", "E": AT, "s": "ETHUSDT", "c": "3", "C": AT}
            await before["!ticker@arr"].tell([row])
            while not (heard := await it.told()).tickers:
                pass
            assert heard.tickers[0].symbol == ETH

    run(main())


def test_closing_while_a_connection_is_being_lost_ends_it() -> None:
    async def main() -> None:
        async with scene(BybitStreams, "/bybit") as it:
            it.open(BYBIT)
            await it.called("kline.5.BTCUSDT", "tickers.BTCUSDT")
            it.clock.advance(60.0)

    run(main())
