"""What the adapters ask for: paths, parameters, pages, and which failure spoils what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from exchange_server import ExchangeServer, payload, serving
from futuresboard.errors import PairGoneError, PayloadError, ThrottledError, UnpublishedError
from futuresboard.exchanges import REGISTRY, create
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.redirect import redirect
from futuresboard.model import Kind, Market
from virtual_clock import VirtualClock

STEP = 300_000
HOUR = 3_600_000
END = 1_700_000_100_000 // STEP * STEP
MARKET = {
    "binanceusdm": Market("binanceusdm", "BTC/USDT:USDT", "BTCUSDT", "BTC"),
    "bybit": Market("bybit", "BTC/USDT:USDT", "BTCUSDT", "BTC"),
    "okx": Market("okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", "BTC"),
}
DATA = "/futures/data/"
RUBIK = "/api/v5/rubik/stat/"


class Skewed(VirtualClock):
    """The machine's clock in a known relation to the exchange's; waiting is over at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.001)
        self.now += seconds

    def timeout(self, seconds: float) -> asyncio.Timeout:
        return asyncio.timeout(None)


def run(
    exchange: str, work: Callable[[Exchange, ExchangeServer], Awaitable[None]], **options: bool
) -> Skewed:
    clock = Skewed()

    async def main() -> None:
        async with serving(exchange) as server:
            adapter = create(exchange, url_override=server.url, clock=clock, **options)
            try:
                await work(adapter, server)
            finally:
                await adapter.close()

    asyncio.run(main())
    return clock


def asked_for(exchange: str, kind: Kind, limit: int, end: int | None) -> tuple[str, dict[str, str]]:
    """Path and query of the one request for rows."""
    found: list[tuple[str, dict[str, str]]] = []

    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        await adapter.rows(kind, MARKET[exchange], limit=limit, end=end)
        found.extend(request for request in server.requests if not request[0].endswith("/time"))

    run(exchange, work)
    assert len(found) == 1
    return found[0]


E, B = str(END), {"category": "linear", "symbol": "BTCUSDT"}
INST = {"instId": "BTC-USDT-SWAP"}
S = {"symbol": "BTCUSDT"}


@pytest.mark.parametrize(
    ("exchange", "kind", "path", "newest", "older"),
    [
        (
            "binanceusdm",
            Kind.CANDLES,
            "/fapi/v1/klines",
            S | {"interval": "5m", "limit": "20"},
            {"endTime": E},
        ),
        *(
            (
                "binanceusdm",
                kind,
                DATA + name,
                S | {"period": "5m", "limit": "20"},
                {"startTime": str(END - 20 * STEP + 1), "endTime": E},
            )
            for kind, name in [
                (Kind.OI, "openInterestHist"),
                (Kind.GLOBAL_LS, "globalLongShortAccountRatio"),
                (Kind.TOP_LS, "topLongShortPositionRatio"),
            ]
        ),
        (
            "binanceusdm",
            Kind.FUNDING,
            "/fapi/v1/fundingRate",
            S | {"limit": "20"},
            {"startTime": str(END - 160 * HOUR + 1), "endTime": E, "limit": "1000"},
        ),
        ("bybit", Kind.CANDLES, "/v5/market/kline", B | {"interval": "5", "limit": "20"}, {"end": E}),
        (
            "bybit",
            Kind.OI,
            "/v5/market/open-interest",
            B | {"intervalTime": "5min", "limit": "20"},
            {"startTime": str(END - 20 * STEP + 1), "endTime": E},
        ),
        (
            "bybit",
            Kind.GLOBAL_LS,
            "/v5/market/account-ratio",
            B | {"period": "5min", "limit": "20"},
            {"startTime": str(END - 20 * STEP + 1), "endTime": E},
        ),
        ("bybit", Kind.FUNDING, "/v5/market/funding/history", B | {"limit": "20"}, {"endTime": E}),
        *(
            (
                "okx",
                kind,
                RUBIK + name,
                INST | {"period": "5m", "limit": "20"} | ({"unit": "0"} if kind is Kind.TAKER else {}),
                {"end": str(END + 1)},
            )
            for kind, name in [
                (Kind.OI, "contracts/open-interest-history"),
                (Kind.GLOBAL_LS, "contracts/long-short-account-ratio-contract"),
                (Kind.TOP_LS, "contracts/long-short-position-ratio-contract-top-trader"),
                (Kind.TAKER, "taker-volume-contract"),
            ]
        ),
        (
            "okx",
            Kind.FUNDING,
            "/api/v5/public/funding-rate-history",
            INST | {"limit": "20"},
            {"after": str(END + 1)},
        ),
    ],
)
def test_pages(exchange: str, kind: Kind, path: str, newest: dict[str, str], older: dict[str, str]) -> None:
    assert asked_for(exchange, kind, 20, None) == (path, newest)
    assert asked_for(exchange, kind, 20, END) == (path, newest | older)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_no_page_is_larger_than_stated(exchange: str) -> None:
    for kind, most in REGISTRY[exchange].page_rows.items():
        _, query = asked_for(exchange, kind, 10**6, None)
        assert query["limit"] == str(most)


