"""ccxt.pro's websocket client, read by us: its dialling and sending, our reading, keep-alive and end.

ccxt's own receive loop stops without a word when a message is no JSON or the connection fails, and
its parsers drop what is needed here (taker volume, whether a candle is closed).
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from aiohttp import WSMsgType
from ccxt.async_support.base.ws.client import Client

CLOSE_S = 0.5
"""How long to wait for the other side's goodbye."""
MOST_BYTES = 10 * 1024 * 1024


class LineLostError(Exception):
    """A connection ended or never came about; `status` is that of a refused handshake."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class Socket(Client):  # type: ignore[misc]
    """One connection, dialled once."""

    def __init__(self, url: str) -> None:
        # Pings are ours, on our clock: no keep-alive of its own.
        config = {"keepAlive": 0, "asyncio_loop": asyncio.get_running_loop(), "options": {}}
        super().__init__(url, _ignore, _ignore, _ignore, _ignore, config)

    def create_connection(self, session: aiohttp.ClientSession) -> Any:
        """As ccxt does, without compression (it costs more than it saves) and with a short goodbye."""
        return session.ws_connect(
            self.url,
            autoping=False,
            autoclose=False,
            compress=0,
            max_msg_size=MOST_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
        ).__aenter__()

    def receive_loop(self) -> None:
        """Nothing: whoever dialled reads."""

    async def dial(self, session: aiohttp.ClientSession) -> None:
        """Connect. Raises LineLostError."""
        await self.open(session)
        if self.error is not None:
            cause = self.error.args[0] if self.error.args else self.error
            if isinstance(cause, aiohttp.WSServerHandshakeError):
                raise LineLostError(f"no websocket there: HTTP {cause.status}", cause.status)
            raise LineLostError(f"no connection: {cause!r:.160}")

    async def hear(self) -> str:
        """The next text; answers pings. Raises LineLostError when there will be none."""
        while True:
            message = await self.connection.receive()
            if message.type is WSMsgType.TEXT:
                return str(message.data)
            if message.type is WSMsgType.BINARY:
                return bytes(message.data).decode(errors="replace")
            if message.type is WSMsgType.PING:
                await self.connection.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                code = message.data if message.type is WSMsgType.CLOSE else self.connection.close_code
                raise LineLostError(f"closed by the exchange (code {code})")

    async def say(self, message: object | None) -> None:
        """Send a message, or the protocol's own ping for None. Raises LineLostError."""
        try:
            if message is None:
                await self.connection.ping()
            else:
                await self.send(message)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise LineLostError(f"cannot send: {error!r:.160}") from error

    async def shut(self) -> None:
        """Say goodbye and let go."""
        if self.connection is not None and not self.connection.closed:
            await self.connection.close()


def _ignore(*_args: object) -> None:
    """A hook of ccxt's that tells what is known here by other means."""
