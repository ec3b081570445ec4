"""After a bar's close: which rows are asked for when, in portions that never hold up a cycle for long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from futuresboard.book import STEP_MS, Book
from futuresboard.clock import Clock
from futuresboard.exchange_clock import ExchangeClock
from futuresboard.model import Kind

PORTION_MS = 4_000
"""A cycle asks for rows of a close no longer than this; the next one goes on, at once."""
ROOM_S = 1.0
"""A cycle waits no longer than this for room in a budget; what needs longer is left to a later one."""
HASTE_MS = 20_000
"""So long after a close its cycles follow each other at once; rows later than that wait for the beat."""
PATIENCE_MS = 13_000
"""How long top traders' ratios let kinds go first that the exchange has not published yet."""
SCOUTS = 3
SCOUT_AGAIN_MS = 400
RETRY_MS = 1_500
SLOWEST_MS = 10_000
SLOWER = 1.5
EARLY_MS = 300
LATE_SLACK_MS = 30_000
FUNDING_ROWS = 3
# In the order they are asked for at a close.
ROUND_KINDS = (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS, Kind.TAKER, Kind.FUNDING, Kind.TOP_LS)


@dataclass
class _Round:
    """One kind's rows of one bar.

    scouting: only a few pairs are asked, to learn whether the exchange has published at all; due:
    exchange time of the next request; passed: all pairs have been asked once.
    """

    kind: Kind
    scouting: bool
    due: int
    pause_ms: int = SCOUT_AGAIN_MS
    tries: int = 0
    passed: bool = False


