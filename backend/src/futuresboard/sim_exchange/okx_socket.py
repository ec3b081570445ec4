"""OKX v5: how its public and business sockets converse."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import orjson

from futuresboard.sim_exchange.feed import Channel
from futuresboard.sim_exchange.limits import Counts
from futuresboard.sim_exchange.okx_stream import OkxFeed
from futuresboard.sim_exchange.socket_line import Socket

MOST_REQUESTS, REQUESTS_S = 480, 3600.0
MOST_BYTES = 64 << 10
IDLE_S = 30.0


class OkxTalk:
    """op subscribe, unsubscribe; the texts ping and pong."""

    def __init__(
        self,
        socket: Socket,
        feed: OkxFeed,
        counts: Counts,
        access: str,
        life_s: float,
        time: Callable[[], float],
    ) -> None:
        self._socket, self._feed, self._counts = socket, feed, counts
        self._access = access
        self._time = time
        self._alive = time()
        self._ends = self._alive + life_s
        self._pushed = 0
        self._asked: deque[float] = deque()
        self._conn = f"{socket.number:08x}"

    def opened(self) -> None:
        """Nothing is said first."""

    def watch(self, now: float) -> None:
        """Close after 30 s in which nothing was pushed and nothing was said."""
        if self._socket.pushed != self._pushed:
            self._pushed, self._alive = self._socket.pushed, now
        if now >= self._ends:
            self._socket.close(1001)
        elif now - self._alive >= IDLE_S:
            self._counts.violated("ws:idle")
            self._socket.close(4004, "No data received in 30s.")

    def pinged(self) -> None:
        """Ping frames are answered but do not keep the connection."""

    def ponged(self) -> None:
        """Nothing was asked."""

    def depart(self, seconds: float) -> None:
        """Announce that the connection will be closed, and close it after so many seconds."""
        self._ends = self._time() + seconds
        text = "The connection will soon be closed for a service upgrade. Please reconnect."
        self._socket.say({"event": "notice", "code": "64008", "msg": text, "connId": self._conn})

    def heard(self, text: str) -> None:
        """Answer one request."""
        self._alive = self._time()
        if text == "ping":
            self._socket.say("pong")
            return
        request = _parsed(text)
        if request is None or len(text) > MOST_BYTES:
            if len(text) > MOST_BYTES:
                self._counts.violated("ws:bytes")
            self._refuse("60012", f"Illegal request: {text[:200]}")
            return
        op, args = str(request["op"]), request["args"]
        if not self._count():
            self._refuse("60014", "Requests too frequent")
            return
        for arg in args:
            self._one(op, arg)

    def _count(self) -> bool:
        now = self._time()
        while self._asked and now - self._asked[0] >= REQUESTS_S:
            self._asked.popleft()
        self._asked.append(now)
        self._counts.used("ws:requests", len(self._asked))
        if len(self._asked) <= MOST_REQUESTS:
            return True
        self._counts.violated("ws:requests")
        return False

    def _one(self, op: str, arg: dict[str, object]) -> None:
        name, ident = str(arg.get("channel", "")), str(arg.get("instId", ""))
        channel: Channel | None = self._feed.channel(name, ident, self._access)
        if channel is None:
            self._refuse(
                "60018",
                f"Wrong URL or channel:{name},instId:{ident} doesn't exist. "
                "Please use the correct URL, channel and parameters referring to API document.",
            )
            return
        if op == "unsubscribe":
            self._socket.unsubscribe(channel.name)
        self._socket.say({"event": op, "arg": arg, "connId": self._conn})
        if op == "subscribe":
            self._socket.subscribe(channel)

    def _refuse(self, code: str, message: str) -> None:
        self._socket.say({"event": "error", "code": code, "msg": message, "connId": self._conn})


def _parsed(text: str) -> dict[str, list[dict[str, object]]] | None:
    """A subscribe or unsubscribe request, None when it is not one."""
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(request, dict) or request.get("op") not in ("subscribe", "unsubscribe"):
        return None
    args = request.get("args")
    good = isinstance(args, list) and all(isinstance(arg, dict) for arg in args)
    return request if good else None
