"""The circuit breaker of one exchange: whether requests may go out at all, and when one may ask why not.

Closed, everything goes. Open, nothing does until `next probe`; then one cheap request, the probe, goes
alone (half-open) and its fate decides. Three things open it: a ban (until its end, not a moment
earlier), a block by location or firewall, and an exchange that does not answer: `FAILURES` failed
requests in a row, of which the probe is one, so that a single broken endpoint never stops the rest.
No clock, no I/O: the time is an argument, in seconds of the injected clock.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from futuresboard.errors import (
    BlockedError,
    ExchangeError,
    PayloadError,
    ThrottledError,
    TransientError,
    UnreachableError,
)
from futuresboard.exchanges.backoff import Backoff

FAILURES = 4
UNREACHABLE_WAITS_S = (2.0, 60.0)
BLOCKED_WAITS_S = (30.0, 600.0)
AFTER_BAN_S = 0.5
"""The end of a ban is known to within an answer's way here; this much later it is over for sure."""
CALM_S = 600.0
"""Trouble this long after the last begins with the first wait, and the first ban, again."""


class State(StrEnum):
    """What a breaker lets through: everything, nothing, or the one probe that is under way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Cause(StrEnum):
    """What opened a breaker."""

    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class BreakerStatus:
    """A breaker as it stands: cause, words and seconds to the next probe are None while closed."""

    state: State = State.CLOSED
    cause: Cause | None = None
    reason: str | None = None
    next_probe_s: float | None = None


class Breaker:
    """See the module. Told of each request's fate, asked before each request."""

    def __init__(self, exchange: str, *, chance: Callable[[], float] = random.random) -> None:
        self._exchange = exchange
        self._state = State.CLOSED
        self._cause = Cause.UNREACHABLE
        self._reason = ""
        self._next_probe = 0.0
        self._failures = 0
        self._closed_at = -math.inf
        self._bans_in_row = 0
        self._ban_until = -math.inf
        self._waits = {
            Cause.UNREACHABLE: Backoff(*UNREACHABLE_WAITS_S, chance=chance),
            Cause.BLOCKED: Backoff(*BLOCKED_WAITS_S, chance=chance),
        }

    def refusal(self, now: float, *, probe: bool) -> ExchangeError | None:
        """Why a request may not go out now; None when it may."""
        if self._state is State.CLOSED:
            return None
        if probe and self._state is State.OPEN and now >= self._next_probe:
            return None
        if self._cause is Cause.BANNED:
            return ThrottledError(self._exchange, self._reason, max(0.0, self._next_probe - now), ban=True)
        if self._cause is Cause.BLOCKED:
            return BlockedError(self._exchange, self._reason)
        return UnreachableError(self._exchange, self._reason)

    def sent(self) -> bool:
        """A request goes out; returns whether it is the probe of an open breaker."""
        if self._state is State.CLOSED:
            return False
        self._state = State.HALF_OPEN
        return True

    def succeeded(self, now: float) -> None:
        """An answer came, whatever it says about the request itself."""
        self._failures = 0
        late = self._state is State.OPEN and self._cause is not Cause.BANNED
        if late or self._state is State.HALF_OPEN:
            self._state, self._closed_at = State.CLOSED, now

    def failed(self, now: float, error: ExchangeError, *, probe: bool) -> bool:
        """A request failed. Returns whether the breaker opened or stays open for longer than was known."""
        if isinstance(error, ThrottledError) and error.ban:
            return self._ban(now, error)
        if isinstance(error, BlockedError):
            return self._open(now, Cause.BLOCKED, error.reason)
        if not isinstance(error, TransientError | PayloadError):
            self.succeeded(now)
            return False
        self._failures += 1
        if probe and (self._state is State.HALF_OPEN or self._failures >= FAILURES):
            return self._open(now, Cause.UNREACHABLE, error.reason)
        return False

    def given_up(self, now: float) -> None:
        """The probe ended without a verdict: the next one may go at once."""
        if self._state is State.HALF_OPEN:
            self._state, self._next_probe = State.OPEN, now

    def forgive(self) -> None:
        """Forget the failures of a breaker that is closed: the probe found the exchange well."""
        self._failures = 0

    def probe_in(self, now: float) -> float | None:
        """Seconds until a probe is wanted (0: at once, because failures mount); None when none is.

        None is wanted either while one is under way.
        """
        if self._state is State.CLOSED:
            return 0.0 if self._failures >= FAILURES else None
        if self._state is State.HALF_OPEN:
            return None
        return max(0.0, self._next_probe - now)

    def bans_before(self, now: float) -> int:
        """Bans in a row before the present one: requests in flight together hear of one ban."""
        if now >= self._ban_until + CALM_S:
            return 0
        return self._bans_in_row - (now < self._ban_until)

    def ban_left_s(self, now: float) -> float:
        """Seconds until the present ban ends; 0.0 without one."""
        return max(0.0, self._ban_until - now)

    def ban(self, now: float, seconds: float, reason: str) -> None:
        """A ban that an earlier process was told of still lasts `seconds`."""
        self._ban(now, ThrottledError(self._exchange, reason, seconds, ban=True))

    def status(self, now: float) -> BreakerStatus:
        """A snapshot."""
        if self._state is State.CLOSED:
            return BreakerStatus()
        return BreakerStatus(self._state, self._cause, self._reason, max(0.0, self._next_probe - now))

    def _ban(self, now: float, error: ThrottledError) -> bool:
        until = now + error.retry_after_s
        if now >= self._ban_until:
            # Not for each of the requests that were in flight together.
            self._bans_in_row = self.bans_before(now) + 1
        if until <= self._ban_until and self._cause is Cause.BANNED and self._state is State.OPEN:
            return False
        self._ban_until = max(until, self._ban_until)
        self._state, self._cause, self._reason = State.OPEN, Cause.BANNED, error.reason
        self._next_probe = self._ban_until + AFTER_BAN_S
        return True

    def _open(self, now: float, cause: Cause, reason: str) -> bool:
        if self._state is State.OPEN:
            # Requests sent before it opened; a ban or a known wait is not shortened by them.
            return False
        if self._state is State.CLOSED and now >= self._closed_at + CALM_S:
            for waits in self._waits.values():
                waits.reset()
        self._state, self._cause, self._reason = State.OPEN, cause, reason
        self._next_probe = now + self._waits[cause].next_s()
        return True
