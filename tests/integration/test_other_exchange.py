"""The second server, read by unmodified ccxt unified calls, equals its own truth.

ccxt is the witness: its parsers were written for the real exchanges, by others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ccxt.async_support as ccxt
import pytest

from other_exchange import BAR, BINANCE, BYBIT, DAY, HOUR, OKX, OtherConfig, OtherExchange, default_listings
from other_exchange.witness import ask, get

EXCHANGES = (BINANCE, BYBIT, OKX)
each_exchange = pytest.mark.parametrize("exchange", EXCHANGES)

# 2026-03-17 12:25 UTC and a bit: not on a bar, not on a quarter of an hour, hours after a settlement
START = 1_773_750_300_000 + 41_000


@pytest.fixture(scope="module")
def other() -> Iterator[OtherExchange]:
    with OtherExchange(OtherConfig(start_ms=START)) as server:
        yield server


@each_exchange
def test_the_tracked_pairs_are_the_live_linear_usdt_perpetuals_and_some_decoys_look_alike(
    other: OtherExchange, exchange: str
) -> None:
    async def work(api: Any) -> Any:
        return api.markets

    markets = ask(other, exchange, work)
    alike = {
        s for s, m in markets.items() if m["active"] and m["swap"] and m["linear"] and m["settle"] == "USDT"
    }
    truth = set(other.truth.symbols(exchange))
    assert truth <= alike
    assert alike - truth <= set(other.truth.decoys(exchange))
    for symbol in truth:
        listing = other.truth.listing(exchange, symbol)
        assert markets[symbol]["id"] == listing.id
        assert markets[symbol]["precision"]["price"] == float(listing.tick)
        assert markets[symbol]["created"] == other.truth.first_ts(exchange, symbol)
        if exchange == OKX:
            assert markets[symbol]["contractSize"] == float(listing.ct_val)


@each_exchange
def test_candles_are_the_truth_bar_for_bar(other: OtherExchange, exchange: str) -> None:
    async def work(api: Any) -> Any:
        return {s: await api.fetch_ohlcv(s, "5m", limit=300) for s in other.truth.symbols(exchange)}

    candles = ask(other, exchange, work)
    for symbol, rows in candles.items():
        closed = rows[:-1]
        listed = other.truth.first_ts(exchange, symbol)
        assert closed[-1][0] == START // BAR * BAR - BAR
        assert len(closed) == min(299, START // BAR - listed // BAR)
        truth = other.truth.bars(exchange, symbol, closed[0][0], closed[-1][0] + 1)
        got = {r[0]: r[1:] for r in closed}
        assert got == {
            ts: [b[k] for k in ("open", "high", "low", "close", "volume")] for ts, b in truth.items()
        }


@each_exchange
def test_quarter_hour_candles_equal_the_resampled_truth(other: OtherExchange, exchange: str) -> None:
    symbol = "MIDI/USDT:USDT"

    async def work(api: Any) -> Any:
        return await api.fetch_ohlcv(symbol, "15m", limit=50)

    rows = ask(other, exchange, work)[1:-1]
    truth = other.truth.rows(exchange, symbol, "15m", rows[0][0], rows[-1][0] + 1)
    assert [r[0] for r in rows] == sorted(truth)
    for ts, *values in rows:
        assert values == pytest.approx(
            [truth[ts][k] for k in ("open", "high", "low", "close", "volume")], rel=1e-12
        )


@each_exchange
def test_the_newest_candle_is_still_forming(other: OtherExchange, exchange: str) -> None:
    async def work(api: Any) -> Any:
        return await api.fetch_ohlcv("ZED/USDT:USDT", "5m", limit=2)

    *_, last = ask(other, exchange, work)
    whole = other.truth.bars(exchange, "ZED/USDT:USDT", last[0], last[0] + 1)[last[0]]
    assert last[0] == START // BAR * BAR
    assert last[5] < whole["volume"]


@each_exchange
def test_older_candles_come_by_paging(other: OtherExchange, exchange: str) -> None:
    since = (START // BAR - 2000) * BAR

    async def work(api: Any) -> Any:
        return await api.fetch_ohlcv("QUX/USDT:USDT", "5m", since=since, limit=120)

    rows = ask(other, exchange, work)
    truth = other.truth.bars(exchange, "QUX/USDT:USDT", since, since + 120 * BAR)
    assert {r[0]: r[4] for r in rows} == {ts: bar["close"] for ts, bar in truth.items()}


@each_exchange
@pytest.mark.parametrize("stamp", ["snapshot", "start"])
def test_open_interest_history_is_the_truth_under_either_stamp(exchange: str, stamp: str) -> None:
    with OtherExchange(OtherConfig(start_ms=START, stamps={exchange: stamp})) as server:

        async def work(api: Any) -> Any:
            symbols = server.truth.symbols(exchange)
            return {s: await api.fetch_open_interest_history(s, "5m", limit=100) for s in symbols}

        shift = BAR if stamp == "snapshot" else 0
        for symbol, rows in ask(server, exchange, work).items():
            truth = server.truth.oi(exchange, symbol, START - 2 * DAY, START)
            size = float(server.truth.listing(exchange, symbol).ct_val)
            sides = 2 if exchange == BYBIT else 1
            assert rows[-1]["timestamp"] == START // BAR * BAR - BAR + shift
            for row in rows:
                want = truth[row["timestamp"] - shift]
                assert row["openInterestAmount"] * size / sides == pytest.approx(
                    want["oi_contracts"] or 0, rel=1e-12
                )
                if exchange != BYBIT:
                    assert row["openInterestValue"] == (want["oi_abs_usd"] or 0)


@each_exchange
@pytest.mark.parametrize("stamp", ["snapshot", "start"])
def test_global_ratio_is_the_truth_under_either_stamp(exchange: str, stamp: str) -> None:
    with OtherExchange(OtherConfig(start_ms=START, stamps={exchange: stamp})) as server:
        period = "5min" if exchange == BYBIT else "5m"

        async def work(api: Any) -> Any:
            symbols = server.truth.symbols(exchange)
            return {s: await api.fetch_long_short_ratio_history(s, period, limit=90) for s in symbols}

        shift = BAR if stamp == "snapshot" else 0
        for symbol, rows in ask(server, exchange, work).items():
            truth = server.truth.global_ls(exchange, symbol, START - 2 * DAY, START)
            listed = server.truth.first_ts(exchange, symbol)
            assert len(rows) == min(90, START // BAR - listed // BAR)
            for row in rows:
                want = truth[row["timestamp"] - shift]
                assert row["longShortRatio"] == pytest.approx(want, rel=1e-14)


@each_exchange
def test_settled_funding_is_the_truth(other: OtherExchange, exchange: str) -> None:
    async def work(api: Any) -> Any:
        return {s: await api.fetch_funding_rate_history(s, limit=60) for s in other.truth.symbols(exchange)}

    for symbol, rows in ask(other, exchange, work).items():
        regular = [r for r in rows if r["info"].get("rateType", "Regular") == "Regular"]
        truth = other.truth.settlements(exchange, symbol, START - 30 * DAY, START)
        want = truth[-len(regular) :] if regular else []
        assert [(r["timestamp"], r["fundingRate"]) for r in regular] == want
        assert bool(truth) == bool(regular)


def test_special_rates_and_string_stamps_stand_among_binance_funding_rows(other: OtherExchange) -> None:
    _, rows = get(other, "/binance/fapi/v1/fundingRate?symbol=CHNGUSDT&limit=100")
    assert {type(r["fundingTime"]) for r in rows} == {int, str}
    assert {r.get("rateType") for r in rows} == {None, "Regular", "Special"}
    at = [int(r["fundingTime"]) for r in rows]
    assert at == sorted(at)
    assert len(set(at)) < len(at)


def test_one_settlement_of_all_binance_symbols_in_one_call(other: OtherExchange) -> None:
    at = START // (8 * HOUR) * 8 * HOUR
    _, rows = get(other, f"/binance/fapi/v1/fundingRate?startTime={at}&endTime={at}&limit=1000")
    regular = {r["symbol"]: float(r["fundingRate"]) for r in rows if r.get("rateType") != "Special"}
    settled = {s: other.truth.settlements(BINANCE, s, at, at) for s in other.truth.symbols(BINANCE)}
    want = {other.truth.listing(BINANCE, s).id: rows[0][1] for s, rows in settled.items() if rows}
    assert len(want) == len(settled) - 1
    assert {ident: regular[ident] for ident in want} == want
    assert "NEWBUSDT" not in regular


def test_binance_klines_carry_the_taker_split(other: OtherExchange) -> None:
    async def work(api: Any) -> Any:
        return await api.fapiPublicGetKlines({"symbol": "1000MOONUSDT", "interval": "5m", "limit": 200})

    rows = ask(other, BINANCE, work)[:-1]
    truth = other.truth.bars(BINANCE, "1000MOON/USDT:USDT", int(rows[0][0]), START // BAR * BAR)
    assert len(rows) == len(truth) == 199
    for row in rows:
        bar = truth[int(row[0])]
        assert (float(row[9]), float(row[7])) == (bar["taker_buy"], bar["quote_volume"])


@pytest.mark.parametrize("label", ["start", "end"])
def test_okx_taker_rows_are_sell_then_buy_in_coins(label: str) -> None:
    with OtherExchange(OtherConfig(start_ms=START, okx_taker_stamp=label)) as server:

        async def work(api: Any) -> Any:
            return await api.publicGetRubikStatTakerVolumeContract({"instId": "SATS-USDT-SWAP", "unit": "0"})

        rows = ask(server, OKX, work)["data"]
        truth = server.truth.bars(OKX, "SATS/USDT:USDT", START - DAY, START // BAR * BAR)
        shift = BAR if label == "end" else 0
        assert len(rows) == 100
        for ts, sell, buy in rows:
            bar = truth[int(ts) - shift]
            assert float(buy) == bar["taker_buy"]
            assert float(buy) + float(sell) == pytest.approx(bar["volume"], rel=1e-12)


def test_top_ratios_of_positions_and_accounts_differ(other: OtherExchange) -> None:
    async def binance(api: Any) -> Any:
        query = {"symbol": "ZEDUSDT", "period": "5m", "limit": 20}
        return [
            await api.fapiDataGetTopLongShortPositionRatio(query),
            await api.fapiDataGetTopLongShortAccountRatio(query),
        ]

    positions, accounts = ask(other, BINANCE, binance)
    truth = other.truth.top_ls(BINANCE, "ZED/USDT:USDT", START - DAY, START)
    assert all(float(r["longShortRatio"]) == truth[int(r["timestamp"]) - BAR] for r in positions)
    assert [r["longShortRatio"] for r in positions] != [r["longShortRatio"] for r in accounts]

    async def okx(api: Any) -> Any:
        query = {"instId": "ZED-USDT-SWAP", "period": "5m"}
        return await api.publicGetRubikStatContractsLongShortPositionRatioContractTopTrader(query)

    rows = ask(other, OKX, okx)["data"]
    truth = other.truth.top_ls(OKX, "ZED/USDT:USDT", START - DAY, START)
    assert len(rows) == 100
    assert all(float(ratio) == truth[int(ts) - BAR] for ts, ratio in rows)


def test_live_open_interest_moves_between_the_snapshots(other: OtherExchange) -> None:
    symbol, close = "ZED/USDT:USDT", START // BAR * BAR
    levels = {e: other.truth.oi(e, symbol, close - BAR, close + 1) for e in EXCHANGES}

    async def okx(api: Any) -> Any:
        return (await api.fetch_open_interests())[symbol]["info"]["oiCcy"]

    async def bybit(api: Any) -> Any:
        info = (await api.fetch_tickers())[symbol]["info"]
        assert float(info["openInterest"]) == 2 * float(info["singleOpenInterest"])
        return info["singleOpenInterest"]

    async def binance(api: Any) -> Any:
        return (await api.fetch_open_interest(symbol))["openInterestAmount"]

    for exchange, work in ((OKX, okx), (BYBIT, bybit), (BINANCE, binance)):
        around = sorted(float(row["oi_contracts"] or 0) for row in levels[exchange].values())
        assert around[0] <= float(ask(other, exchange, work)) <= around[1]


def test_bybit_without_the_one_sided_field(other: OtherExchange) -> None:
    with OtherExchange(replace(other.config, bybit_single_oi=False)) as server:
        _, tickers = get(server, "/bybit/v5/market/tickers?category=linear")
        _, history = get(
            server, "/bybit/v5/market/open-interest?category=linear&symbol=ZEDUSDT&intervalTime=5min"
        )
    rows = tickers["result"]["list"] + history["result"]["list"]
    assert rows
    assert not [r for r in rows if "singleOpenInterest" in r or "singleOpenInterestValue" in r]


def test_bybit_history_pages_by_cursor_over_the_whole_listing(other: OtherExchange) -> None:
    async def work(api: Any) -> Any:
        query = {"category": "linear", "symbol": "MIDIUSDT", "intervalTime": "5min", "limit": 50}
        pages, cursor = [], ""
        while True:
            answer = await api.publicGetV5MarketOpenInterest(query | ({"cursor": cursor} if cursor else {}))
            pages.append(answer["result"]["list"])
            cursor = answer["result"]["nextPageCursor"]
            if not cursor:
                return pages

    pages = ask(other, BYBIT, work)
    stamps = [int(row["timestamp"]) for page in pages for row in page]
    assert [len(page) for page in pages] == [50, 50, 30]
    assert stamps == list(range(stamps[0], stamps[0] - 130 * BAR, -BAR))


def test_funding_clocks_and_their_change(other: OtherExchange) -> None:
    for exchange in EXCHANGES:
        for symbol, hours in (("HRLY/USDT:USDT", {1}), ("ZED/USDT:USDT", {8}), ("CHNG/USDT:USDT", {4, 8})):
            rows = other.truth.funding(exchange, symbol, START - 500 * BAR, START)
            assert {row["funding_interval_h"] for row in rows.values()} == hours


def test_a_level_is_published_only_after_its_delay(other: OtherExchange) -> None:
    late = {"oi": 60_000, "ls": 60_000, "taker": 60_000, "candles": 60_000, "funding": 60_000}
    with OtherExchange(replace(other.config, publish_delay_ms=late)) as server:
        _, oi = get(server, "/binance/futures/data/openInterestHist?symbol=ZEDUSDT&period=5m")
        _, candles = get(server, "/okx/api/v5/market/candles?instId=ZED-USDT-SWAP&bar=5m&limit=2")
    close = START // BAR * BAR
    assert oi[-1]["timestamp"] == close - BAR
    assert [(int(row[0]), row[8]) for row in candles["data"]] == [(close - BAR, "0"), (close - 2 * BAR, "1")]


def test_errors_are_the_exchanges_own(other: OtherExchange) -> None:
    assert get(other, "/binance/fapi/v1/nothing") == (
        404,
        {"code": -5000, "msg": "Path /fapi/v1/nothing, Method GET is invalid"},
    )
    assert get(other, "/bybit/v5/nothing")[1]["retCode"] == 10404
    assert get(other, "/okx/api/v5/nothing")[1]["code"] == "404"
    assert get(other, "/binance/fapi/v1/klines?symbol=NOPE&interval=5m")[1]["code"] == -1121
    assert get(other, "/binance/futures/data/openInterestHist?symbol=ZEDUSDT&period=5m&limit=501")[0] == 400
    assert get(other, "/okx/api/v5/market/candles?instId=NOPE-USDT-SWAP")[1]["code"] == "51001"
    assert get(other, "/bybit/v5/market/kline?category=linear&symbol=NOPE&interval=5")[1]["retCode"] == 10001

    async def unknown_symbol(api: Any) -> Any:
        with pytest.raises(ccxt.BadSymbol):
            await api.publicGetMarketCandles({"instId": "NOPE-USDT-SWAP"})

    ask(other, OKX, unknown_symbol)


def test_official_limits_are_counted_and_enforced_on_request() -> None:
    with OtherExchange(OtherConfig(start_ms=START, enforce_limits=True)) as server:
        path = "/okx/api/v5/rubik/stat/contracts/long-short-account-ratio-contract?instId=ZED-USDT-SWAP"
        answers = [get(server, path) for _ in range(6)]
        assert [status for status, _ in answers] == [200] * 5 + [429]
        assert answers[-1][1]["code"] == "50011"
        assert list(server.stats[OKX].violations.values()) == [1]
        get(server, "/binance/fapi/v1/klines?symbol=ZEDUSDT&interval=5m&limit=500")
        get(server, "/binance/fapi/v1/premiumIndex")
        assert server.stats[BINANCE].windows["weight"].total == 15


def test_exchange_time_runs_faster_on_request() -> None:
    with OtherExchange(OtherConfig(start_ms=START, time_scale=100_000)) as server:
        _, first = get(server, "/binance/fapi/v1/time")
        _, second = get(server, "/binance/fapi/v1/time")
    assert second["serverTime"] > first["serverTime"] > START


def test_no_number_is_written_in_scientific_notation(other: OtherExchange) -> None:
    for path in (
        "/okx/api/v5/market/candles?instId=SATS-USDT-SWAP&bar=5m",
        "/okx/api/v5/market/tickers?instType=SWAP",
        "/okx/api/v5/public/funding-rate?instId=ANY",
        "/bybit/v5/market/tickers?category=linear",
        "/binance/fapi/v1/ticker/24hr",
    ):
        _, body = get(other, path)
        strings = [s for s in _strings(body) if s[:1].isdigit() or s[:1] == "-"]
        assert strings
        assert not [s for s in strings if "e" in s.lower() and s.replace("E", "e").replace("e", "").isdigit()]


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in _strings(child)]


def test_every_trap_is_among_the_listings() -> None:
    listings = default_listings()
    assert {x.funding_h for x in listings} == {1, 4, 8}
    assert {x.age_bars for x in listings} >= {40, 130, None}
    assert {x.unit for x in listings} >= {1, 1000, 10_000, 1_000_000}
    assert len({x.ct_val for x in listings if x.exchange == OKX}) > 5
