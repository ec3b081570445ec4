"""What an exchange can do to a request, over real HTTP, and what the program is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from exchange_server import ExchangeServer, serving
from futuresboard.errors import (
    BlockedError,
    ExchangeError,
    PairGoneError,
    PayloadError,
    ThrottledError,
    TransientError,
    UnpublishedError,
)
from futuresboard.exchanges import REGISTRY, client, create
from futuresboard.exchanges.adapter import Adapter
from futuresboard.model import Kind, Market
from virtual_clock import VirtualClock

CANDLES = {
    "binanceusdm": "/fapi/v1/klines",
    "bybit": "/v5/market/kline",
    "okx": "/api/v5/market/candles",
}
LS = {
    "binanceusdm": "/futures/data/globalLongShortAccountRatio",
    "bybit": "/v5/market/account-ratio",
    "okx": "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract",
}
TICKERS = {
    "binanceusdm": "/fapi/v1/ticker/24hr",
    "bybit": "/v5/market/tickers",
    "okx": "/api/v5/market/tickers",
}
TIME = {
    "binanceusdm": "/fapi/v1/time",
    "bybit": "/v5/market/time",
    "okx": "/api/v5/public/time",
}
MARKET = {
    "binanceusdm": Market("binanceusdm", "BTC/USDT:USDT", "BTCUSDT", "BTC"),
    "bybit": Market("bybit", "BTC/USDT:USDT", "BTCUSDT", "BTC"),
    "okx": Market("okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", "BTC"),
}
UNTIL = 1_700_000_090_000
GEO = "<html><head><title>Error: The request could not be satisfied</title></head>CloudFront 403</html>"


class HandClock(VirtualClock):
    """Stands still unless the test moves it."""


def run(
    exchange: str, work: Callable[[Adapter, ExchangeServer, HandClock], Awaitable[None]], slots: int = 8
) -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving(exchange) as server:
            adapter = create(exchange, url_override=server.url, clock=clock, concurrency=slots)
            assert isinstance(adapter, Adapter)
            try:
                await work(adapter, server, clock)
            finally:
                await adapter.close()

    asyncio.run(main())


@dataclass
class Case:
    exchange: str
    status: int
    body: object
    expected: type[ExchangeError]
    seconds: float | None = None
    ban: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=lambda: CANDLES)
    kind: Kind = Kind.CANDLES

    def __str__(self) -> str:
        return f"{self.exchange}-{self.status}-{self.body!s:.40}"


def binance(status: int, code: int, msg: str, expected: type[ExchangeError], **more: object) -> Case:
    return Case("binanceusdm", status, {"code": code, "msg": msg}, expected, **more)  # type: ignore[arg-type]


def bybit(status: int, code: int, msg: str, expected: type[ExchangeError], **more: object) -> Case:
    body = {"retCode": code, "retMsg": msg, "result": {}, "retExtInfo": {}, "time": UNTIL}
    return Case("bybit", status, body, expected, **more)  # type: ignore[arg-type]


def okx(status: int, code: str, msg: str, expected: type[ExchangeError], **more: object) -> Case:
    return Case("okx", status, {"code": code, "msg": msg, "data": []}, expected, **more)  # type: ignore[arg-type]


TOO_MANY = "Too many requests; current limit is 2400 request weight per 1 MINUTE."
BANNED = f"Way too many requests; IP(1.2.3.4) banned until {UNTIL}. Please use the websocket."
DATE = {"Date": "Tue, 14 Nov 2023 22:13:20 GMT"}  # 1,700,000,000
TABLE = [
    binance(429, -1003, TOO_MANY, ThrottledError, seconds=60),
    binance(429, -1003, TOO_MANY, ThrottledError, seconds=7, headers={"Retry-After": "7"}),
    binance(418, -1003, BANNED, ThrottledError, seconds=90, ban=True, headers=DATE),
    binance(418, -1003, BANNED, ThrottledError, seconds=33, ban=True, headers={"Retry-After": "33"}),
    Case("binanceusdm", 418, "", ThrottledError, 120, ban=True),
    binance(503, -1008, "Server is currently overloaded", ThrottledError, seconds=60),
    binance(400, -1003, TOO_MANY, ThrottledError, seconds=60),
    binance(451, 0, "Service unavailable from a restricted location", BlockedError),
    Case("binanceusdm", 403, "<html>403 Forbidden</html>", BlockedError),
    binance(400, -1121, "Invalid symbol.", PairGoneError),
    binance(503, -1001, "Internal error; unable to process your request.", TransientError),
    binance(400, -1001, "Internal error; unable to process your request.", TransientError),
    binance(400, -1102, "Mandatory parameter was not sent", TransientError),
    binance(200, -1000, "An unknown error occurred", TransientError),
    binance(401, -2014, "API-key format invalid.", UnpublishedError, path=LS, kind=Kind.GLOBAL_LS),
    binance(
        400, -2015, "Invalid API-key, IP, or permissions", UnpublishedError, path=LS, kind=Kind.GLOBAL_LS
    ),
    bybit(200, 10016, "Server error.", TransientError),
    bybit(200, 10000, "Server Timeout", TransientError),
    bybit(200, 10001, "params error: Symbol Invalid", PairGoneError),
    bybit(200, 10001, "params error: limit", TransientError),
    bybit(200, 10006, "Too many visits!", ThrottledError, seconds=5),
    bybit(200, 10018, "Exceeded the IP Rate Limit.", ThrottledError, seconds=5),
    bybit(403, 10009, "IP has been banned.", ThrottledError, seconds=600, ban=True),
    bybit(403, 10024, "compliance rules triggered", BlockedError),
    Case("bybit", 403, "403, access too frequent", ThrottledError, 600, ban=True),
    Case("bybit", 403, GEO, BlockedError),
    Case("bybit", 429, "", ThrottledError, 60),
    okx(429, "50011", "Too Many Requests", ThrottledError, seconds=2),
    okx(200, "50011", "Too Many Requests", ThrottledError, seconds=2),
    okx(429, "50011", "Too Many Requests", ThrottledError, seconds=9, headers={"Retry-After": "9"}),
    okx(503, "50001", "Service temporarily unavailable", TransientError),
    okx(200, "50026", "System error", TransientError),
    okx(200, "51001", "Instrument ID does not exist", PairGoneError),
    okx(400, "51000", "Parameter instId error", TransientError),
    Case("okx", 403, "<html>blocked</html>", BlockedError),
    *(
        Case(exchange, status, "<html>gateway</html>", TransientError)
        for exchange in REGISTRY
        for status in (500, 502, 503, 504, 404, 400)
    ),
    *(Case(exchange, 451, "", BlockedError) for exchange in REGISTRY),
    *(
        Case(exchange, 401, "no key", expected, path=path, kind=kind)
        for exchange in REGISTRY
        for path, kind, expected in (
            (LS, Kind.GLOBAL_LS, UnpublishedError),
            (CANDLES, Kind.CANDLES, TransientError),
        )
    ),
    binance(400, -1121, "Invalid symbol.", TransientError, path=LS, kind=Kind.GLOBAL_LS),
    bybit(200, 10001, "symbol params err", TransientError, path=LS, kind=Kind.GLOBAL_LS),
    okx(200, "51001", "Instrument ID does not exist", TransientError, path=LS, kind=Kind.GLOBAL_LS),
    *(
        Case(exchange, 200, body, PayloadError)
        for exchange in REGISTRY
        for body in (
            "",
            "   ",
            "<html>hello</html>",
            '[[1,"2"',
            '{"code":"0","data":[[',
            "null",
            '"text"',
            "12",
        )
    ),
    *(
        Case("binanceusdm", 200, body, PayloadError)
        for body in ({}, {"data": []}, [[1]], [["a"] * 12], [None])
    ),
    *(
        Case("bybit", 200, body, PayloadError)
        for body in ([], {}, {"retCode": 0}, {"retCode": 0, "result": []}, {"retCode": 0, "result": {}})
    ),
    *(
        Case("okx", 200, body, PayloadError)
        for body in ([], {}, {"code": "0"}, {"code": "0", "data": {}}, {"code": "0", "data": ["x"]})
    ),
]


@pytest.mark.parametrize("case", TABLE, ids=str)
def test_error_table(case: Case) -> None:
    async def work(adapter: Adapter, server: ExchangeServer, _clock: HandClock) -> None:
        async def handler(_request: web.Request) -> web.Response:
            if isinstance(case.body, str):
                return web.Response(text=case.body, status=case.status, headers=case.headers)
            return web.json_response(case.body, status=case.status, headers=case.headers)

        server.say[case.path[case.exchange]] = handler
        with pytest.raises(ExchangeError) as caught:
            await adapter.rows(case.kind, MARKET[case.exchange], limit=5)
        error = caught.value
        assert type(error) is case.expected
        assert error.exchange == case.exchange
        if isinstance(error, ThrottledError):
            assert (error.retry_after_s, error.ban) == (case.seconds, case.ban)
        assert (adapter.stats().requests, adapter.stats().failed) == (1, 1)
        assert str(adapter.stats().last_error).startswith(case.exchange)
        assert adapter.stats().in_flight == 0

    run(case.exchange, work)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_a_symbol_error_on_a_bulk_request_is_no_lost_pair(exchange: str) -> None:
    bodies = {
        "binanceusdm": {"code": -1121, "msg": "Invalid symbol."},
        "bybit": {"retCode": 10001, "retMsg": "symbol params err"},
        "okx": {"code": "51001", "msg": "Instrument ID does not exist", "data": []},
    }

    async def work(adapter: Adapter, server: ExchangeServer, _clock: HandClock) -> None:
        await adapter.markets()
        server.answer(TICKERS[exchange], bodies[exchange])
        with pytest.raises(TransientError):
            await adapter.tickers()

    run(exchange, work)


def test_a_date_is_a_retry_after_too() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, _clock: HandClock) -> None:
        later = {"Retry_After": "Tue, 14 Nov 2023 22:13:50 GMT", **DATE}
        server.answer(CANDLES["binanceusdm"], {"code": -1003, "msg": ""}, status=429, **later)
        with pytest.raises(ThrottledError) as caught:
            await adapter.rows(Kind.CANDLES, MARKET["binanceusdm"], limit=5)
        assert caught.value.retry_after_s == 30

    run("binanceusdm", work)


def test_the_exchanges_own_clock_tells_how_long_a_ban_lasts() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        server.answer(TIME["binanceusdm"], {"serverTime": UNTIL - 500_000})
        await adapter.server_time()
        clock.now += 100
        server.answer(CANDLES["binanceusdm"], {"code": -1003, "msg": BANNED}, status=418)
        with pytest.raises(ThrottledError) as caught:
            await adapter.rows(Kind.CANDLES, MARKET["binanceusdm"], limit=5)
        assert caught.value.retry_after_s == pytest.approx(400)

    run("binanceusdm", work)


def test_each_answer_speaks_for_itself() -> None:
    """Retry-After of concurrent answers is never mixed up."""

    async def work(adapter: Adapter, server: ExchangeServer, _clock: HandClock) -> None:
        together = asyncio.Barrier(4)

        async def handler(request: web.Request) -> web.Response:
            await together.wait()
            seconds = request.query["limit"]
            return web.json_response({"code": -1003}, status=429, headers={"Retry-After": seconds})

        server.say[CANDLES["binanceusdm"]] = handler
        market = MARKET["binanceusdm"]
        answers = await asyncio.gather(
            *(adapter.rows(Kind.CANDLES, market, limit=limit) for limit in (11, 22, 33, 44)),
            return_exceptions=True,
        )
        seconds = [answer.retry_after_s for answer in answers if isinstance(answer, ThrottledError)]
        assert seconds == [11, 22, 33, 44]

    run("binanceusdm", work)


def test_a_ban_stops_everything_without_a_request_until_it_ends() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET["binanceusdm"]
        server.answer(CANDLES["binanceusdm"], {"code": -1003, "msg": "banned"}, status=418, Retry_After="90")
        with pytest.raises(ThrottledError):
            await adapter.rows(Kind.CANDLES, market, limit=5)
        assert adapter.stats().banned_for_s == 90
        del server.say[CANDLES["binanceusdm"]]
        sent = len(server.requests)
        clock.now += 89
        for ask in (
            lambda: adapter.rows(Kind.OI, market, limit=5),
            adapter.tickers,
            adapter.server_time,
            lambda: adapter.live_oi(market),
        ):
            with pytest.raises(ThrottledError) as caught:
                await ask()
            assert caught.value.ban
            assert caught.value.retry_after_s == pytest.approx(1)
        assert len(server.requests) == sent
        clock.now += 1
        assert len((await adapter.rows(Kind.CANDLES, market, limit=5)).ts) == 3
        assert adapter.stats().banned_for_s == 0

    run("binanceusdm", work)


def test_bans_without_an_end_double() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET["binanceusdm"]

        async def banned_for() -> float:
            server.answer(CANDLES["binanceusdm"], "", status=418)
            with pytest.raises(ThrottledError) as caught:
                await adapter.rows(Kind.CANDLES, market, limit=5)
            del server.say[CANDLES["binanceusdm"]]
            clock.now += caught.value.retry_after_s
            return caught.value.retry_after_s

        assert [await banned_for() for _ in range(3)] == [120, 240, 480]
        await adapter.rows(Kind.CANDLES, market, limit=5)
        assert await banned_for() == 120

    run("binanceusdm", work)


def test_requests_in_flight_together_count_as_one_ban() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        together = asyncio.Barrier(4)

        async def handler(_request: web.Request) -> web.Response:
            await together.wait()
            return web.Response(status=418)

        server.say[CANDLES["binanceusdm"]] = handler
        market = MARKET["binanceusdm"]
        page = [adapter.rows(Kind.CANDLES, market, limit=limit) for limit in (1, 2, 3, 4)]
        assert {type(error) for error in await asyncio.gather(*page, return_exceptions=True)} == {
            ThrottledError
        }
        clock.now += 120
        server.answer(CANDLES["binanceusdm"], "", status=418)
        with pytest.raises(ThrottledError) as caught:
            await adapter.rows(Kind.CANDLES, market, limit=5)
        assert caught.value.retry_after_s == 240

    run("binanceusdm", work)


def test_who_waits_when_a_ban_comes_is_not_sent() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, _clock: HandClock) -> None:
        reached, go = asyncio.Event(), asyncio.Event()

        async def handler(_request: web.Request) -> web.Response:
            reached.set()
            await go.wait()
            return web.Response(text="access too frequent", status=403)

        server.say[CANDLES["bybit"]] = handler
        market = MARKET["bybit"]
        first = asyncio.create_task(adapter.rows(Kind.CANDLES, market, limit=5))
        await reached.wait()
        second = asyncio.create_task(adapter.rows(Kind.OI, market, limit=5))
        await asyncio.sleep(0)
        go.set()
        for task in (first, second):
            with pytest.raises(ThrottledError) as caught:
                await task
            assert caught.value.ban
        assert len(server.requests) == 1

    run("bybit", work, slots=1)


def test_a_long_throttle_stops_its_budget_alone() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET["binanceusdm"]
        server.answer(LS["binanceusdm"], {"code": -1003}, status=429)
        with pytest.raises(ThrottledError):
            await adapter.rows(Kind.GLOBAL_LS, market, limit=5)
        del server.say[LS["binanceusdm"]]
        with pytest.raises(ThrottledError, match="too many requests"):
            await adapter.rows(Kind.OI, market, limit=5)
        assert len((await adapter.rows(Kind.CANDLES, market, limit=5)).ts) == 3
        assert server.asked("/futures/data/openInterestHist") == []
        clock.now += 60
        assert len((await adapter.rows(Kind.OI, market, limit=5)).ts) == 3

    run("binanceusdm", work)


def test_a_short_throttle_is_waited_out_in_the_queue() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET["okx"]
        server.answer(CANDLES["okx"], {"code": "50011", "msg": "Too Many Requests", "data": []}, status=429)
        with pytest.raises(ThrottledError):
            await adapter.rows(Kind.CANDLES, market, limit=5)
        del server.say[CANDLES["okx"]]
        waiting = asyncio.create_task(adapter.rows(Kind.CANDLES, market, limit=5))
        await clock.settle()
        assert len(server.asked(CANDLES["okx"])) == 1
        clock.wake()
        assert len((await waiting).ts) == 2  # the third says that it is not closed yet
        assert clock.now == pytest.approx(1002.0)

    run("okx", work)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_a_block_is_probed_not_hammered(exchange: str) -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET[exchange]
        server.answer(CANDLES[exchange], "restricted location", status=451)
        server.answer(TIME[exchange], "restricted location", status=451)
        with pytest.raises(BlockedError):
            await adapter.rows(Kind.CANDLES, market, limit=5)
        assert adapter.stats().blocked
        sent = len(server.requests)
        with pytest.raises(BlockedError):
            await adapter.rows(Kind.GLOBAL_LS, market, limit=5)
        assert len(server.requests) == sent
        with pytest.raises(BlockedError):
            await adapter.server_time()  # the probe is a request
        assert len(server.requests) == sent + 1
        server.say.clear()
        await adapter.server_time()
        assert not adapter.stats().blocked
        assert len((await adapter.rows(Kind.GLOBAL_LS, market, limit=5)).ts) == 2
        clock.now += 1

    run(exchange, work)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_a_broken_connection_is_transient(exchange: str) -> None:
    async def work(adapter: Adapter, server: ExchangeServer, _clock: HandClock) -> None:
        async def hang_up(request: web.Request) -> web.Response:
            assert request.transport is not None
            request.transport.close()
            return web.Response()

        async def cut_off(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"code":"0","data":[')
            assert request.transport is not None
            request.transport.close()
            return response

        for handler in (hang_up, cut_off):
            server.say[CANDLES[exchange]] = handler
            with pytest.raises(TransientError, match="connection failed"):
                await adapter.rows(Kind.CANDLES, MARKET[exchange], limit=5)
        stats = adapter.stats()
        assert (stats.requests, stats.failed) == (2, 2)
        assert stats.last_error is not None
        assert stats.last_error.startswith(exchange)

    run(exchange, work)


def test_nobody_listening_is_transient() -> None:
    async def main() -> None:
        adapter = create("okx", url_override="http://127.0.0.1:1/okx")
        try:
            with pytest.raises(TransientError):
                await adapter.server_time()
        finally:
            await adapter.close()

    asyncio.run(main())


def test_a_bare_value_error_of_the_client_is_a_payload_error() -> None:
    async def work(adapter: Adapter, _server: ExchangeServer, _clock: HandClock) -> None:
        async def integer_of_nan(_params: object) -> None:
            raise ValueError("cannot convert float NaN to integer")

        adapter.transport.client.publicGetPublicTime = integer_of_nan
        with pytest.raises(PayloadError, match="NaN"):
            await adapter.server_time()
        assert adapter.stats().failed == 1

    run("okx", work)


def test_no_answer_is_transient() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        asked, over = asyncio.Event(), asyncio.Event()

        async def silent(_request: web.Request) -> web.Response:
            asked.set()
            await over.wait()
            return web.Response()

        server.say[TIME["okx"]] = silent
        asking = asyncio.create_task(adapter.server_time())
        await asked.wait()
        assert clock.wake()
        with pytest.raises(TransientError, match="no answer within"):
            await asking
        assert clock.now == 1000.0 + client.TIMEOUT_S
        over.set()

    run("okx", work)


def test_no_more_in_flight_than_slots() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, _clock: HandClock) -> None:
        here, most = 0, 0

        async def handler(_request: web.Request) -> web.Response:
            nonlocal here, most
            here += 1
            most = max(most, here)
            await asyncio.sleep(0.005)
            here -= 1
            return web.json_response([])

        server.say[LS["binanceusdm"]] = handler
        page = [adapter.rows(Kind.GLOBAL_LS, MARKET["binanceusdm"], limit=5) for _ in range(40)]
        assert {len(rows.ts) for rows in await asyncio.gather(*page)} == {0}
        assert most == adapter.stats().peak_in_flight == 3

    run("binanceusdm", work, slots=3)
