"""Binance's wire: shapes, order, paging, depth and error bodies."""

from __future__ import annotations

import pytest
from test_sim_wire import (
    BINANCE,
    DATA,
    EPOCH,
    FAPI,
    M5,
    NOW_BAR,
    TRUTH,
    WORLD,
    BinanceFutures,
    ask,
    make_world,
    refused,
)

from futuresboard.sim_exchange.universe import DAY_MS, HOUR_MS, Sort, State


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
