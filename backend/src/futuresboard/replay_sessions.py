"""Replays that go on between requests: who comes back with a cursor finds its replay where it was."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from futuresboard.errors import TooSoonError
from futuresboard.replay_engine import Frame, Replay
from futuresboard.replay_scope import Cursor, Scope

ROWS_A_PAGE = 7_200
"""A page holds at most so many rows, or one frame."""
KEPT = 3
"""Replays that wait for who comes back; the longest waiting one is given up for a new one."""
AT_ONCE = 2
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Leaf:
    """A page of a replay: its frames, where to go on (None: it ended), and up to which transaction the
    recording is read."""

    frames: Sequence[Frame]
    cursor: Cursor | None
    version: int


class Sessions:
    """Pages of replays of one recording, for any thread.

    A page depends on scope, cursor and limit alone: whether its replay was still there only makes it faster.
    """

    def __init__(self, path: Path, archive: Path) -> None:
        self._path, self._archive = path, archive
        self._kept: OrderedDict[Cursor, Replay] = OrderedDict()
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def page(self, scope: Scope, cursor: Cursor | None, limit: int) -> Leaf:
        """At most `limit` frames from a cursor on.

        Raises what `Replay` raises, and TooSoonError while `AT_ONCE` others are at work.
        """
        if not self._room.acquire(timeout=PATIENCE_S):
            raise TooSoonError(f"{AT_ONCE} replays are being computed already", PATIENCE_S)
        try:
            replay = self._take(scope, cursor) or Replay(self._path, scope, cursor, self._archive)
            try:
                frames = list(replay.frames(min(limit, max(1, ROWS_A_PAGE // max(1, replay.pairs)))))
            except BaseException:
                replay.close()
                raise
            found = Leaf(frames, replay.cursor, replay.version)
            self._keep(replay)
            return found
        finally:
            self._room.release()

    def close(self) -> None:
        """Give up all that wait."""
        with self._lock:
            for replay in self._kept.values():
                replay.close()
            self._kept.clear()

    def _take(self, scope: Scope, cursor: Cursor | None) -> Replay | None:
        if cursor is None or cursor.scope != scope.hash:
            return None
        with self._lock:
            return self._kept.pop(cursor, None)

    def _keep(self, replay: Replay) -> None:
        cursor = replay.cursor
        if cursor is None:
            replay.close()
            return
        with self._lock:
            given_up = [self._kept.pop(cursor)] if cursor in self._kept else []
            self._kept[cursor] = replay
            while len(self._kept) > KEPT:
                given_up.append(self._kept.popitem(last=False)[1])
        for one in given_up:
            one.close()
