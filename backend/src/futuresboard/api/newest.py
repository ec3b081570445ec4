"""The newest rows of each timeframe, read once per data version and shared by every request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from time import monotonic  # noqa: TID251 - paces what this machine can bear, in real time
from typing import NamedTuple

from futuresboard.db_read import Reader, Snapshot

# Ages and `stale` move with the clock, not with the data: a version never outlives this.
BUCKET_MS = 30_000
# Longer than a renewal takes after a commit, shorter than anyone notices.
GRACE_S = 0.25


class Version(NamedTuple):
    """What an answer was built from: the newest transaction and a coarse time."""

    seq: int
    bucket: int


class Newest:
    """Snapshots by timeframe, rows sorted by exchange and symbol. Rows are shared: never change one."""

    def __init__(self, reader: Reader, now_ms: Callable[[], int]) -> None:
        self._reader = reader
        self._now_ms = now_ms
        # One reader for all timeframes: SQLite's every row lets go of the interpreter, and two
        # threads that read at once hand it to and fro a thousand times.
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Version, Snapshot]] = {}
        self._checked_at: dict[str, float] = {}
        self._grace_s = 0.0

    def rely(self, renewed: bool) -> None:
        """Say whether somebody calls `fresh` soon after every commit.

        If so a request takes rows that were the newest `GRACE_S` ago without a look at the
        database: it neither waits nor competes with the one who renews them.
        """
        self._grace_s = GRACE_S if renewed else 0.0

    def version(self) -> Version:
        """The version an answer given now would have."""
        return Version(self._reader.seq(), self._now_ms() // BUCKET_MS)

    def get(self, timeframe: str) -> tuple[Version, Snapshot]:
        """The newest rows of a timeframe, for a request.

        While one caller reads them anew, others get those from a moment ago: none waits, unless
        there are none yet.
        """
        kept = self._kept.get(timeframe)
        if kept is None:
            return self.fresh(timeframe)
        if monotonic() < self._checked_at[timeframe] + self._grace_s:
            return kept
        if not self._lock.acquire(blocking=False):
            return kept
        try:
            return self._get(timeframe)
        finally:
            self._lock.release()

    def fresh(self, timeframe: str) -> tuple[Version, Snapshot]:
        """The newest rows of a timeframe, whoever may be reading them just now."""
        with self._lock:
            return self._get(timeframe)

    def _get(self, timeframe: str) -> tuple[Version, Snapshot]:
        checked_at = monotonic()
        wanted = self.version()
        kept = self._kept.get(timeframe)
        if kept is None or kept[0] != wanted:
            read = self._reader.snapshot(timeframe, self._now_ms())
            ordered = sorted(read.rows, key=itemgetter("exchange", "symbol"))
            kept = (Version(read.seq, wanted.bucket), replace(read, rows=ordered))
        self._checked_at[timeframe] = checked_at
        self._kept[timeframe] = kept
        return kept
