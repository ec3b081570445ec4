"""Bybit v5: how its public sockets converse."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from futuresboard.sim_exchange.bybit_stream import BybitFeed
from futuresboard.sim_exchange.limits import Counts
from futuresboard.sim_exchange.socket_line import Socket

MOST_CHARACTERS = 21_000
# A connection on which neither the client pings nor anything is pushed is cut off after this time.
IDLE_S = 600.0


class BybitTalk:
    """op subscribe, unsubscribe, ping."""

    def __init__(
        self,
        socket: Socket,
        feed: BybitFeed,
        counts: Counts,
        category: str,
        life_s: float,
        time: Callable[[], float],
    ) -> None:
        self._socket, self._feed, self._counts = socket, feed, counts
        self._category = category
        self._life_s = life_s
        self._time = time
        self._born = self._heard = time()
        self._pushed = 0
        self._conn = f"sim{socket.number:017d}"

    def opened(self) -> None:
        """Nothing is said first."""

    def watch(self, now: float) -> None:
        """Close a connection without heartbeats, and one that has lived long enough."""
        if self._socket.pushed != self._pushed:
            self._pushed, self._heard = self._socket.pushed, now
        if now - self._born >= self._life_s:
            self._socket.close(1001)
        elif now - self._heard >= IDLE_S:
            self._counts.violated("ws:ping")
            self._socket.close(1000)

    def pinged(self) -> None:
        """A ping frame keeps the connection too."""
        self._heard = self._time()

    def ponged(self) -> None:
        """Nothing was asked."""

    def heard(self, text: str) -> None:
        """Answer one request."""
        self._heard = self._time()
        try:
            request = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._say({"op": ""}, "error:invalid json", success=False)
            return
        if not isinstance(request, dict):
            self._say({"op": ""}, "error:invalid op", success=False)
            return
        args = request.get("args") or []
        match request.get("op"):
            case "ping":
                self._say(request, "pong")
            case "subscribe" if _is_texts(args):
                self._subscribe(request, args)
            case "unsubscribe" if _is_texts(args):
                for topic in args:
                    self._socket.unsubscribe(topic)
                self._say(request, "")
            case _:
                self._say(request, "error:invalid op", success=False)

    def _subscribe(self, request: dict[str, object], topics: list[str]) -> None:
        channels = {topic: self._feed.channel(topic, self._category) for topic in topics}
        unknown = [topic for topic, channel in channels.items() if channel is None]
        if unknown:
            self._say(request, f"error:handler not found,topic:{unknown[0]}", success=False)
            return
        total = sum(len(name) for name in self._socket.channels.keys() | channels.keys())
        self._counts.used("ws:characters", total)
        if total > MOST_CHARACTERS:
            self._counts.violated("ws:characters")
            self._say(request, "error:args exceed 21,000 characters", success=False)
            return
        self._say(request, "")
        for channel in channels.values():
            if channel is not None:
                self._socket.subscribe(channel)

    def _say(self, request: dict[str, object], message: str, *, success: bool = True) -> None:
        answer = {"success": success, "ret_msg": message, "conn_id": self._conn}
        if "req_id" in request:
            answer["req_id"] = request["req_id"]
        self._socket.say(answer | {"op": request.get("op", "")})


def _is_texts(names: object) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) for name in names)
