"""Time that passes only when everything waits for it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine

TURNS = 40
"""Turns of the event loop after which whatever could go on without time has gone on."""


class VirtualClock:
    """A clock for pacing whose seconds cost nothing; drive it with `run`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
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

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

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
