"""An exchange whose clock endpoint repeats one answer, as a cache in front of it would."""

from __future__ import annotations

from futuresboard.exchange_clock import ExchangeClock

NOON = 1_773_748_800_000


def test_a_clock_that_stands_still_is_not_taken_for_a_rate() -> None:
    clock = ExchangeClock()
    clock.sample(0.0, 0.1, NOON)
    for second in range(30, 180, 30):
        clock.sample(second, second + 0.1, NOON)
        assert clock.rate > 0.0
    assert clock.until(NOON + 300_000, 180.0) > 0.0
