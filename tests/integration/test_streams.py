"""Websockets: one collector beside simulated exchanges, over real sockets, in time that runs fast.

What happens when they fail is in the fault table (`test_faults_sockets`, `test_faults_messages`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from futuresboard import exchanges
from futuresboard.clock import SystemClock
from futuresboard.collector import Collector
from futuresboard.db import Store
from futuresboard.db_read import Reader
from futuresboard.errors import TransientError
from futuresboard.model import Market
from futuresboard.pipeline import Pipeline
from futuresboard.sim_exchange import SimConfig, SimServer
from support_core import make_settings
from support_core_exchange import InlineExecutor
from support_system import EXCHANGES, reading

M5 = 300_000
NOON = 1_773_792_000_000
SCALE = 15.0
BAR = NOON - M5
"""The bar that closes while a test runs."""
PATHS = {"binanceusdm": "binance", "bybit": "bybit", "okx": "okx"}
COINS = "BTC,ETH,SOL"
BTC = "BTC/USDT:USDT"


class Scene:
    """A simulated exchange, and a collector that is driven by hand."""

    def __init__(self, sim: SimServer, exchange: str, folder: Path, writer: Executor) -> None:
        self.sim = sim
        self.id = exchange
        self.clock = SystemClock(SCALE)
        settings = make_settings(folder, HISTORY_BARS="30", SYMBOLS=COINS, INTERVAL="5")
        self.exchange = exchanges.create(
            exchange,
            url_override=f"{sim.url}/{PATHS[exchange]}",
            clock=self.clock,
            websockets=True,
            trades_pairs=2,
        )
        self.path = folder / "test.db"
        self.store = Store(self.path, simulated=True)
        pipeline = Pipeline(self.store, ("5m", "15m"), settings.thresholds, history_bars=30)
        self.collector = Collector(self.exchange, pipeline, settings, clock=self.clock, writer=writer)
        self.reader = Reader(self.path, stale_after_ms=60_000)

    async def start(self) -> None:
        markets = await self.connected()
        await self.collector.adopt(self.collector.select(markets))
        await self.until_source("websocket")

    async def connected(self) -> Sequence[Market]:
        """A busy machine makes the first answers late, and time runs fast here."""
        for _ in range(20):
            with suppress(TransientError):
                return (await self.collector.connect())[0]
        raise AssertionError("no answer")

    async def until(self, reached: Callable[[], bool], what: str, seconds: float = 900.0) -> None:
        """Cycles until something holds; `seconds` of the exchange's at most."""
        end = self.clock.monotonic() + seconds
        while not reached():
            assert self.clock.monotonic() < end, (what, self.exchange.streams.states())
            await self.collector.cycle()
            await self.clock.sleep(1.0)

    async def until_source(self, word: str) -> None:
        await self.until(lambda: self.collector.source == word, f"live values by {word}", 300.0)

    def live(self) -> tuple[str, int, float]:
        """(source, time, price) of BTC's newest live values."""
        query = (
            "SELECT live_source, live_ts, live_price FROM live JOIN pairs ON id = pair_id WHERE symbol = ?"
        )
        with reading(self.path) as connection:
            found: tuple[str, int, float] = connection.execute(query, (BTC,)).fetchone()
        return found

    def bar(self, ts: int, symbol: str = BTC, timeframe: str = "5m") -> dict[str, object] | None:
        found = self.reader.history(self.id, symbol, timeframe, ts, ts, 1)
        if not found or not found["ts"] or found["source"] == [None]:
            return None
        return {name: values[0] for name, values in found.items()}

    async def until_bar(self, ts: int, *symbols: str) -> None:
        symbols = symbols or tuple(market.symbol for market in self.collector.markets)
        await self.until(lambda: all(self.bar(ts, symbol) for symbol in symbols), f"the bar at {ts}")

    def asked_for_tickers(self) -> int:
        """Requests so far; with the stream fresh a cycle makes one, for the time."""
        return self.sim.stats[self.id].requests


def run(exchange: str, folder: Path, work: Callable[[Scene], Awaitable[None]], **options: object) -> None:
    config = SimConfig(
        pairs=8,
        latency_ms=20,
        jitter_ms=5,
        time_scale=SCALE,
        in_exchange_time=True,
        epoch_ms=NOON - 120_000,
        **options,  # type: ignore[arg-type]
    )

    async def main() -> None:
        async with SimServer(config) as sim:
            scene = Scene(sim, exchange, folder, InlineExecutor())
            with closing(scene.store), closing(scene.reader):
                try:
                    await scene.start()
                    await work(scene)
                finally:
                    await scene.exchange.close()

    asyncio.run(main())


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_bars_and_live_values_by_websocket_are_the_truth(exchange: str, tmp_path: Path) -> None:
    async def work(it: Scene) -> None:
        await it.until_bar(BAR)
        for market in it.collector.markets:
            want = it.sim.truth.bar(exchange, market.symbol, BAR)
            got = it.bar(BAR, market.symbol)
            assert got is not None
            assert got["source"] == "websocket"
            for name in ("open", "high", "low", "close", "volume", "quote_volume"):
                assert got[name] == pytest.approx(getattr(want, name), rel=1e-12)
        requests = it.asked_for_tickers()
        it.sim.clock.rescale(0)
        await it.clock.sleep(3.0)
        await it.collector.live.refresh()
        assert it.asked_for_tickers() == requests
        now = it.sim.clock.now_ms(exchange)
        source, at, price = it.live()
        assert source == "websocket"
        assert now - at <= 4_000
        assert price == it.sim.truth.last(exchange, BTC, at)

    run(exchange, tmp_path, work)


def test_bybits_taker_volume_is_the_sum_of_its_trades(tmp_path: Path) -> None:
    async def work(it: Scene) -> None:
        await it.until_bar(NOON)
        listened = [market.symbol for market in it.collector.markets[:2]]
        for market in it.collector.markets:
            want = it.sim.truth.bar("bybit", market.symbol, NOON)
            got, before = it.bar(NOON, market.symbol), it.bar(BAR, market.symbol)
            assert got is not None
            if market.symbol not in listened:
                assert got["taker_buy"] is None
                continue
            assert got["taker_buy"] == pytest.approx(want.taker_buy, rel=1e-12)
            # The one that was open when listening began was not heard from its begin.
            assert before is not None
            assert before["taker_buy"] is None

    run("bybit", tmp_path, work)
