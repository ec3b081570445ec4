"""A real HTTP server on loopback that answers as an exchange: fixtures, or what a test says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

FIXTURES = Path(__file__).parent / "fixtures"
PREFIX = {"binanceusdm": "/binance", "bybit": "/bybit", "okx": "/okx"}

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(exchange: str) -> Mapping[str, str]:
    """Fixture file by path."""
    found: Mapping[str, str] = json.loads((FIXTURES / exchange / "routes.json").read_text())
    return found


def payload(exchange: str, name: str) -> object:
    """The decoded fixture."""
    return json.loads((FIXTURES / exchange / name).read_text())


@dataclass
class ExchangeServer:
    """What the server got (`requests`: path and query) and how it answers (`say` by path)."""

    exchange: str
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    say: dict[str, Handler] = field(default_factory=dict)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The test's own answer, else the fixture's."""
        path = request.path.removeprefix(PREFIX[self.exchange])
        self.requests.append((path, dict(request.query)))
        if path in self.say:
            return await self.say[path](request)
        name = routes(self.exchange).get(path)
        if name is None:
            return web.json_response({"msg": "no such path"}, status=404)
        return web.json_response(payload(self.exchange, name))

    def answer(self, path: str, body: object, status: int = 200, **headers: str) -> None:
        """Answer `path` with a fixed body: text as it is, anything else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/html" if isinstance(body, str) else "application/json"

        async def handler(_request: web.Request) -> web.StreamResponse:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(text=text, status=status, content_type=kind, headers=named)

        self.say[path] = handler

    def asked(self, path: str) -> list[dict[str, str]]:
        """Queries of the requests to `path`, in order."""
        return [query for asked, query in self.requests if asked == path]


@asynccontextmanager
async def serving(exchange: str) -> AsyncIterator[ExchangeServer]:
    """A running server; its `url` is what the exchange's URL setting takes."""
    server = ExchangeServer(exchange)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"http://127.0.0.1:{port}{PREFIX[exchange]}"
    try:
        yield server
    finally:
        await runner.cleanup()
