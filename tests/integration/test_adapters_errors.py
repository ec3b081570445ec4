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
    UnreachableError,
)
from futuresboard.exchanges import REGISTRY, client, create
from futuresboard.exchanges.adapter import Adapter
from futuresboard.exchanges.breaker import (
    AFTER_BAN_S,
    CALM_S,
    FAILURES,
    UNREACHABLE_WAITS_S,
    BreakerStatus,
    Cause,
    State,
)
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
        assert adapter.stats().breaker.cause is Cause.BANNED
        assert adapter.stats().breaker.next_probe_s == 90 + AFTER_BAN_S
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
            assert caught.value.retry_after_s == pytest.approx(1 + AFTER_BAN_S)
        assert len(server.requests) == sent
        clock.now += 1 + AFTER_BAN_S
        with pytest.raises(ThrottledError):
            await adapter.rows(Kind.CANDLES, market, limit=5)  # one cheap request goes first
        assert len(server.requests) == sent
        await adapter.server_time()
        assert len((await adapter.rows(Kind.CANDLES, market, limit=5)).ts) == 3
        assert adapter.stats().breaker == BreakerStatus()

    run("binanceusdm", work)


def test_bans_without_an_end_double() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET["binanceusdm"]

        async def banned_for() -> float:
            server.answer(CANDLES["binanceusdm"], "", status=418)
            with pytest.raises(ThrottledError) as caught:
                await adapter.rows(Kind.CANDLES, market, limit=5)
            del server.say[CANDLES["binanceusdm"]]
            clock.now += caught.value.retry_after_s + AFTER_BAN_S
            await adapter.server_time()
            return caught.value.retry_after_s

        # An answer in between forgives nothing, a calm while does.
        assert [await banned_for() for _ in range(3)] == [120, 240, 480]
        clock.now += CALM_S
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
        clock.now += 120 + AFTER_BAN_S
        await adapter.server_time()
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
        assert adapter.stats().breaker.cause is Cause.BLOCKED
        sent = len(server.requests)
        for ask in (lambda: adapter.rows(Kind.GLOBAL_LS, market, limit=5), adapter.server_time):
            with pytest.raises(BlockedError):
                await ask()
        assert len(server.requests) == sent
        wait = adapter.stats().breaker.next_probe_s
        assert wait is not None
        await _wake_until(clock, lambda: len(server.requests) == sent + 1)
        assert clock.now == pytest.approx(1000 + wait)
        await _wake_until(clock, lambda: adapter.stats().breaker.state is State.OPEN)
        server.say.clear()
        await _wake_until(clock, lambda: adapter.stats().breaker.state is State.CLOSED)
        assert server.requests[sent:] == [(TIME[exchange], {})] * 2
        assert len((await adapter.rows(Kind.GLOBAL_LS, market, limit=5)).ts) == 2

    run(exchange, work)


async def _wake_until(clock: HandClock, reached: Callable[[], bool]) -> None:
    """Let sleepers wake one after the other, each when all that needs no time is done."""
    while not reached():
        await clock.settle()
        # What is on its way over the wire needs no time of the clock's either.
        if not reached() and not await _on_the_way():
            clock.wake()


async def _on_the_way() -> bool:
    for _ in range(20):
        await asyncio.sleep(0.001)
    return False


def down(server: ExchangeServer, *paths: str) -> None:
    for path in paths:
        server.answer(path, "<html>502 Bad Gateway</html>", status=502)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_an_exchange_that_does_not_answer_is_only_probed(exchange: str) -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET[exchange]
        down(server, CANDLES[exchange], TIME[exchange])
        for _ in range(FAILURES):
            with pytest.raises(TransientError, match="502"):
                await adapter.rows(Kind.CANDLES, market, limit=5)
        await _wake_until(clock, lambda: adapter.stats().breaker.state is State.OPEN)
        assert [path for path, _ in server.requests] == [CANDLES[exchange]] * FAILURES + [TIME[exchange]]
        assert clock.now == 1000.0
        waits = []
        for _ in range(8):
            sent, since = len(server.requests), clock.now
            for ask in (lambda: adapter.rows(Kind.GLOBAL_LS, market, limit=5), adapter.server_time):
                with pytest.raises(UnreachableError, match="502"):
                    await ask()
            assert len(server.requests) == sent
            await _wake_until(clock, lambda sent=sent: len(server.requests) == sent + 1)  # type: ignore[misc]
            waits.append(clock.now - since)
            assert server.requests[-1] == (TIME[exchange], {})
            await _wake_until(clock, lambda: adapter.stats().breaker.state is State.OPEN)
        first, longest = UNREACHABLE_WAITS_S
        wanted = [min(first * 2**n, longest) for n in range(8)]
        assert all(want <= wait <= want * 1.25 for want, wait in zip(wanted, waits, strict=True))
        server.say.clear()
        await _wake_until(clock, lambda: adapter.stats().breaker.state is State.CLOSED)
        assert len((await adapter.rows(Kind.CANDLES, market, limit=5)).ts) >= 2

    run(exchange, work)


