"""Unmodified ccxt reads the simulated exchanges and finds the model's numbers, field by field."""

from __future__ import annotations

import functools
from typing import Any

import ccxt.async_support as ccxt
import pytest
from support_sim import EPOCH, M5, NOW_BAR, with_ccxt

from futuresboard.sim_exchange import SimServer, Truth
from futuresboard.sim_exchange.universe import HOUR_MS, Sort, State

BTC = "BTC/USDT:USDT"
EXCHANGES = ("binanceusdm", "bybit", "okx")
with_client = functools.partial(with_ccxt, ccxt, pairs=40)


def symbols_of(exchange: str) -> list[str]:
    """A large coin, one with a multiplier name, a small coin on another funding clock."""
    pepe = "PEPE/USDT:USDT" if exchange == "okx" else "1000PEPE/USDT:USDT"
    return [BTC, pepe, "ARB/USDT:USDT"]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_markets(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        market = sim.world.market
        swaps = {
            s: m for s, m in remote.markets.items() if m["swap"] and m["settle"] == "USDT" and m["active"]
        }
        wanted = (Sort.PERP, Sort.TRADFI, Sort.INDEX)
        truth = {r.symbol: r for r in market.rows[exchange] if r.sort in wanted}
        live = {s for s, r in truth.items() if market.state(r, EPOCH) is State.LIVE}
        assert set(swaps) == live
        for symbol, found in swaps.items():
            row = truth[symbol]
            assert found["id"] == row.id
            assert found["linear"] is True
            assert found["created"] == row.listed_ts
            assert found["contractSize"] == 10.0**row.contract_exp
            assert found["precision"]["price"] == pytest.approx(10.0**-row.price_decimals)
            lot = 10.0 ** (row.qty_exp - row.contract_exp) * row.qty_step
            assert found["precision"]["amount"] == pytest.approx(lot)
        others = {m["symbol"] for m in remote.markets.values()} - set(swaps)
        assert any(remote.markets[s]["settle"] == "USDC" for s in others)
        assert any(not remote.markets[s]["active"] for s in others)
        if exchange != "okx":
            assert any(remote.markets[s]["future"] for s in others)
        assert await remote.fetch_time() == EPOCH

    with_client(exchange, use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_candles(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        for symbol in symbols_of(exchange):
            rows = await remote.fetch_ohlcv(symbol, "5m", limit=300)
            assert [row[0] for row in rows] == [NOW_BAR - i * M5 for i in range(299, -1, -1)]
            bars = sim.truth.bars(exchange, symbol, rows[0][0], 299)
            assert [tuple(row[1:]) for row in rows[:-1]] == [
                (bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars
            ]
            bar = sim.truth.forming(exchange, symbol, EPOCH)
            assert tuple(rows[-1][1:]) == (bar.open, bar.high, bar.low, bar.close, bar.volume)
        for timeframe, width in (("15m", 3), ("1h", 12), ("4h", 48)):
            rows = await remote.fetch_ohlcv(BTC, timeframe, limit=50)
            assert len(rows) == 50
            (bar,) = sim.truth.bars(exchange, BTC, rows[10][0], 1, width * M5)
            assert rows[10][0] % (width * M5) == 0
            assert tuple(rows[10][1:]) == (bar.open, bar.high, bar.low, bar.close, bar.volume)
        since = NOW_BAR - 5000 * M5
        rows = await remote.fetch_ohlcv(BTC, "5m", since=since, limit=7)
        assert [row[0] for row in rows] == [since + i * M5 for i in range(7)], "17 days back"

    with_client(exchange, use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_tickers(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        tickers = await remote.fetch_tickers()
        live = sim.truth.symbols(exchange)
        assert set(live) <= set(tickers)
        snapshot = sim.world.live.snapshot(exchange, EPOCH)
        for symbol in live:
            found, row = tickers[symbol], sim.truth.row(exchange, symbol)
            line = sim.world.market.index[exchange][row.id]
            scale = 10**row.price_decimals
            assert found["last"] == sim.truth.last(exchange, symbol, EPOCH)
            assert found["open"] == snapshot.day_open[line] / scale
            assert found["high"] == snapshot.day_high[line] / scale
            assert found["low"] == snapshot.day_low[line] / scale
            base = row.quantity(int(snapshot.day_volume[line]))
            if exchange == "okx":
                assert float(found["info"]["volCcy24h"]) == base
                assert found["baseVolume"] * 10.0**row.contract_exp == pytest.approx(base, rel=1e-12)
            else:
                assert found["baseVolume"] == base
                assert found["quoteVolume"] == snapshot.day_quote[line] / 10_000

    with_client(exchange, use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_funding(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        rates = await remote.fetch_funding_rates()
        _, predicted, following = sim.world.market.funding[exchange].current(EPOCH - EPOCH % 2000)
        for symbol in sim.truth.symbols(exchange):
            row = sim.truth.row(exchange, symbol)
            line = sim.world.market.index[exchange][row.id]
            assert rates[symbol]["fundingRate"] == pytest.approx(float(predicted[line]), abs=1e-15)
            assert rates[symbol]["fundingTimestamp"] == following[line]
            if exchange != "binanceusdm":
                assert rates[symbol]["interval"] == f"{row.funding_hours}h"
        for symbol in symbols_of(exchange):
            rows = await remote.fetch_funding_rate_history(symbol, limit=30)
            interval = sim.truth.row(exchange, symbol).funding_hours * HOUR_MS
            newest = EPOCH - EPOCH % interval
            assert [r["timestamp"] for r in rows] == [newest - i * interval for i in range(29, -1, -1)]
            for row_ in rows:
                assert (row_["timestamp"], row_["fundingRate"]) == sim.truth.funding(
                    exchange, symbol, row_["timestamp"]
                )

    with_client(exchange, use)


def test_binance_funding_intervals() -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        found = await remote.fetch_funding_intervals()
        for symbol, rate in found.items():
            assert rate["interval"] == f"{sim.truth.row('binanceusdm', symbol).funding_hours}h"
        missing = set(sim.truth.symbols("binanceusdm")) - set(found)
        assert {sim.truth.row("binanceusdm", s).funding_hours for s in missing} == {8}

    with_client("binanceusdm", use)


def _one_side(exchange: str, truth: Truth, symbol: str, amount: float) -> float:
    """ccxt's openInterestAmount as units of the symbol, one side."""
    if exchange == "bybit":
        return amount / 2
    return amount * 10.0 ** truth.row(exchange, symbol).contract_exp


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_open_interest(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        truth = sim.truth
        for symbol in symbols_of(exchange):
            rows = await remote.fetch_open_interest_history(symbol, "5m", limit=60)
            assert [row["timestamp"] for row in rows] == [NOW_BAR - i * M5 for i in range(59, -1, -1)]
            for row in rows:
                at = truth.oi(exchange, symbol, row["timestamp"])
                amount = _one_side(exchange, truth, symbol, row["openInterestAmount"])
                assert amount == pytest.approx(at.base, rel=1e-12)
                assert row["openInterestValue"] == at.usd
            live = truth.live_oi(exchange, symbol, EPOCH)
            params = {"interval": "5m"} if exchange == "bybit" else {}
            now = await remote.fetch_open_interest(symbol, params)
            amount = _one_side(exchange, truth, symbol, now["openInterestAmount"])
            # ccxt reads Bybit's newest history row instead of the ticker's live value.
            expected = truth.oi(exchange, symbol, NOW_BAR).base if exchange == "bybit" else live
            assert amount == pytest.approx(expected, rel=1e-12)
        since = NOW_BAR - 1000 * M5
        rows = await remote.fetch_open_interest_history(BTC, "5m", since=since, limit=5)
        # ccxt asks Binance and Bybit for since..since + 5 periods: six stamps, of which five come.
        first = since if exchange == "okx" else since + M5
        assert [row["timestamp"] for row in rows] == [first + i * M5 for i in range(5)]

    with_client(exchange, use)


def test_okx_open_interests_in_bulk() -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        found = await remote.fetch_open_interests()
        for symbol in sim.truth.symbols("okx"):
            base = sim.truth.live_oi("okx", symbol, EPOCH)
            assert float(found[symbol]["info"]["oiCcy"]) == base
            assert _one_side("okx", sim.truth, symbol, found[symbol]["openInterestAmount"]) == pytest.approx(
                base
            )
            price = sim.truth.last("okx", symbol, EPOCH)
            assert found[symbol]["openInterestValue"] == pytest.approx(base * price, rel=2e-3)

    with_client("okx", use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_long_short_ratio(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        for symbol in symbols_of(exchange):
            period = "5min" if exchange == "bybit" else "5m"
            rows = await remote.fetch_long_short_ratio_history(symbol, period, limit=60)
            assert sorted(row["timestamp"] for row in rows) == [NOW_BAR - i * M5 for i in range(59, -1, -1)]
            for row in rows:
                truth = sim.truth.global_ls(exchange, symbol, row["timestamp"])
                assert row["longShortRatio"] == pytest.approx(truth, rel=1e-15)

    with_client(exchange, use)


def test_bybit_refuses_ccxt_timeframes_for_the_ratio() -> None:
    async def use(remote: Any, _sim: SimServer) -> None:
        with pytest.raises(ccxt.BadRequest):
            await remote.fetch_long_short_ratio_history(BTC, "5m")

    with_client("bybit", use)


def test_raw_endpoints_that_ccxt_does_not_unify() -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        rows = await remote.fapiDataGetTopLongShortPositionRatio(
            {"symbol": "BTCUSDT", "period": "5m", "limit": 3}
        )
        for row in rows:
            assert float(row["longShortRatio"]) == sim.truth.top_ls("binanceusdm", BTC, int(row["timestamp"]))
        rows = await remote.fapiPublicGetKlines({"symbol": "BTCUSDT", "interval": "5m", "limit": 3})
        bar = sim.truth.bar("binanceusdm", BTC, int(rows[0][0]))
        assert (float(rows[0][9]), float(rows[0][10])) == (bar.taker_buy, bar.taker_quote)

    with_client("binanceusdm", use)


def test_okx_top_traders_and_takers() -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        query = {"instId": "BTC-USDT-SWAP", "period": "5m", "limit": "3"}
        top = await remote.publicGetRubikStatContractsLongShortPositionRatioContractTopTrader(query)
        for ts, ratio in top["data"]:
            assert float(ratio) == sim.truth.top_ls("okx", BTC, int(ts))
        takers = await remote.publicGetRubikStatTakerVolumeContract(query | {"unit": "0"})
        for ts, sell, buy in takers["data"]:
            bar = sim.truth.bar("okx", BTC, int(ts))
            assert float(buy) == bar.taker_buy
            assert float(sell) + float(buy) == pytest.approx(bar.volume, rel=1e-12)

    with_client("okx", use)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_trades_and_book(exchange: str) -> None:
    async def use(remote: Any, sim: SimServer) -> None:
        row = sim.truth.row(exchange, BTC)
        trades = await remote.fetch_trades(BTC, limit=500)
        inside = [t for t in trades if t["timestamp"] >= NOW_BAR]
        bar = sim.truth.forming(exchange, BTC, EPOCH)
        bought = sum(t["amount"] for t in inside if t["side"] == "buy") * 10.0**row.contract_exp
        total = sum(t["amount"] for t in inside) * 10.0**row.contract_exp
        assert (bought, total) == (pytest.approx(bar.taker_buy), pytest.approx(bar.volume))
        book = await remote.fetch_order_book(BTC, limit=5)
        assert book["bids"][0][0] <= bar.close < book["asks"][0][0]

    with_client(exchange, use)


@pytest.mark.parametrize(
    ("exchange", "error"),
    [("binanceusdm", ccxt.BadSymbol), ("bybit", ccxt.BadRequest), ("okx", ccxt.BadSymbol)],
)
def test_unknown_symbols(exchange: str, error: type[Exception]) -> None:
    async def use(remote: Any, _sim: SimServer) -> None:
        with pytest.raises(error):
            await remote.fetch_ohlcv(BTC, "5m", params={"symbol": "NOPE", "instId": "NOPE"})

    with_client(exchange, use)
