"""After a bar's close: which rows are asked for when, and when a cycle stops waiting for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet

from futuresboard.book import STEP_MS, Book
from futuresboard.clock import Clock, wait
from futuresboard.exchange_clock import ExchangeClock
from futuresboard.model import Kind

ROUND_PATIENCE_MS = 13_000
"""How long after a close its cycle asks again for rows that are late; later cycles go on."""
ROUND_END_MS = 14_500
"""When a bar-close cycle lets go of requests that still wait for their budget."""
SCOUT_AGAIN_MS = 400
EARLY_MS = 300
LATE_PATIENCE_MS = 2_000
LEAST_ROUND_S = 0.5
RETRY_MS = 1_500
SCOUTS = 3
LATE_SLACK_MS = 30_000
FUNDING_ROWS = 3
# In the order they are asked for at a close.
ROUND_KINDS = (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS, Kind.TAKER, Kind.FUNDING, Kind.TOP_LS)


class Closing:
    """The rounds of requests of one exchange.

    ask: fetches one page (kind, pair row, limit) into the book; gone: pair rows no longer asked for
    (filled by others); begin_ms: exchange time of the start; history_bars: how far back a pair that
    has nothing is asked for.
    """

    def __init__(
        self,
        book: Book,
        time: ExchangeClock,
        clock: Clock,
        *,
        ask: Callable[[Kind, int, int], Awaitable[object]],
        gone: AbstractSet[int],
        begin_ms: int,
        finalise_after_s: float,
        history_bars: int,
    ) -> None:
        self._book = book
        self._time = time
        self._clock = clock
        self._fetch = ask
        self._gone = gone
        self._begin_ms = begin_ms
        self._late_ms = int(finalise_after_s * 1000) + LATE_SLACK_MS
        self._history_ms = history_bars * STEP_MS
        self._published_ms: dict[Kind, int] = {}

    async def at_close(self, bar: int) -> None:
        """Ask for all rows of the bar that just closed; returns when they have come, or patience is over."""
        # Top traders' ratios come last: where the budget is short, nothing else waits for them.
        await asyncio.gather(*(self._round(kind, bar) for kind in self._kinds() if kind is not Kind.TOP_LS))
        if Kind.TOP_LS in self._book.kinds:
            await self._round(Kind.TOP_LS, bar)

    async def between(self, bar: int) -> None:
        """Ask again for what the newest closed bar still lacks, while it may wait."""
        age = self._now_ms() - (bar + STEP_MS)
        if bar + STEP_MS < self._begin_ms or age > self._late_ms:
            return
        await asyncio.gather(*(self._late_kind(kind, bar) for kind in self._kinds()))

    def _kinds(self) -> list[Kind]:
        return [kind for kind in ROUND_KINDS if kind in self._book.kinds]

    def _now_ms(self) -> int:
        return self._time.now_ms(self._clock.monotonic())

    async def _round(self, kind: Kind, bar: int) -> None:
        close = bar + STEP_MS
        patience, end = close + ROUND_PATIENCE_MS, close + ROUND_END_MS
        scouting = kind is not Kind.CANDLES
        if scouting:
            await self._sleep_until(close + self._published_ms.get(kind, 0) - EARLY_MS)
        tries = 0
        while kind in self._book.kinds and (wanted := self._wanted(kind, bar)):
            # A few pairs tell whether the exchange has published at all, before all are asked.
            await self._ask_all(kind, wanted[:SCOUTS] if scouting else wanted, bar, end)
            tries += 1
            if scouting and len(self._wanted(kind, bar)) < len(wanted):
                scouting = False
                self._note_published(kind, self._now_ms() - close, at_once=tries == 1)
                continue
            if scouting and kind is not Kind.FUNDING and self._book.undecided(kind):
                # What does not come may be stamped otherwise: everybody's older rows will tell.
                await self._ask_all(kind, wanted[SCOUTS:], bar, end)
                return
            if self._now_ms() >= patience:
                return
            await self._sleep_until(self._now_ms() + (SCOUT_AGAIN_MS if scouting else RETRY_MS))

    def _note_published(self, kind: Kind, after_ms: int, *, at_once: bool) -> None:
        """Remember how long after a close a kind appears, and look a little earlier when it was there."""
        self._published_ms[kind] = max(0, after_ms - EARLY_MS) if at_once else after_ms

    async def _sleep_until(self, exchange_ms: int) -> None:
        if (seconds := self._time.until(exchange_ms, self._clock.monotonic())) > 0.0:
            await self._clock.sleep(seconds)

    async def _late_kind(self, kind: Kind, bar: int) -> None:
        deadline = self._now_ms() + LATE_PATIENCE_MS
        if wanted := self._wanted(kind, bar):
            await self._ask_all(kind, wanted[:SCOUTS], bar, deadline)
            if len(rest := self._wanted(kind, bar)) < len(wanted):
                await self._ask_all(kind, rest, bar, deadline)

    def _wanted(self, kind: Kind, bar: int) -> list[int]:
        if kind not in self._book.kinds:
            return []
        return [row for row in self._book.wanted(kind, bar).tolist() if row not in self._gone]

    async def _ask_all(self, kind: Kind, rows: Sequence[int], bar: int, deadline: int) -> None:
        """Ask about pairs at once; what has not been answered at `deadline` (exchange ms) is let go."""
        if not rows:
            return
        asking = {asyncio.create_task(self._ask(kind, row, bar)) for row in rows}
        patience = self._time.until(deadline, self._clock.monotonic())
        waiting = asking
        try:
            waiting = await wait(self._clock, asking, max(LEAST_ROUND_S, patience))
        finally:
            for task in waiting:
                task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for task in asking - waiting:
            task.result()

    async def _ask(self, kind: Kind, row: int, bar: int) -> None:
        if kind not in self._book.kinds:
            return
        limit = FUNDING_ROWS
        if kind is not Kind.FUNDING:
            limit = self._book.missing_rows(kind, row, bar, bar - self._history_ms)
        await self._fetch(kind, row, limit)
