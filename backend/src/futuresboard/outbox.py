"""The durable outbox: which target is still to be told of which alert, whatever happens to the process.

An alert is committed with its bar; what is to be sent is derived from the alerts that are stored, so
none is lost between the commit and its notification. A row is claimed (`sending`) in a transaction of
its own before it is sent and marked `sent` after. What a process that died had claimed may or may not
have arrived: it is not sent again. An alert told twice looks like two events; one that is missing is
still in the alerts list, is counted in `/health` and named in the log.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import orjson

from futuresboard.db import connect
from futuresboard.messages import Waiting
from futuresboard.rows import quality_of

TAKEN_KEY = "notified"
"""Under which the database keeps the id of the newest alert that went through `take`."""
KEPT_MS = 2 * 86_400_000
"""How long what is over is remembered."""

_WAITING = """
SELECT o.alert_id, o.quiet, o.due_ts, a.payload, b.quality
FROM outbox o JOIN alerts a ON a.id = o.alert_id
LEFT JOIN bars b ON b.ts = a.ts AND b.series_id = a.series_id
WHERE o.target = ? AND o.state = 'waiting' ORDER BY o.alert_id
"""


class State(StrEnum):
    """What has become of an alert on its way to a target."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    """The process died while it was being sent."""
    GIVEN_UP = "given_up"


class Outbox:
    """The table `outbox`, for one thread, on a connection of its own.

    path: the database, which exists and has this version's schema. Raises sqlite3.Error.
    """

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        # Commits at the end of the block, or rolls back what it began.
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def recover(self, targets: Iterable[str], began_ms: int) -> tuple[dict[str, int], int]:
        """Once at the start: judge what the process before left behind.

        Returns (alerts that may not have arrived, by target; alerts given up because their target is
        no longer there). The very first time only alerts since `began_ms` (exchange time) count.
        """
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO meta SELECT ?, coalesce((SELECT id FROM alerts "
                "WHERE payload ->> 'created_ts' < ? ORDER BY id DESC LIMIT 1), 0)",
                (TAKEN_KEY, began_ms),
            )
            unknown = dict(
                connection.execute(
                    "SELECT target, count(*) FROM outbox WHERE state = ? GROUP BY target", (State.SENDING,)
                ).fetchall()
            )
            connection.execute("UPDATE outbox SET state = ? WHERE state = ?", (State.UNKNOWN, State.SENDING))
            known = list(targets)
            orphans = connection.execute(
                "UPDATE outbox SET state = ? WHERE state = ? "
                f"AND target NOT IN ({', '.join('?' * len(known))})",
                (State.GIVEN_UP, State.WAITING, *known),
            ).rowcount
        return unknown, orphans

    def take(
        self, wanted: Callable[[Mapping[str, object]], Sequence[str]], not_before_ms: int
    ) -> tuple[dict[str, int], int]:
        """Take in the alerts stored since the last time.

        wanted: the targets of an alert. Returns (new waiting alerts by target; wanted alerts left out
        because they are older than `not_before_ms`, exchange time).
        """
        new: dict[str, int] = {}
        late = 0
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT id, payload FROM alerts "
                "WHERE id > (SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?) ORDER BY id",
                (TAKEN_KEY,),
            ).fetchall()
            for number, payload in found:
                alert = orjson.loads(payload)
                targets = wanted(alert)
                if alert["created_ts"] < not_before_ms:
                    late += bool(targets)
                    continue
                for target in targets:
                    new[target] = new.get(target, 0) + 1
                    connection.execute(
                        "INSERT OR IGNORE INTO outbox (target, alert_id, state, due_ts) VALUES (?, ?, ?, ?)",
                        (target, number, State.WAITING, alert["created_ts"]),
                    )
            if found:
                connection.execute("UPDATE meta SET value = ? WHERE key = ?", (str(found[-1][0]), TAKEN_KEY))
        return new, late

    def waiting(self, target: str) -> list[Waiting]:
        """What a target is still to be told, oldest first."""
        return [
            Waiting(number, orjson.loads(payload), tuple(quality_of(marks, ())), bool(quiet), due_ts)
            for number, quiet, due_ts, payload, marks in self._connection.execute(_WAITING, (target,))
        ]

    def postpone(self, target: str, ids: Iterable[int], due_ts: int, *, quiet: bool) -> None:
        """Let alerts wait until a time for a reason of our own; quiet: in quiet hours."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE outbox SET due_ts = ?, quiet = quiet OR ? WHERE target = ? AND alert_id = ?",
                [(due_ts, quiet, target, number) for number in ids],
            )

    def claim(self, target: str, ids: Iterable[int], now_ms: int) -> int:
        """Mark alerts as being sent, as one message; returns its number."""
        with self._transaction() as connection:
            (number,) = connection.execute("SELECT coalesce(max(message), 0) + 1 FROM outbox").fetchone()
            connection.executemany(
                "UPDATE outbox SET state = ?, message = ?, sent_ts = ? WHERE target = ? AND alert_id = ?",
                [(State.SENDING, number, now_ms, target, alert) for alert in ids],
            )
        return int(number)

    def settle(self, target: str, ids: Iterable[int], state: State) -> None:
        """Say what became of alerts: `sent`, `waiting` again, or `given_up`."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE outbox SET state = ? WHERE target = ? AND alert_id = ?",
                [(state, target, number) for number in ids],
            )

    def sent_since(self, target: str, since_ms: int) -> list[int]:
        """When each message went to a target after a time, oldest first; also those nobody knows of."""
        query = (
            "SELECT sent_ts FROM outbox WHERE target = ? AND state IN (?, ?, ?) AND sent_ts > ? "
            "GROUP BY message ORDER BY sent_ts"
        )
        states = (State.SENT, State.SENDING, State.UNKNOWN)
        return [ts for (ts,) in self._connection.execute(query, (target, *states, since_ms))]

    def forget(self, now_ms: int) -> None:
        """Remove what has been over for `KEPT_MS`."""
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM outbox WHERE state NOT IN (?, ?) AND coalesce(sent_ts, due_ts) < ?",
                (State.WAITING, State.SENDING, now_ms - KEPT_MS),
            )
