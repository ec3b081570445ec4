"""The product's one clock: the machine's, as it is or faster, and what waits on it."""

from __future__ import annotations

import asyncio
import time

import pytest

from futuresboard.clock import SystemClock, wait
from virtual_clock import VirtualClock

SCALE = 1000.0


def test_it_advances_by_what_was_slept() -> None:
    async def main() -> float:
        clock = SystemClock(SCALE)
        before = clock.monotonic()
        await clock.sleep(10.0)
        return clock.monotonic() - before

    assert asyncio.run(main()) >= 10.0


def test_a_scaled_wall_clock_runs_from_a_moment_that_several_processes_may_share() -> None:
    since_s = time.time() - 100.0
    first, second = (SystemClock(SCALE, int(since_s * 1000)) for _ in range(2))
    before = first.time_ms() / 1000
    between = second.time_ms() / 1000
    assert before <= between <= first.time_ms() / 1000
    assert before >= since_s + 99.0 * SCALE


def test_unscaled_it_shows_the_machines_time() -> None:
    before = time.time()
    assert int(before * 1000) - 1 <= SystemClock().time_ms() <= time.time() * 1000
    assert SystemClock().monotonic() <= time.monotonic()


@pytest.mark.parametrize("clock", [SystemClock(SCALE), VirtualClock()], ids=["scaled", "virtual"])
class TestTimeout:
    def test_it_ends_what_takes_too_long(self, clock) -> None:
        async def too_long() -> None:
            async with clock.timeout(5.0):
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            asyncio.run(_driven(clock, too_long()))

    def test_what_is_done_in_time_is_not_disturbed(self, clock) -> None:
        async def quick() -> str:
            async with clock.timeout(1e9):
                await asyncio.sleep(0)
            return "done"

        assert asyncio.run(_driven(clock, quick())) == "done"

    def test_waiting_for_tasks_cancels_none(self, clock) -> None:
        async def some() -> tuple[bool, bool, bool]:
            done = asyncio.create_task(asyncio.sleep(0))
            open_ = asyncio.create_task(asyncio.Event().wait())
            left = await wait(clock, {done, open_}, 5.0)
            found = (left == {open_}, done.done(), open_.done())
            open_.cancel()
            return found

        assert asyncio.run(_driven(clock, some())) == (True, True, False)


async def _driven(clock, work):
    return await (clock.run(work) if isinstance(clock, VirtualClock) else work)
