"""The exchange's clock as seen from here: bars are dated by it, never by this machine's."""

from __future__ import annotations

REAL_TIME_SLACK_S = 2.0
"""Two samples that disagree by less with the machine's clock are network jitter, not another rate."""

SETTLE_MS = 250
"""A cycle starts this long after the moment it is for: exchanges need a breath to close a bar."""
CLOSES_MS = 300_000
SHORTEST_S = 0.2
AGREE = 0.2
DRIFT = 0.0005
"""Seconds a second by which two clocks may part; generous for quartz."""
STEP_S = 0.05


class ExchangeClock:
    """An estimate of an exchange's time from samples of (local monotonic seconds, exchange ms).

    Between samples it runs with the machine's monotonic clock, so that no step of the machine's
    wall clock moves it. An exchange whose time runs at another rate (a time-scaled simulation) is
    followed at that rate.
    """

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._rate = 1.0
        self._suspected = 1.0
        self._error = 0.0

    @property
    def rate(self) -> float:
        """Exchange seconds per local second."""
        return self._rate

    @property
    def known(self) -> bool:
        """Whether the exchange's time was ever heard."""
        return self._last is not None

    def sample(self, sent: float, received: float, exchange_ms: int) -> None:
        """Add an answer: local monotonic seconds of sending and receiving, and the time in it."""
        local, error = (sent + received) / 2.0, (received - sent) / 2.0
        if self._last is not None and local - self._last[0] >= SHORTEST_S:
            self._weigh(local, exchange_ms)
        if self._last is None or self._rate != 1.0 or self._better(local, error, exchange_ms):
            self._last, self._error = (local, exchange_ms), error

    def _weigh(self, local: float, exchange_ms: int) -> None:
        """Judge the rate by the time since the sample in use."""
        if self._last is None:
            return
        elapsed, told = local - self._last[0], (exchange_ms - self._last[1]) / 1000.0
        measured = told / elapsed
        if abs(told - elapsed) <= REAL_TIME_SLACK_S:
            self._rate = 1.0
        elif measured > 0.0 and abs(measured - self._suspected) <= AGREE * measured:
            # Seen twice in a row it is a rate; seen once it was a step of the exchange's clock.
            self._rate = measured
        self._suspected = measured

    def _better(self, local: float, error: float, exchange_ms: int) -> bool:
        """Whether a sample says more than the one in use: a slow answer tells little about the time."""
        if self._last is None:
            return True
        aged = self._error + DRIFT * (local - self._last[0])
        off = abs(self.now_ms(local) - exchange_ms) / 1000.0
        return error <= aged or off > error + aged + STEP_S

    def now_ms(self, local: float) -> int:
        """Exchange time at a local monotonic time, ms UTC. Raises LookupError before the first sample."""
        if self._last is None:
            raise LookupError("no sample of the exchange's clock yet")
        at, exchange_ms = self._last
        return exchange_ms + int((local - at) * self._rate * 1000.0)

    def until(self, exchange_ms: int, local: float) -> float:
        """Local seconds until the exchange's clock shows `exchange_ms`; 0.0 when it has passed."""
        return max(0.0, (exchange_ms - self.now_ms(local)) / 1000.0 / self._rate)

    def until_beat(self, local: float, interval_s: float) -> float:
        """Local seconds until the next cycle: on the interval's grid, and right after each bar's close.

        Where time is scaled there is no grid to keep to: cycles follow each other by the interval.
        """
        if self._rate != 1.0:
            return interval_s
        now, interval = self.now_ms(local) - SETTLE_MS, int(interval_s * 1000)
        beat = min(now // interval * interval + interval, now // CLOSES_MS * CLOSES_MS + CLOSES_MS)
        return (beat - now) / 1000.0
