"""A real websocket server on loopback that says what a test says, and a clock the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import WSMsgType, web

from virtual_clock import VirtualClock


class HandClock(VirtualClock):
    """Time that passes when a test says so."""

    def advance(self, seconds: float) -> None:
        """Move on, waking who has slept enough, in order."""
        end = self.now + seconds
        while (due := self.next_due()) is not None and due <= end:
            self.wake()
        self.now = end

    async def until[T](self, awaitable: Awaitable[T], step: float = 0.25, most: float = 1000.0) -> T:
        """The result of something that needs time to pass; between steps sockets get their turn."""
        task, end = asyncio.ensure_future(awaitable), self.now + most
        while not task.done():
            assert self.now < end, f"nothing came within {most} s"
            self.advance(step)
            await asyncio.wait({task}, timeout=0.005)
        return task.result()


@dataclass
class Caller:
    """One connection as the server sees it."""

    path: str
    socket: web.WebSocketResponse
    said: asyncio.Queue[object] = field(default_factory=asyncio.Queue)

    async def tell(self, message: object) -> None:
        await self.socket.send_str(message if isinstance(message, str) else orjson.dumps(message).decode())

    async def drop(self) -> None:
        """End the connection without a goodbye."""
        transport = self.socket._req.transport if self.socket._req is not None else None
        assert transport is not None
        transport.abort()


@dataclass
class SocketServer:
    """`callers` gets each new connection; `refuse` is the status of the handshake, 0 for none."""

    url: str = ""
    refuse: int = 0
    dials: int = 0
    callers: asyncio.Queue[Caller] = field(default_factory=asyncio.Queue)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.dials += 1
        if self.refuse:
            return web.Response(status=self.refuse)
        caller = Caller(request.path, web.WebSocketResponse(autoping=True))
        await caller.socket.prepare(request)
        self.callers.put_nowait(caller)
        async for message in caller.socket:
            if message.type is WSMsgType.TEXT:
                text = str(message.data)
                caller.said.put_nowait(orjson.loads(text) if text[:1] in "{[" else text)
        return caller.socket


@asynccontextmanager
async def socket_server() -> AsyncIterator[SocketServer]:
    server = SocketServer()
    app = web.Application()
    app.router.add_get("/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
