"""The server: three exchanges under path prefixes of one port, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from aiohttp import web

from other_exchange.binance import Binance
from other_exchange.bybit import Bybit
from other_exchange.config import Clock, OtherConfig
from other_exchange.markets import BINANCE, BYBIT, OKX
from other_exchange.model import Model
from other_exchange.okx import Okx
from other_exchange.stats import Cost, Stats
from other_exchange.truth import Truth
from other_exchange.wire import Query, RefusedError, Reply

PREFIXES = {"binance": BINANCE, "bybit": BYBIT, "okx": OKX}


class Exchange(Protocol):
    """What the server needs of one exchange."""

    routes: dict[str, Callable[[Query], object]]

    def costs(self, path: str, query: Query) -> list[Cost]: ...
    def headers(self, path: str) -> dict[str, str]: ...
    def throttled(self, cost: Cost) -> Reply: ...
    def unknown(self, path: str) -> Reply: ...


class OtherExchange:
    """Context manager: a listening server with its `truth`, `stats` per exchange and `urls`."""

    def __init__(self, config: OtherConfig | None = None) -> None:
        self.config = config or OtherConfig()
        self.clock = Clock(self.config.start_ms, self.config.time_scale)
        self.model = Model(self.config, self.clock.start_ms)
        self.truth = Truth(self.model)
        self.stats = {name: Stats() for name in PREFIXES.values()}
        self.port = 0
        makers: dict[str, Callable[..., Exchange]] = {BINANCE: Binance, BYBIT: Bybit, OKX: Okx}
        self._exchanges = {
            name: make(self.model, self.clock, self.config, self.stats[name]) for name, make in makers.items()
        }
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="other-exchange", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def url(self, prefix: str) -> str:
        """Base URL of "binance", "bybit" or "okx"."""
        return f"http://127.0.0.1:{self.port}/{prefix}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point the product here (and its fourth source to nothing)."""
        return {
            "BINANCEUSDM_URL": self.url("binance"),
            "BYBIT_URL": self.url("bybit"),
            "OKX_URL": self.url("okx"),
            "COINGECKO_URL": self.url("nothing"),
            "TIME_SCALE": str(self.config.time_scale),
        }

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        prefix, _, rest = request.path.lstrip("/").partition("/")
        name = PREFIXES.get(prefix)
        if name is None:
            return web.json_response({"error": "not found"}, status=404)
        stats = self.stats[name]
        stats.in_flight += 1
        stats.in_flight_peak = max(stats.in_flight_peak, stats.in_flight)
        try:
            if self.config.latency_s:
                await asyncio.sleep(self.config.latency_s)
            reply = self._answer(name, f"/{rest}", dict(request.query))
        finally:
            stats.in_flight -= 1
        return web.Response(
            text=json.dumps(reply.payload),
            status=reply.status,
            headers=reply.headers,
            content_type="application/json",
        )

    def _answer(self, name: str, path: str, query: Query) -> Reply:
        exchange, stats = self._exchanges[name], self.stats[name]
        stats.requests[path] += 1
        route = exchange.routes.get(path)
        if route is None:
            stats.unknown[path] += 1
            return exchange.unknown(path)
        exceeded = stats.charge(exchange.costs(path, query), self.clock.now() / 1000)
        if exceeded is not None and self.config.enforce_limits:
            return exchange.throttled(exceeded)
        headers = exchange.headers(path)
        try:
            return Reply(route(query), headers=headers)
        except RefusedError as refused:
            stats.refused[f"{path} {dict(query)}"] += 1
            return Reply(refused.reply.payload, refused.reply.status, headers)
