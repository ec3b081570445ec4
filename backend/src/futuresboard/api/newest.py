"""The newest rows of each timeframe, read once per data version and shared by every request."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

from futuresboard.db_read import Reader, Snapshot

# Ages and `stale` move with the clock, not with the data: a version never outlives this.
BUCKET_MS = 30_000


class Version(NamedTuple):
    """What an answer was built from: the newest transaction and a coarse time."""

    seq: int
    bucket: int


class Newest:
    """Snapshots by timeframe, rows sorted by exchange and symbol. Rows are shared: never change one."""

    def __init__(self, reader: Reader, now_ms: Callable[[], int]) -> None:
        self._reader = reader
        self._now_ms = now_ms
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._kept: dict[str, tuple[Version, Snapshot]] = {}

    def version(self) -> Version:
        """The version an answer given now would have."""
        return Version(self._reader.seq(), self._now_ms() // BUCKET_MS)

    def get(self, timeframe: str) -> tuple[Version, Snapshot]:
        """The newest rows of a timeframe, for a request.

        While one caller reads them anew, others get those from a moment ago: none waits, unless
        there are none yet.
        """
        lock = self._locks[timeframe]
        kept = self._kept.get(timeframe)
        if kept is None:
            return self.fresh(timeframe)
        if not lock.acquire(blocking=False):
            return kept
        try:
            return self._get(timeframe)
        finally:
            lock.release()

    def fresh(self, timeframe: str) -> tuple[Version, Snapshot]:
        """The newest rows of a timeframe, whoever may be reading them just now."""
        with self._locks[timeframe]:
            return self._get(timeframe)

    def _get(self, timeframe: str) -> tuple[Version, Snapshot]:
        wanted = self.version()
        kept = self._kept.get(timeframe)
        if kept is not None and kept[0] == wanted:
            return kept
        read = self._reader.snapshot(timeframe, self._now_ms())
        ordered = sorted(read.rows, key=itemgetter("exchange", "symbol"))
        made = (Version(read.seq, wanted.bucket), replace(read, rows=ordered))
        self._kept[timeframe] = made
        return made
