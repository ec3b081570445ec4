"""From an exchange's book into the database: bars as they become ready, live values once a cycle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from futuresboard.book import STEP_MS, Book, Ready
from futuresboard.clock import Clock
from futuresboard.errors import StoreError
from futuresboard.live import LiveUpdate
from futuresboard.model import IntArray, Ticker
from futuresboard.pipeline import Pipeline
from futuresboard.tally import Tally

log = logging.getLogger(__name__)

FLUSH_S = 0.8
HISTORY_WAITS_S = 15.0
"""How long history waits for a calm moment before it is stored all the same."""
HISTORY_PATIENCE_MS = 300_000
LAGS_KEPT = 4000


class Storing:
    """Hands one exchange's bars and live values to the pipeline.

    book: the exchange's own; run: does work in the writer's thread; now_ms: exchange time; calm: set
    while no exchange is in a cycle; tally: of the present cycle. lags_s: seconds from a bar's close
    until it could be read, the newest bars'; soon: set when something may have become ready.
    """

    def __init__(
        self,
        exchange: str,
        pipeline: Pipeline,
        *,
        book: Callable[[], Book],
        run: Callable[[Callable[[], object]], Awaitable[object]],
        now_ms: Callable[[], int],
        clock: Clock,
        calm: asyncio.Event,
        finalise_after_s: float,
        tally: Callable[[], Tally],
    ) -> None:
        self.lags_s: deque[float] = deque(maxlen=LAGS_KEPT)
        self.soon = asyncio.Event()
        self._exchange = exchange
        self._pipeline = pipeline
        self._book = book
        self._run = run
        self._now_ms = now_ms
        self._clock = clock
        self._calm = calm
        self._wait_ms = int(finalise_after_s * 1000)
        self._tally = tally
        self._lock = asyncio.Lock()

    async def keep_flushing(self) -> None:
        """Hand bars over as they become ready, for as long as the task lives."""
        history_at = self._clock.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(FLUSH_S * 4):
                    await self.soon.wait()
            self.soon.clear()
            now = self._clock.monotonic()
            if self._calm.is_set() or now - history_at > HISTORY_WAITS_S:
                history_at = now
                await self.flush()
            else:
                await self.flush(live_only=True)
            await self._settle()
            await self._clock.sleep(FLUSH_S)

    async def _settle(self) -> None:
        """Decide alerts that have waited long enough for other exchanges."""
        now = self._now_ms()
        try:
            await self._run(lambda: self._pipeline.settle(now))
        except (sqlite3.Error, StoreError) as error:
            log.error("%s: alerts could not be decided (%s); trying again", self._exchange, error)
            self._tally().errors += 1

    async def flush(self, *, live_only: bool = False) -> None:
        """Store every bar (`live_only`: that closed since the start) that can be finalised now."""
        while True:
            async with self._lock:
                now = self._now_ms()
                book = self._book()
                ready = book.ready(now, self._wait_ms, HISTORY_PATIENCE_MS, live_only=live_only)
                if ready is None or not await self._store(ready, now, book):
                    return
                first = ready.live & ready.first
                self.lags_s.extend(((self._now_ms() - STEP_MS - ready.bars.ts[first]) / 1000.0).tolist())
                self._tally().rows += len(ready.bars.ts)

    async def store_all(self, book: Book) -> bool:
        """Store every bar of a book of the past; False when the database refused."""
        while (ready := book.ready(self._now_ms(), 0, 0)) is not None:
            async with self._lock:
                if not await self._store(ready, self._now_ms(), book):
                    return False
        return True

    async def _store(self, ready: Ready, now: int, book: Book) -> bool:
        stored: list[IntArray] = []

        def step() -> None:
            self._pipeline.step(ready.bars, now)
            stored.append(self._pipeline.memory.marks(ready.bars.pair_ids.tolist(), ready.bars.ts))

        try:
            await self._run(step)
        except (sqlite3.Error, StoreError) as error:
            book.give_back(ready)
            log.error(
                "%s: %d bars could not be stored (%s); trying again",
                self._exchange,
                len(ready.bars.ts),
                error,
            )
            self._tally().errors += 1
            return False
        book.doubt(ready, stored[0])
        return True

    async def store_live(self, tickers: Mapping[int, Ticker], source: str) -> None:
        """Store live values by pair row; source: `ws` or `rest`."""
        if not tickers:
            return
        ids = self._book().pair_ids
        update = LiveUpdate({int(ids[row]): ticker for row, ticker in tickers.items()}, source)
        try:
            await self._run(lambda: self._pipeline.live(update))
        except (sqlite3.Error, StoreError) as error:
            log.error("%s: live values could not be stored (%s)", self._exchange, error)
            self._tally().errors += 1
            return
        self._tally().rows += len(tickers)
