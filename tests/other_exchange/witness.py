"""Unmodified ccxt clients pointed at the server, and plain GETs."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt.async_support as ccxt

from other_exchange.markets import BINANCE, BYBIT
from other_exchange.server import OtherExchange

_FAST = {"enableRateLimit": False}


def client(server: OtherExchange, exchange: str) -> Any:
    base = f"http://127.0.0.1:{server.port}"
    if exchange == BINANCE:
        api = {f"fapiPublic{v}": f"{base}/binance/fapi/v{v[1:] or 1}" for v in ("", "V2", "V3")}
        return ccxt.binanceusdm({"urls": {"api": api | {"fapiData": f"{base}/binance/futures/data"}}} | _FAST)
    if exchange == BYBIT:
        linear = {"fetchMarkets": {"types": ["linear"]}}
        return ccxt.bybit({"urls": {"api": {"public": f"{base}/bybit"}}, "options": linear} | _FAST)
    options = {"defaultType": "swap", "fetchMarkets": {"types": ["swap"]}}
    return ccxt.okx({"urls": {"api": {"rest": f"{base}/okx"}}, "options": options} | _FAST)


def ask(server: OtherExchange, exchange: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Run `work(client)` with a fresh ccxt client that has its markets."""

    async def run() -> Any:
        api = client(server, exchange)
        try:
            await api.load_markets()
            return await work(api)
        finally:
            await api.close()

    return asyncio.run(run())


def get(server: OtherExchange, path: str) -> tuple[int, Any]:
    """Status and decoded body of a raw GET."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
