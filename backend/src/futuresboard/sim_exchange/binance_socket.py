"""Binance USD-M futures: how its sockets converse (requests, limits, heartbeats)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from urllib.parse import unquote

import orjson

from futuresboard.sim_exchange.binance_stream import BinanceFeed
from futuresboard.sim_exchange.feed import Channel
from futuresboard.sim_exchange.limits import Counts
from futuresboard.sim_exchange.socket_line import Socket

MOST_STREAMS = 200
MOST_MESSAGES, MESSAGES_S = 10, 1.0
PING_S, PONG_S = 180.0, 600.0
POLICY, GOING_AWAY = 1008, 1001


def route_of(path: str) -> tuple[str, str, str] | None:
    """(route, "ws" or "stream", what follows) of a socket's path; None when there is none."""
    pieces = path.split("/")[2:]
    route = pieces.pop(0) if pieces[:1] in (["market"], ["public"]) else ""
    form = pieces.pop(0) if pieces else ""
    return (route, form, "/".join(pieces)) if form in ("ws", "stream") else None


class BinanceTalk:
    """SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS; streams named in the URL."""

    def __init__(
        self,
        socket: Socket,
        feed: BinanceFeed,
        counts: Counts,
        url: tuple[str, str, str],
        streams: str,
        life_s: float,
        time: Callable[[], float],
    ) -> None:
        self._socket, self._feed, self._counts = socket, feed, counts
        self._route, self._form, self._rest = url
        self._streams = streams
        self._life_s = life_s
        self._time = time
        self._born = self._ponged = self._pinged = time()
        self._heard: deque[float] = deque()
        if self._form == "stream":
            socket.wrap = _combined

    # --- life --------------------------------------------------------------------------------
    def opened(self) -> None:
        """Subscribe to what the URL names."""
        names = self._streams.split("/") if self._form == "stream" else [self._rest]
        for name in filter(None, map(unquote, names)):
            channel = self._feed.channel(name, self._route)
            if channel is not None:
                self._socket.subscribe(channel)

    def watch(self, now: float) -> None:
        """Ping every 3 minutes; close after 10 without a pong, and at the end of the socket's life."""
        if now - self._born >= self._life_s:
            self._socket.close(GOING_AWAY)
        elif self._ponged < self._pinged and now - self._pinged >= PONG_S:
            self._counts.violated("ws:pong")
            self._socket.close(POLICY, "Pong timeout")
        elif self._ponged >= self._pinged and now - self._pinged >= PING_S:
            self._pinged = now
            self._socket.ping()

    def pinged(self) -> None:
        """A client's ping counts as a message."""
        self._count()

    def ponged(self) -> None:
        """The client lives."""
        self._ponged = self._time()
        self._count()

    def _count(self) -> bool:
        now = self._time()
        while self._heard and now - self._heard[0] >= MESSAGES_S:
            self._heard.popleft()
        self._heard.append(now)
        self._counts.used("ws:messages", len(self._heard))
        if len(self._heard) <= MOST_MESSAGES:
            return True
        self._counts.violated("ws:messages")
        self._socket.close(POLICY, "Too many requests")
        return False

    # --- requests ----------------------------------------------------------------------------
    def heard(self, text: str) -> None:
        """Answer one request."""
        if not self._count():
            return
        try:
            request = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._refuse(3, "Invalid JSON: expected value at line 1 column 1", None)
            return
        if not isinstance(request, dict):
            self._refuse(3, "Invalid JSON: expected an object", None)
            return
        ident, names = request.get("id"), request.get("params", [])
        match request.get("method"):
            case "SUBSCRIBE" if _is_texts(names):
                self._subscribe(names, ident)
            case "UNSUBSCRIBE" if _is_texts(names):
                for name in names:
                    self._socket.unsubscribe(name)
                self._socket.say({"result": None, "id": ident})
            case "LIST_SUBSCRIPTIONS":
                self._socket.say({"result": list(self._socket.channels), "id": ident})
            case "SUBSCRIBE" | "UNSUBSCRIBE":
                self._refuse(2, "Invalid request: params must be an array of strings", ident)
            case method:
                self._refuse(2, f"Invalid request: unknown variant `{method}`", ident)

    def _subscribe(self, names: list[str], ident: object) -> None:
        channels = [self._feed.channel(name, self._route) for name in names]
        found = [channel for channel in channels if channel is not None]
        if len(found) < len(names):
            self._refuse(2, "Invalid request: invalid stream", ident)
            return
        total = len(self._socket.channels.keys() | {channel.name for channel in found})
        self._counts.used("ws:streams", total)
        if total > MOST_STREAMS:
            self._counts.violated("ws:streams")
            self._refuse(2, f"Invalid request: too many streams, at most {MOST_STREAMS}", ident)
            return
        self._socket.say({"result": None, "id": ident})
        for channel in found:
            self._socket.subscribe(channel)

    def _refuse(self, code: int, message: str, ident: object) -> None:
        self._socket.say({"error": {"code": code, "msg": message}, "id": ident})


def _is_texts(names: object) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) for name in names)


def _combined(channel: Channel, payload: bytes) -> bytes:
    """A message as /stream sends it."""
    return b'{"stream":' + orjson.dumps(channel.name) + b',"data":' + payload + b"}"