def test_rows_after_the_end_and_above_the_limit_are_left_out() -> None:
    async def work(adapter: Exchange, _server: ExchangeServer) -> None:
        stamps = [1672375800000, 1672376100000, 1672376400000]
        market = MARKET["bybit"]
        page = await adapter.rows(Kind.CANDLES, market, limit=2)
        assert page.ts.tolist() == stamps[1:]
        page = await adapter.rows(Kind.CANDLES, market, limit=2, end=stamps[1])
        assert page.ts.tolist() == stamps[:2]

    run("bybit", work)


def test_okx_candles_behind_the_recent_ones_come_from_history() -> None:
    now = 1678928800500  # the fixture's server time
    oldest_recent = now // STEP * STEP - 1439 * STEP

    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        market = MARKET["okx"]
        for end in (oldest_recent + 300 * STEP, oldest_recent + 299 * STEP, oldest_recent):
            await adapter.rows(Kind.CANDLES, market, limit=300, end=end)
        paths = [path for path, _ in server.requests]
        assert paths == [
            "/api/v5/public/time",  # asked for once, to know how far back that is
            "/api/v5/market/candles",
            "/api/v5/market/history-candles",
            "/api/v5/market/history-candles",
        ]
        query = server.requests[-1][1]
        assert query == {"instId": market.id, "limit": "300", "bar": "5m", "after": str(oldest_recent + 1)}

    run("okx", work)


def test_binance_is_not_asked_for_levels_older_than_a_month() -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        now = await adapter.server_time()
        begin = now - 30 * 24 * HOUR
        await adapter.rows(Kind.OI, MARKET["binanceusdm"], limit=500, end=begin + 10 * STEP)
        query = server.asked(DATA + "openInterestHist")[0]
        assert begin < int(query["startTime"]) <= begin + 2 * STEP

    run("binanceusdm", work)


@pytest.mark.parametrize(("limit", "weight"), [(1, 1), (99, 1), (100, 2), (499, 2), (1500, 2)])
def test_binance_candles_weigh_by_limit(limit: int, weight: int) -> None:
    async def work(adapter: Exchange, _server: ExchangeServer) -> None:
        await adapter.rows(Kind.CANDLES, MARKET["binanceusdm"], limit=limit)
        assert adapter.stats().budget_used["weight"] == weight / 2400

    run("binanceusdm", work)


def test_binance_budgets_by_path() -> None:
    async def work(adapter: Exchange, _server: ExchangeServer) -> None:
        await adapter.markets()
        assert adapter.stats().budget_used == {"weight": (1 + 40) / 2400, "funding": 1 / 500}
        await adapter.tickers()
        await adapter.live_oi(MARKET["binanceusdm"])
        await adapter.rows(Kind.OI, MARKET["binanceusdm"], limit=1)
        await adapter.rows(Kind.FUNDING, MARKET["binanceusdm"], limit=1)
        used = adapter.stats().budget_used
        assert used == {"weight": (41 + 50 + 1) / 2400, "funding": 2 / 500, "data": 1 / 1000}

    run("binanceusdm", work)


