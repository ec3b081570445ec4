"""Socket.IO: the one place that emits.

A client subscribes to a timeframe (and perhaps one exchange). From then on it gets every alert once
and, after each publication, the rows that changed. All clients of a timeframe have been told the
same: a `_Board` holds it, so that a subscription continues exactly where the publications are.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic  # noqa: TID251 - paces what this machine can bear, in real time
from typing import cast

from flask import request
from flask_socketio import SocketIO

from futuresboard.db_read import Row, Snapshot
from futuresboard.errors import QueryError
from futuresboard.model import Alert

_log = logging.getLogger(__name__)

type Pair = tuple[str, str]

MAX_MISSED_ALERTS = 1000
_ALERTS_ROOM = "alerts"
_SETTLE_S = 0.05
_MAX_SETTLE_ROUNDS = 10
_HALF = 0.5
# After reading everything anew the thread rests so long, and so many times what that took: in a warm
# start commits come faster than anyone looks.
_REST_S = 0.1
_REST_SHARE = 5.0


@dataclass(frozen=True)
class Feed:
    """Where publications come from, and whom they may go to.

    version: (newest transaction, coarse time), which changes when there may be news; newest: that
    and the newest rows of a timeframe; rely: told whether `newest` is called soon after every
    commit; alerts_after: alerts of the transactions in (seq, until], oldest first, with a limit the
    newest of them; now_ms: exchange time; health: the document of `/health`; admits: whether a
    connect (with the client's auth payload) may stay; problem: an error as the API words it.
    """

    timeframes: tuple[str, ...]
    exchanges: tuple[str, ...]
    version: Callable[[], tuple[int, int]]
    newest: Callable[[str], tuple[tuple[int, int], Snapshot]]
    rely: Callable[[bool], None]
    alerts_after: Callable[[int, int, int], list[Row]]
    now_ms: Callable[[], int]
    health: Callable[[], Mapping[str, object]]
    admits: Callable[[object], bool]
    problem: Callable[[Exception], dict[str, object]]


@dataclass(frozen=True)
class _Request:
    timeframe: str
    exchange: str
    since: int | None
    alert: int | None


@dataclass
class _Board:
    """What the clients of a timeframe have been told: rows, and the publication each last changed in.

    Who knows a publication before `complete_from` gets everything.
    """

    complete_from: float
    rows: dict[Pair, Row] = field(default_factory=dict)
    changed: dict[Pair, float] = field(default_factory=dict)

    def tell(self, rows: Sequence[Row], at: float) -> list[Row]:
        """Take over the newest rows; returns those that changed (age apart)."""
        newest = {(cast("str", row["exchange"]), cast("str", row["symbol"])): row for row in rows}
        news = [row for pair, row in newest.items() if _differs(self.rows.get(pair), row)]
        if self.rows.keys() - newest.keys():
            # A pair has gone, which no changed row would tell.
            self.complete_from = at
        self.changed = {pair: self.changed.get(pair, at) for pair in newest}
        self.changed.update({(str(row["exchange"]), str(row["symbol"])): at for row in news})
        self.rows = newest
        return news

    def since(self, seq: int | None) -> tuple[bool, list[Row]]:
        """(whether it is everything, rows) for a client that knows publication `seq`."""
        if seq is None or seq < self.complete_from:
            return True, list(self.rows.values())
        return False, [row for pair, row in self.rows.items() if self.changed[pair] > seq]


def _differs(old: Row | None, new: Row) -> bool:
    return old is None or old | {"age_s": None} != new | {"age_s": None}


class Publisher:
    """Tells subscribed clients what the database holds, from a thread of its own.

    gap_s: least time between two publications without an alert (a page paints once a second);
    poll_s: how often it looks by itself, for data written by another process, ages and health.
    """

    def __init__(self, socketio: SocketIO, feed: Feed, *, gap_s: float = 1.0, poll_s: float = 1.0) -> None:
        self._socketio = socketio
        self._feed = feed
        self._gap_s = gap_s
        self._poll_s = poll_s
        # One publication at a time; taken before the other lock.
        self._publishing = threading.Lock()
        # Guards what follows: what has been told, and to whom.
        self._lock = threading.RLock()
        self._version: tuple[int, int] | None = None
        self._seq = 0
        self._boards: dict[str, _Board] = {}
        self._rooms: dict[str, str] = {}
        self._states: dict[str, object] | None = None
        self._settled_at = 0.0
        self._wake = threading.Event()
        self._urgent = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        socketio.on_event("connect", self._on_connect)
        socketio.on_event("disconnect", self._on_disconnect)
        socketio.on_event("subscribe", self._on_subscribe)
        socketio.on_error_default(self._on_error)

    def start(self) -> None:
        """Begin to publish."""
        self._feed.rely(True)
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what was published stays in the clients' queues."""
        self._feed.rely(False)
        self._stopping.set()
        self._urgent.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def publish(self, seq: int, alerts: Sequence[Alert] = ()) -> None:
        """Say that transaction `seq` is committed; returns at once.

        What changed is read from the database, so that no commit is ever missed. `alerts` (those
        of the transaction) hurry the publication; without any it may wait for its turn.
        """
        _log.debug("commit %d: %d alerts", seq, len(alerts))
        if alerts:
            self._urgent.set()
        self._wake.set()

    def publish_health(self, document: Mapping[str, object]) -> None:
        """Emit `health_update` when an exchange's state (or the status) is another than before."""
        exchanges = cast("Mapping[str, Mapping[str, object]]", document.get("exchanges") or {})
        states = {name: found.get("state") for name, found in exchanges.items()}
        with self._lock:
            before, self._states = self._states, {"status": document.get("status"), **states}
            if before is not None and before != self._states:
                self._emit("health_update", {"status": document.get("status"), "exchanges": exchanges})

    def publish_now(self) -> None:
        """Publish what the database holds, if there is news; in the caller's thread."""
        with self._publishing:
            version = self._feed.version()
            if version == self._version:
                return
            # Read before taking the lock: who subscribes meanwhile must not wait for the database.
            rows = self._renew()
            if self._version is None:
                with self._lock:
                    self._begin(version, rows)
                return
            alerts = self._feed.alerts_after(self._seq, version[0], -1)
            self._let_acknowledgements_out()
            with self._lock:
                self._go_on(version, rows, alerts)

    def _begin(self, version: tuple[int, int], rows: Mapping[str, Sequence[Row]]) -> None:
        # Rows may be newer than the version read before them. That evens out for clients told by
        # this process; those who come back from an earlier one get everything.
        self._boards = {frame: _Board(complete_from=version[0] + _HALF) for frame in rows}
        for frame, board in self._boards.items():
            board.tell(rows[frame], version[0])
        self._version, self._seq = version, version[0]

    def _go_on(
        self, version: tuple[int, int], rows: Mapping[str, Sequence[Row]], alerts: Sequence[Row]
    ) -> None:
        # Between two transactions only ages and `stale` move: half a step, so that a client that
        # knows the transaction is told of it when it comes back.
        at = version[0] if version[0] > self._seq else self._seq + _HALF
        news = {frame: board.tell(rows[frame], at) for frame, board in self._boards.items()}
        self._version, self._seq = version, version[0]
        self._tell(news, alerts)

    def _run(self) -> None:
        published_at = rested_at = monotonic() - self._gap_s
        waiting = False
        while not self._stopping.is_set():
            self._wake.wait(published_at + self._gap_s - monotonic() if waiting else self._poll_s)
            self._stopping.wait(max(0.0, rested_at - monotonic()))
            self._wake.clear()
            began = monotonic()
            waiting = not self._urgent.is_set() and began < published_at + self._gap_s
            try:
                if waiting:
                    self._renew()
                else:
                    published_at = began
                    self._urgent.clear()
                    self.publish_now()
                    self.publish_health(self._feed.health())
            except Exception:  # noqa: BLE001
                # The outermost edge of this thread: whatever failed is tried again next time.
                _log.exception("publishing failed")
            rested_at = began + max(_REST_S, _REST_SHARE * (monotonic() - began))

    def _renew(self) -> dict[str, list[Row]]:
        return {frame: self._feed.newest(frame)[1].rows for frame in self._feed.timeframes}

    def _let_acknowledgements_out(self) -> None:
        """Wait until nobody subscribed just now.

        The library sends an acknowledgement a moment after its handler has returned; a publication
        in that moment would overtake it.
        """
        for _ in range(_MAX_SETTLE_ROUNDS):
            wait = self._settled_at - monotonic()
            if wait <= 0.0:
                return
            self._stopping.wait(wait)

    def _tell(self, news: Mapping[str, Sequence[Row]], alerts: Sequence[Row]) -> None:
        for alert in alerts:
            self._emit("alert_toast", _toast(alert), _ALERTS_ROOM)
        ts = self._feed.now_ms()
        for room in set(self._rooms.values()):
            _, frame, exchange = room.split(":")
            rows = [row for row in news[frame] if exchange in ("", row["exchange"])]
            # Alerts come before the update of their transaction, and never without one: a client
            # that has seen an update has seen every alert up to its `seq`.
            if rows or alerts:
                self._emit("metrics_update", {"tf": frame, "seq": self._seq, "ts": ts, "rows": rows}, room)

    def _emit(self, event: str, payload: object, room: str | None = None) -> None:
        # Encoded once for the whole room; each client has a queue and a thread that sends from it.
        self._socketio.emit(event, payload, to=room)

    def _on_connect(self, auth: object = None) -> bool:
        return self._feed.admits(auth)

    def _on_disconnect(self, _reason: object = None) -> None:
        with self._lock:
            self._rooms.pop(_sid(), None)

    def _on_error(self, error: Exception) -> dict[str, object]:
        if not isinstance(error, QueryError):
            _log.error("a socket event failed", exc_info=error)
        return {"error": self._feed.problem(error)}

    def _on_subscribe(self, payload: object = None) -> dict[str, object]:
        """Join a timeframe: acknowledged with all its rows, or with those changed after `since`.

        Alerts missed since then follow the acknowledged publication as `alert_toast` each.
        """
        asked = self._asked(payload)
        sid = _sid()
        if self._version is None:
            self.publish_now()
        with self._lock:
            known = asked.since if asked.since and asked.since <= self._seq else None
            full, rows = self._boards[asked.timeframe].since(known)
            if sid not in self._rooms and known is not None:
                self._catch_up(sid, known, asked.alert)
            self._join(sid, f"tf:{asked.timeframe}:{asked.exchange}")
            answer = {
                "tf": asked.timeframe,
                "seq": self._seq,
                "ts": self._feed.now_ms(),
                "full": full,
                "rows": [row for row in rows if asked.exchange in ("", row["exchange"])],
            }
            self._settled_at = monotonic() + _SETTLE_S
        return answer

    def _catch_up(self, sid: str, known: int, last: int | None) -> None:
        # A client that names its last alert may have broken off amid a transaction's alerts.
        after = known if last is None else 0
        for alert in self._feed.alerts_after(after, self._seq, MAX_MISSED_ALERTS):
            if last is None or cast("int", alert["id"]) > last:
                self._emit("alert_toast", _toast(alert), sid)

    def _join(self, sid: str, room: str) -> None:
        server = self._socketio.server
        if not server.manager.is_connected(sid, "/"):
            return
        old = self._rooms.get(sid)
        if old is not None:
            server.leave_room(sid, old)
        server.enter_room(sid, room)
        server.enter_room(sid, _ALERTS_ROOM)
        self._rooms[sid] = room

    def _asked(self, payload: object) -> _Request:
        if not isinstance(payload, Mapping):
            raise QueryError("subscribe", payload, 'an object: {"tf", "exchange", "since"}')
        return _Request(
            _word(payload, "tf", self._feed.timeframes, self._feed.timeframes[0]),
            _word(payload, "exchange", self._feed.exchanges, ""),
            _count(payload, "since"),
            _count(payload, "alert"),
        )


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid


def _toast(alert: Row) -> Row:
    return {name: value for name, value in alert.items() if name != "evidence"}


def _word(payload: Mapping[str, object], name: str, allowed: Sequence[str], default: str) -> str:
    value = payload.get(name) or default
    if value != default and value not in allowed:
        raise QueryError(name, value, ", ".join(allowed))
    return str(value)


def _count(payload: Mapping[str, object], name: str) -> int | None:
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise QueryError(name, value, "null or a whole number from 0")
    return value
