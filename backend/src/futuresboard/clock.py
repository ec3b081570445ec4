"""The one clock: every wait, timeout and date of the product comes from it.

Seconds are seconds of the exchanges. Beside simulated exchanges whose time runs faster, the clock
runs as fast as they do, and then intervals, timeouts and budgets keep their meaning.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Clock(Protocol):
    """Time; injected, so that tests and time-scaled runs own it."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment, never going back."""
        ...

    def time_ms(self) -> int:
        """The machine's wall clock, milliseconds UTC. It may be wrong and may step: it dates no bar."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when `monotonic()` has advanced by `seconds`."""
        ...

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """A block that raises TimeoutError when it has not ended `seconds` after its beginning."""
        ...


class SystemClock:
    """The machine's own clock; `scale` seconds pass in each real one.

    since_ms: real wall time at which the scaled wall clock showed the same (None: now), so that
    several processes may share one.
    """

    def __init__(self, scale: float = 1.0, since_ms: int | None = None) -> None:
        self._scale = scale
        self._since_s = time.time() if since_ms is None else since_ms / 1000.0

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`, scaled."""
        return time.monotonic() * self._scale

    def time_ms(self) -> int:
        """Milliseconds of `time.time`, scaled."""
        return int((self._since_s + (time.time() - self._since_s) * self._scale) * 1000.0)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds / self._scale)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """asyncio's own, scaled."""
        return asyncio.timeout(seconds / self._scale)


async def wait[T: asyncio.Future[Any]](clock: Clock, tasks: AbstractSet[T], seconds: float) -> set[T]:
    """Wait for all tasks, `seconds` at most; returns those that are not done. Cancels none."""
    with contextlib.suppress(TimeoutError):
        async with clock.timeout(seconds):
            await asyncio.wait(tasks)
    return {task for task in tasks if not task.done()}
