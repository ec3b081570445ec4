"""All websocket connections of one exchange, and how well each channel is heard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp

from futuresboard.clock import Clock
from futuresboard.exchanges.streams.base import Channel, Dialect, Heard, Line, Wanted
from futuresboard.exchanges.streams.connection import Connection, LineState, Pace
from futuresboard.model import Market

log = logging.getLogger(__name__)

DIAL_SPACING_S = 0.5
"""OKX allows three dials a second."""
SUCCESSION_S = 60.0
"""A connection about to end is let go when its successor carries data, or after this long."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How one channel is heard over all connections that carry it.

    up: every one is connected; silent_s: since the quietest one last carried it (None: one has not
    yet); event_ms: the oldest of their newest event times; unheard: topics nothing came of yet.
    """

    up: bool
    silent_s: float | None
    event_ms: int | None
    unheard: int


class Streams:
    """Belongs to one event loop; `open` starts, `close` ends everything.

    trades_pairs: how many pairs are listened to with their trades, where that is of use;
    banned_for_s: seconds for which the exchange wants to hear nothing from here: no dials then.
    """

    def __init__(
        self,
        dialect: Dialect,
        clock: Clock,
        *,
        trades_pairs: int = 0,
        banned_for_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.needs = dialect.needs
        self.trades_pairs = trades_pairs if dialect.carries_trades else 0
        """So many of the pairs, the most liquid, are listened to with their trades."""
        self._dialect = dialect
        self._clock = clock
        self._symbols: dict[str, str] = {}
        self._connections: dict[str, Connection] = {}
        self._tasks: dict[Line, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._pace = Pace(clock, DIAL_SPACING_S, banned_for_s)
        self._gone_reconnects = 0
        self._listen: Callable[[Line, Heard], None]
        self._broke: Callable[[Line], None]

    def open(
        self,
        markets: Sequence[Market],
        listen: Callable[[Line, Heard], None],
        broke: Callable[[Line], None],
    ) -> None:
        """Listen to these pairs (most liquid first) from now on, in place of those before.

        Connections whose topics stay the same stay. `listen` hears what every message said, `broke`
        of every connection that ended.
        """
        lines = self._dialect.lines(Wanted(markets, self.trades_pairs))
        self._listen, self._broke = listen, broke
        self._symbols.clear()
        self._symbols.update((market.id, market.symbol) for market in markets)
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=self._connector(lines))
        for line in [line for line in self._tasks if line not in lines]:
            self._tasks.pop(line).cancel()
            if (gone := self._connections.pop(line.name, None)) is not None:
                self._gone_reconnects += gone.reconnects
        session = self._session

        def connection(line: Line) -> Connection:
            return Connection(
                line,
                self._dialect,
                self._symbols,
                clock=self._clock,
                session=session,
                pace=self._pace,
                listen=lambda line, heard: self._listen(line, heard),
                broke=lambda line: self._broke(line),
            )

        for line in lines:
            if line not in self._tasks:
                self._tasks[line] = asyncio.create_task(self._keep(partial(connection, line)))
                self._tasks[line].add_done_callback(_tell)

    def _connector(self, lines: Sequence[Line]) -> aiohttp.TCPConnector:
        secure = any(line.url.startswith("wss:") for line in lines)
        context = ssl.create_default_context(cafile=self._dialect.client.cafile) if secure else True
        return aiohttp.TCPConnector(ssl=context, limit=0)

    async def _keep(self, make: Callable[[], Connection]) -> None:
        """Keep a line; a connection the exchange is about to end gets a successor first."""
        running: list[asyncio.Task[None]] = []
        try:
            while True:
                connection = make()
                running.append(asyncio.create_task(connection.run()))
                running[-1].add_done_callback(_tell)
                if len(running) > 1:
                    with contextlib.suppress(TimeoutError):
                        async with self._clock.timeout(SUCCESSION_S):
                            await connection.carrying.wait()
                    await _end(running.pop(0))
                self._show(connection)
                await connection.ageing.wait()
        finally:
            for task in running:
                await _end(task)

    def _show(self, connection: Connection) -> None:
        before = self._connections.get(connection.line.name)
        if before is not None:
            self._gone_reconnects += before.reconnects
        self._connections[connection.line.name] = connection

    @property
    def reconnects(self) -> int:
        """Connections that were lost and came back, since start; planned successions do not count."""
        return self._gone_reconnects + sum(c.reconnects for c in self._connections.values())

    def states(self) -> list[LineState]:
        """How each connection does."""
        return [connection.state() for connection in self._connections.values()]

    def channel(self, channel: Channel) -> ChannelState | None:
        """How a channel is heard; None where no connection carries it."""
        carriers = [
            c for c in self._connections.values() if any(topic.channel is channel for topic in c.line.topics)
        ]
        if not carriers:
            return None
        now = self._clock.monotonic()
        heard = [c.heard_at.get(channel) for c in carriers]
        times = [at for at in heard if at is not None]
        events = [event for _, event in times if event is not None]
        whole = len(times) == len(carriers)
        return ChannelState(
            up=all(c.up for c in carriers),
            silent_s=max(now - at for at, _ in times) if whole else None,
            event_ms=min(events, default=None),
            unheard=sum(c.state().unheard.get(channel, 0) for c in carriers),
        )

    async def close(self) -> None:
        """End every connection."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a websocket's task ended", exc_info=error)
