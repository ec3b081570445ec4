"""Unmodified ccxt.pro watches the simulated exchanges and finds the model's numbers, field by field."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt.pro as ccxt
import pytest
from support_sim import M5, NOW_BAR, with_ccxt

from futuresboard.sim_exchange import SimServer
from futuresboard.sim_exchange.wire import plain

BTC = "BTC/USDT:USDT"
EXCHANGES = ("binanceusdm", "bybit", "okx")
with_client = functools.partial(with_ccxt, ccxt)

# Where a subscriber gets the present state at once.
GREETED = {"bybit": ("tickers",), "okx": ("candle", "tickers", "funding", "mark")}


async def pushed(
    sim: SimServer, exchange: str, watch: Callable[[], Awaitable[Any]], ms: int = 4_000, *, greeted: bool
) -> Any:
    """What a watch call returns from the push after the exchange's clock has moved on."""
    counts = sim.stats[exchange].sockets
    known = counts.subscriptions
    task = asyncio.ensure_future(watch())
    while counts.subscriptions == known:
        await asyncio.sleep(0)
    if greeted:
        await task
        task = asyncio.ensure_future(watch())
        for _ in range(5):
            await asyncio.sleep(0)
    sim.clock.advance(ms)
    return await task


def symbols_of(exchange: str) -> list[str]:
    """A large coin and one with a multiplier name."""
    return [BTC, "PEPE/USDT:USDT" if exchange == "okx" else "1000PEPE/USDT:USDT"]


