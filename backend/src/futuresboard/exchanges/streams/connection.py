"""One websocket connection for as long as it is wanted: dialled, subscribed, watched, dialled again."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import orjson

from futuresboard.clock import Clock
from futuresboard.exchanges.streams.base import Channel, Dialect, Heard, Line, Topic
from futuresboard.exchanges.streams.socket import LineLostError, Socket

log = logging.getLogger(__name__)

MESSAGE_SPACING_S = 0.25
"""Between two messages of ours; Binance allows ten a second."""
SILENT_S = 30.0
"""Nothing on a connection for so long is an error: each carries something that moves all the time."""
NO_CANDLE_S = 660.0
"""No closed candle for two bars and a minute: a wrong path stays silent like this."""
WATCH_EVERY_S = 1.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LONGEST_REFUSED_S = 300.0
"""Longest wait after refused handshakes: who answers 404 has no websockets today."""
GOOD_S = 60.0
"""A connection that carried data for so long was a good one: the next wait is a short one again."""


@dataclass(frozen=True, slots=True)
class LineState:
    """How one connection does. Ages in seconds of the clock; None where nothing came yet.

    silent_s: since the last data; unheard: topics nothing came of since they were subscribed to;
    unreadable: pieces of data that could not be used, since start.
    """

    name: str
    up: bool
    topics: int
    refused: int
    unheard: Mapping[Channel, int]
    silent_s: float | None
    reconnects: int
    failures: int
    unreadable: int
    last_error: str | None


class Connection:
    """Keeps one line. `listen` hears every message with something in it, `broke` of every end.

    pace: awaited before each dial, shared by all connections of an exchange.
    """

    def __init__(
        self,
        line: Line,
        dialect: Dialect,
        symbols: Mapping[str, str],
        *,
        clock: Clock,
        session: aiohttp.ClientSession,
        pace: Pace,
        listen: Callable[[Line, Heard], None],
        broke: Callable[[Line], None],
    ) -> None:
        self.line = line
        self.ageing = asyncio.Event()
        """Set when the exchange is about to end the connection: time for a successor."""
        self.carrying = asyncio.Event()
        """Set while data comes."""
        self.heard_at: dict[Channel, tuple[float, int | None]] = {}
        """By channel: when data last came, and the exchange's own time in it."""
        self.last_data: float | None = None
        self.up = False
        self.reconnects = 0
        self._dialect = dialect
        self._symbols = symbols
        self._clock = clock
        self._session = session
        self._pace = pace
        self._listen = listen
        self._broke = broke
        self._unheard: dict[str, Channel] = {}
        self._refused: set[str] = set()
        self._connected = False
        self._failures = 0
        self._unreadable = 0
        self._last_error: str | None = None

    def state(self) -> LineState:
        """How it does now."""
        now = self._clock.monotonic()
        unheard = dict.fromkeys((topic.channel for topic in self.line.topics), 0)
        for channel in self._unheard.values():
            unheard[channel] += 1
        return LineState(
            name=self.line.name,
            up=self.up,
            topics=len(self.line.topics),
            refused=len(self._refused),
            unheard=unheard,
            silent_s=None if self.last_data is None else now - self.last_data,
            reconnects=self.reconnects,
            failures=self._failures,
            unreadable=self._unreadable,
            last_error=self._last_error,
        )

    async def run(self) -> None:
        """Keep the line for ever: every end is followed by another dial, later each time it was a bad one."""
        bad = 0
        while True:
            await self._pace.turn()
            began = self._clock.monotonic()
            try:
                await self._live()
            except LineLostError as error:
                good = self.last_data is not None and self.last_data - began >= GOOD_S
                bad = 0 if good else bad
                self._lost(str(error), quietly=bad > 0)
                longest = LONGEST_WAIT_S if error.status is None else LONGEST_REFUSED_S
                wait = min(longest, FIRST_WAIT_S * 2.0 ** min(bad, 12))
                bad += 1
                await self._clock.sleep(wait * random.uniform(0.5, 1.0))

    def _lost(self, reason: str, *, quietly: bool) -> None:
        """Say it once: a server without websockets is dialled again, quietly, for as long as it runs."""
        self._failures += 1
        self._last_error = reason
        level = logging.DEBUG if quietly else logging.WARNING
        told = (self._dialect.exchange, self.line.name, reason)
        log.log(level, "%s: websocket %s: %s; REST until it is back", *told)

    async def _live(self) -> None:
        """One connection from dial to end; ends with LineLostError."""
        socket = Socket(self.line.url)
        await socket.dial(self._session)
        if self._connected:
            self.reconnects += 1
        self._begin()
        conversation = _Conversation(self, socket, self._dialect, self._clock)
        # No task group: one that ends by an error forgets that it was cancelled meanwhile.
        over = asyncio.Event()
        parts = [asyncio.create_task(part) for part in conversation.parts(self._symbols)]
        for part in parts:
            part.add_done_callback(lambda _part: over.set())
        try:
            await over.wait()
        finally:
            self._end()
            ended = [part for part in parts if part.done()]
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await socket.shut()
        for part in ended:
            part.result()

    def _begin(self) -> None:
        self._connected = self.up = True
        self.ageing.clear()
        self._refused.clear()
        self._unheard = {topic.name: topic.channel for topic in self.line.topics}

    def _end(self) -> None:
        self.up = False
        self.carrying.clear()
        self.heard_at.clear()
        self._broke(self.line)

    def carried(self, channel: Channel | None) -> None:
        """Data came, of a channel where known."""
        self.last_data = now = self._clock.monotonic()
        if not self.carrying.is_set():
            if self._failures:
                log.info("%s: websocket %s: data comes", self._dialect.exchange, self.line.name)
            self.carrying.set()
        if channel is not None:
            self.heard_at[channel] = (now, self.heard_at.get(channel, (now, None))[1])

    def heard(self, heard: Heard) -> None:
        """Take in what a message said and pass it on."""
        self._unreadable += heard.unreadable
        if heard.ending is not None:
            log.info("%s: websocket %s: %s", self._dialect.exchange, self.line.name, heard.ending)
            self.ageing.set()
        if heard.channel is None or heard.topic is None:
            return
        self.carried(heard.channel)
        self._unheard.pop(heard.topic, None)
        if heard.at_ms is not None:
            self.heard_at[heard.channel] = (self._clock.monotonic(), heard.at_ms)
        self._listen(self.line, heard)

    def refuse(self, topic: Topic, reason: str) -> None:
        """The exchange does not offer a topic: REST answers for it."""
        self._refused.add(topic.name)
        log.warning("%s: no %s by websocket (%s)", self._dialect.exchange, topic.name, reason)


