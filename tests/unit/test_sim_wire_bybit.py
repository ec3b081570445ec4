"""Bybit's wire: shapes, order, cursors and error bodies."""

from __future__ import annotations

import pytest
from test_sim_wire import (
    BYBIT,
    EPOCH,
    M5,
    NOW_BAR,
    TRUTH,
    V5,
    ask,
    listed,
    refused,
)

from futuresboard.sim_exchange.universe import DAY_MS, HOUR_MS


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
