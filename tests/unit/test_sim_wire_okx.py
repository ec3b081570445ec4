"""OKX's wire: shapes, contracts, order, paging, depth and error bodies."""

from __future__ import annotations

import pytest
from test_sim_wire import (
    EPOCH,
    M5,
    NOW_BAR,
    OKEX,
    OKX,
    TRUTH,
    ask,
    listed,
    refused,
)

from futuresboard.sim_exchange.universe import DAY_MS, HOUR_MS


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
