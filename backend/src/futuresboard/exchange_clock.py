"""The exchange's clock as seen from here: bars are dated by it, never by this machine's."""

from __future__ import annotations

SETTLE_MS = 250
"""A cycle starts this long after the moment it is for: exchanges need a breath to close a bar."""
CLOSES_MS = 300_000
DRIFT = 0.0005
"""Seconds a second by which two clocks may part; generous for quartz."""
STEP_S = 0.05


class ExchangeClock:
    """An estimate of an exchange's time from samples of (local monotonic seconds, exchange ms).

    Between samples it runs with the injected monotonic clock, so that no step of the machine's
    wall clock moves it.
    """

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._error = 0.0

    @property
    def known(self) -> bool:
        """Whether the exchange's time was ever heard."""
        return self._last is not None

    def sample(self, sent: float, received: float, exchange_ms: int) -> None:
        """Add an answer: local monotonic seconds of sending and receiving, and the time in it.

        A slow answer tells little about the time and replaces no better one, unless the exchange's
        clock has been set.
        """
        local, error = (sent + received) / 2.0, (received - sent) / 2.0
        if self._last is not None:
            aged = self._error + DRIFT * (local - self._last[0])
            off = abs(self.now_ms(local) - exchange_ms) / 1000.0
            if aged < error and off <= error + aged + STEP_S:
                return
        self._last, self._error = (local, exchange_ms), error

    def now_ms(self, local: float) -> int:
        """Exchange time at a local monotonic time, ms UTC. Raises LookupError before the first sample."""
        if self._last is None:
            raise LookupError("no sample of the exchange's clock yet")
        at, exchange_ms = self._last
        return exchange_ms + int((local - at) * 1000.0)

    def until(self, exchange_ms: int, local: float) -> float:
        """Seconds until the exchange's clock shows `exchange_ms`; 0.0 when it has passed."""
        return max(0.0, (exchange_ms - self.now_ms(local)) / 1000.0)

    def until_beat(self, local: float, interval_s: float) -> float:
        """Seconds until the next cycle: on the interval's grid, and right after each bar's close."""
        now, interval = self.now_ms(local) - SETTLE_MS, int(interval_s * 1000)
        beat = min(now // interval * interval + interval, now // CLOSES_MS * CLOSES_MS + CLOSES_MS)
        return (beat - now) / 1000.0