def test_the_used_weight_header_is_heeded() -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        server.answer("/fapi/v1/time", {"serverTime": END}, X_MBX_USED_WEIGHT_1M="1234")
        await adapter.server_time()
        assert adapter.stats().budget_used["weight"] == 1234 / 2400

    run("binanceusdm", work)


def test_a_stated_weight_limit_is_heeded() -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        info = payload("binanceusdm", "exchangeInfo.json")
        assert isinstance(info, dict)
        info["rateLimits"][0]["limit"] = 1200
        server.answer("/fapi/v1/exchangeInfo", info)
        await adapter.markets()
        assert adapter.stats().budget_used["weight"] == 41 / 1200

    run("binanceusdm", work)


def test_budgets_survive_a_restart() -> None:
    async def work(adapter: Exchange, _server: ExchangeServer) -> None:
        await adapter.markets()
        saved = adapter.export_budgets()
        again = create("binanceusdm", clock=Skewed())
        try:
            again.restore_budgets({**saved, "gone": [(0.0, 1.0)]}, 30.0)
            assert again.stats().budget_used == {"weight": 41 / 2400, "funding": 1 / 500}
            again.restore_budgets(saved, 60.0)
            assert again.stats().budget_used == {"weight": 41 / 2400, "funding": 2 / 500}
        finally:
            await again.close()

    run("binanceusdm", work)


def test_bybit_lists_are_read_page_by_page() -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        whole = payload("bybit", "instruments-info.json")
        assert isinstance(whole, dict)
        rows = whole["result"]["list"]

        async def page(request: web.Request) -> web.Response:
            start = int(request.query.get("cursor") or 0)
            following = str(start + 2) if start + 2 < len(rows) else ""
            result = {"category": "linear", "list": rows[start : start + 2], "nextPageCursor": following}
            return web.json_response({**whole, "result": result})

        server.say["/v5/market/instruments-info"] = page
        found = await adapter.markets()
        assert [market.id for market in found] == ["BTCUSDT", "SHIB1000USDT"]
        cursors = [query.get("cursor") for query in server.asked("/v5/market/instruments-info")]
        assert cursors == [None, "2", "4"]

    run("bybit", work)


def test_a_bybit_cursor_that_turns_in_circles_ends() -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        whole = payload("bybit", "instruments-info.json")
        assert isinstance(whole, dict)
        whole["result"]["nextPageCursor"] = "again"
        server.answer("/v5/market/instruments-info", whole)
        assert len(await adapter.markets()) == 2
        assert len(server.asked("/v5/market/instruments-info")) == 2

    run("bybit", work)


OPTIONAL = [
    ("binanceusdm", "/fapi/v1/premiumIndex", ("mark_price", "funding_next", "funding_next_ts")),
    ("okx", "/api/v5/public/funding-rate", ("funding_next", "funding_next_ts")),
    ("okx", "/api/v5/public/open-interest", ("oi_contracts", "oi_usd", "oi_ts")),
    ("okx", "/api/v5/public/mark-price", ("mark_price",)),
]


