"""The running server: addresses, latency, limits and faults over real HTTP, control, threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
import pytest
from support_sim import EPOCH, QUICK, with_server

from futuresboard.sim_exchange import SimServer, SimThread
from futuresboard.sim_exchange.faults import Rule

KLINES = "/binance/fapi/v1/klines?symbol=BTCUSDT&interval=5m&limit=5"
TICKERS = "/okx/api/v5/market/tickers?instType=SWAP"


def test_prefixes_unknown_paths_and_counts() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        for path, status in (
            (KLINES, 200),
            ("/binance/fapi/v1/unknown", 404),
            ("/bybit/v5/market/time", 200),
            ("/bybit/v5/market/unknown", 404),
            ("/okx/api/v5/public/time", 200),
            ("/okx/api/v5/unknown", 404),
            ("/coingecko/api/v3/coins/markets?vs_currency=usd", 200),
            ("/kraken/anything", 404),
        ):
            async with http.get(path) as answer:
                assert answer.status == status, path
        async with http.get(KLINES) as answer:
            assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "3"
            assert answer.content_type == "application/json"
        assert sim.stats["binanceusdm"].requests == 3
        assert sim.stats["binanceusdm"].paths["/binance/fapi/v1/klines"] == 2
        assert sim.stats["bybit"].statuses == {200: 1, 404: 1}

    with_server(use)


def test_requests_in_flight_are_counted() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async def one() -> None:
            async with http.get(TICKERS) as answer:
                assert answer.status == 200

        await asyncio.gather(*(one() for _ in range(7)))
        counts = sim.stats["okx"]
        assert (counts.peak_in_flight, counts.in_flight) == (7, 0)
        assert sim.stats["bybit"].peak_in_flight == 0

    with_server(use, latency_ms=200, jitter_ms=10)


def test_limits_over_http() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        statuses = []
        for _ in range(22):
            async with http.get(TICKERS) as answer:
                statuses.append(answer.status)
                body = await answer.json()
        assert statuses == [200] * 20 + [429] * 2
        assert body["code"] == "50011"
        assert sim.stats["okx"].violations == {"market/tickers": 2}
        sim.reset()
        async with http.get(TICKERS) as answer:
            assert answer.status == 200
        assert sim.stats["okx"].violations == {}

    with_server(use, in_exchange_time=True)


def test_an_answer_is_of_the_time_it_names() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        for _ in range(200):
            async with http.get("/binance/fapi/v1/openInterest?symbol=BTCUSDT") as answer:
                row = await answer.json()
            assert float(row["openInterest"]) == sim.truth.live_oi("binanceusdm", "BTCUSDT", row["time"])

    with_server(use, time_scale=2_000, enforce_limits=False)


def test_control_over_http() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        rule = {"kind": "html", "exchange": "okx", "path": "*/tickers", "for_s": 60}
        async with http.post("/_sim/faults", json=rule) as answer:
            made = await answer.json()
        assert made["until_ms"] == EPOCH + 60_000
        async with http.get(TICKERS) as answer:
            assert answer.content_type == "text/html"
        async with http.post("/_sim/clock", json={"advance_ms": 60_000}) as answer:
            assert (await answer.json())["now_ms"]["all"] == EPOCH + 60_000
        async with http.get(TICKERS) as answer:
            assert answer.content_type == "application/json"
        async with http.get("/_sim/stats") as answer:
            stats = await answer.json()
        assert stats["okx"]["faults"] == {"html": 1}
        async with http.get("/_sim/faults") as answer:
            assert [r["id"] for r in await answer.json()] == [made["id"]]
        async with http.delete("/_sim/faults", json={"id": made["id"]}) as answer:
            assert await answer.json() == {"left": 0}
        async with http.post("/_sim/clock", json={"exchange": "bybit", "skew_ms": 5_000}) as answer:
            times = (await answer.json())["now_ms"]
        assert times["bybit"] - times["okx"] == 5_000
        async with http.get("/bybit/v5/market/time") as answer:
            assert (await answer.json())["time"] == EPOCH + 65_000
        async with http.post("/_sim/clock", json={"set_ms": EPOCH, "scale": 0}) as answer:
            assert (await answer.json())["now_ms"]["okx"] == EPOCH
        async with http.post("/_sim/reset") as answer:
            assert answer.status == 200
        assert sim.stats["okx"].requests == 0
        async with http.get("/_sim/clock") as answer:
            assert (await answer.json())["scale"] == 0

    with_server(use)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_sim/faults", {"kind": "meteor"}),
        ("/_sim/faults", {}),
        ("/_sim/faults", {"kind": "html", "colour": "red"}),
        ("/_sim/faults", {"kind": "html", "options": 3}),
        ("/_sim/faults", {"kind": "delist", "exchange": "okx", "symbol": "NOPE"}),
        ("/_sim/clock", {"exchange": "kraken", "skew_ms": 1}),
    ],
)
def test_wrong_control_requests_say_why(path: str, body: dict[str, Any]) -> None:
    async def use(_sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.post(path, json=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]

    with_server(use)


def test_hang_ups_and_silence() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        sim.faults.add(Rule("reset", exchange="okx"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(TICKERS)
        sim.faults.add(Rule("timeout", exchange="bybit", options={"seconds": 600}))
        with pytest.raises(TimeoutError):
            await http.get("/bybit/v5/market/time", timeout=aiohttp.ClientTimeout(total=0.2))
        sim.faults.add(Rule("timeout", exchange="binanceusdm", options={"seconds": 0.01}))
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(KLINES)
        sim.faults.clear()
        async with http.get(TICKERS) as answer:
            assert answer.status == 200

    with_server(use)


def test_bans_and_frozen_feeds() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        rule = sim.faults.add(Rule("frozen", exchange="okx", symbol="BTC-USDT-SWAP"))
        sim.clock.advance(600_000)
        async with http.get(TICKERS) as answer:
            rows = {row["instId"]: row for row in (await answer.json())["data"]}
        assert rows["BTC-USDT-SWAP"]["ts"] == str(EPOCH)
        assert rows["ETH-USDT-SWAP"]["ts"] == str(EPOCH + 600_000)
        async with http.get("/okx/api/v5/market/candles?instId=BTC-USDT-SWAP&bar=5m&limit=1") as answer:
            newest = int((await answer.json())["data"][0][0])
        assert newest == EPOCH - EPOCH % 300_000
        sim.faults.clear(rule.id)
        sim.faults.add(Rule("ban", exchange="binanceusdm", options={"seconds": 600}))
        async with http.get(KLINES) as answer:
            assert answer.status == 418
        sim.faults.clear()
        async with http.get(KLINES) as answer:
            assert answer.status == 418, "a ban outlives the fault that caused it"
        sim.reset()
        async with http.get(KLINES) as answer:
            assert answer.status == 200

    with_server(use)


def binance(url: str) -> Any:
    return ccxt.binanceusdm(
        {"enableRateLimit": False, "urls": {"api": {"fapiPublic": f"{url}/binance/fapi/v1"}}}
    )


def bybit(url: str) -> Any:
    options = {"fetchMarkets": {"types": ["linear"]}}
    return ccxt.bybit(
        {"enableRateLimit": False, "urls": {"api": {"public": f"{url}/bybit"}}, "options": options}
    )


def okx(url: str) -> Any:
    options = {"defaultType": "swap", "fetchMarkets": {"types": ["swap"]}}
    return ccxt.okx({"enableRateLimit": False, "urls": {"api": {"rest": f"{url}/okx"}}, "options": options})


@pytest.mark.parametrize(
    ("kind", "options", "make", "error"),
    [
        ("status", {"status": 429, "body": {"code": -1003, "msg": "x"}}, binance, ccxt.DDoSProtection),
        ("status", {"status": 502}, bybit, ccxt.ExchangeNotAvailable),
        ("ban", {}, binance, ccxt.DDoSProtection),
        ("ban", {}, bybit, ccxt.RateLimitExceeded),
        ("ban", {}, okx, ccxt.RateLimitExceeded),
        ("geo_block", {}, binance, ccxt.ExchangeNotAvailable),
        ("geo_block", {}, bybit, ccxt.RateLimitExceeded),
        ("geo_block", {}, okx, ccxt.ExchangeNotAvailable),
        ("maintenance", {}, binance, ccxt.OperationFailed),
        ("maintenance", {}, bybit, ccxt.ExchangeError),
        ("maintenance", {}, okx, ccxt.OnMaintenance),
        ("reset", {}, okx, ccxt.ExchangeNotAvailable),
    ],
)
def test_faults_are_what_ccxt_takes_them_for(
    kind: str, options: dict[str, Any], make: Callable[[str], Any], error: type[Exception]
) -> None:
    async def use(sim: SimServer, _http: aiohttp.ClientSession) -> None:
        remote = make(sim.url)
        try:
            await remote.load_markets()
            sim.faults.add(Rule(kind, options=options))
            with pytest.raises(error):
                await remote.fetch_ohlcv("BTC/USDT:USDT", "5m")
        finally:
            await remote.close()

    with_server(use)


def test_a_server_in_a_thread() -> None:
    async def read(url: str) -> list[list[Any]]:
        async with aiohttp.ClientSession(url) as http, http.get(KLINES) as answer:
            rows: list[list[Any]] = await answer.json()
            return rows

    with SimThread(QUICK) as sim:
        rows = asyncio.run(read(sim.url))
        assert float(rows[0][4]) == sim.truth.bar("binanceusdm", "BTCUSDT", rows[0][0]).close
        assert sim.stats["binanceusdm"].requests == 1
        with pytest.raises(OSError, match="address"):
            SimThread(QUICK, port=int(sim.url.rsplit(":", 1)[1])).start()
