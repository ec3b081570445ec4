"""One client's websocket: frames in and out, with the latency of the simulated distance."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

import orjson
from aiohttp import WSMsgType, web

from futuresboard.sim_exchange.feed import Channel, Feed
from futuresboard.sim_exchange.limits import SocketCounts

# An exchange cuts off a client that reads too slowly; bytes waiting for it.
_MOST_WAITING = 32 << 20
_numbers = itertools.count(1)


class Talk(Protocol):
    """How an exchange converses on a socket: requests, errors, heartbeats."""

    def opened(self) -> None:
        """The handshake is done."""

    def heard(self, text: str) -> None:
        """A text message came."""

    def pinged(self) -> None:
        """A ping frame came; the answer is on its way."""

    def ponged(self) -> None:
        """A pong frame came."""

    def watch(self, now: float) -> None:
        """Look at heartbeats and limits; `now` in seconds on the limits' clock."""


class Delayed:
    """Runs calls in the order they came, each `delay()` seconds after it came."""

    def __init__(self, delay: Callable[[], float]) -> None:
        self._delay = delay
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, call: Callable[[], None]) -> None:
        """Run `call` after the delay, and after all that came before it."""
        delay = self._delay()
        if not delay and not self._waiting:
            call()
            return
        loop = asyncio.get_running_loop()
        last = self._waiting[-1][0] if self._waiting else 0.0
        self._waiting.append((max(loop.time() + delay, last), call))
        if self._timer is None:
            self._timer = loop.call_at(self._waiting[0][0], self._run)

    def _run(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._waiting and self._waiting[0][0] <= now:
            self._waiting.popleft()[1]()
        if self._waiting:
            self._timer = loop.call_at(self._waiting[0][0], self._run)

    def drop(self) -> None:
        """Forget what has not run yet."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """A whole server-to-client frame: not masked, not compressed."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


class Socket:
    """One connection. Frames of a push are gathered and written at once."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        feed: Feed,
        path: str,
        counts: SocketCounts,
        delay: Callable[[], float],
    ) -> None:
        self.number = next(_numbers)
        self.ws = ws
        self.feed = feed
        self.path = path
        self.counts = counts
        self.channels: dict[str, Channel] = {}
        self.wrap: Callable[[Channel, bytes], bytes] | None = None
        self.silent: Callable[[Socket, Channel], bool] | None = None
        self.closing: asyncio.Task[None] | None = None
        self.pushed = 0
        self.opened_ms = 0
        self._transport = transport
        self._batch: list[bytes] = []
        self._in = Delayed(delay)
        self._out = Delayed(delay)

    # --- out ---------------------------------------------------------------------------------
    def deliver(self, channel: Channel, payload: bytes) -> None:
        """Queue one push until `flush`; what a fault swallows counts as pushed for the exchange."""
        self.pushed += 1
        if self.silent is not None and self.silent(self, channel):
            return
        self.counts.messages += 1
        self._batch.append(frame(payload if self.wrap is None else self.wrap(channel, payload)))

    def flush(self) -> None:
        """Send what was queued."""
        if self._batch:
            self._send(b"".join(self._batch))
            self._batch.clear()

    def say(self, body: object) -> None:
        """Answer with text, or with JSON."""
        self.counts.answers += 1
        self._send(frame(body.encode() if isinstance(body, str) else orjson.dumps(body)))

    def ping(self) -> None:
        """Send a ping frame."""
        self._send(frame(b"", 9))

    def _send(self, data: bytes) -> None:
        self._out.put(lambda: self._write(data))

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing() or self.closing is not None:
            return
        if self._transport.get_write_buffer_size() > _MOST_WAITING:
            self.counts.too_slow += 1
            self.reset()
            return
        self._transport.write(data)

    # --- the end -----------------------------------------------------------------------------
    def close(self, code: int, reason: str = "") -> asyncio.Task[None]:
        """Close with a close frame; the task ends when the connection has."""
        if self.closing is None:
            self.closing = asyncio.get_running_loop().create_task(self._close(code, reason))
        return self.closing

    async def _close(self, code: int, reason: str) -> None:
        await self.ws.close(code=code, message=reason.encode())
        # A client that does not answer the close frame is left behind.
        self._transport.abort()

    def reset(self) -> None:
        """Cut the connection without a word."""
        self._transport.abort()

    # --- subscriptions -----------------------------------------------------------------------
    def subscribe(self, channel: Channel) -> None:
        """Remember a channel; one without a kind exists and stays silent."""
        if channel.name not in self.channels:
            self.channels[channel.name] = channel
            self.counts.subscriptions += 1
            if channel.kind:
                self.feed.subscribe(channel, self)

    def unsubscribe(self, name: str) -> None:
        """Forget a channel."""
        channel = self.channels.pop(name, None)
        if channel is not None:
            self.counts.subscriptions -= 1
            self.feed.unsubscribe(channel, self)

    # --- in ----------------------------------------------------------------------------------
    async def run(self, talk: Talk) -> None:
        """Converse until either side ends it."""
        talk.opened()
        try:
            while True:
                message = await self.ws.receive()
                if message.type is WSMsgType.TEXT:
                    self._hear(talk, message.data)
                elif message.type is WSMsgType.PING:
                    self._in.put(partial(self._pong, talk, message.data))
                elif message.type is WSMsgType.PONG:
                    talk.ponged()
                elif message.type is not WSMsgType.BINARY:
                    return
        finally:
            self._in.drop()
            self._out.drop()
            for name in list(self.channels):
                self.unsubscribe(name)
            if self.closing is not None:
                await self.closing

    def _hear(self, talk: Talk, text: str) -> None:
        self.counts.received += 1
        self._in.put(lambda: talk.heard(text))

    def _pong(self, talk: Talk, data: bytes) -> None:
        self._send(frame(data, 10))
        talk.pinged()
