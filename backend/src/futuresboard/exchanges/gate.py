"""Who may send next: a number of slots, the buckets, two priorities, no polling.

A request waits for its bucket without holding a slot, and takes both in the same instant, just
before it is sent. Within a bucket requests go in order of arrival, those of the cycle before
background work; between buckets the longest waiting one that fits goes first.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from futuresboard.clock import Clock
from futuresboard.exchanges.pacing import Bucket

SHORTEST_SLEEP_S = 0.001


@dataclass(slots=True, eq=False)
class _Waiter:
    seq: int
    cost: float
    background: bool
    future: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class _Lane:
    """The waiters of one bucket; `version` outdates heap entries made for another head."""

    bucket: Bucket
    foreground: deque[_Waiter] = field(default_factory=deque)
    background: deque[_Waiter] = field(default_factory=deque)
    version: int = 0

    def head(self) -> _Waiter | None:
        for queue in (self.foreground, self.background):
            while queue and queue[0].future.done():
                queue.popleft()
            if queue:
                return queue[0]
        return None


type _Entry = tuple[float, int, int, _Lane]


class Gate:
    """`concurrency` slots in front of any number of buckets. Belongs to one event loop."""

    def __init__(self, concurrency: int, clock: Clock) -> None:
        self.in_flight = 0
        self.peak_in_flight = 0
        self._concurrency = concurrency
        self._clock = clock
        self._seq = 0
        self._lanes: dict[Bucket, _Lane] = {}
        self._ready: list[_Entry] = []
        self._parked: list[_Entry] = []
        self._timer: asyncio.Task[None] | None = None
        self._due = 0.0

    async def enter(self, bucket: Bucket, cost: float = 1.0, *, background: bool = False) -> None:
        """Return when the request may be sent now; slot and budget are taken, `leave` gives back.

        Raises what `reject` was given.
        """
        lane = self._lanes.setdefault(bucket, _Lane(bucket))
        self._seq += 1
        waiter = _Waiter(self._seq, cost, background, asyncio.get_running_loop().create_future())
        (lane.background if background else lane.foreground).append(waiter)
        if lane.head() is waiter:
            self._offer(lane)
        self._pump()
        try:
            await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled():
                self.leave(bucket, cost)  # granted in the very moment of the cancellation
            raise

    def room_in(self, bucket: Bucket, cost: float = 1.0) -> float:
        """Seconds until a request would fit that came now, behind those of the cycle already waiting."""
        lane = self._lanes.get(bucket)
        ahead = sum(waiter.cost for waiter in lane.foreground if not waiter.future.done()) if lane else 0.0
        return bucket.ready_in(self._clock.monotonic(), ahead + cost)

    def leave(self, bucket: Bucket, cost: float = 1.0) -> None:
        """Give the slot back; the cost stays counted for the bucket's window from now on."""
        bucket.settle(self._clock.monotonic(), cost)
        self.in_flight -= 1
        self._pump()

    def reject(self, error: Callable[[], Exception], bucket: Bucket | None = None) -> None:
        """Fail all that wait (for `bucket`, else for any) with a fresh `error()` each."""
        lanes = list(self._lanes.values()) if bucket is None else [self._lanes.get(bucket)]
        for lane in lanes:
            if lane is None:
                continue
            for waiter in [*lane.foreground, *lane.background]:
                if not waiter.future.done():
                    waiter.future.set_exception(error())
            lane.foreground.clear()
            lane.background.clear()

    async def close(self) -> None:
        """End the timer. Requests still waiting are cancelled."""
        for lane in self._lanes.values():
            for waiter in [*lane.foreground, *lane.background]:
                waiter.future.cancel()
        self._lanes.clear()
        if self._timer is not None:
            timer, self._timer = self._timer, None
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)

    def _offer(self, lane: _Lane) -> None:
        head = lane.head()
        lane.version += 1
        if head is not None:
            heapq.heappush(self._ready, (float(head.background), head.seq, lane.version, lane))

    def _pump(self) -> None:
        now = self._clock.monotonic()
        while self._parked and self._parked[0][0] <= now:
            _, _, version, lane = heapq.heappop(self._parked)
            if version == lane.version:
                self._offer(lane)
        while self.in_flight < self._concurrency and self._ready:
            _, _, version, lane = heapq.heappop(self._ready)
            if version == lane.version:
                self._grant_or_park(lane, now)
        self._arm(now)

    def _grant_or_park(self, lane: _Lane, now: float) -> None:
        head = lane.head()
        if head is None:
            return
        wait = lane.bucket.ready_in(now, head.cost, background=head.background)
        if wait > 0:
            lane.version += 1
            heapq.heappush(self._parked, (now + wait, head.seq, lane.version, lane))
            return
        (lane.background if head.background else lane.foreground).popleft()
        lane.bucket.take(now, head.cost, background=head.background)
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        head.future.set_result(None)
        self._offer(lane)

    def _arm(self, now: float) -> None:
        while self._parked and self._parked[0][2] != self._parked[0][3].version:
            heapq.heappop(self._parked)
        if not self._parked:
            return
        due = self._parked[0][0]
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = asyncio.get_running_loop().create_task(self._wake(due - now))

    async def _wake(self, seconds: float) -> None:
        await self._clock.sleep(max(SHORTEST_SLEEP_S, seconds))
        self._timer = None
        self._pump()