class Closing:
    """The requests of one exchange for the newest closed bar.

    ask: fetches one page (kind, pair row, limit) into the book; gone: pair rows no longer asked for
    (filled by others); room_in: seconds until a request of a kind fits its budget; planned: pair rows
    whose rows of a kind are asked for at the bar at a time, where a budget cannot hold all (None:
    all); grace_ms: how long candles are left to come by themselves; concurrency: requests of a kind
    under way at once; history_bars: how far back a pair that
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
        room_in: Callable[[Kind], float],
        planned: Callable[[Kind, int], AbstractSet[int] | None],
        grace_ms: Callable[[], int],
        concurrency: int,
        finalise_after_s: float,
        history_bars: int,
    ) -> None:
        self._book = book
        self._time = time
        self._clock = clock
        self._fetch = ask
        self._gone = gone
        self._room_in = room_in
        self._planned = planned
        self._grace_ms = grace_ms
        self._concurrency = concurrency
        self._late_ms = int(finalise_after_s * 1000) + LATE_SLACK_MS
        self._history_ms = history_bars * STEP_MS
        self._published_ms: dict[Kind, int] = {}
        self._bar = 0
        self._rounds: list[_Round] = []

    def begin(self, bar: int) -> None:
        """A bar closed: from now on its rows are what is asked for."""
        close = bar + STEP_MS
        self._bar = bar
        self._rounds = [
            _Round(
                kind,
                scouting=kind is not Kind.CANDLES,
                due=close + self._expected_after_ms(kind),
            )
            for kind in ROUND_KINDS
            if kind in self._book.kinds
        ]

    def _expected_after_ms(self, kind: Kind) -> int:
        if kind is Kind.CANDLES:
            return self._grace_ms()
        return max(0, self._published_ms.get(kind, 0) - EARLY_MS)

    def next_ms(self) -> int | None:
        """Exchange time at which to go on; None when nothing is left that cannot wait for the beat."""
        haste = self._now_ms() < self._bar + STEP_MS + HASTE_MS
        due = [one.due for one in self._rounds if (haste or not one.scouting) and self._wanted(one.kind)]
        return min(due, default=None)

    async def go_on(self) -> None:
        """Work on for a portion; returns when all rows have come, or it is over."""
        if self._now_ms() > self._bar + STEP_MS + self._late_ms:
            self._rounds = []
        end = self._now_ms() + PORTION_MS
        # Top traders' ratios come last: where the budget is short, nothing else waits for them.
        first = [one for one in self._rounds if one.kind is not Kind.TOP_LS]
        await asyncio.gather(*(self._run(one, end, once=True) for one in first))
        await asyncio.gather(*(self._run(one, end) for one in self._rounds))

    def _now_ms(self) -> int:
        return self._time.now_ms(self._clock.monotonic())

    async def _run(self, one: _Round, end: int, *, once: bool = False) -> None:
        """Ask until all has come or `end`; `once`: until every pair has been asked, or patience is over."""
        while wanted := self._wanted(one.kind):
            patience = self._bar + STEP_MS + PATIENCE_MS
            if max(one.due, self._now_ms()) >= end or (once and (one.passed or one.due > patience)):
                return
            await self._sleep_until(one.due)
            if not (wanted := self._wanted(one.kind)):
                return
            asked = self._scouts(one, wanted) if one.scouting else wanted
            whole = await self._ask_all(one.kind, asked, end)
            one.tries += 1
            came = len(self._wanted(one.kind)) < len(wanted)
            self._learn(one, came=came, whole=whole)

    def _scouts(self, one: _Round, wanted: Sequence[int]) -> list[int]:
        """Other pairs each time: one that never has rows must not speak for all."""
        start = one.tries * SCOUTS % len(wanted)
        return [*wanted[start:], *wanted[:start]][:SCOUTS]

    def _learn(self, one: _Round, *, came: bool, whole: bool) -> None:
        now = self._now_ms()
        if not whole:
            one.due = now + int(self._room_in(one.kind) * 1000)
        elif one.scouting and came:
            one.scouting, one.pause_ms, one.due = False, RETRY_MS, now
            if not one.passed:
                self._note_published(one.kind, now - self._bar - STEP_MS, at_once=one.tries == 1)
        elif one.scouting and not one.passed and self._may_be_stamped_otherwise(one.kind):
            # What does not come may be stamped otherwise: everybody's older rows will tell.
            one.scouting, one.pause_ms, one.due = False, RETRY_MS, now
        else:
            one.passed |= not one.scouting
            one.scouting = True
            one.due = now + one.pause_ms
            one.pause_ms = min(SLOWEST_MS, int(one.pause_ms * SLOWER))

    def _may_be_stamped_otherwise(self, kind: Kind) -> bool:
        return kind is not Kind.FUNDING and self._book.undecided(kind)

    def _note_published(self, kind: Kind, after_ms: int, *, at_once: bool) -> None:
        """Remember how long after a close a kind appears, and look a little earlier when it was there.

        What was asked for too late to tell (the exchange did not answer before) teaches nothing.
        """
        if after_ms > PATIENCE_MS:
            return
        self._published_ms[kind] = max(0, after_ms - EARLY_MS) if at_once else after_ms

    async def _sleep_until(self, exchange_ms: int) -> None:
        if (seconds := self._time.until(exchange_ms, self._clock.monotonic())) > 0.0:
            await self._clock.sleep(seconds)

    def _wanted(self, kind: Kind) -> list[int]:
        if kind not in self._book.kinds:
            return []
        planned = self._planned(kind, self._bar)
        return [
            row
            for row in self._book.wanted(kind, self._bar).tolist()
            if row not in self._gone and (planned is None or row in planned)
        ]

    async def _ask_all(self, kind: Kind, rows: Sequence[int], end: int) -> bool:
        """Ask about pairs until `end` (exchange ms); returns whether all have been asked."""
        waiting = deque(rows)

        async def work() -> None:
            while waiting and self._now_ms() < end and self._room_in(kind) <= ROOM_S:
                await self._ask(kind, waiting.popleft())

        await asyncio.gather(*(work() for _ in range(min(self._concurrency, len(rows)))))
        return not waiting

    async def _ask(self, kind: Kind, row: int) -> None:
        if kind not in self._book.kinds:
            return
        limit = FUNDING_ROWS
        if kind is not Kind.FUNDING:
            limit = self._book.missing_rows(kind, row, self._bar, self._bar - self._history_ms)
            # The candle before is read again: what was wrong at its close has been put right by now.
            limit += kind is Kind.CANDLES
        await self._fetch(kind, row, limit)