class _Conversation:
    """What is said and heard on one connection between its dial and its end."""

    def __init__(self, connection: Connection, socket: Socket, dialect: Dialect, clock: Clock) -> None:
        self._connection = connection
        self._socket = socket
        self._dialect = dialect
        self._clock = clock
        self._began = clock.monotonic()
        self._last_candle = self._began
        self._asked: dict[int, Sequence[Topic]] = {}
        self._to_ask: deque[Sequence[Topic]] = deque()
        self._more = asyncio.Event()

    def parts(self, symbols: Mapping[str, str]) -> list[Coroutine[object, object, None]]:
        """What goes on at the same time; the first to end ends the connection."""
        topics, each = self._connection.line.topics, self._dialect.topics_per_request
        self._to_ask.extend(topics[at : at + each] for at in range(0, len(topics), each))
        return [self._hear(symbols), self._subscribe(), self._ping(), self._watch()]

    async def _hear(self, symbols: Mapping[str, str]) -> None:
        reader = self._dialect.reader(symbols)
        while True:
            text = await self._socket.hear()
            if self._dialect.is_boring(text):
                self._connection.carried(Channel.CANDLES)
                continue
            try:
                message: object = orjson.loads(text)
            except ValueError:
                message = text
            heard = reader.read(message)
            if heard.candles:
                self._last_candle = self._clock.monotonic()
            if heard.reply is not None and heard.reply.refused is not None:
                self._refused(heard.reply.number, heard.reply.refused)
            self._connection.heard(heard)

    def _refused(self, number: int | None, reason: str) -> None:
        """One topic is refused for good; of several the good ones are found by halves."""
        topics = self._asked.pop(number, ()) if number is not None else ()
        if len(topics) == 1:
            self._connection.refuse(topics[0], reason)
        elif topics:
            half = len(topics) // 2
            self._to_ask.extend((topics[:half], topics[half:]))
            self._more.set()
        else:
            log.warning("%s: a request was refused: %s", self._dialect.exchange, reason)

    async def _subscribe(self) -> None:
        number = 0
        while True:
            while self._to_ask:
                topics, number = self._to_ask.popleft(), number + 1
                self._asked[number] = topics
                await self._socket.say(self._dialect.subscribe(number, topics))
                await self._clock.sleep(MESSAGE_SPACING_S)
            self._more.clear()
            await self._more.wait()

    async def _ping(self) -> None:
        while True:
            await self._clock.sleep(self._dialect.ping_every_s)
            await self._socket.say(self._dialect.ping())

    async def _watch(self) -> None:
        """Silence is an error; age is none yet."""
        candles = any(topic.channel is Channel.CANDLES for topic in self._connection.line.topics)
        while True:
            await self._clock.sleep(WATCH_EVERY_S)
            now = self._clock.monotonic()
            if now - max(self._began, self._connection.last_data or 0.0) >= SILENT_S:
                raise LineLostError(f"silent for {SILENT_S:.0f} s")
            if candles and now - self._last_candle >= NO_CANDLE_S:
                raise LineLostError("no closed candle within two bars")
            if self._dialect.life_s is not None and now - self._began >= self._dialect.life_s:
                self._connection.ageing.set()


class Pace:
    """Turns at least `spacing_s` apart, in the order they are asked for; none during a ban."""

    def __init__(self, clock: Clock, spacing_s: float, banned_for_s: Callable[[], float]) -> None:
        self._clock = clock
        self._spacing_s = spacing_s
        self._banned_for_s = banned_for_s
        self._next = 0.0

    async def turn(self) -> None:
        """Return when it is one's turn."""
        while (seconds := self._banned_for_s()) > 0.0:
            await self._clock.sleep(seconds)
        now = self._clock.monotonic()
        at, self._next = max(now, self._next), max(now, self._next) + self._spacing_s
        if at > now:
            await self._clock.sleep(at - now)
