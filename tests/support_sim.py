"""The simulated exchanges with a clock that stands still, for whoever talks to them directly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import aiohttp

from futuresboard.sim_exchange import SimConfig, SimServer

M5 = 300_000
EPOCH = 1_768_471_651_500
"""2026-01-15 10:07:31.5 UTC"""
NOW_BAR = EPOCH - EPOCH % M5
QUICK = SimConfig(seed=7, pairs=12, epoch_ms=EPOCH, time_scale=0, latency_ms=0, jitter_ms=0)
_OPTIONS: Mapping[str, Mapping[str, object]] = {
    "binanceusdm": {},
    "bybit": {"fetchMarkets": {"types": ["linear"]}},
    "okx": {"defaultType": "swap", "fetchMarkets": {"types": ["swap"]}},
}


def with_server(use: Callable[[SimServer, aiohttp.ClientSession], Awaitable[None]], **changes: Any) -> None:
    """Run `use` with a server and an HTTP session on it; `changes` are of `QUICK`."""

    async def go() -> None:
        async with SimServer(replace(QUICK, **changes)) as sim, aiohttp.ClientSession(sim.url) as http:
            await use(sim, http)

    asyncio.run(go())


def with_ccxt(
    module: ModuleType,
    exchange: str,
    use: Callable[[Any, SimServer], Awaitable[None]],
    **changes: Any,
) -> None:
    """Run `use` with a plain client of `module` (ccxt's, or ccxt.pro), its markets loaded."""

    async def go() -> None:
        async with SimServer(replace(QUICK, **changes)) as sim:
            made = {"enableRateLimit": False, "options": dict(_OPTIONS[exchange])}
            remote = getattr(module, exchange)(made | {"urls": {"api": _urls(exchange, sim.url)}})
            try:
                await remote.load_markets()
                await use(remote, sim)
            finally:
                await remote.close()

    asyncio.run(go())


def _urls(exchange: str, url: str) -> dict[str, object]:
    """ccxt's own URL settings, pointed at the server."""
    wire = url.replace("http://", "ws://")
    urls: dict[str, dict[str, object]] = {
        "binanceusdm": {
            "fapiPublic": f"{url}/binance/fapi/v1",
            "fapiPublicV2": f"{url}/binance/fapi/v2",
            "fapiPublicV3": f"{url}/binance/fapi/v3",
            "fapiData": f"{url}/binance/futures/data",
            "ws": {"linear": f"{wire}/binance/ws"},
        },
        "bybit": {"public": f"{url}/bybit", "ws": {"public": {"linear": f"{wire}/bybit/v5/public/linear"}}},
        "okx": {"rest": f"{url}/okx", "ws": f"{wire}/okx/ws/v5"},
    }
    return urls[exchange]
