"""Notifications: a thread of its own that tells targets of alerts, and never holds up the scraper.

Alerts are taken from the database after their commit (`outbox`); each target has a `lane` of its own.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial

from futuresboard.clock import Clock, wait
from futuresboard.config import Settings
from futuresboard.errors import TooSoonError
from futuresboard.lane import LOOK_S, Lane, Outlet
from futuresboard.messages import Page, trial
from futuresboard.outbox import Outbox

log = logging.getLogger(__name__)

GATHER_S = 5.0
"""Alerts of so many seconds are folded together: a close is committed in portions."""
TIME_S = 600.0
"""How long an exchange's time is waited for before this machine's is taken instead."""
STOP_S = 5.0
"""How long the end of the process waits for a message on its way."""
TRIALS, TRIALS_S = 5, 60.0
"""So many tests may be asked for in so many seconds."""


class Notifier:
    """Tells all targets, from a thread of its own.

    outlets: one for each route of the settings; now_ms: exchange time; knows_time: whether it is that
    yet, and not this machine's; record: whether alerts are told (the process that records them does),
    or only tests.
    """

    def __init__(
        self,
        settings: Settings,
        outlets: Sequence[Outlet],
        *,
        clock: Clock,
        now_ms: Callable[[], int],
        knows_time: Callable[[], bool] = lambda: True,
        record: bool = True,
        gather_s: float = GATHER_S,
    ) -> None:
        self._path = settings.database_path
        self._routes = settings.notify_urls
        self._quiet = settings.notify_quiet
        self._max_age_ms = int(settings.notify_max_age * 1000)
        self._page = Page(settings.public_url, settings.simulated)
        self._outlets = {outlet.name: outlet for outlet in outlets}
        self._lanes = {outlet.name: Lane(outlet, settings, clock, now_ms) for outlet in outlets}
        self._clock = clock
        self._now_ms = now_ms
        self._knows_time = knows_time
        self._record = record
        self._gather_s = gather_s
        self._news, self._ending = asyncio.Event(), asyncio.Event()
        self._trials: deque[float] = deque(maxlen=TRIALS)
        self._asking = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._thread_main, name="notifier", daemon=True)

    # -- from other threads ----------------------------------------------------------------------

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets' names."""
        return tuple(self._outlets)

    def start(self) -> None:
        """Begin; nothing to do without targets."""
        if self._outlets:
            self._thread.start()
            self._ready.wait()

    def stop(self) -> None:
        """End the thread; a message on its way has `STOP_S` left, what waits is told after the next start."""
        if self._thread.ident is not None:
            self._call(self._ending.set)
            self._thread.join()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run for the length of a block."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def wake(self) -> None:
        """Say that alerts are committed; returns at once."""
        self._call(self._news.set)

    def document(self) -> dict[str, object]:
        """Its part of the health document; targets by name, never by address."""
        lanes = {name: lane.document() for name, lane in self._lanes.items()}
        failing = any(lane["state"] != "ok" for lane in lanes.values())
        return {
            "state": "off" if not lanes else "failing" if failing else "ok",
            "quiet_until": self._quiet.until(self._now_ms()) if self._quiet else None,
            "targets": lanes,
        }

    def test(self, names: Sequence[str]) -> list[dict[str, object]]:
        """Send a test to some targets; returns once each has answered or had its time.

        Raises TooSoonError when tests were asked for too often.
        """
        with self._asking:
            now = self._clock.monotonic()
            if len(self._trials) == TRIALS and (left := self._trials[0] + TRIALS_S - now) > 0.0:
                raise TooSoonError(f"at most {TRIALS} tests in {TRIALS_S:.0f} s", left)
            self._trials.append(now)
        assert self._loop is not None, "start comes first"
        work = asyncio.run_coroutine_threadsafe(self._try(names), self._loop)
        try:
            return work.result()
        except concurrent.futures.CancelledError:
            return [{"target": name, "ok": False, "reason": "the program is ending"} for name in names]

    def _call(self, function: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function)

    # -- the loop --------------------------------------------------------------------------------

    def _thread_main(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception:
            log.exception("the notifier ended")
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        work = asyncio.create_task(self._tell()) if self._record else None
        await self._ending.wait()
        if work is not None:
            for lane in self._lanes.values():
                lane.end()
            await wait(self._clock, {work}, STOP_S)

    async def _tell(self) -> None:
        """Everything about the outbox."""
        await self._know_time()
        with contextlib.closing(await self._open()) as outbox:
            lanes = [
                asyncio.create_task(self._keep(name, partial(lane.run, outbox)))
                for name, lane in self._lanes.items()
            ]
            taking = asyncio.create_task(self._keep("the outbox", partial(self._take_in, outbox)))
            try:
                await asyncio.gather(*lanes)
            finally:
                taking.cancel()

    async def _know_time(self) -> None:
        """Alerts are dated by the exchanges: by a wrong clock of this machine what waits looks too old."""
        ends = self._clock.monotonic() + TIME_S
        while not self._knows_time() and self._clock.monotonic() < ends:
            await self._clock.sleep(1.0)

    async def _open(self) -> Outbox:
        began_ms = self._now_ms()
        while True:
            try:
                outbox = Outbox(self._path)
                unknown, orphans = outbox.recover(self._lanes, began_ms)
            except sqlite3.Error as error:
                log.error("notifications: the database cannot be opened (%s); trying again", error)
                await self._clock.sleep(LOOK_S)
                continue
            self._say_lost(unknown, orphans)
            self._news.set()
            return outbox

    def _say_lost(self, unknown: Mapping[str, int], orphans: int) -> None:
        for name, count in unknown.items():
            log.error(
                "notifications for %s: %d alerts may not have arrived: the process before ended while "
                "they were sent; they are on the page",
                name,
                count,
            )
            if name in self._lanes:
                self._lanes[name].lost(count)
        if orphans:
            log.error("notifications: %d alerts given up: their target is no longer in NOTIFY_URLS", orphans)

    async def _keep(self, what: str, work: Callable[[], Coroutine[object, object, None]]) -> None:
        while not self._ending.is_set():
            try:
                await work()
            except Exception:
                # The outermost edge: whatever failed must not end notifications for good.
                log.exception("notifications: %s failed", what)
                await self._clock.sleep(LOOK_S)

    async def _take_in(self, outbox: Outbox) -> None:
        while True:
            await self._news.wait()
            await self._clock.sleep(self._gather_s)
            self._news.clear()
            try:
                self._take(outbox)
            except sqlite3.Error as error:
                log.error("notifications: the database failed (%s); trying again", error)
                self._news.set()

    def _take(self, outbox: Outbox) -> None:
        now = self._now_ms()
        new, late = outbox.take(self._wanted, now - self._max_age_ms)
        outbox.forget(now)
        if late:
            log.warning("notifications: %d alerts of the time before are too old to be sent", late)
        for name in new:
            self._lanes[name].news.set()

    def _wanted(self, alert: Mapping[str, object]) -> list[str]:
        return [route.name for route in self._routes if route.wants(alert)]

    async def _try(self, names: Sequence[str]) -> list[dict[str, object]]:
        return list(await asyncio.gather(*(self._try_one(name) for name in names)))

    async def _try_one(self, name: str) -> dict[str, object]:
        began = self._clock.monotonic()
        reason = await self._outlets[name].send(trial(name, self._page))
        took = round(self._clock.monotonic() - began, 3)
        return {"target": name, "ok": reason is None, "reason": reason, "took_s": took}
