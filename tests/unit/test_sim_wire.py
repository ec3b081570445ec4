"""The wire: shapes, strings, order, paging, depth and error bodies of every endpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from futuresboard.sim_exchange import SimConfig
from futuresboard.sim_exchange.binance_data import BinanceFutures
from futuresboard.sim_exchange.bybit import Bybit
from futuresboard.sim_exchange.coingecko import CoinGecko
from futuresboard.sim_exchange.okx_history import OkxSwaps
from futuresboard.sim_exchange.truth import Truth
from futuresboard.sim_exchange.venue import Venue, World, build_world
from futuresboard.sim_exchange.wire import RefusalError, fixed, plain, power, trimmed

M5 = 300_000
EPOCH = 1_768_471_651_500  # 2026-01-15 10:07:31.5 UTC
NOW_BAR = EPOCH - EPOCH % M5
FAPI, DATA = "/binance/fapi/v1/", "/binance/futures/data/"
V5, OKX = "/bybit/v5/market/", "/okx/api/v5/"


def make_world(**changes: Any) -> World:
    return build_world(SimConfig(**{"seed": 7, "pairs": 60, "epoch_ms": EPOCH, "time_scale": 0, **changes}))


WORLD = make_world()
TRUTH = Truth(WORLD)
BINANCE, BYBIT, OKEX, GECKO = BinanceFutures(WORLD), Bybit(WORLD), OkxSwaps(WORLD), CoinGecko(WORLD)


def ask(venue: Venue | CoinGecko, path: str, **query: object) -> Any:
    return orjson.loads(venue.routes[path]({k: str(v) for k, v in query.items()}))


def refused(venue: Venue | CoinGecko, path: str, **query: object) -> tuple[int, Any]:
    with pytest.raises(RefusalError) as caught:
        ask(venue, path, **query)
    return caught.value.answer.status, orjson.loads(caught.value.answer.body)


def listed(payload: Any) -> Any:
    return payload["result"]["list"] if "result" in payload else payload["data"]


# --- helpers of the wire -----------------------------------------------------------------------------
def test_number_formats() -> None:
    units = np.array([970_001, 970_000, 5], dtype=np.int64)
    assert fixed(units, 1) == ["97000.1", "97000.0", "0.5"]
    assert fixed(units, 1, 1) == ["97000.10", "97000.00", "0.50"]
    assert trimmed(units, 1) == ["97000.1", "97000", "0.5"]
    assert fixed(units, 0) == trimmed(units, 0) == ["970001", "970000", "5"]
    assert [power(e) for e in (2, 0, -3)] == ["100", "1", "0.001"]
    assert [plain(v, 8) for v in (0.0001, -0.00005, 12.0)] == ["0.0001", "-0.00005", "12"]


# --- stamps and publication ----------------------------------------------------------------------------
OI_PATHS = [
    (BinanceFutures, DATA + "openInterestHist", {"symbol": "BTCUSDT", "period": "5m"}, "binanceusdm"),
    (
        Bybit,
        V5 + "open-interest",
        {"category": "linear", "symbol": "BTCUSDT", "intervalTime": "5min"},
        "bybit",
    ),
    (OkxSwaps, OKX + "rubik/stat/contracts/open-interest-history", {"instId": "BTC-USDT-SWAP"}, "okx"),
]


def rows_of(payload: Any) -> list[tuple[int, float]]:
    rows = payload if isinstance(payload, list) else listed(payload)
    pairs = []
    for row in rows:
        if isinstance(row, list):
            pairs.append((int(row[0]), float(row[2])))
        else:
            amount = row.get("sumOpenInterest") or row.get("singleOpenInterest")
            pairs.append((int(row["timestamp"]), float(amount)))
    return sorted(pairs)


@pytest.mark.parametrize(("kind", "path", "query", "name"), OI_PATHS)
def test_start_stamps_shift_the_value_by_one_window(
    kind: type[Venue], path: str, query: dict[str, object], name: str
) -> None:
    venue = kind(make_world(stamps={name: "start"}))
    rows = rows_of(ask(venue, path, limit=4, **query))
    assert [ts for ts, _ in rows] == [NOW_BAR - i * M5 for i in (4, 3, 2, 1)]
    symbol = "BTC/USDT:USDT"
    assert [value for _, value in rows] == [TRUTH.oi(name, symbol, ts + M5).base for ts, _ in rows]
    others = [e for e in OI_PATHS if e[3] != name]
    for other_kind, other_path, other_query, _ in others:
        assert rows_of(ask(other_kind(venue.world), other_path, limit=1, **other_query))[0][0] == NOW_BAR


@pytest.mark.parametrize(("kind", "path", "query", "name"), OI_PATHS)
def test_rows_appear_after_the_publication_delay(
    kind: type[Venue], path: str, query: dict[str, object], name: str
) -> None:
    world = make_world(publish_delay_s=2.0)
    venue = kind(world)
    world.clock.set(NOW_BAR + 1_999)
    assert rows_of(ask(venue, path, limit=1, **query))[0][0] == NOW_BAR - M5
    world.clock.set(NOW_BAR + 2_000)
    assert rows_of(ask(venue, path, limit=1, **query))[0][0] == NOW_BAR


@pytest.mark.parametrize(("kind", "path", "query", "name"), OI_PATHS)
def test_the_open_window_can_be_shown(
    kind: type[Venue], path: str, query: dict[str, object], name: str
) -> None:
    world = make_world(stamps={name: "start"}, forming=frozenset({name}))
    rows = rows_of(ask(kind(world), path, limit=3, **query))
    assert [ts for ts, _ in rows] == [NOW_BAR - 2 * M5, NOW_BAR - M5, NOW_BAR]
    assert rows[-1][1] == TRUTH.live_oi(name, "BTC/USDT:USDT", EPOCH)


def test_taker_rows_can_carry_end_stamps() -> None:
    venue = OkxSwaps(make_world(taker_stamps={"okx": "end"}))
    ts, _, buy = listed(
        ask(venue, OKX + "rubik/stat/taker-volume-contract", instId="BTC-USDT-SWAP", unit=0, limit=1)
    )[0]
    assert int(ts) == NOW_BAR
    assert float(buy) == TRUTH.bar("okx", "BTC-USDT-SWAP", NOW_BAR - M5).taker_buy


# --- tape, book, clock, CoinGecko ------------------------------------------------------------------------
def test_trades_add_up_to_the_candle() -> None:
    bar = TRUTH.forming("binanceusdm", "BTCUSDT", EPOCH)
    trades = ask(BINANCE, FAPI + "trades", symbol="BTCUSDT", limit=1000)
    inside = [t for t in trades if t["time"] >= NOW_BAR]
    assert sum(float(t["qty"]) for t in inside) == pytest.approx(bar.volume, rel=1e-9)
    assert sum(float(t["qty"]) for t in inside if not t["isBuyerMaker"]) == pytest.approx(
        bar.taker_buy, rel=1e-9
    )
    assert [t["time"] for t in trades] == sorted(t["time"] for t in trades)
    newest = listed(ask(BYBIT, V5 + "recent-trade", category="linear", symbol="BTCUSDT", limit=5))
    assert [int(t["time"]) for t in newest] == sorted((int(t["time"]) for t in newest), reverse=True)
    okx = listed(ask(OKEX, OKX + "market/trades", instId="BTC-USDT-SWAP", limit=5))
    assert {t["side"] for t in okx} == {"buy", "sell"}
    assert ask(BINANCE, FAPI + "aggTrades", symbol="BTCUSDT", limit=5)[-1]["a"] == trades[-1]["id"]


def test_books_do_not_cross() -> None:
    sides = [
        ask(BINANCE, FAPI + "depth", symbol="BTCUSDT", limit=5),
        dict(zip(("bids", "asks"), _sides(listed_book(BYBIT)), strict=True)),
        listed(ask(OKEX, OKX + "market/books", instId="BTC-USDT-SWAP", sz=5))[0],
    ]
    for book in sides:
        bids, asks = ([float(level[0]) for level in book[side]] for side in ("bids", "asks"))
        assert len(bids) == len(asks) == 5
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]


def listed_book(venue: Venue) -> dict[str, Any]:
    result: dict[str, Any] = ask(venue, V5 + "orderbook", category="linear", symbol="BTCUSDT", limit=5)[
        "result"
    ]
    return result


def _sides(book: dict[str, Any]) -> tuple[Any, Any]:
    return book["b"], book["a"]


def test_server_times() -> None:
    assert ask(BINANCE, FAPI + "ping") == {}
    assert ask(BINANCE, FAPI + "time") == {"serverTime": EPOCH}
    assert ask(BYBIT, V5 + "time")["result"]["timeSecond"] == str(EPOCH // 1000)
    assert listed(ask(OKEX, OKX + "public/time")) == [{"ts": str(EPOCH)}]
    mark = listed(ask(OKEX, OKX + "public/mark-price", instType="SWAP", instId="BTC-USDT-SWAP"))
    assert len(mark) == 1


def test_coingecko_pages_and_namesakes() -> None:
    path = "/coingecko/api/v3/coins/markets"
    first = ask(GECKO, path, vs_currency="usd", per_page=10)
    second = ask(GECKO, path, vs_currency="usd", per_page=10, page=2)
    caps = [row["market_cap"] for row in first + second]
    assert caps == sorted(caps, reverse=True)
    assert [row["market_cap_rank"] for row in first + second] == list(range(1, 21))
    everyone = ask(GECKO, path, vs_currency="usd", per_page=250)
    assert sum(row["symbol"] == "pepe" for row in everyone) == 2
    pepe = next(row for row in everyone if row["symbol"] == "pepe")
    last = TRUTH.last("binanceusdm", "1000PEPEUSDT", EPOCH)
    assert pepe["current_price"] == pytest.approx(last / 1000)
    assert refused(GECKO, path)[0] == 422
    assert [r["symbol"] for r in ask(GECKO, path, vs_currency="usd", symbols="btc,eth")][:2] == ["btc", "eth"]


# --- listings while running --------------------------------------------------------------------------------
def test_a_delisted_symbol_is_settling_and_frozen() -> None:
    world = make_world()
    venues = BinanceFutures(world), Bybit(world), OkxSwaps(world)
    for venue, symbol in zip(venues, ("SOLUSDT", "SOLUSDT", "SOL-USDT-SWAP"), strict=True):
        world.market.delist(venue.name, symbol, NOW_BAR)
    rows = {row["symbol"]: row for row in ask(venues[0], FAPI + "exchangeInfo")["symbols"]}
    assert (rows["SOLUSDT"]["status"], rows["SOLUSDT"]["deliveryDate"]) == ("SETTLING", NOW_BAR)
    ticker = ask(venues[0], FAPI + "ticker/24hr", symbol="SOLUSDT")
    assert ticker["closeTime"] == NOW_BAR - 1
    kline = ask(venues[0], FAPI + "klines", symbol="SOLUSDT", interval="5m", limit=1)
    assert kline[-1][0] == NOW_BAR - M5
    assert float(kline[-1][4]) == float(ticker["lastPrice"])
    swaps = {r["instId"]: r for r in listed(ask(venues[2], OKX + "public/instruments", instType="SWAP"))}
    assert swaps["SOL-USDT-SWAP"]["state"] == "suspend"
    code = refused(venues[2], OKX + "market/candles", instId="SOL-USDT-SWAP")[1]["code"]
    assert code == "51001"
    infos = {r["symbol"]: r for r in listed(ask(venues[1], V5 + "instruments-info", category="linear"))}
    assert infos["SOLUSDT"]["status"] == "Delivering"


def test_a_new_listing_appears_with_its_first_bar() -> None:
    world = make_world()
    venue = BinanceFutures(world)
    before = {row["symbol"] for row in ask(venue, FAPI + "exchangeInfo")["symbols"]}
    row = world.market.list_new("binanceusdm", None, NOW_BAR)
    after = {row["symbol"] for row in ask(venue, FAPI + "exchangeInfo")["symbols"]}
    assert after - before == {row.id}
    assert len(ask(venue, FAPI + "klines", symbol=row.id, interval="5m")) == 1
    assert float(ask(venue, FAPI + "openInterest", symbol=row.id)["openInterest"]) > 0
    world.market.relist_all()
    assert refused(venue, FAPI + "klines", symbol=row.id, interval="5m")[1]["code"] == -1121
    with pytest.raises(KeyError):
        world.market.list_new("binanceusdm", "NOPE", 0)
    with pytest.raises(KeyError):
        world.market.delist("okx", "NOPE", 0)
