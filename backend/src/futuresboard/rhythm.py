"""When cycles run.

All exchanges keep one rhythm (`INTERVAL`, aligned to bar closes), each at its own pace: one that is
slow, banned or gone misses its own cycles and holds up nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass

from futuresboard.clock import Clock
from futuresboard.collector import Collector
from futuresboard.tally import Tally

log = logging.getLogger(__name__)

JITTER_S = 0.1
FIRST_BEAT_S = 0.05

type Spawn = Callable[[Coroutine[object, object, None]], None]


@dataclass
class Cycle:
    """One beat, and what came of it."""

    id: int
    started_ms: int
    begun: float
    on_beat: bool
    running: int
    rows: int = 0
    errors: int = 0
    bar_close: bool = False

    def add(self, tally: Tally) -> None:
        """One exchange's part is over."""
        self.running -= 1
        self.rows += tally.rows
        self.errors += tally.errors
        self.bar_close |= tally.bar_close


class Rhythm:
    """Starts the collectors' cycles: all on the beat, one whose bar close is not worked off at once.

    collectors: may grow until `run`; cycles: end after so many beats (None: never). calm: set while
    none is in a cycle; tallies: what each exchange's last cycle did.
    """

    def __init__(
        self, collectors: Sequence[Collector], clock: Clock, interval_s: float, *, cycles: int | None = None
    ) -> None:
        self.calm = asyncio.Event()
        self.calm.set()
        self.tallies: dict[str, Tally] = {}
        self._collectors = collectors
        self._clock = clock
        self._interval_s = interval_s
        self._cycles = cycles
        self._busy: set[str] = set()
        self._look_again = asyncio.Event()
        self._stopping = False

    def stop(self) -> None:
        """Start no further cycle; in the loop's own thread."""
        self._stopping = True
        self._look_again.set()

    async def run(
        self,
        *,
        spawn: Spawn,
        now_ms: Callable[[], int],
        ended: Callable[[Cycle, float], Awaitable[None]],
    ) -> None:
        """Until `stop`, or the last cycle's end.

        spawn: starts a task; now_ms: exchange time; ended: called with each cycle that ended and its
        duration, seconds.
        """
        number = beats = 0
        beat_at = self._clock.monotonic() + FIRST_BEAT_S
        while not self._stopping and (self._cycles is None or beats < self._cycles):
            more = [wait for c in self._idle() if (wait := c.more_in()) is not None]
            await self._pause(min([beat_at - self._clock.monotonic(), *more]))
            on_beat = self._clock.monotonic() >= beat_at
            if on_beat:
                beat_at = self._clock.monotonic() + self._seconds_to_beat()
            starting = [c for c in self._idle() if on_beat or c.more_in() == 0.0]
            if self._stopping or not starting:
                continue
            number, beats = number + 1, beats + on_beat
            cycle = Cycle(number, now_ms(), self._clock.monotonic(), on_beat, len(starting))
            self.calm.clear()
            for collector in starting:
                self._busy.add(collector.id)
                spawn(self._part(collector, cycle, ended))
        while self._busy and not self._stopping:
            await self._clock.sleep(FIRST_BEAT_S)

    def _idle(self) -> list[Collector]:
        return [c for c in self._collectors if c.started and c.id not in self._busy]

    def _seconds_to_beat(self) -> float:
        known = [c for c in self._collectors if c.started]
        if not known:
            return min(1.0, self._interval_s)
        slowest = min(known, key=lambda c: c.now_ms())
        return slowest.time.until_beat(self._clock.monotonic(), self._interval_s)

    async def _pause(self, seconds: float) -> None:
        """Wait, at the longest until a cycle ended or the end is asked for."""
        self._look_again.clear()
        if not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(max(0.0, seconds)):
                    await self._look_again.wait()

    async def _part(
        self, collector: Collector, cycle: Cycle, ended: Callable[[Cycle, float], Awaitable[None]]
    ) -> None:
        """One exchange's part of a cycle."""
        tally = Tally(errors=1)
        try:
            if cycle.on_beat:
                await self._clock.sleep(random.uniform(0.1, 0.9) * JITTER_S)
            tally = await collector.cycle(beat=cycle.on_beat)
        except Exception:
            log.exception("%s: cycle %d failed", collector.id, cycle.id)
        finally:
            self._busy.discard(collector.id)
            self._look_again.set()
            if not self._busy:
                self.calm.set()
            self.tallies[collector.id] = tally
            cycle.add(tally)
            for reason, count in tally.reasons.items():
                log.warning(
                    "%s: %d requests failed (%s); asked again with the next cycle",
                    collector.id,
                    count,
                    reason,
                )
        if not cycle.running:
            await ended(cycle, self._clock.monotonic() - cycle.begun)