@pytest.mark.parametrize("timeframe", ["5m", "1m", "15m"])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_candles(exchange: str, timeframe: str) -> None:
    width = {"1m": 60_000, "5m": M5, "15m": 3 * M5}[timeframe]

    async def use(remote: Any, sim: SimServer) -> None:
        for symbol in symbols_of(exchange):

            async def watch(symbol: str = symbol) -> Any:
                return await remote.watch_ohlcv(symbol, timeframe)

            rows = await pushed(sim, exchange, watch, greeted=exchange == "okx")
            bar = sim.truth.forming(exchange, symbol, sim.clock.now_ms(exchange), width)
            assert tuple(rows[-1]) == (bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume)

            before = bar.ts
            task = asyncio.ensure_future(watch())
            await asyncio.sleep(0)
            sim.clock.advance(width)
            await task
            cache = remote.ohlcvs[symbol][timeframe]
            while cache[-1][0] == before:
                await remote.watch_ohlcv(symbol, timeframe)
            bar = sim.truth.bar(exchange, symbol, before, width)
            assert tuple(cache[-2]) == (bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume)
            bar = sim.truth.forming(exchange, symbol, sim.clock.now_ms(exchange), width)
            assert tuple(cache[-1]) == (bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume)

    with_client(exchange, use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_tickers(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        for symbol in symbols_of(exchange):

            async def watch(symbol: str = symbol) -> Any:
                return await remote.watch_ticker(symbol)

            found = await pushed(sim, exchange, watch, greeted=exchange != "binanceusdm")
            now, row = sim.clock.now_ms(exchange), sim.truth.row(exchange, symbol)
            snapshot = sim.world.live.snapshot(exchange, now)
            line, scale = sim.world.market.index[exchange][row.id], 10**row.price_decimals
            assert found["timestamp"] == now
            assert found["last"] == sim.truth.last(exchange, symbol, now)
            assert found["open"] == snapshot.day_open[line] / scale
            assert found["high"] == snapshot.day_high[line] / scale
            assert found["low"] == snapshot.day_low[line] / scale
            base = row.quantity(int(snapshot.day_volume[line]))
            if exchange == "okx":
                assert float(found["info"]["volCcy24h"]) == base
            else:
                assert found["baseVolume"] == base
                assert found["quoteVolume"] == snapshot.day_quote[line] / 10_000
            if exchange == "bybit":
                info, oi = found["info"], sim.truth.live_oi(exchange, symbol, now)
                assert float(info["singleOpenInterest"]) == oi
                assert float(info["openInterest"]) == pytest.approx(2 * oi, rel=1e-12)
                assert float(info["fundingRate"]) == float(plain(float(snapshot.funding[line]), 8))
                assert int(info["nextFundingTime"]) == snapshot.next_funding[line]
                assert found["markPrice"] == float(f"{snapshot.mark[line]:.{row.price_decimals}f}")

    with_client(exchange, use)


def test_all_binance_tickers_at_once() -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        async def watch() -> Any:
            return await remote.watch_tickers(params={"name": "ticker"})

        found = await pushed(sim, "binanceusdm", watch, greeted=False)
        now = sim.clock.now_ms("binanceusdm")
        symbols = sim.truth.symbols("binanceusdm")
        assert set(symbols) <= set(found)
        assert {found[s]["last"] == sim.truth.last("binanceusdm", s, now) for s in symbols} == {True}
        kinds = {info["s"]: info["st"] for info in (t["info"] for t in found.values())}
        assert (kinds["BTCUSDT"], kinds["BTCUSD_PERP"]) == (1, 2), "coin-margined rows come along"

    with_client("binanceusdm", use)


def test_binance_marks_and_funding() -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        found = await pushed(sim, "binanceusdm", lambda: remote.watch_mark_prices(), greeted=False)
        snapshot = sim.world.live.snapshot("binanceusdm", sim.clock.now_ms("binanceusdm"))
        for symbol in sim.truth.symbols("binanceusdm"):
            info = found[symbol]["info"]
            line = sim.world.market.index["binanceusdm"][info["s"]]
            assert found[symbol]["markPrice"] == float(f"{snapshot.mark[line]:.8f}")
            assert float(info["r"]) == float(f"{snapshot.funding[line]:.8f}")
            assert info["T"] == snapshot.next_funding[line]

    with_client("binanceusdm", use)


def test_okx_marks_and_funding() -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        found = await pushed(sim, "okx", lambda: remote.watch_mark_price(BTC), greeted=True)
        snapshot = sim.world.live.snapshot("okx", sim.clock.now_ms("okx"))
        row = sim.truth.row("okx", BTC)
        line = sim.world.market.index["okx"][row.id]
        assert found["markPrice"] == float(plain(float(snapshot.mark[line]), row.price_decimals + 1))
        found = await pushed(sim, "okx", lambda: remote.watch_funding_rate(BTC), 60_000, greeted=True)
        snapshot = sim.world.live.snapshot("okx", sim.clock.now_ms("okx"))
        assert found["fundingRate"] == float(plain(float(snapshot.funding[line]), 13))
        assert found["fundingTimestamp"] == snapshot.next_funding[line]

    with_client("okx", use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_trades_add_up_to_the_bar(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        sim.clock.set(NOW_BAR - 1)
        for symbol in symbols_of(exchange):
            sim.clock.set(NOW_BAR - 1)
            sim_counts = sim.stats[exchange].sockets
            known = sim_counts.subscriptions
            task = asyncio.ensure_future(remote.watch_trades(symbol))
            while sim_counts.subscriptions == known:
                await asyncio.sleep(0)
            for ms in (100_001, 199_000):
                sim.clock.advance(ms)
                now = sim.clock.now_ms(exchange)
                bar = sim.truth.forming(exchange, symbol, now)
                size = 10.0 ** sim.truth.row(exchange, symbol).contract_exp
                await task
                cache = remote.trades[symbol]
                newest = sim.venues[exchange].trades(sim.truth.row(exchange, symbol), 1)[0]
                while cache[-1]["id"] != str(newest.id):
                    await remote.watch_trades(symbol)
                task = asyncio.ensure_future(asyncio.sleep(0))
                assert min(t["timestamp"] for t in cache) >= bar.ts
                sums = [
                    sum(t["amount"] * size for t in cache if t["side"] == side) for side in ("buy", "sell")
                ]
                assert sums == pytest.approx([bar.taker_buy, bar.volume - bar.taker_buy], rel=1e-9)

    with_client(exchange, use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_many_symbols_on_one_call(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        symbols = sim.truth.symbols(exchange)
        counts = sim.stats[exchange].sockets
        pairs = [[symbol, "5m"] for symbol in symbols]
        task = asyncio.ensure_future(remote.watch_ohlcv_for_symbols(pairs))
        while counts.subscriptions < len(symbols):
            await asyncio.sleep(0)
        sim.clock.advance(2_000)
        await task
        while set(remote.ohlcvs) != set(symbols):
            await remote.watch_ohlcv_for_symbols(pairs)
        task = asyncio.ensure_future(remote.watch_ohlcv_for_symbols(pairs))
        await asyncio.sleep(0)
        sim.clock.advance(M5)
        await task
        while any(len(remote.ohlcvs[symbol]["5m"]) < 2 for symbol in symbols):
            await remote.watch_ohlcv_for_symbols(pairs)
        for symbol in symbols:
            bar = sim.truth.bar(exchange, symbol, NOW_BAR)
            wanted = (bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume)
            assert tuple(remote.ohlcvs[symbol]["5m"][0]) == wanted, "closed bars replace the forming ones"
        assert counts.opened == 1
        await remote.un_watch_ohlcv_for_symbols(pairs)
        assert counts.subscriptions == 0
        assert sim.stats[exchange].violations == {}

    with_client(exchange, use)
