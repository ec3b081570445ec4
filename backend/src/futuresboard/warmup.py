"""Warm start: the last `HISTORY_BARS` bars of every series, newest page of all pairs first."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Collection

from futuresboard.book import STEP_MS
from futuresboard.clock import wait
from futuresboard.closing import ROUND_KINDS
from futuresboard.collector import Collector
from futuresboard.model import MS_PER_HOUR, Kind

log = logging.getLogger(__name__)

WORKERS_PER_KIND = 4
MOST_TRIES = 6
FUNDING_PAGE = 100
RETRY_S = 5.0
LOOK_AGAIN_S = 2.0
CALM_PATIENCE_S = 3.0
SPARE_BARS = 6
"""So many bars at the far end are not worth a page of their own: bars close while history is fetched."""


class WarmUp:
    """The history requests of one exchange at start. They yield to every request of its cycles.

    since: for each pair row the oldest bar to fetch; joined: rows that are stored up to there, where
    every bar down to `since` is fetched.
    """

    def __init__(self, collector: Collector, since: list[int], joined: Collection[int] = ()) -> None:
        self._collector = collector
        self._clock = collector.clock
        self._since = since
        self._joined = frozenset(joined)
        self._newest = collector.begin_ms // STEP_MS * STEP_MS - STEP_MS
        self._jobs: dict[Kind, list[tuple[int, int]]] = {}
        self._pages: dict[tuple[Kind, int], int] = {}
        self._tries: dict[tuple[Kind, int], int] = {}
        self._done = 0
        for kind in ROUND_KINDS:
            if kind in collector.book.kinds:
                self._jobs[kind] = [(0, row) for row in range(len(since))]
                for row in range(len(since)):
                    self._pages[kind, row] = self._pages_needed(kind, row)
        self._total = sum(self._pages.values())

    def _pages_needed(self, kind: Kind, row: int) -> int:
        if kind is Kind.FUNDING:
            return 1
        bars = (self._newest - self._since[row]) // STEP_MS + 2
        return -(-bars // self._collector.exchange.page_rows[kind])

    @property
    def progress(self) -> float:
        """Share of the history requests done, 0–1; 1 also where an exchange has fewer bars."""
        return min(1.0, self._done / self._total) if self._total else 1.0

    async def run(self) -> None:
        """Fetch everything; failures of a pair are tried again a few times, then left to the next start."""
        first = [kind for kind in self._jobs if kind is not Kind.TOP_LS]
        # Top traders' ratios come last: no statistic needs them, and where the budget is short
        # (Binance) they would take it from those that do.
        for kinds in (first, [kind for kind in self._jobs if kind is Kind.TOP_LS]):
            await asyncio.gather(*(self._work(kind) for kind in kinds for _ in range(WORKERS_PER_KIND)))
        self._done = self._total
        await self._collector.flush()
        log.info("%s: history of %d pairs is here", self._collector.id, len(self._since))

    async def _work(self, kind: Kind) -> None:
        jobs = self._jobs[kind]
        while jobs:
            page, row = heapq.heappop(jobs)
            if self._covered(kind, row):
                self._finish(kind, row)
            elif await self._fetch(kind, row):
                self._pages[kind, row] -= 1
                self._done += self._pages[kind, row] >= 0
                heapq.heappush(jobs, (page + 1, row))
            else:
                self._tries[kind, row] = self._tries.get((kind, row), 0) + 1
                if self._tries[kind, row] < MOST_TRIES:
                    await self._clock.sleep(RETRY_S)
                    heapq.heappush(jobs, (page + 1, row))
                else:
                    self._finish(kind, row)

    def _finish(self, kind: Kind, row: int) -> None:
        self._done += max(0, self._pages[kind, row])
        self._pages[kind, row] = 0

    def _covered(self, kind: Kind, row: int) -> bool:
        if kind not in self._collector.book.kinds:
            return True
        oldest = self._collector.oldest_stamp(kind, row)
        if kind is Kind.FUNDING:
            return self._collector.book.settlements.reaches(row, self._since[row] + STEP_MS)
        if oldest is None:
            return False
        wanted = self._since[row] + self._collector.book.offset(kind) * STEP_MS
        spare = 0 if row in self._joined else SPARE_BARS * STEP_MS
        return oldest <= max(wanted + spare, self._collector.book.oldest)

    async def _fetch(self, kind: Kind, row: int) -> bool:
        # Cycles go first, and what they bring need not be asked for again.
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(CALM_PATIENCE_S):
                await self._collector.calm.wait()
        if kind not in self._collector.book.kinds or self._covered(kind, row):
            return True
        oldest = self._collector.oldest_stamp(kind, row)
        end = None if oldest is None else oldest - 1
        if kind is Kind.FUNDING:
            limit = min(FUNDING_PAGE, (self._newest - self._since[row]) // MS_PER_HOUR + 3)
        else:
            newest = self._newest if oldest is None else oldest
            limit = (newest - self._since[row]) // STEP_MS + 2
        asking = asyncio.ensure_future(
            self._collector.fetch(kind, row, limit=int(limit), end=end, background=True)
        )
        # While a page waits for its budget, a bar close may bring the same rows.
        try:
            while await wait(self._clock, {asking}, LOOK_AGAIN_S):
                if self._covered(kind, row):
                    return True
            return asking.result() is not None
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
