"""The HTTP server: routes, latency, limits and faults around the exchanges' endpoints."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType

from aiohttp import web

from futuresboard.sim_exchange.binance_data import BinanceFutures
from futuresboard.sim_exchange.bybit import Bybit
from futuresboard.sim_exchange.coingecko import CoinGecko
from futuresboard.sim_exchange.config import SimConfig
from futuresboard.sim_exchange.control import Control
from futuresboard.sim_exchange.faults import AFTER, BEFORE, Rule, Visit, computed_at, only_symbol
from futuresboard.sim_exchange.hashing import key_of
from futuresboard.sim_exchange.limits import Counts, Limits
from futuresboard.sim_exchange.okx_history import OkxSwaps
from futuresboard.sim_exchange.sockets import Sockets
from futuresboard.sim_exchange.switchboard import Faults
from futuresboard.sim_exchange.truth import Truth
from futuresboard.sim_exchange.venue import Endpoint, Venue, build_world, twin
from futuresboard.sim_exchange.wire import Answer, Query, RefusalError

_PREFIX = {"binance": "binanceusdm", "bybit": "bybit", "okx": "okx", "coingecko": "coingecko"}
_NOT_FOUND = {
    "binanceusdm": (404, b"<html><body><h1>404 Not found</h1></body></html>"),
    "bybit": (404, b""),
    "okx": (404, b'{"msg":"404 NOT_FOUND","code":"404"}'),
    "coingecko": (404, b'{"error":"Incorrect path."}'),
}


class SimServer:
    """The simulated exchanges behind one port of this machine.

    `async with SimServer(config) as sim:` serves until the block ends; `sim.url` is the address,
    `sim.truth` the numbers behind it, `sim.stats` the counts by exchange, `sim.clock` the time,
    `sim.faults` the switchboard.
    """

    def __init__(self, config: SimConfig | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self.config = config or SimConfig()
        self._host, self._port = host, port
        self.world = build_world(self.config)
        self.clock = self.world.clock
        self.truth = Truth(twin(self.world))
        self.venues: dict[str, Venue] = {
            venue.name: venue
            for venue in (BinanceFutures(self.world), Bybit(self.world), OkxSwaps(self.world))
        }
        self.stats: dict[str, Counts] = {name: Counts() for name in (*self.venues, "coingecko")}
        self.limits = Limits(self.config, self.clock, self.stats)
        self.faults = Faults(self.venues, self.clock.now_ms)
        self._routes: dict[str, Endpoint] = dict(CoinGecko(self.world).routes)
        for venue in self.venues.values():
            self._routes |= venue.routes
        self.sockets = Sockets(self)
        self._control = Control(self)
        self._runner: web.ServerRunner | None = None
        self._closing = asyncio.Event()
        self._served = 0
        self.url = ""

    # --- life --------------------------------------------------------------------------------
    async def start(self) -> None:
        """Listen; `url` is set when this returns."""
        # A client that hangs up is not served any longer.
        server = web.Server(self._handle, access_log=None, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=512)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self.sockets.start()

    async def stop(self) -> None:
        """Close all connections."""
        self._closing.set()
        if self._runner is not None:
            await self.sockets.stop()
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> SimServer:
        await self.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop()

    def reset(self) -> None:
        """Forget counts, usage, bans and faults."""
        for counts in self.stats.values():
            counts.forget()
        self.limits.reset()
        self.faults.clear()

    # --- one request -------------------------------------------------------------------------
    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        exchange = _PREFIX.get(path.split("/", 2)[1], "")
        if not exchange:
            return await self._control.handle(request)
        counts = self.stats[exchange]
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.sockets.serve(request, exchange)
        counts.requests += 1
        counts.in_flight += 1
        counts.peak_in_flight = max(counts.peak_in_flight, counts.in_flight)
        try:
            answer = await self._answer(request, exchange, path)
        finally:
            counts.in_flight -= 1
        counts.paths[path] = counts.paths.get(path, 0) + 1
        counts.statuses[answer.status] = counts.statuses.get(answer.status, 0) + 1
        return web.Response(
            body=answer.body,
            status=answer.status,
            headers={"Content-Type": answer.content_type, **answer.headers},
        )

    async def _answer(self, request: web.BaseRequest, exchange: str, path: str) -> Answer:
        latency, sent = self.latency(), self.limits.time()
        if latency:
            await asyncio.sleep(latency / 2)
        client = request.remote or "127.0.0.1"
        query: Query = dict(request.query)
        symbol = query.get("symbol") or query.get("instId") or ""
        answer = self.limits.check(exchange, path, query, client, sent=sent)
        if answer is None:
            symbol = "" if symbol == "ANY" else symbol
            visit = self.visit(request, exchange, path, symbol, query, client)
            answer = await self._faulty(visit, self.faults.matching(exchange, path, symbol))
        answer.headers |= self.limits.headers(exchange, path, client)
        if latency:
            await asyncio.sleep(latency / 2)
        self.limits.answered(exchange, client, answer.status)
        return answer

    def latency(self) -> float:
        """The next round trip in real seconds."""
        config = self.config
        if not config.latency_ms:
            return 0.0
        self._served += 1
        swing = key_of("latency", self._served) % 2001 / 1000 - 1.0
        return self._real((config.latency_ms + config.jitter_ms * swing) / 1000)

    def _real(self, seconds: float) -> float:
        """Real seconds of the seconds that latency and faults count in."""
        return seconds / (self.clock.scale or 1.0) if self.config.in_exchange_time else seconds

    def visit(
        self, request: web.BaseRequest, exchange: str, path: str, symbol: str, query: Query, client: str
    ) -> Visit:
        """The request as faults see it."""

        def hang_up() -> None:
            if request.transport is not None:
                request.transport.abort()

        now = self.clock.now_ms(exchange)
        return Visit(exchange, path, symbol, query, client, now, self._hold, hang_up, self.limits.ban)

    async def _hold(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), self._real(seconds))
        except TimeoutError:
            return

    async def _faulty(self, visit: Visit, rules: list[Rule]) -> Answer:
        counts = self.stats[visit.exchange].faults
        for rule in rules:
            counts[rule.kind] = counts.get(rule.kind, 0) + 1
            if rule.kind in BEFORE:
                answer = await BEFORE[rule.kind](rule, visit)
                if answer is not None:
                    return answer
        answer = self._true(visit, rules)
        for rule in rules:
            if rule.kind in AFTER:
                answer = AFTER[rule.kind](rule, visit, answer)
        return answer

    def _true(self, visit: Visit, rules: list[Rule]) -> Answer:
        endpoint = self._routes.get(visit.path)
        if endpoint is None:
            status, body = _NOT_FOUND[visit.exchange]
            return Answer(body, status, "application/json" if body[:1] == b"{" else "text/html")
        venue = self.venues.get(visit.exchange)
        if venue is None:
            return _call(lambda: endpoint(visit.query))
        # A clock that runs on meanwhile must not mix two times in one answer.
        with venue.standing(venue.now):
            moved = computed_at(rules, visit.now_ms)
            if moved is None:
                return _call(lambda: endpoint(visit.query))
            at, rule = moved
            stale = _call(lambda: venue.at(at, endpoint, visit.query))
            if rule.symbol in ("*", visit.symbol):
                return stale
            return only_symbol(rule, visit, _call(lambda: endpoint(visit.query)), stale)


def _call(compute: Callable[[], bytes]) -> Answer:
    try:
        return Answer(compute())
    except RefusalError as refusal:
        given = refusal.answer
        return Answer(given.body, given.status, given.content_type, dict(given.headers))


class SimThread:
    """A SimServer in a thread of its own, for code without an event loop.

    `with SimThread(config) as sim:` offers `sim.url`, `sim.truth`, `sim.stats` and `sim.server`.
    """

    def __init__(self, config: SimConfig | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self._made: tuple[SimConfig | None, str, int] = (config, host, port)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failed: OSError | None = None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main()), name="sim-exchange", daemon=True
        )
        self.server: SimServer

    async def _main(self) -> None:
        self.server = SimServer(*self._made)
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.server.start()
        except OSError as error:
            self._failed = error
            return
        finally:
            self._ready.set()
        await self._stop.wait()
        await self.server.stop()

    def start(self) -> SimThread:
        """Start and wait until it listens. Raises OSError when the port is taken."""
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed
        return self

    def stop(self) -> None:
        """Stop and wait for the thread's end."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def __enter__(self) -> SimThread:
        return self.start()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Its event loop, once started."""
        if self._loop is None:
            raise RuntimeError("not started")
        return self._loop

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.server.url

    @property
    def truth(self) -> Truth:
        """The numbers behind the wire."""
        return self.server.truth

    @property
    def stats(self) -> dict[str, Counts]:
        """Counts by exchange."""
        return self.server.stats
