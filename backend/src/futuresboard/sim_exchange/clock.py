"""Exchange time: real time, scaled, skewed per exchange, or moved by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class SimClock:
    """The simulated exchanges' clock.

    Exchange time = epoch + (monotonic - start) * scale. With scale 0 it stands still and moves
    only by `advance` or `set`. A skew shifts one exchange against the others.
    """

    def __init__(self, epoch_ms: int | None, scale: float) -> None:
        self._lock = threading.Lock()
        self._epoch_ms = float(time.time() * 1000 if epoch_ms is None else epoch_ms)
        self._start = time.monotonic()
        self._scale = scale
        self._skew: dict[str, int] = {}
        self._listeners: list[Callable[[], None]] = []

    def listen(self, called: Callable[[], None]) -> None:
        """Have `called` run after every jump or change of speed, in the thread that makes it."""
        self._listeners.append(called)

    def unlisten(self, called: Callable[[], None]) -> None:
        """End what `listen` began."""
        self._listeners.remove(called)

    def _tell(self) -> None:
        for called in list(self._listeners):
            called()

    @property
    def scale(self) -> float:
        """How many exchange seconds pass in one real second."""
        return self._scale

    def now_ms(self, exchange: str = "") -> int:
        """Milliseconds UTC, including the exchange's skew."""
        with self._lock:
            passed = (time.monotonic() - self._start) * 1000 * self._scale
            return int(self._epoch_ms + passed) + self._skew.get(exchange, 0)

    def set(self, now_ms: int) -> None:
        """Jump to a time; it goes on from there at the same scale."""
        with self._lock:
            self._epoch_ms = float(now_ms)
            self._start = time.monotonic()
        self._tell()

    def advance(self, ms: float) -> None:
        """Move on by so many exchange milliseconds."""
        with self._lock:
            self._epoch_ms += ms
        self._tell()

    def rescale(self, scale: float) -> None:
        """Change the speed without a jump."""
        now = self.now_ms()
        with self._lock:
            self._epoch_ms, self._start, self._scale = float(now), time.monotonic(), scale
        self._tell()

    def skew(self, exchange: str, ms: int) -> None:
        """Shift one exchange's clock against the others; 0 ends it."""
        with self._lock:
            self._skew[exchange] = ms
        self._tell()
