"""Ranges of an exchange's history: warm start, healing and backfill differ in the ranges alone."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from futuresboard.book import STEP_MS, Book
from futuresboard.clock import wait
from futuresboard.closing import ROUND_KINDS
from futuresboard.collector import Collector
from futuresboard.exchanges.backoff import Backoff
from futuresboard.model import MS_PER_HOUR, Kind

WORKERS_PER_KIND = 4
MOST_TRIES = 6
FUNDING_PAGE = 100
FUNDING_SPARE = 3
RETRY_S = (5.0, 20.0)
LOOK_AGAIN_S = 2.0
CALM_PATIENCE_S = 3.0
SOON_CLOSED_MS = 285_000
"""A close this near brings the newest history itself and must find its budget untouched; before one
that is farther off, statistics would be unknown for too long without some of it."""
SPARE_BARS = 6
"""So many bars at the far end are not worth a page of their own: bars close while history is fetched."""


@dataclass(frozen=True)
class Range:
    """Rows of a kind for the bars first … last of the pair in a row of the book.

    last None: up to the newest there is; spare: so many bars at the far end may stay away.
    """

    kind: Kind
    row: int
    first: int
    last: int | None = None
    spare: int = 0


def newest_of_all(collector: Collector, since: Mapping[int, int], joined: Iterable[int] = ()) -> list[Range]:
    """Everything from `since` (a bar time by pair row) up to now: what warm start asks for.

    joined: rows that are stored up to there, where every bar down to `since` is fetched.
    """
    exact = frozenset(joined)
    return [
        Range(kind, row, since[row], spare=0 if row in exact else SPARE_BARS)
        for kind in ROUND_KINDS
        if kind in collector.book.kinds
        for row in since
    ]


class History:
    """Fetches ranges into a book, newest page of all pairs first. It yields to every request of a cycle.

    At most one range a kind and row. failed: ranges given up after `MOST_TRIES` (known after `run`).
    """

    def __init__(self, collector: Collector, ranges: Iterable[Range], book: Book | None = None) -> None:
        self._collector = collector
        self._clock = collector.clock
        self._book = collector.book if book is None else book
        self._newest = collector.now_ms() // STEP_MS * STEP_MS - STEP_MS
        self._ranges = {(wanted.kind, wanted.row): wanted for wanted in ranges}
        self._jobs: dict[Kind, list[tuple[int, int]]] = {}
        self._pages: dict[tuple[Kind, int], int] = {}
        self._tries: dict[tuple[Kind, int], int] = {}
        self._waits = defaultdict[tuple[Kind, int], Backoff](lambda: Backoff(*RETRY_S))
        self._done = 0
        self.failed: set[Range] = set()
        for key, wanted in self._ranges.items():
            self._jobs.setdefault(wanted.kind, []).append((0, wanted.row))
            self._pages[key] = self._pages_needed(wanted)
        self._total = sum(self._pages.values())

    def _last(self, wanted: Range) -> int:
        return self._newest if wanted.last is None else wanted.last

    def _pages_needed(self, wanted: Range) -> int:
        if wanted.kind is Kind.FUNDING:
            return 1
        bars = (self._last(wanted) - wanted.first) // STEP_MS + 2
        return max(1, -(-bars // self._collector.exchange.page_rows[wanted.kind]))

    @property
    def progress(self) -> float:
        """Share of the requests done, 0–1; 1 also where an exchange has fewer bars."""
        return min(1.0, self._done / self._total) if self._total else 1.0

    async def run(self) -> None:
        """Fetch everything; a page that fails is tried again a few times, then its range is given up."""
        # Top traders' ratios come last: no statistic needs them, and where the budget is short
        # (Binance) they would take it from those that do.
        to_close = STEP_MS - self._collector.now_ms() % STEP_MS
        self._collector.reserve_close(whole=to_close <= SOON_CLOSED_MS)
        kinds = [kind for kind in ROUND_KINDS if kind in self._jobs]
        for group in ([kind for kind in kinds if kind is not Kind.TOP_LS], [Kind.TOP_LS]):
            workers = (self._work(kind) for kind in group if kind in kinds for _ in range(WORKERS_PER_KIND))
            await asyncio.gather(*workers)
            self._collector.reserve_close(whole=True)
        self._done = self._total

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
                    await self._clock.sleep(self._waits[kind, row].next_s())
                    heapq.heappush(jobs, (page + 1, row))
                else:
                    self.failed.add(self._ranges[kind, row])
                    self._finish(kind, row)

    def _finish(self, kind: Kind, row: int) -> None:
        self._done += max(0, self._pages[kind, row])
        self._pages[kind, row] = 0

    def _covered(self, kind: Kind, row: int) -> bool:
        if kind not in self._book.kinds or self._collector.is_gone(row):
            return True
        wanted = self._ranges[kind, row]
        if kind is Kind.FUNDING:
            return self._book.settlements.reaches(row, wanted.first + STEP_MS)
        oldest = self._book.oldest_stamp(kind, row)
        if oldest is None:
            return False
        first = wanted.first + (self._book.offset(kind) + wanted.spare) * STEP_MS
        return oldest <= max(first, self._book.oldest)

    def _page(self, wanted: Range) -> tuple[int, int | None]:
        """How many rows to ask for next, and up to which stamp."""
        oldest = self._book.oldest_stamp(wanted.kind, wanted.row)
        end = None if oldest is None else oldest - 1
        offset = 0 if wanted.kind is Kind.FUNDING else self._book.offset(wanted.kind)
        if end is None and wanted.last is not None:
            # A settlement belongs to the close it stands at, and a candle is final once the next is there.
            after = 1 if wanted.kind in (Kind.FUNDING, Kind.CANDLES) else offset
            end = wanted.last + after * STEP_MS
        newest = self._last(wanted) if oldest is None else oldest
        if wanted.kind is Kind.FUNDING:
            limit = min(FUNDING_PAGE, max(0, newest - wanted.first) // MS_PER_HOUR + FUNDING_SPARE)
        else:
            limit = (newest - wanted.first) // STEP_MS + 2
        return limit, end

    async def _fetch(self, kind: Kind, row: int) -> bool:
        # Cycles go first, and what they bring need not be asked for again.
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(CALM_PATIENCE_S):
                await self._collector.calm.wait()
        if self._covered(kind, row):
            return True
        limit, end = self._page(self._ranges[kind, row])
        asking = asyncio.ensure_future(
            self._collector.fetch(kind, row, limit=limit, end=end, background=True, book=self._book)
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
