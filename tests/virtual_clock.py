"""Time that passes only when everything waits for it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

TURNS = 40
"""Turns of the event loop after which whatever could go on without time has gone on."""


class VirtualClock:
    """A clock for pacing whose seconds cost nothing; drive it with `run`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.wall_ms = 1_773_748_800_000
        """What the machine's wall clock shows at virtual second 0; a test may set it as it likes."""
        self.sleeps = 0
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait virtual seconds."""
        self.sleeps += 1
        self._order += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._order, future))
        await future

    def time_ms(self) -> int:
        """The machine's wall clock."""
        return self.wall_ms + int(self.now * 1000)

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[asyncio.Timeout]:
        """A block that may take so many virtual seconds."""
        async with asyncio.timeout(None) as limit:
            timer = asyncio.create_task(self._expire(limit, seconds))
            try:
                yield limit
            finally:
                timer.cancel()

    async def _expire(self, limit: asyncio.Timeout, seconds: float) -> None:
        await self.sleep(seconds)
        limit.reschedule(asyncio.get_running_loop().time())

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def next_due(self) -> float | None:
        """When the next sleeper wakes; None when nobody sleeps."""
        return self._sleepers[0][0] if self._sleepers else None

    def wake(self) -> bool:
        """Let the next sleeper's moment come; False when nobody sleeps."""
        while self._sleepers:
            at, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.now = max(self.now, at)
                future.set_result(None)
                return True
        return False

    async def run[T](self, work: Coroutine[object, object, T]) -> T:
        """The result of `work`; time jumps from one sleeper to the next. Fails on a deadlock."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await self.settle()
            if not task.done() and not self.wake():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                raise AssertionError("everything waits and nothing will ever happen")
        return task.result()
