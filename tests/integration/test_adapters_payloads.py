"""Documented payloads, over real HTTP, into exact values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import ccxt.async_support as ccxt
import numpy as np
import pytest

from exchange_server import FIXTURES, ExchangeServer, payload, routes, serving
from futuresboard.exchanges import REGISTRY, create
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.redirect import redirect
from futuresboard.model import ROW_COLUMNS, Kind, Market, Rows, Ticker

nan = float("nan")


def ask[T](
    exchange: str, work: Callable[[Exchange, ExchangeServer], Awaitable[T]], *, tradfi: bool = False
) -> T:
    """The result of `work` with an adapter whose URLs point at a server with the fixtures."""

    async def main() -> T:
        async with serving(exchange) as server:
            adapter = create(exchange, url_override=server.url, tradfi=tradfi)
            try:
                return await work(adapter, server)
            finally:
                await adapter.close()

    return asyncio.run(main())


def rows_of(exchange: str, kind: Kind) -> Rows:
    async def work(adapter: Exchange, _server: ExchangeServer) -> Rows:
        market = (await adapter.markets())[0]
        return await adapter.rows(kind, market, limit=10)

    return ask(exchange, work)


MINUTES_5 = 300_000
BINANCE, BYBIT, OKX = 1642179600000, 1672375800000, 1678928100000

EXPECTED: dict[tuple[str, Kind], tuple[list[int], dict[str, list[float]]]] = {
    ("binanceusdm", Kind.CANDLES): (
        [BINANCE, BINANCE + MINUTES_5, BINANCE + 2 * MINUTES_5],
        {
            "open": [43080.10, 43100.0, 43110.2],
            "high": [43120.0, 43150.0, 43110.2],
            "low": [43050.5, 43090.0, 43100.0],
            "close": [43100.0, 43110.2, 43102.4],
            "volume": [250.5, 120.0, 1.25],
            "quote_volume": [10796550.25, 5173224.0, 53879.0],
            "taker_buy": [130.25, 0.0, 1.0],
        },
    ),
    ("binanceusdm", Kind.OI): (
        [BINANCE, BINANCE + MINUTES_5, BINANCE + 2 * MINUTES_5],
        {
            "oi_contracts": [75375.617, 75378.0, 75380.117],
            "oi_usd": [3248828883.7125144, 3249000000.0, 3249700000.5],
        },
    ),
    ("binanceusdm", Kind.GLOBAL_LS): (
        [BINANCE + MINUTES_5, BINANCE + 2 * MINUTES_5],
        {"ratio": [0.8376, 0.8401]},
    ),
    ("binanceusdm", Kind.TOP_LS): (
        [BINANCE + MINUTES_5, BINANCE + 2 * MINUTES_5],
        {"ratio": [1.4342, 1.4337]},
    ),
    ("binanceusdm", Kind.FUNDING): (
        [1642118400000, 1642147200003, 1642176000000],
        {"rate": [0.0001, -0.0000375, 0.0]},
    ),
    ("bybit", Kind.CANDLES): (
        [BYBIT, BYBIT + MINUTES_5, BYBIT + 2 * MINUTES_5],
        {
            "open": [16570.0, 16580.0, 16590.5],
            "high": [16582.5, 16595.0, 16600.0],
            "low": [16560.0, 16575.5, 16590.0],
            "close": [16580.0, 16590.5, 16597.0],
            "volume": [0.0, 220.125, 12.5],
            "quote_volume": [0.0, 3650000.5, 207400.25],
            "taker_buy": [nan, nan, nan],
        },
    ),
    ("bybit", Kind.OI): (
        [BYBIT + MINUTES_5, BYBIT + 2 * MINUTES_5],
        {"oi_contracts": [44995.0, 45000.25], "oi_usd": [nan, nan]},
    ),
    ("bybit", Kind.GLOBAL_LS): (
        [BYBIT + MINUTES_5, BYBIT + 2 * MINUTES_5],
        {"ratio": [1.0, 0.5707 / 0.4293]},
    ),
    ("bybit", Kind.FUNDING): ([1672329600000, 1672358400000], {"rate": [-0.00006352, 0.0001]}),
    ("okx", Kind.CANDLES): (
        # The third row says that it is not closed yet.
        [OKX, OKX + MINUTES_5],
        {
            "open": [24310.0, 24300.2],
            "high": [24311.0, 24324.1],
            "low": [24300.0, 24288.0],
            "close": [24300.2, 24324.1],
            "volume": [25.65, 33.04],
            "quote_volume": [623300.13, 803668.26],
            "taker_buy": [nan, nan],
        },
    ),
    ("okx", Kind.OI): (
        [OKX + MINUTES_5, OKX + 2 * MINUTES_5],
        {"oi_contracts": [28000.0, 28004.7645], "oi_usd": [680876000.0, 681160487.93]},
    ),
    ("okx", Kind.GLOBAL_LS): (
        [OKX + MINUTES_5, OKX + 2 * MINUTES_5],
        {"ratio": [0.9401, 0.9398602814619824]},
    ),
    ("okx", Kind.TOP_LS): ([OKX + MINUTES_5, OKX + 2 * MINUTES_5], {"ratio": [1.1236, 1.1739]}),
    ("okx", Kind.TAKER): (
        [OKX + MINUTES_5, OKX + 2 * MINUTES_5],
        {"buy": [13.0, 3.6625], "sell": [20.04, 2.6175]},
    ),
    ("okx", Kind.FUNDING): ([1678896000000, 1678924800000], {"rate": [-0.0001, 0.017]}),
}


@pytest.mark.parametrize(("exchange", "kind"), EXPECTED)
def test_rows(exchange: str, kind: Kind) -> None:
    page = rows_of(exchange, kind)
    stamps, columns = EXPECTED[exchange, kind]
    assert page.kind is kind
    assert page.unfit == ()
    assert page.ts.tolist() == stamps
    assert tuple(page.columns) == ROW_COLUMNS[kind]
    for name, values in columns.items():
        assert np.array_equal(page.columns[name], np.array(values), equal_nan=True), name


def test_every_kind_an_exchange_claims_is_checked_here() -> None:
    claimed = {(exchange, kind) for exchange, adapter in REGISTRY.items() for kind in adapter.kinds}
    assert claimed == set(EXPECTED)


@pytest.mark.parametrize("exchange", REGISTRY)
def test_pages_depths_and_gaps_are_stated(exchange: str) -> None:
    adapter = REGISTRY[exchange]
    assert adapter.id == exchange
    assert set(adapter.page_rows) == set(adapter.depth_rows) == adapter.kinds
    assert ("top_ls" in adapter.unpublished) == (Kind.TOP_LS not in adapter.kinds)
    assert {"taker_buy", "taker_sell", "imbalance", "cvd"} <= set(adapter.unpublished) or (
        exchange != "bybit"
    )
    files = {file.name for file in (FIXTURES / exchange).iterdir()}
    assert {*routes(exchange).values(), "routes.json"} == files


MARKETS = {
    "binanceusdm": [
        Market(
            "binanceusdm", "BTC/USDT:USDT", "BTCUSDT", "BTC", 1.0, 1.0, 1569398400000, 12900000000.25, None
        ),
        Market(
            "binanceusdm",
            "1000PEPE/USDT:USDT",
            "1000PEPEUSDT",
            "1000PEPE",
            1.0,
            1.0,
            1683282600000,
            1100000000.5,
            4.0,
        ),
    ],
    "bybit": [
        Market("bybit", "BTC/USDT:USDT", "BTCUSDT", "BTC", 1.0, 1.0, 1584230400000, 2352949504.6, 8.0),
        Market(
            "bybit",
            "SHIB1000/USDT:USDT",
            "SHIB1000USDT",
            "SHIB1000",
            1.0,
            1.0,
            1620604800000,
            21000000.75,
            4.0,
        ),
    ],
    "okx": [
        Market(
            "okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", "BTC", 1.0, 0.01, 1573557408000, 100000.5 * 24323, 8.0
        ),
        Market(
            "okx",
            "PEPE/USDT:USDT",
            "PEPE-USDT-SWAP",
            "PEPE",
            1.0,
            1e7,
            1683540000000,
            20000000000000 * 0.0000126,
            4.0,
        ),
    ],
}
TESLA = "TSLA/USDT:USDT"


@pytest.mark.parametrize("exchange", REGISTRY)
def test_markets_are_the_fitting_ones_most_liquid_first(exchange: str) -> None:
    assert ask(exchange, lambda adapter, _: adapter.markets()) == MARKETS[exchange]


@pytest.mark.parametrize("exchange", REGISTRY)
def test_tradfi_comes_only_when_asked_for(exchange: str) -> None:
    found = ask(exchange, lambda adapter, _: adapter.markets(), tradfi=True)
    assert [market.symbol for market in found] == [m.symbol for m in MARKETS[exchange]] + [TESLA]
    assert found[-1].quote_volume is None


TICKERS = {
    "binanceusdm": [
        Ticker("BTC/USDT:USDT", 1642180200017, 43102.4, 43101.9, 12900000000.25, 0.0001, 1642204800000),
        Ticker("1000PEPE/USDT:USDT", 1642180199500, 0.0126, 0.012601, 1100000000.5, -0.00021, 1642190400000),
    ],
    "bybit": [
        Ticker(
            "BTC/USDT:USDT",
            1672376496682,
            16597.0,
            16596.0,
            2352949504.6,
            -0.001034,
            1672387200000,
            45000.25,
            746820000.0,
            1672376496682,
        ),
        Ticker(
            "SHIB1000/USDT:USDT",
            1672376496682,
            0.0081,
            0.008102,
            21000000.75,
            0.0001,
            1672387200000,
            2500000000.0,
            20255000.0,
            1672376496682,
        ),
    ],
    "okx": [
        Ticker(
            "BTC/USDT:USDT",
            1678928800000,
            24323.0,
            24321.9,
            100000.5 * 24323,
            0.00027815,
            1678953600000,
            21254.19,
            516965663.37,
            1678928799000,
        ),
        Ticker(
            "PEPE/USDT:USDT",
            1678928799900,
            0.0000126,
            0.00001261,
            20000000000000 * 0.0000126,
            -0.0002,
            1678939200000,
            1000000000.0,
            12600.0,
            1678928799000,
        ),
    ],
}


@pytest.mark.parametrize("exchange", REGISTRY)
def test_tickers(exchange: str) -> None:
    found = ask(exchange, lambda adapter, _: adapter.tickers())
    assert found == {ticker.symbol: ticker for ticker in TICKERS[exchange]}


@pytest.mark.parametrize(
    ("exchange", "now"), [("binanceusdm", 1642180200123), ("bybit", 1672376496682), ("okx", 1678928800500)]
)
def test_server_time(exchange: str, now: int) -> None:
    assert ask(exchange, lambda adapter, _: adapter.server_time()) == now


def test_live_open_interest_of_binance() -> None:
    async def work(adapter: Exchange, server: ExchangeServer) -> Ticker:
        found = await adapter.live_oi(MARKETS["binanceusdm"][0])
        assert server.asked("/fapi/v1/openInterest") == [{"symbol": "BTCUSDT"}]
        return found

    assert ask("binanceusdm", work) == Ticker(
        "BTC/USDT:USDT", 1642180198765, oi_contracts=75380.117, oi_ts=1642180198765
    )


@pytest.mark.parametrize("exchange", REGISTRY)
def test_symbols_are_those_of_the_unmodified_client(exchange: str) -> None:
    """The unified names of ccxt's own market list, for the same ids."""

    async def work(adapter: Exchange, server: ExchangeServer) -> dict[str, str]:
        types = {"binanceusdm": "linear", "bybit": "linear", "okx": "swap"}[exchange]
        client = getattr(ccxt, exchange)({"options": {"fetchMarkets": {"types": [types]}}})
        client.urls["api"] = redirect(client.urls["api"], server.url)
        try:
            listed = {market["id"]: market["symbol"] for market in await client.fetch_markets()}
        finally:
            await client.close()
        return {market.symbol: listed[market.id] for market in await adapter.markets()}

    found = ask(exchange, work, tradfi=True)
    assert len(found) == 3
    assert list(found) == list(found.values())


def test_the_lists_hold_what_must_be_left_out() -> None:
    """Delivery, USDC, inverse and delisted rows are in the fixtures, or the filters prove nothing."""
    raw = payload("binanceusdm", "exchangeInfo.json")
    assert isinstance(raw, dict)
    assert {row["status"] for row in raw["symbols"]} == {"TRADING", "SETTLING"}
    assert {row["quoteAsset"] for row in raw["symbols"]} == {"USDT", "USDC"}
    assert len({row["contractType"] for row in raw["symbols"]}) == 3
