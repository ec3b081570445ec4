"""The wire: shapes, strings, order, paging, depth and error bodies of every endpoint."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from futuresboard.sim_exchange import SimConfig
from futuresboard.sim_exchange.binance_data import BinanceFutures
from futuresboard.sim_exchange.bybit import Bybit
from futuresboard.sim_exchange.coingecko import CoinGecko
from futuresboard.sim_exchange.okx_history import OkxSwaps
from futuresboard.sim_exchange.truth import Truth
from futuresboard.sim_exchange.universe import DAY_MS, HOUR_MS, Sort, State
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
    import numpy as np

    units = np.array([970_001, 970_000, 5], dtype=np.int64)
    assert fixed(units, 1) == ["97000.1", "97000.0", "0.5"]
    assert fixed(units, 1, 1) == ["97000.10", "97000.00", "0.50"]
    assert trimmed(units, 1) == ["97000.1", "97000", "0.5"]
    assert fixed(units, 0) == trimmed(units, 0) == ["970001", "970000", "5"]
    assert [power(e) for e in (2, 0, -3)] == ["100", "1", "0.001"]
    assert [plain(v, 8) for v in (0.0001, -0.00005, 12.0)] == ["0.0001", "-0.00005", "12"]


# --- Binance -----------------------------------------------------------------------------------------
def test_binance_klines() -> None:
    rows = ask(BINANCE, FAPI + "klines", symbol="BTCUSDT", interval="5m", limit=5)
    assert [row[0] for row in rows] == [NOW_BAR - i * M5 for i in (4, 3, 2, 1, 0)], "oldest first"
    for row in rows:
        assert [type(cell) for cell in row] == [int, *[str] * 5, int, str, int, str, str, str]
        assert row[6] == row[0] + M5 - 1
        assert len(row[4].split(".")[1]) == 2, "prices carry one digit more than their tick"
    for row in rows[:-1]:
        bar = TRUTH.bar("binanceusdm", "BTC/USDT:USDT", row[0])
        wire = [float(row[i]) for i in (1, 2, 3, 4, 5, 7, 9, 10)]
        truth = [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume]
        assert wire == [*truth, bar.taker_buy, bar.taker_quote]
    forming = TRUTH.forming("binanceusdm", "BTCUSDT", EPOCH)
    assert [float(rows[-1][i]) for i in (1, 2, 3, 4, 5)] == [
        forming.open,
        forming.high,
        forming.low,
        forming.close,
        forming.volume,
    ]
    assert forming != TRUTH.bar("binanceusdm", "BTCUSDT", NOW_BAR)


def test_binance_kline_ranges() -> None:
    def stamps(**query: object) -> list[int]:
        rows = ask(BINANCE, FAPI + "klines", symbol="ETHUSDT", interval="5m", **query)
        return [row[0] for row in rows]

    start = NOW_BAR - 100 * M5
    assert len(stamps()) == 500
    assert stamps(startTime=start, limit=3) == [start, start + M5, start + 2 * M5], "from the start on"
    assert stamps(startTime=start + 1, limit=1) == [start + M5]
    assert stamps(endTime=start, limit=2) == [start - M5, start]
    assert stamps(endTime=start - 1, limit=1) == [start - M5]
    assert stamps(startTime=start, endTime=start + M5, limit=9) == [start, start + M5]
    assert stamps(startTime=NOW_BAR + M5) == []
    assert len(stamps(limit=1500)) == 1500


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("klines", {"interval": "5m"}, -1102),
        ("klines", {"symbol": "NOPEUSDT", "interval": "5m"}, -1121),
        ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ("klines", {"symbol": "BTCUSDT", "interval": "5m", "limit": 1501}, -1130),
        ("klines", {"symbol": "BTCUSDT", "interval": "5m", "startTime": "abc"}, -1102),
        ("openInterest", {}, -1102),
        ("openInterest", {"symbol": "NOPE"}, -1121),
        ("depth", {"symbol": "BTCUSDT", "limit": 7}, -1130),
        ("fundingRate", {"symbol": "BTCUSDT", "limit": 1001}, -1130),
    ],
)
def test_binance_refusals(path: str, query: dict[str, object], code: int) -> None:
    status, body = refused(BINANCE, FAPI + path, **query)
    assert (status, body["code"]) == (400, code)
    assert body["msg"]


def test_binance_lists() -> None:
    info = ask(BINANCE, FAPI + "exchangeInfo")
    assert {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400} in info[
        "rateLimits"
    ]
    rows = {row["symbol"]: row for row in info["symbols"]}
    assert rows["1000PEPEUSDT"]["baseAsset"] == "1000PEPE"
    assert {row["status"] for row in rows.values()} == {"TRADING", "SETTLING", "PENDING_TRADING"}
    kinds = {row["contractType"] for row in rows.values()}
    assert kinds == {"PERPETUAL", "TRADIFI_PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER"}
    assert "BTCUSDT_260327" in rows
    assert {row["quoteAsset"] for row in rows.values()} == {"USDT", "USDC"}
    quoted = {row["symbol"]: row for row in ask(BINANCE, FAPI + "ticker/24hr")}
    gone = set(quoted) - set(rows)
    assert len(gone) == 3
    for symbol in gone:
        assert quoted[symbol]["closeTime"] < EPOCH - DAY_MS, "delisted symbols keep an old closeTime"
        assert refused(BINANCE, FAPI + "klines", symbol=symbol, interval="5m")[1]["code"] == -1121
    settling = next(s for s, row in rows.items() if row["status"] == "SETTLING")
    assert quoted[settling]["closeTime"] < EPOCH - DAY_MS
    assert refused(BINANCE, FAPI + "openInterest", symbol=settling)[1]["code"] == -4108


def test_binance_tickers_and_premium() -> None:
    one = ask(BINANCE, FAPI + "ticker/24hr", symbol="BTCUSDT")
    (same,) = [row for row in ask(BINANCE, FAPI + "ticker/24hr") if row["symbol"] == "BTCUSDT"]
    assert one == same
    assert float(one["lastPrice"]) == TRUTH.last("binanceusdm", "BTCUSDT", EPOCH)
    assert "bidPrice" not in one
    assert isinstance(one["closeTime"], int)
    book = ask(BINANCE, FAPI + "ticker/bookTicker", symbol="BTCUSDT")
    assert float(book["bidPrice"]) <= float(one["lastPrice"]) < float(book["askPrice"])
    assert ask(BINANCE, FAPI + "ticker/price", symbol="BTCUSDT")["price"] == one["lastPrice"]
    premium = {row["symbol"]: row for row in ask(BINANCE, FAPI + "premiumIndex")}
    assert float(premium["BTCUSDT"]["markPrice"]) == pytest.approx(float(one["lastPrice"]), rel=2e-3)
    assert premium["BTCUSDT"]["nextFundingTime"] == EPOCH - EPOCH % (8 * HOUR_MS) + 8 * HOUR_MS
    delivery = premium["BTCUSDT_260327"]
    assert (delivery["lastFundingRate"], delivery["nextFundingTime"]) == ("", 0)


def test_binance_open_interest_now() -> None:
    row = ask(BINANCE, FAPI + "openInterest", symbol="BTCUSDT")
    assert row["time"] == EPOCH
    assert float(row["openInterest"]) == TRUTH.live_oi("binanceusdm", "BTCUSDT", EPOCH)


def test_binance_funding() -> None:
    rows = ask(BINANCE, FAPI + "fundingRate", symbol="BTCUSDT", limit=3)
    assert [row["fundingTime"] for row in rows] == sorted(row["fundingTime"] for row in rows)
    for row in rows:
        assert (row["fundingTime"], float(row["fundingRate"])) == TRUTH.funding(
            "binanceusdm", "BTC/USDT:USDT", row["fundingTime"]
        )
        assert len(row["fundingRate"].lstrip("-")) == 10
    settled = EPOCH - EPOCH % (8 * HOUR_MS)
    everyone = ask(BINANCE, FAPI + "fundingRate", startTime=settled, limit=1000)
    assert {row["symbol"] for row in everyone if row["fundingTime"] == settled} >= {"BTCUSDT", "ETHUSDT"}
    assert all(row["fundingTime"] >= settled for row in everyone)
    assert len(ask(BINANCE, FAPI + "fundingRate", limit=1000)) <= 200
    hours = {row["symbol"]: row["fundingIntervalHours"] for row in ask(BINANCE, FAPI + "fundingInfo")}
    fours = {r.id for r in WORLD.market.rows["binanceusdm"] if r.funding_hours == 4 and r.sort is Sort.PERP}
    live = {r.id for r in WORLD.market.rows["binanceusdm"] if WORLD.market.state(r, EPOCH) is State.LIVE}
    assert {symbol for symbol, h in hours.items() if h == 4} >= fours & live
    assert "BTCUSDT_260327" not in hours


def test_binance_funding_stamps_can_be_late_by_milliseconds() -> None:
    venue = BinanceFutures(make_world(funding_jitter_ms=9))
    rows = ask(venue, FAPI + "fundingRate", symbol="BTCUSDT", limit=100)
    offsets = {row["fundingTime"] % HOUR_MS for row in rows}
    assert max(offsets) <= 9
    assert len(offsets) > 1


def test_binance_statistics() -> None:
    rows = ask(BINANCE, DATA + "openInterestHist", symbol="BTCUSDT", period="5m", limit=4)
    assert [row["timestamp"] for row in rows] == [NOW_BAR - i * M5 for i in (3, 2, 1, 0)]
    for row in rows:
        truth = TRUTH.oi("binanceusdm", "BTCUSDT", row["timestamp"])
        assert (float(row["sumOpenInterest"]), float(row["sumOpenInterestValue"])) == (truth.base, truth.usd)
    assert len(ask(BINANCE, DATA + "openInterestHist", symbol="BTCUSDT", period="5m")) == 30
    for path, truth_of in (
        ("globalLongShortAccountRatio", lambda t: TRUTH.global_ls("binanceusdm", "BTCUSDT", t)),
        ("topLongShortPositionRatio", lambda t: TRUTH.top_ls("binanceusdm", "BTCUSDT", t)),
        ("topLongShortAccountRatio", lambda t: TRUTH.top_ls("binanceusdm", "BTCUSDT", t, accounts=True)),
    ):
        for row in ask(BINANCE, DATA + path, symbol="BTCUSDT", period="5m", limit=3):
            assert float(row["longShortRatio"]) == truth_of(row["timestamp"])
            assert float(row["longAccount"]) + float(row["shortAccount"]) == pytest.approx(1, abs=2e-4)
    (taker,) = ask(BINANCE, DATA + "takerlongshortRatio", symbol="BTCUSDT", period="5m", limit=1)
    bar = TRUTH.bar("binanceusdm", "BTCUSDT", taker["timestamp"])
    assert taker["timestamp"] == NOW_BAR - M5
    assert float(taker["buyVol"]) == bar.taker_buy
    assert float(taker["buyVol"]) + float(taker["sellVol"]) == pytest.approx(bar.volume, rel=1e-12)


def test_binance_statistics_reach_30_days() -> None:
    path, query = DATA + "openInterestHist", {"symbol": "BTCUSDT", "period": "5m"}
    status, body = refused(BINANCE, path, startTime=EPOCH - 40 * DAY_MS, **query)
    assert (status, body) == (400, {"code": -1130, "msg": "parameter 'startTime' is invalid."})
    rows = ask(BINANCE, path, endTime=EPOCH - 30 * DAY_MS + HOUR_MS, limit=500, **query)
    assert len(rows) == 12
    assert rows[0]["timestamp"] > EPOCH - 30 * DAY_MS
    newest = ask(BINANCE, path, startTime=EPOCH - DAY_MS, endTime=EPOCH, limit=2, **query)
    assert [row["timestamp"] for row in newest] == [NOW_BAR - M5, NOW_BAR], "the newest of a long span"
    assert refused(BINANCE, path, limit=501, **query)[1]["code"] == -1130
    assert refused(BINANCE, path, symbol="BTCUSDT", period="7m")[1]["code"] == -1130


# --- Bybit -------------------------------------------------------------------------------------------
def test_bybit_kline() -> None:
    body = ask(BYBIT, V5 + "kline", category="linear", symbol="BTCUSDT", interval="5", limit=4)
    assert (body["retCode"], body["retMsg"], body["time"]) == (0, "OK", EPOCH)
    rows = listed(body)
    assert [row[0] for row in rows] == [str(NOW_BAR - i * M5) for i in range(4)], "newest first"
    assert all(isinstance(cell, str) for row in rows for cell in row)
    bar = TRUTH.bar("bybit", "BTC/USDT:USDT", NOW_BAR - M5)
    assert [float(cell) for cell in rows[1][1:]] == [
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.quote_volume,
    ]


def test_bybit_kline_ranges() -> None:
    def stamps(**query: object) -> list[int]:
        body = ask(BYBIT, V5 + "kline", category="linear", symbol="ETHUSDT", interval="5", **query)
        return [int(row[0]) for row in listed(body)]

    start = NOW_BAR - 100 * M5
    assert len(stamps()) == 200
    assert stamps(start=start, limit=2) == [start + M5, start], "a start alone counts forward"
    assert stamps(start=start + 1, limit=1) == [start], "the candle that contains the start"
    assert stamps(end=start, limit=2) == [start, start - M5]
    assert stamps(start=start, end=start + 5 * M5, limit=2) == [start + 5 * M5, start + 4 * M5]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("kline", {"symbol": "BTCUSDT", "interval": "5"}),
        ("kline", {"category": "linear", "symbol": "NOPE", "interval": "5"}),
        ("kline", {"category": "inverse", "symbol": "BTCUSDT", "interval": "5"}),
        ("kline", {"category": "linear", "symbol": "BTCUSDT", "interval": "5m"}),
        ("kline", {"category": "linear", "symbol": "BTCUSDT", "interval": "5", "limit": 1001}),
        ("open-interest", {"category": "linear", "symbol": "BTCUSDT", "intervalTime": "5m"}),
        ("open-interest", {"category": "linear", "symbol": "BTCUSDT", "intervalTime": "5min", "cursor": "?"}),
        ("account-ratio", {"category": "linear", "symbol": "BTCUSDT", "period": "5m"}),
        ("funding/history", {"category": "linear", "symbol": "BTCUSDT", "startTime": 1}),
        ("tickers", {"category": "linear", "symbol": "NOPE"}),
    ],
)
def test_bybit_refusals(path: str, query: dict[str, object]) -> None:
    status, body = refused(BYBIT, V5 + path, **query)
    assert (status, body["retCode"]) == (200, 10001)
    assert set(body) == {"retCode", "retMsg", "result", "retExtInfo", "time"}


def test_bybit_lists_and_cursor() -> None:
    body = ask(BYBIT, V5 + "instruments-info", category="linear", limit=1000)
    rows = {row["symbol"]: row for row in listed(body)}
    assert body["result"]["nextPageCursor"] == ""
    assert {row["contractType"] for row in rows.values()} == {"LinearPerpetual", "LinearFutures"}
    assert {row["settleCoin"] for row in rows.values()} == {"USDT", "USDC"}
    assert {"BTCPERP", "SHIB1000USDT", "1000PEPEUSDT", "BTCUSDT-27MAR26"} <= set(rows)
    assert {row["symbolType"] for row in rows.values()} == {"", "stock", "commodity", "forex"}
    assert rows["BTCUSDT"]["fundingInterval"] == 480
    assert "Delivering" in {row["status"] for row in rows.values()}
    paged, cursor = [], ""
    while True:
        page = ask(BYBIT, V5 + "instruments-info", category="linear", limit=20, cursor=cursor)
        paged += [row["symbol"] for row in listed(page)]
        cursor = page["result"]["nextPageCursor"]
        if not cursor:
            break
    assert paged == list(rows)
    (soon,) = listed(ask(BYBIT, V5 + "instruments-info", category="linear", status="PreLaunch"))
    assert soon["status"] == "PreLaunch"
    inverse = listed(ask(BYBIT, V5 + "instruments-info", category="inverse"))
    assert {row["symbol"] for row in inverse} == {"BTCUSD", "ETHUSD", "XRPUSD"}


def test_bybit_tickers_count_both_sides() -> None:
    rows = {row["symbol"]: row for row in listed(ask(BYBIT, V5 + "tickers", category="linear"))}
    btc = rows["BTCUSDT"]
    single = TRUTH.live_oi("bybit", "BTCUSDT", EPOCH)
    assert float(btc["singleOpenInterest"]) == single
    assert float(btc["openInterest"]) == pytest.approx(2 * single, rel=1e-12)
    assert float(btc["openInterestValue"]) == pytest.approx(
        2 * float(btc["singleOpenInterestValue"]), rel=1e-6
    )
    assert float(btc["lastPrice"]) == TRUTH.last("bybit", "BTCUSDT", EPOCH)
    assert btc["fundingIntervalHour"] == "8"
    assert all(isinstance(value, str) for value in btc.values())
    assert (rows["BTCUSDT-27MAR26"]["fundingRate"], rows["BTCUSDT-27MAR26"]["nextFundingTime"]) == ("", "0")


def test_bybit_open_interest_history_and_cursor() -> None:
    query = {"category": "linear", "symbol": "1000PEPEUSDT", "intervalTime": "5min"}
    body = ask(BYBIT, V5 + "open-interest", limit=3, **query)
    rows = listed(body)
    assert [row["timestamp"] for row in rows] == [str(NOW_BAR - i * M5) for i in range(3)]
    for row in rows:
        truth = TRUTH.oi("bybit", "1000PEPEUSDT", int(row["timestamp"])).base
        assert float(row["singleOpenInterest"]) == truth
        assert float(row["openInterest"]) == 2 * truth
        assert row["openInterest"].endswith(".00000000")
        assert set(row) == {"openInterest", "singleOpenInterest", "timestamp"}
    older = ask(BYBIT, V5 + "open-interest", limit=3, cursor=body["result"]["nextPageCursor"], **query)
    assert [row["timestamp"] for row in listed(older)] == [str(NOW_BAR - i * M5) for i in (3, 4, 5)]
    alone = listed(ask(BYBIT, V5 + "open-interest", startTime=EPOCH - DAY_MS, limit=1, **query))
    assert alone[0]["timestamp"] == str(NOW_BAR), "a lone startTime is ignored"
    start = NOW_BAR - 9 * M5
    both = listed(ask(BYBIT, V5 + "open-interest", startTime=start, endTime=start + M5, **query))
    assert [int(row["timestamp"]) for row in both] == [start + M5, start]
    assert len(listed(ask(BYBIT, V5 + "open-interest", **query))) == 50


def test_bybit_account_ratio_and_funding() -> None:
    query = {"category": "linear", "symbol": "BTCUSDT"}
    for row in listed(ask(BYBIT, V5 + "account-ratio", period="5min", limit=3, **query)):
        ratio = float(row["buyRatio"]) / float(row["sellRatio"])
        assert ratio == TRUTH.global_ls("bybit", "BTCUSDT", int(row["timestamp"]))
        assert float(row["buyRatio"]) + float(row["sellRatio"]) == pytest.approx(1)
    rows = listed(ask(BYBIT, V5 + "funding/history", limit=3, **query))
    assert [int(r["fundingRateTimestamp"]) for r in rows] == [
        EPOCH - EPOCH % (8 * HOUR_MS) - i * 8 * HOUR_MS for i in range(3)
    ]
    for row in rows:
        ts = int(row["fundingRateTimestamp"])
        assert (ts, float(row["fundingRate"])) == TRUTH.funding("bybit", "BTCUSDT", ts)
    assert V5 + "long-short-position-ratio" not in BYBIT.routes, "no top-trader ratio exists"


# --- OKX ---------------------------------------------------------------------------------------------
def test_okx_candles() -> None:
    body = ask(OKEX, OKX + "market/candles", instId="PEPE-USDT-SWAP", bar="5m", limit=3)
    assert body["code"] == "0"
    rows = listed(body)
    assert [row[0] for row in rows] == [str(NOW_BAR - i * M5) for i in range(3)], "newest first"
    assert [row[8] for row in rows] == ["0", "1", "1"], "only the newest is unconfirmed"
    assert all(isinstance(cell, str) for row in rows for cell in row)
    bar = TRUTH.bar("okx", "PEPE/USDT:USDT", NOW_BAR - M5)
    row = [float(cell) for cell in rows[1]]
    assert row[1:5] == [bar.open, bar.high, bar.low, bar.close]
    assert (row[6], row[7]) == (bar.volume, bar.quote_volume)
    assert row[5] * 10_000_000 == pytest.approx(bar.volume, rel=1e-12), "contracts of ten million coins"


def test_okx_candle_ranges() -> None:
    def stamps(path: str, **query: object) -> list[int]:
        return [int(r[0]) for r in listed(ask(OKEX, OKX + path, instId="BTC-USDT-SWAP", bar="5m", **query))]

    mark = NOW_BAR - 50 * M5
    assert len(stamps("market/candles")) == 100
    assert stamps("market/candles", after=mark, limit=2) == [mark - M5, mark - 2 * M5]
    assert stamps("market/candles", before=NOW_BAR - 2 * M5) == [NOW_BAR, NOW_BAR - M5]
    assert stamps("market/candles", before=mark, after=mark + 3 * M5) == [mark + 2 * M5, mark + M5]
    old = NOW_BAR - 2000 * M5
    assert stamps("market/candles", after=old) == [], "only the latest 1440 candles are here"
    assert stamps("market/history-candles", after=old, limit=1) == [old - M5]
    oldest = stamps("market/candles", after=NOW_BAR - 1430 * M5, limit=300)
    assert oldest[-1] == NOW_BAR - 1439 * M5
    day = listed(ask(OKEX, OKX + "market/candles", instId="BTC-USDT-SWAP", bar="1D", limit=1))
    assert int(day[0][0]) % DAY_MS == 16 * HOUR_MS, "days open at midnight in Hong Kong"
    day = listed(ask(OKEX, OKX + "market/candles", instId="BTC-USDT-SWAP", bar="1Dutc", limit=1))
    assert int(day[0][0]) % DAY_MS == 0


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("market/candles", {}, 400, "50014"),
        ("market/candles", {"instId": "NOPE-USDT-SWAP"}, 200, "51001"),
        ("market/candles", {"instId": "BTC-USDT-SWAP", "bar": "7m"}, 400, "51000"),
        ("market/candles", {"instId": "BTC-USDT-SWAP", "limit": 301}, 400, "51000"),
        ("market/candles", {"instId": "BTC-USDT-SWAP", "after": "x"}, 400, "51000"),
        ("market/tickers", {}, 400, "50014"),
        ("market/tickers", {"instType": "PERP"}, 400, "51000"),
        (
            "rubik/stat/contracts/open-interest-history",
            {"instId": "BTC-USDT-SWAP", "period": "1m"},
            400,
            "51000",
        ),
        (
            "rubik/stat/contracts/open-interest-history",
            {"instId": "BTC-USDT-SWAP", "limit": 101},
            400,
            "51000",
        ),
        ("rubik/stat/taker-volume-contract", {"instId": "BTC-USDT-SWAP", "unit": 3}, 400, "51000"),
    ],
)
def test_okx_refusals(path: str, query: dict[str, object], status: int, code: str) -> None:
    assert refused(OKEX, OKX + path, **query)[0] == status
    assert refused(OKEX, OKX + path, **query)[1]["code"] == code


def test_okx_lists() -> None:
    rows = {row["instId"]: row for row in listed(ask(OKEX, OKX + "public/instruments", instType="SWAP"))}
    assert (rows["BTC-USDT-SWAP"]["ctVal"], rows["BTC-USDT-SWAP"]["ctValCcy"]) == ("0.01", "BTC")
    assert rows["PEPE-USDT-SWAP"]["ctVal"] == "10000000"
    assert rows["BTC-USD-SWAP"]["ctType"] == "inverse"
    assert rows["BTC-USDC-SWAP"]["settleCcy"] == "USDC"
    assert {row["state"] for row in rows.values()} == {"live", "suspend", "preopen"}
    assert set(rows[""]) == {"instType", "instId", "state"}, "a placeholder without fields"
    assert listed(ask(OKEX, OKX + "public/instruments", instType="SPOT")) == []
    tickers = {row["instId"]: row for row in listed(ask(OKEX, OKX + "market/tickers", instType="SWAP"))}
    btc = tickers["BTC-USDT-SWAP"]
    assert float(btc["last"]) == TRUTH.last("okx", "BTC-USDT-SWAP", EPOCH)
    assert float(btc["vol24h"]) * 0.01 == pytest.approx(float(btc["volCcy24h"]), rel=1e-12)
    assert "oi" not in btc
    suspended = next(i for i, row in rows.items() if row["state"] == "suspend")
    assert suspended not in tickers


def test_okx_open_interest() -> None:
    rows = {row["instId"]: row for row in listed(ask(OKEX, OKX + "public/open-interest", instType="SWAP"))}
    btc = rows["BTC-USDT-SWAP"]
    base = TRUTH.live_oi("okx", "BTC-USDT-SWAP", EPOCH)
    assert float(btc["oiCcy"]) == base
    assert float(btc["oi"]) * 0.01 == pytest.approx(base, rel=1e-12)
    assert float(btc["oiUsd"]) == pytest.approx(base * TRUTH.last("okx", "BTC-USDT-SWAP", EPOCH), rel=2e-3)
    family = listed(ask(OKEX, OKX + "public/open-interest", instType="SWAP", instFamily="BTC-USDT"))
    assert [row["instId"] for row in family] == ["BTC-USDT-SWAP"]
    path = OKX + "rubik/stat/contracts/open-interest-history"
    for ts, oi, coin, usd in listed(ask(OKEX, path, instId="BTC-USDT-SWAP", limit=3)):
        truth = TRUTH.oi("okx", "BTC/USDT:USDT", int(ts))
        assert (float(coin), float(usd)) == (truth.base, truth.usd)
        assert float(oi) * 0.01 == pytest.approx(truth.base, rel=1e-12)


def test_okx_statistics_page_and_depth() -> None:
    path = OKX + "rubik/stat/contracts/long-short-account-ratio-contract"

    def stamps(**query: object) -> list[int]:
        return [int(row[0]) for row in listed(ask(OKEX, path, instId="BTC-USDT-SWAP", **query))]

    assert len(stamps()) == 100
    mark = NOW_BAR - 10 * M5
    assert stamps(begin=mark, end=mark + 3 * M5) == [mark + 2 * M5, mark + M5], "both bounds exclusive"
    assert stamps(end=mark, limit=1) == [mark - M5]
    assert stamps(end=NOW_BAR - 1439 * M5) == [], "1440 entries"
    assert stamps(end=NOW_BAR - 1438 * M5) == [NOW_BAR - 1439 * M5]
    for who, accounts in (("position", False), ("account", True)):
        rows = listed(
            ask(
                OKEX,
                OKX + f"rubik/stat/contracts/long-short-{who}-ratio-contract-top-trader",
                instId="BTC-USDT-SWAP",
            )
        )
        assert float(rows[0][1]) == TRUTH.top_ls("okx", "BTC-USDT-SWAP", int(rows[0][0]), accounts=accounts)
    assert float(listed(ask(OKEX, path, instId="BTC-USDT-SWAP"))[0][1]) == TRUTH.global_ls(
        "okx", "BTC-USDT-SWAP", NOW_BAR
    )


def test_okx_taker_volume_is_sell_then_buy() -> None:
    path, bar = OKX + "rubik/stat/taker-volume-contract", TRUTH.bar("okx", "BTC-USDT-SWAP", NOW_BAR - M5)

    def newest(**query: object) -> list[float]:
        return [float(c) for c in listed(ask(OKEX, path, instId="BTC-USDT-SWAP", limit=1, **query))[0]]

    ts, sell, buy = newest(unit=0)
    assert (ts, buy) == (NOW_BAR - M5, bar.taker_buy)
    assert sell + buy == pytest.approx(bar.volume, rel=1e-12)
    contracts = newest()
    assert contracts == newest(unit=1)
    assert contracts[2] * 0.01 == pytest.approx(buy, rel=1e-12), "contracts unless asked otherwise"
    usd = newest(unit=2)
    assert usd[1] + usd[2] == pytest.approx(bar.quote_volume, rel=1e-9)
    assert usd[2] == bar.taker_quote


def test_okx_funding() -> None:
    rows = listed(ask(OKEX, OKX + "public/funding-rate-history", instId="BTC-USDT-SWAP", limit=30))
    for row in rows:
        ts = int(row["fundingTime"])
        assert (ts, float(row["realizedRate"])) == TRUTH.funding("okx", "BTC-USDT-SWAP", ts)
    assert any(row["fundingRate"] != row["realizedRate"] for row in rows), (
        "the prediction is not what was paid"
    )
    everyone = {r["instId"]: r for r in listed(ask(OKEX, OKX + "public/funding-rate", instId="ANY"))}
    btc = everyone["BTC-USDT-SWAP"]
    assert int(btc["nextFundingTime"]) - int(btc["fundingTime"]) == 8 * HOUR_MS
    assert btc["nextFundingRate"] == ""
    assert float(btc["settFundingRate"]) == TRUTH.funding("okx", "BTC-USDT-SWAP", EPOCH)[1]
    whole = listed(ask(OKEX, OKX + "public/funding-rate-history", instId="BTC-USDT-SWAP"))
    assert len(whole) == 276, "three months of 8-hour settlements"


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
