"""Budgets: how much of an exchange's official limit is spent, and when the next request fits.

A bucket counts a request from the moment it is sent until `window_s` after its answer came. The
server counted it somewhere in between, so no sliding window of the server's ever holds more than
the bucket allows, whatever the latency and its jitter (counting at the moment of sending alone let
127 violations through in a measurement at 80 ms).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

PERSISTED_WINDOW_S = 60.0
"""Use of windows at least this long outlives a restart and is worth persisting."""


@dataclass(frozen=True, slots=True)
class Limit:
    """An official limit: `limit` units of cost in any `window_s` seconds.

    `per_key` limits count each instrument on its own.
    """

    limit: float
    window_s: float
    per_key: bool = False


class Bucket:
    """A sliding-window log of what was spent of one official limit.

    At most `margin` of `limit` is ever used. Background work may use no more of a window than what
    `reserve` leaves of that. Times are seconds of the injected clock, passed in by the caller.
    """

    def __init__(
        self, name: str, limit: float, window_s: float, margin: float = 0.9, pad_s: float = 0.0
    ) -> None:
        self.name = name
        self.window_s = window_s
        self.reserve = 0.0
        self._limit = limit
        self._margin = margin
        self._pad_s = pad_s
        self._in_flight = 0.0
        self._spent = 0.0
        self._log: deque[tuple[float, float]] = deque()
        self._background: deque[tuple[float, float]] = deque()
        self._blocked_until = -math.inf

    @property
    def limit(self) -> float:
        """The official limit, units of cost per window."""
        return self._limit

    @property
    def capacity(self) -> float:
        """What we allow ourselves of it: `margin` of the limit, in whole units, at least one."""
        return max(1.0, float(math.floor(self._limit * self._margin)))

    def tighten(self, limit: float) -> None:
        """Adopt a limit the exchange states, if it is stricter than the one known."""
        if 0 < limit < self._limit:
            self._limit = limit

    def used(self, now: float) -> float:
        """Units that may still count at the exchange at `now`."""
        self._spent -= self._forget(now, self._log)
        if not self._log:
            self._spent = 0.0
        return self._spent + self._in_flight

    def ready_in(self, now: float, cost: float = 1.0, *, background: bool = False) -> float:
        """Seconds until `cost` units fit; 0.0 when they fit now.

        A lower bound while requests are in flight (their windows have not begun to run out): ask
        again after waiting.
        """
        wait = max(0.0, self._blocked_until - now)
        # One lone request always fits, whatever it costs.
        wait = max(wait, self._fits_in(now, self._log, self.used(now) + cost - max(self.capacity, cost)))
        if background:
            share = max(self.capacity - self.reserve, 0.1 * self.capacity, cost)
            self._forget(now, self._background)
            used = sum(units for _, units in self._background)
            wait = max(wait, self._fits_in(now, self._background, used + cost - share))
        return wait

    def _fits_in(self, now: float, log: deque[tuple[float, float]], excess: float) -> float:
        """Seconds until at least `excess` of what is logged has left the window."""
        if excess <= 0:
            return 0.0
        span = self.window_s + self._pad_s
        for at, units in log:
            excess -= units
            if excess <= 0:
                return max(0.0, at + span - now)
        return span

    def _forget(self, now: float, log: deque[tuple[float, float]]) -> float:
        """Drop what has left the window; returns how much that was."""
        gone = 0.0
        while log and log[0][0] + self.window_s + self._pad_s <= now:
            gone += log.popleft()[1]
        return gone

    def take(self, now: float, cost: float = 1.0, *, background: bool = False) -> None:
        """Count a request that is sent at `now`; `settle` must follow when it is over."""
        self.used(now)
        self._in_flight += cost
        if background:
            self._background.append((now, cost))

    def settle(self, now: float, cost: float = 1.0) -> None:
        """Let the window of a taken request start to run out: its answer (or failure) came."""
        self._in_flight = max(0.0, self._in_flight - cost)
        self._append(now, cost)

    def observe(self, now: float, used: float) -> None:
        """Adopt the exchange's own count where it is higher (others behind the same address)."""
        missing = used - self.used(now)
        if missing > 0:
            self._append(now, missing)

    def block(self, now: float, seconds: float) -> None:
        """Let nothing through for `seconds`: the exchange said it was too much."""
        self._blocked_until = max(self._blocked_until, now + seconds)

    def export(self, now: float) -> list[tuple[float, float]]:
        """Recent use as (age in seconds, cost), oldest first; what is in flight has age 0."""
        self.used(now)
        entries = [(now - at, cost) for at, cost in self._log]
        return [*entries, (0.0, self._in_flight)] if self._in_flight else entries

    def restore(self, now: float, entries: Iterable[tuple[float, float]]) -> None:
        """Count again what an earlier process used: (age in seconds at `now`, cost)."""
        old = [(now - max(0.0, age), cost) for age, cost in entries if cost > 0]
        self._log = deque(sorted([*old, *self._log]))
        self._spent += sum(cost for _, cost in old)
        self.used(now)

    def _append(self, now: float, cost: float) -> None:
        self._log.append((now, cost))
        self._spent += cost