def test_a_broken_endpoint_does_not_stop_its_exchange() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET["binanceusdm"]
        down(server, LS["binanceusdm"])
        for _ in range(3 * FAILURES):
            with pytest.raises(TransientError, match="502"):
                await adapter.rows(Kind.GLOBAL_LS, market, limit=5)
            await _on_the_way()
        assert adapter.stats().breaker.state is State.CLOSED
        assert len(server.asked(TIME["binanceusdm"])) == 3  # each few failures a look whether all is well
        assert len((await adapter.rows(Kind.CANDLES, market, limit=5)).ts) == 3

    run("binanceusdm", work)


def test_who_waits_when_the_breaker_opens_is_not_sent() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        market = MARKET["okx"]
        down(server, CANDLES["okx"], TIME["okx"])
        asked = [asyncio.create_task(adapter.rows(Kind.CANDLES, market, limit=n + 1)) for n in range(60)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        refused = [error for error in found if isinstance(error, UnreachableError)]
        assert len(refused) + len(server.asked(CANDLES["okx"])) == 60
        assert len(refused) > 20

    run("okx", work, slots=2)


def test_a_probe_that_is_called_off_is_followed_by_another() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        reached, over = asyncio.Event(), asyncio.Event()

        async def hang(_request: web.Request) -> web.Response:
            reached.set()
            await over.wait()
            return web.Response()

        down(server, CANDLES["okx"], TIME["okx"])
        for _ in range(FAILURES):
            with pytest.raises(TransientError):
                await adapter.rows(Kind.CANDLES, MARKET["okx"], limit=5)
        await _wake_until(clock, lambda: adapter.stats().breaker.state is State.OPEN)
        server.say[TIME["okx"]] = hang
        clock.now += UNREACHABLE_WAITS_S[0] * 1.25
        probe = asyncio.create_task(adapter.server_time())
        await reached.wait()
        assert adapter.stats().breaker.state is State.HALF_OPEN
        server.say.clear()
        probe.cancel()
        await _wake_until(clock, lambda: adapter.stats().breaker.state is State.CLOSED)
        over.set()

    run("okx", work)


def test_a_ban_outlives_a_restart() -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving("binanceusdm") as server:
            server.answer(LS["binanceusdm"], {"code": -1003}, status=429, Retry_After="50")
            server.answer(CANDLES["binanceusdm"], "", status=418, Retry_After="90")
            before, after = (
                create("binanceusdm", url_override=server.url, clock=clock) for _ in ("before", "after")
            )
            for kind in (Kind.GLOBAL_LS, Kind.CANDLES):
                with pytest.raises(ThrottledError):
                    await before.rows(kind, MARKET["binanceusdm"], limit=5)
            kept = before.export_pauses()
            await before.close()
            sent = len(server.requests)
            server.say.clear()
            after.restore_pauses(kept, 20.0)
            with pytest.raises(ThrottledError) as caught:
                await after.server_time()
            assert (caught.value.ban, caught.value.retry_after_s) == (True, 70 + AFTER_BAN_S)
            assert len(server.requests) == sent
            assert isinstance(after, Adapter)
            await _wake_until(clock, lambda: after.stats().breaker.state is State.CLOSED)
            assert clock.now == 1000 + 70 + AFTER_BAN_S
            # The budget that was closed for 50 s has been open since before.
            assert len((await after.rows(Kind.GLOBAL_LS, MARKET["binanceusdm"], limit=5)).ts) == 2
            await after.close()

    asyncio.run(main())


def test_a_throttle_outlives_a_restart() -> None:
    async def work(adapter: Adapter, server: ExchangeServer, clock: HandClock) -> None:
        adapter.restore_pauses({"data": (50.0, "too many requests"), "weight": (5.0, "over")}, 10.0)
        with pytest.raises(ThrottledError) as caught:
            await adapter.rows(Kind.GLOBAL_LS, MARKET["binanceusdm"], limit=5)
        assert (caught.value.ban, caught.value.retry_after_s) == (False, 40.0)
        assert adapter.stats().throttled == {"data": 40.0}
        assert adapter.export_pauses() == {"data": (40.0, "too many requests")}
        await adapter.server_time()
        clock.now += 40.0
        assert adapter.export_pauses() == {}
        await adapter.rows(Kind.GLOBAL_LS, MARKET["binanceusdm"], limit=5)

    run("binanceusdm", work)


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
