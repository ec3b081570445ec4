"""Official limits as sliding windows, requests in flight, and a record of what was asked."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass
class Window:
    """A sliding window of `seconds` that may hold `limit` in total."""

    limit: int
    seconds: float
    peak: int = 0
    violations: int = 0
    _events: deque[tuple[float, int]] = field(default_factory=deque, repr=False)
    _total: int = 0

    def add(self, now: float, cost: int) -> bool:
        """Count one request; False when it exceeds the limit."""
        while self._events and self._events[0][0] <= now - self.seconds:
            self._total -= self._events.popleft()[1]
        self._events.append((now, cost))
        self._total += cost
        self.peak = max(self.peak, self._total)
        if self._total > self.limit:
            self.violations += 1
            return False
        return True

    @property
    def total(self) -> int:
        return self._total


@dataclass(frozen=True)
class Cost:
    """One request's charge: `cost` in the window `name` (limit per `seconds`)."""

    name: str
    limit: int
    seconds: float
    cost: int = 1


@dataclass
class Stats:
    """Counters of one exchange."""

    requests: Counter[str] = field(default_factory=Counter)
    windows: dict[str, Window] = field(default_factory=dict)
    in_flight: int = 0
    in_flight_peak: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    over_limit: Counter[str] = field(default_factory=Counter)

    def charge(self, costs: list[Cost], now: float) -> Cost | None:
        """Count a request at `now` (exchange seconds) in every window; the first one it exceeds, if any."""
        exceeded = None
        for cost in costs:
            window = self.windows.setdefault(cost.name, Window(cost.limit, cost.seconds))
            if not window.add(now, cost.cost) and exceeded is None:
                exceeded = cost
        return exceeded

    @property
    def violations(self) -> dict[str, int]:
        """Windows that were ever exceeded and by how many requests."""
        return {name: w.violations for name, w in self.windows.items() if w.violations}
