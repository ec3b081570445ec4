"""One target's lane: what waits for it is folded into few messages, held in quiet hours, bounded by the
hour, tried again with growing waits when the target fails, and given up when it is too old."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import sqlite3
from collections.abc import Callable, Sequence
from typing import Protocol

from futuresboard.clock import Clock
from futuresboard.config import Settings
from futuresboard.exchanges.backoff import Backoff
from futuresboard.messages import Message, Page, Waiting, fold
from futuresboard.model import MS_PER_HOUR
from futuresboard.outbox import Outbox, State

log = logging.getLogger(__name__)

AGAIN_S = (5.0, 300.0)
"""Waits after a failure, doubling; with jitter on top."""
LOOK_S = 60.0
"""Nothing is waited for longer without a look at the time, which may have been set."""


class Outlet(Protocol):
    """A way to one target."""

    name: str

    async def send(self, message: Message) -> str | None:
        """Send within a time limit; None when taken, else why not, fit to be shown."""
        ...


class Lane:
    """One target: what waits for it, and what has become of the rest. In the notifier's loop."""

    def __init__(
        self,
        outlet: Outlet,
        settings: Settings,
        clock: Clock,
        now_ms: Callable[[], int],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = outlet.name
        self._outlet = outlet
        self._quiet = settings.notify_quiet
        self._loud = frozenset(settings.notify_quiet_except)
        self._per_hour = settings.notify_per_hour
        self._max_age_ms = int(settings.notify_max_age * 1000)
        self._page = Page(settings.public_url, settings.simulated)
        self._clock = clock
        self._now_ms = now_ms
        self._backoff = Backoff(*AGAIN_S, chance=chance)
        self._next_try = 0.0
        self.news = asyncio.Event()
        self._waiting = self._sent = self._messages = self._failed = self._given_up = 0
        self._last_sent_ts: int | None = None
        self._last_error: str | None = None
        self._failing = False
        self.ended = False

    def document(self) -> dict[str, object]:
        """Its part of the health document: alerts sent, given up and waiting, failed attempts."""
        return {
            "state": "failing" if self._failing else "ok",
            "sent": self._sent,
            "messages": self._messages,
            "waiting": self._waiting,
            "failed": self._failed,
            "given_up": self._given_up,
            "last_sent_ts": self._last_sent_ts,
            "last_error": self._last_error,
        }

    def end(self) -> None:
        """Let `run` return after what is being sent."""
        self.ended = True
        self.news.set()

    def lost(self, count: int) -> None:
        """Count alerts that will not be told any more."""
        self._given_up += count

    async def run(self, outbox: Outbox) -> None:
        """Tell the target of what waits for it, until `end`."""
        while not self.ended:
            self.news.clear()
            try:
                wait_s = await self.turn(outbox)
            except sqlite3.Error as error:
                log.error("notifications for %s: the database failed (%s); trying again", self.name, error)
                wait_s = LOOK_S
            if wait_s is None:
                await self.news.wait()
            elif wait_s > 0.0:
                await self._rest(min(wait_s, LOOK_S))

    async def turn(self, outbox: Outbox) -> float | None:
        """Send what may be sent now; returns after how many seconds to look again (None: with news)."""
        waiting = self._drop_old(outbox, outbox.waiting(self.name))
        if not waiting:
            return None
        if (left := self._next_try - self._clock.monotonic()) > 0.0:
            return left
        open_, until = self._awake(outbox, waiting)
        if not open_:
            return self._seconds_to(until)
        slots, free_ts = self._room(outbox)
        if not slots:
            held = [one.id for one in open_ if one.due_ts < free_ts]
            outbox.postpone(self.name, held, free_ts, quiet=False)
            return self._seconds_to(free_ts)
        for message in fold(open_, slots, self._page):
            if self.ended or not await self._send(outbox, message):
                break
        return 0.0

    def _drop_old(self, outbox: Outbox, waiting: Sequence[Waiting]) -> list[Waiting]:
        oldest = self._now_ms() - self._max_age_ms
        old = [one.id for one in waiting if one.due_ts < oldest]
        if old:
            outbox.settle(self.name, old, State.GIVEN_UP)
            self.lost(len(old))
            log.error(
                "notifications for %s: %d alerts given up, not sent within %.0f s%s",
                self.name,
                len(old),
                self._max_age_ms / 1000,
                f" ({self._last_error})" if self._failing else "",
            )
        self._waiting = len(waiting) - len(old)
        return [one for one in waiting if one.due_ts >= oldest]

    def _awake(self, outbox: Outbox, waiting: Sequence[Waiting]) -> tuple[list[Waiting], int]:
        """(what may be told now, when the quiet hours end); the rest is held until then."""
        until = self._quiet.until(self._now_ms()) if self._quiet else None
        if until is None:
            return list(waiting), 0
        loud = [one for one in waiting if one.alert["tier"] in self._loud]
        held = [one.id for one in waiting if one not in loud and not (one.quiet and one.due_ts == until)]
        if held:
            outbox.postpone(self.name, held, until, quiet=True)
        return loud, until

    def _room(self, outbox: Outbox) -> tuple[int, int]:
        """(messages that may be sent now, when there is room again if none may)."""
        sent = outbox.sent_since(self.name, self._now_ms() - MS_PER_HOUR)
        slots = self._per_hour - len(sent)
        return (slots, 0) if slots > 0 else (0, sent[-self._per_hour] + MS_PER_HOUR)

    async def _send(self, outbox: Outbox, message: Message) -> bool:
        outbox.claim(self.name, message.ids, self._now_ms())
        reason = await self._outlet.send(message)
        if reason is not None:
            outbox.settle(self.name, message.ids, State.WAITING)
            self._fail(reason)
            return False
        outbox.settle(self.name, message.ids, State.SENT)
        self._succeed(len(message.ids))
        return True

    def _fail(self, reason: str) -> None:
        pause = self._backoff.next_s()
        self._next_try = self._clock.monotonic() + pause
        self._failed += 1
        # Told once in a row; `/health` counts the rest.
        level = logging.DEBUG if self._failing else logging.WARNING
        log.log(level, "notifications for %s fail (%s); trying again in %.0f s", self.name, reason, pause)
        self._failing, self._last_error = True, reason

    def _succeed(self, alerts: int) -> None:
        if self._failing:
            log.info("notifications for %s arrive again", self.name)
        self._failing = False
        self._backoff.reset()
        self._sent += alerts
        self._messages += 1
        self._last_sent_ts = self._now_ms()

    def _seconds_to(self, ts: int) -> float:
        return max(0.05, (ts - self._now_ms()) / 1000.0)

    async def _rest(self, seconds: float) -> None:
        """Wait, or less when there is news."""
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(seconds):
                await self.news.wait()
