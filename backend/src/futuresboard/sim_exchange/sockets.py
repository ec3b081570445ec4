"""The exchanges' websockets: handshakes, the clock that drives the pushes, faults that end them."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from futuresboard.sim_exchange.binance_socket import BinanceTalk, route_of
from futuresboard.sim_exchange.binance_stream import BinanceFeed
from futuresboard.sim_exchange.bybit import Bybit
from futuresboard.sim_exchange.bybit_socket import BybitTalk
from futuresboard.sim_exchange.bybit_stream import BybitFeed
from futuresboard.sim_exchange.faults import BEFORE, Rule
from futuresboard.sim_exchange.feed import Channel, Feed
from futuresboard.sim_exchange.hashing import key_of
from futuresboard.sim_exchange.okx import Okx
from futuresboard.sim_exchange.okx_socket import OkxTalk
from futuresboard.sim_exchange.okx_stream import OkxFeed
from futuresboard.sim_exchange.socket_faults import PushFaults
from futuresboard.sim_exchange.socket_line import Socket, Talk
from futuresboard.sim_exchange.wire import Answer

if TYPE_CHECKING:
    from futuresboard.sim_exchange.server import SimServer

# Real seconds between two looks at heartbeats and limits.
_WATCH_S = 0.25
_CLOSE_S = 1.0
_GOING_AWAY = 1001


class Sockets:
    """All open sockets of one server."""

    def __init__(self, server: SimServer) -> None:
        self._server = server
        venues = server.venues
        bybit, okx = venues["bybit"], venues["okx"]
        if not isinstance(bybit, Bybit) or not isinstance(okx, Okx):
            raise TypeError("venues")
        self.feeds: dict[str, Feed] = {
            "binanceusdm": BinanceFeed(venues["binanceusdm"]),
            "bybit": BybitFeed(bybit),
            "okx": OkxFeed(okx),
        }
        self._open: dict[Socket, Talk] = {}
        self._wakes = {name: asyncio.Event() for name in self.feeds}
        self._tasks: list[asyncio.Task[None]] = []
        self._watch: asyncio.TimerHandle | None = None
        self._known_rules: set[int] = set()
        self._damage: dict[str, PushFaults] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- life --------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to push."""
        self._loop = loop = asyncio.get_running_loop()
        self._server.clock.listen(self._jumped)
        self._server.faults.listen(self._switched)
        for name, feed in self.feeds.items():
            feed.woken = self._wakes[name].set
            feed.lagging = partial(self._lagging, name)
            self._damage[name] = PushFaults(
                name, partial(self._server.faults.on_channel, name), partial(self._count_fault, name)
            )
            self._tasks.append(loop.create_task(self._pump(name)))
        self._take_rules()
        self._watch = loop.call_later(_WATCH_S, self._look)

    async def stop(self) -> None:
        """Close every socket, then end the pushes."""
        self._server.clock.unlisten(self._jumped)
        self._server.faults.unlisten(self._switched)
        if self._watch is not None:
            self._watch.cancel()
        closing = [socket.close(_GOING_AWAY) for socket in list(self._open)]
        await asyncio.gather(*closing)
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    def _jumped(self) -> None:
        # Called in the thread that moved the clock.
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def _switched(self) -> None:
        # Called in the thread that switched a fault on or off.
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._take_rules)

    def _take_rules(self) -> None:
        rules = self._server.faults.rules
        self._apply_drops()
        for name, feed in self.feeds.items():
            self._damage[name].keep({rule.id for rule in rules})
            feed.faulty = self._damage[name] if rules else None
            self._wakes[name].set()
        silenced = any(rule.kind == "silence" for rule in rules)
        for socket in self._open:
            socket.silent = self._silent if silenced else None

    def _wake(self) -> None:
        for wake in self._wakes.values():
            wake.set()

    async def _pump(self, name: str) -> None:
        """Publish whenever something of one exchange is due on its own clock."""
        feed, wake, clock = self.feeds[name], self._wakes[name], self._server.clock
        loop = asyncio.get_running_loop()
        while True:
            wake.clear()
            feed.publish()
            due = feed.next_due()
            timer: asyncio.TimerHandle | None = None
            if due is not None and clock.scale > 0:
                left = (due - clock.now_ms(name)) / 1000 / clock.scale
                timer = loop.call_later(max(left, 0.001), wake.set)
            await wake.wait()
            if timer is not None:
                timer.cancel()

    def watch(self) -> None:
        """Look at heartbeats, lifetimes and repeated drops; done four times a second."""
        now = self._server.limits.time()
        for talk in list(self._open.values()):
            talk.watch(now)
        self._drop_again()

    def _look(self) -> None:
        self.watch()
        if self._loop is not None:
            self._watch = self._loop.call_later(_WATCH_S, self._look)

    # --- one connection ----------------------------------------------------------------------
    async def serve(self, request: web.BaseRequest, exchange: str) -> web.StreamResponse:
        """Accept or refuse a handshake, converse to the end."""
        server, path = self._server, request.path
        await asyncio.sleep(server.latency() / 2)
        refusal = await self._refusal(request, exchange, path)
        await asyncio.sleep(server.latency() / 2)
        if refusal is not None:
            server.stats[exchange].sockets.refused += 1
            headers = {"Content-Type": refusal.content_type, **refusal.headers}
            return web.Response(body=refusal.body, status=refusal.status, headers=headers)
        ws = web.WebSocketResponse(autoping=False, compress=False, timeout=_CLOSE_S, max_msg_size=1 << 20)
        await ws.prepare(request)
        transport = request.transport
        if transport is None:
            return ws
        counts = server.stats[exchange].sockets
        socket = Socket(ws, transport, self.feeds[exchange], path, counts, lambda: server.latency() / 2)
        socket.opened_ms = server.clock.now_ms(exchange)
        if any(rule.kind == "silence" for rule in server.faults.rules):
            socket.silent = self._silent
        await self._converse(socket, self._talk(socket, request, exchange))
        return ws

    async def _converse(self, socket: Socket, talk: Talk) -> None:
        counts = socket.counts
        counts.open, counts.opened = counts.open + 1, counts.opened + 1
        counts.peak_open = max(counts.peak_open, counts.open)
        self._open[socket] = talk
        try:
            await socket.run(talk)
        finally:
            del self._open[socket]
            counts.open -= 1

    def _talk(self, socket: Socket, request: web.BaseRequest, exchange: str) -> Talk:
        server = self._server
        counts, life, time = server.stats[exchange], server.config.socket_life_s, server.limits.time
        feed, path = self.feeds[exchange], request.path
        if isinstance(feed, BinanceFeed):
            url = route_of(path) or ("", "ws", "")
            return BinanceTalk(socket, feed, counts, url, request.query.get("streams", ""), life, time)
        last = path.rsplit("/", 1)[-1]
        if isinstance(feed, BybitFeed):
            return BybitTalk(socket, feed, counts, last, life, time)
        if isinstance(feed, OkxFeed):
            return OkxTalk(socket, feed, counts, last, life, time)
        raise TypeError(exchange)

    async def _refusal(self, request: web.BaseRequest, exchange: str, path: str) -> Answer | None:
        server = self._server
        known = {
            "binanceusdm": route_of(path) is not None,
            "bybit": path in ("/bybit/v5/public/linear", "/bybit/v5/public/inverse"),
            "okx": path in ("/okx/ws/v5/public", "/okx/ws/v5/business"),
        }
        if not known.get(exchange, False):
            return Answer(b"", 404, "text/html")
        client = request.remote or "127.0.0.1"
        refusal = server.limits.handshake(exchange, client)
        if refusal is not None:
            return refusal
        visit = server.visit(request, exchange, path, "", {}, client)
        for rule in server.faults.matching(exchange, path, "", sockets=True):
            self._count_fault(exchange, rule.kind)
            answer = await BEFORE[rule.kind](rule, visit)
            if answer is not None:
                return answer
        return None

    # --- faults ------------------------------------------------------------------------------
    def _count_fault(self, exchange: str, kind: str) -> None:
        counts = self._server.stats[exchange].faults
        counts[kind] = counts.get(kind, 0) + 1

    def _lagging(self, exchange: str) -> bool:
        return "lag" in self._server.faults.in_force(exchange)

    def _hit(self, rule: Rule, socket: Socket, channel: Channel | None = None) -> bool:
        """Whether a rule means this socket (or this channel on it); `share` is a share of sockets."""
        meant, exchange = self._server.faults.meant, socket.feed.venue.name
        channels = socket.channels.values() if channel is None else [channel]
        found = (rule.symbol == "*" and meant(rule, exchange, socket.path, "*")) or any(
            meant(rule, exchange, path, c.symbol) for c in channels for path in (socket.path, c.path)
        )
        return found and key_of("share", rule.id, socket.number) % 10_000 < rule.share * 10_000

    def _silent(self, socket: Socket, channel: Channel) -> bool:
        for rule in self._server.faults.rules:
            if rule.kind == "silence" and self._hit(rule, socket, channel):
                rule.hits += 1
                return True
        return False

    def _apply_drops(self) -> None:
        """Drop what a rule that is new means; each rule once."""
        rules = self._server.faults.rules
        for rule in rules:
            if rule.kind == "drop" and rule.id not in self._known_rules:
                for socket in [socket for socket in self._open if self._hit(rule, socket)]:
                    self._drop(rule, socket)
        self._known_rules = {rule.id for rule in rules}

    def _drop_again(self) -> None:
        for rule in self._server.faults.rules:
            if rule.kind == "drop" and "every_s" in rule.options:
                for socket in [socket for socket in self._open if self._hit(rule, socket)]:
                    age = self._server.clock.now_ms(socket.feed.venue.name) - socket.opened_ms
                    if age >= rule.number("every_s", 60) * 1000:
                        self._drop(rule, socket)

    def _drop(self, rule: Rule, socket: Socket) -> None:
        rule.hits += 1
        self._count_fault(socket.feed.venue.name, rule.kind)
        socket.counts.drops += 1
        talk = self._open[socket]
        if isinstance(talk, OkxTalk) and "notice_s" in rule.options:
            talk.depart(rule.number("notice_s", 60))
        elif "code" in rule.options:
            socket.close(int(rule.number("code", 1001)), str(rule.options.get("reason", "")))
        else:
            socket.reset()