@pytest.mark.parametrize(("exchange", "path", "fields"), OPTIONAL)
def test_an_unsupported_part_spoils_nothing_else(
    exchange: str, path: str, fields: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        whole = await adapter.tickers()
        clock: Skewed = adapter.transport.clock  # type: ignore[attr-defined]
        server.answer(path, {"code": "51000", "msg": "Parameter instId error"}, status=400)
        before = len(server.asked(path))
        for _ in range(3):
            partial = await adapter.tickers()
        assert len(server.asked(path)) == before + 1
        for symbol, ticker in partial.items():
            for name in ticker.__slots__:
                value = getattr(ticker, name)
                assert value == (None if name in fields else getattr(whole[symbol], name)), name
        del server.say[path]
        clock.now += 601
        assert await adapter.tickers() == whole

    run(exchange, work)
    told = [record.getMessage() for record in caplog.records if record.name.startswith("futuresboard")]
    assert len(told) == 2
    assert "asking again later" in told[0]
    assert told[1].endswith("back")


@pytest.mark.parametrize(("exchange", "path", "fields"), OPTIONAL)
@pytest.mark.parametrize(
    "body", ["", "<html></html>", {"code": "0", "data": {}}, [1], {"code": "0", "data": [1]}]
)
def test_an_unreadable_part_spoils_nothing_else(
    exchange: str, path: str, fields: tuple[str, ...], body: object
) -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        whole = await adapter.tickers()
        server.answer(path, body)
        partial = await adapter.tickers()
        assert partial.keys() == whole.keys()
        assert all(getattr(ticker, fields[0]) is None for ticker in partial.values())
        assert {ticker.price for ticker in partial.values()} == {t.price for t in whole.values()}

    run(exchange, work)


@pytest.mark.parametrize(
    ("exchange", "path", "ask"),
    [
        ("binanceusdm", "/fapi/v1/time", "server_time"),
        ("binanceusdm", "/fapi/v1/exchangeInfo", "markets"),
        ("binanceusdm", "/fapi/v1/ticker/24hr", "markets"),
        ("binanceusdm", "/fapi/v1/ticker/24hr", "tickers"),
        ("bybit", "/v5/market/time", "server_time"),
        ("bybit", "/v5/market/instruments-info", "markets"),
        ("bybit", "/v5/market/tickers", "markets"),
        ("bybit", "/v5/market/tickers", "tickers"),
        ("okx", "/api/v5/public/time", "server_time"),
        ("okx", "/api/v5/public/instruments", "markets"),
        ("okx", "/api/v5/market/tickers", "markets"),
        ("okx", "/api/v5/market/tickers", "tickers"),
    ],
)
@pytest.mark.parametrize("body", ["", {}, [[1]], {"data": [1], "result": {"list": [1]}, "symbols": [1]}])
def test_unreadable_lists_are_payload_errors(exchange: str, path: str, ask: str, body: object) -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        if ask == "tickers":
            await adapter.markets()
        server.answer(path, body)
        with pytest.raises(PayloadError):
            await getattr(adapter, ask)()
        assert adapter.stats().failed == 1

    run(exchange, work)


@pytest.mark.parametrize(("exchange", "path", "fields"), OPTIONAL)
def test_a_part_that_fails_for_the_moment_is_asked_for_next_time(
    exchange: str, path: str, fields: tuple[str, ...]
) -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        whole = await adapter.tickers()
        server.answer(path, "busy", status=500)
        partial = await adapter.tickers()
        assert all(getattr(ticker, fields[0]) is None for ticker in partial.values())
        del server.say[path]
        assert await adapter.tickers() == whole

    run(exchange, work)


def test_binance_tickers_of_stopped_symbols_are_dropped() -> None:
    """A symbol may trade no more while the list still says that it does."""

    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        tickers = payload("binanceusdm", "ticker24hr.json")
        assert isinstance(tickers, list)
        newest = max(row["closeTime"] for row in tickers)
        for row in tickers:
            if row["symbol"] == "BTCUSDT":
                row["closeTime"] = newest - HOUR - 1
            if row["symbol"] == "BTCUSDT_260327":
                row["closeTime"] = newest
        server.answer("/fapi/v1/ticker/24hr", tickers)
        found = {market.symbol: market.quote_volume for market in await adapter.markets()}
        assert list(found.items()) == [("1000PEPE/USDT:USDT", 1100000000.5), ("BTC/USDT:USDT", None)]
        assert list(await adapter.tickers()) == ["1000PEPE/USDT:USDT"]

    run("binanceusdm", work)


def test_missing_funding_lists_leave_the_interval_open() -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        server.answer("/fapi/v1/fundingInfo", "", status=404)
        assert [market.funding_interval_h for market in await adapter.markets()] == [None, None]

    run("binanceusdm", work)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_kinds_an_exchange_has_not_cost_no_request(exchange: str) -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        for kind in set(Kind) - adapter.kinds:
            with pytest.raises(UnpublishedError):
                await adapter.rows(kind, MARKET[exchange], limit=1)
        if not adapter.rotates_oi:
            with pytest.raises(UnpublishedError):
                await adapter.live_oi(MARKET[exchange])
        assert server.requests == []

    run(exchange, work)


def test_rubik_is_paced_per_address_after_a_refusal() -> None:
    path = RUBIK + "contracts/long-short-account-ratio-contract"

    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        clock: Skewed = adapter.transport.clock  # type: ignore[attr-defined]
        others = [Market("okx", f"{n}/USDT:USDT", f"{n}-USDT-SWAP", n) for n in "ABCDEFGH"]
        for market in others:
            await adapter.rows(Kind.GLOBAL_LS, market, limit=1)
        assert clock.now == 1000.0  # eight instruments, eight budgets of five
        refusals = [0]

        async def refuse_once(_request: web.Request) -> web.Response:
            refusals[0] += 1
            if refusals[0] == 1:
                return web.json_response({"code": "50011", "msg": "Too Many", "data": []}, status=429)
            return web.json_response(payload("okx", "long-short-account-ratio-contract.json"))

        server.say[path] = refuse_once
        asked = len(server.asked(path))
        answers = await asyncio.gather(*(adapter.rows(Kind.GLOBAL_LS, m, limit=1) for m in others))
        assert [len(rows.ts) for rows in answers] == [1] * 8  # who was refused or waited asked again
        assert len(server.asked(path)) == asked + 8 + 1
        server.answer(path, {"code": "50011", "msg": "Too Many", "data": []}, status=429)
        with pytest.raises(ThrottledError, match="too many requests"):
            await adapter.rows(Kind.GLOBAL_LS, others[0], limit=1)  # the stricter reading asks once
        assert len(server.asked(path)) == asked + 8 + 2
        del server.say[path]
        clock.now += 10
        before = clock.now
        for market in others:
            await adapter.rows(Kind.GLOBAL_LS, market, limit=1)
        assert clock.now - before >= 2.0  # four of five, then a window

    run("okx", work)


def test_the_stricter_reading_of_rubik_is_a_setting() -> None:
    async def work(adapter: Exchange, _server: ExchangeServer) -> None:
        clock: Skewed = adapter.transport.clock  # type: ignore[attr-defined]
        for name in "ABCDE":
            market = Market("okx", f"{name}/USDT:USDT", f"{name}-USDT-SWAP", name)
            await adapter.rows(Kind.TAKER, market, limit=1)
        assert clock.now >= 1002.0

    run("okx", work, okx_rubik_per_ip=True)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_no_url_leads_to_the_exchange_any_more(exchange: str) -> None:
    adapter = create(exchange, url_override="https://proxy.example:9000/x/", clock=Skewed())
    client = adapter.transport.client  # type: ignore[attr-defined]

    def strings(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for item in value.values() for text in strings(item)]
        return [value] if isinstance(value, str) else []

    urls = strings(client.urls["api"])
    assert urls
    assert all(url.startswith("https://proxy.example:9000/x") for url in urls)
    assert not any("{" in url for url in urls)


def test_redirected_urls_keep_path_kind_and_query() -> None:
    urls = {
        "a": "https://fapi.binance.com/fapi/v1",
        "ws": {"linear": "wss://fstream.binance.com/ws", "list": ["https://{hostname}"]},
        "query": "https://h/p?x=1",
        "none": None,
    }
    assert redirect(urls, "http://127.0.0.1:9000/binance") == {
        "a": "http://127.0.0.1:9000/binance/fapi/v1",
        "ws": {"linear": "ws://127.0.0.1:9000/binance/ws", "list": ["http://127.0.0.1:9000/binance"]},
        "query": "http://127.0.0.1:9000/binance/p?x=1",
        "none": None,
    }
    assert redirect("wss://h/ws", "https://p/okx") == "wss://p/okx/ws"


def test_an_unknown_exchange_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        create("mtgox")


@pytest.mark.parametrize(
    ("exchange", "path", "body", "status"),
    [
        ("binanceusdm", "/fapi/v1/klines", {"code": -1121, "msg": "Invalid symbol."}, 400),
        ("bybit", "/v5/market/kline", {"retCode": 10001, "retMsg": "params error: Symbol Invalid"}, 200),
        ("okx", "/api/v5/market/candles", {"code": "51001", "msg": "Instrument ID does not exist"}, 200),
    ],
)
def test_a_delisted_pair_is_gone(exchange: str, path: str, body: object, status: int) -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> None:
        server.answer(path, body, status=status)
        with pytest.raises(PairGoneError):
            await adapter.rows(Kind.CANDLES, MARKET[exchange], limit=1)

    run(exchange, work)
