"""What the client costs: the requests of one whole cycle with a bar close, beside plain aiohttp and orjson.

`python tests/bench/bench_client.py`: for 200 pairs × 3 exchanges our adapters (ccxt, budgets, slots,
validated rows) fetch the bulk lists and every row of a close, then the same URLs are fetched by bare aiohttp
with eight slots an exchange and decoded by orjson: in turn, several rounds, in one process whose
processor time is taken. The simulated exchanges run in another. Figures go to `build/bench.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable
from statistics import median

import aiohttp
import orjson
from bench_live import exchanges, keep

from futuresboard.exchanges import create
from futuresboard.exchanges.adapter import Adapter
from futuresboard.model import Market
from support_system import EXCHANGES

PREFIX = {"binanceusdm": "binance", "bybit": "bybit", "okx": "okx"}
ROWS = 3
"""Rows a pair and kind at a close: the closed one, with two to spare."""
SLOTS = 8
GOAL = 2.0


class Client:
    """One exchange's adapter and the URLs it asked for."""

    def __init__(self, exchange: str, url: str) -> None:
        adapter = create(exchange, url_override=f"{url}/{PREFIX[exchange]}", concurrency=SLOTS)
        assert isinstance(adapter, Adapter)
        self.adapter = adapter
        self.markets: list[Market] = []
        self.urls: list[str] = []

    async def start(self, pairs: int) -> None:
        self.markets = list(await self.adapter.markets())[:pairs]
        client = self.adapter.transport.client
        fetch = client.fetch

        async def noted(url: str, *rest: object) -> object:
            self.urls.append(url)
            return await fetch(url, *rest)

        client.fetch = noted

    async def cycle(self) -> None:
        """Everything a cycle with a bar close asks for."""
        self.urls.clear()
        rows = (
            self.adapter.rows(kind, market, limit=ROWS)
            for kind in sorted(self.adapter.kinds)
            for market in self.markets
        )
        await asyncio.gather(self.adapter.server_time(), self.adapter.tickers(), *rows)


async def plain(session: aiohttp.ClientSession, urls: list[str]) -> None:
    """The floor: the same answers, decoded."""
    slots = asyncio.Semaphore(SLOTS)

    async def one(url: str) -> None:
        async with slots, session.get(url) as answer:
            orjson.loads(await answer.read())

    await asyncio.gather(*(one(url) for url in urls))


async def cpu_of(work: Awaitable[object]) -> float:
    """Processor seconds of this process."""
    begun = time.process_time()
    await work
    return time.process_time() - begun


async def measure(url: str, options: argparse.Namespace) -> dict[str, object]:
    ours: list[float] = []
    floor: list[float] = []
    requests = 0
    async with aiohttp.ClientSession() as session:
        for _ in range(options.rounds + 1):
            # New ones each time, so that no round waits for the budgets of the one before.
            clients = [Client(exchange, url) for exchange in EXCHANGES]
            for client in clients:
                await client.start(options.pairs)
            ours.append(await cpu_of(asyncio.gather(*(client.cycle() for client in clients))))
            urls = [list(client.urls) for client in clients]
            floor.append(await cpu_of(asyncio.gather(*(plain(session, one) for one in urls))))
            requests = sum(map(len, urls))
            for client in clients:
                await client.adapter.close()
    ours, floor = ours[1:], floor[1:]  # the first round opens connections and loads code
    return {
        "bench": "client",
        "pairs": options.pairs,
        "requests": requests,
        "cpu_ms_per_request": round(median(ours) / requests * 1000, 3),
        "floor_ms_per_request": round(median(floor) / requests * 1000, 3),
        "ratio": round(median(a / b for a, b in zip(ours, floor, strict=True)), 2),
        "ratios": [round(a / b, 2) for a, b in zip(ours, floor, strict=True)],
    }


def main() -> int:
    """Run, print, keep; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200, help="per exchange")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with exchanges(-(-options.pairs * 4 // 3), 0.0, limits=False) as url:
        found = asyncio.run(measure(url, options))
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    keep(found)
    ratio = found["ratio"]
    assert isinstance(ratio, float)
    if ratio > GOAL:
        print(f"missed: {ratio} times the floor's processor time, goal {GOAL}")
    return int(ratio > GOAL)


if __name__ == "__main__":
    sys.exit(main())
