"""The exchange's clock from samples: jitter, steps, drift."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.exchange_clock import ExchangeClock

BASE = 1_728_000_000_000


def heard(clock: ExchangeClock, local: float, truth: float, latency: float = 0.02, late: float = 0.5) -> None:
    """A sample whose answer was written at `late` of the way; `truth`: exchange ms at local time 0."""
    sent = local
    at = sent + latency * late
    clock.sample(sent, sent + latency, int(truth + at * 1000))


class TestBeforeAnySample:
    def test_the_time_is_not_known(self):
        clock = ExchangeClock()
        assert not clock.known
        with pytest.raises(LookupError):
            clock.now_ms(1.0)


class TestItsTime:
    @given(
        offset=st.integers(-(10**9), 10**9),
        answers=st.lists(
            st.tuples(st.floats(0.5, 60), st.floats(0.001, 1.5), st.floats(0, 1)), min_size=1, max_size=40
        ),
    )
    def test_it_is_never_further_off_than_the_slowest_answer_says(self, offset, answers):
        clock, local = ExchangeClock(), 0.0
        worst = 0.0
        for pause, latency, late in answers:
            local += pause
            heard(clock, local, BASE + offset, latency, late)
            local += latency
            worst = max(worst, latency / 2 * 1000)
            assert abs(clock.now_ms(local) - (BASE + offset + local * 1000)) <= worst + 2

    def test_a_slow_answer_does_not_spoil_a_good_estimate(self):
        clock = ExchangeClock()
        heard(clock, 10.0, BASE, 0.01)
        heard(clock, 40.0, BASE, 1.0, late=1.0)
        assert abs(clock.now_ms(50.0) - (BASE + 50_000)) <= 6

    def test_a_step_of_the_exchange_is_followed_at_once(self):
        clock = ExchangeClock()
        for local in (0.0, 30.0, 60.0):
            heard(clock, local, BASE)
        heard(clock, 90.0, BASE + 3_600_000)
        assert abs(clock.now_ms(90.0) - (BASE + 3_600_000 + 90_000)) <= 10
        heard(clock, 120.0, BASE + 3_600_000)

    def test_a_step_back_is_followed_too(self):
        clock = ExchangeClock()
        heard(clock, 0.0, BASE)
        heard(clock, 30.0, BASE - 10_000)
        assert abs(clock.now_ms(30.0) - (BASE + 20_000)) <= 10

    def test_drift_is_followed(self):
        clock = ExchangeClock()
        for i in range(200):
            heard(clock, i * 30.0, BASE + i * 30.0 * 0.1)  # 100 ppm
        assert abs(clock.now_ms(6000.0) - (BASE + 6000_600)) <= 100


class TestUntil:
    def test_seconds_until_an_exchange_time(self):
        clock = ExchangeClock()
        clock.sample(5.0, 5.0, BASE)
        assert clock.until(BASE + 30_000, 6.0) == pytest.approx(29.0)
        assert clock.until(BASE, 6.0) == 0.0

    def test_an_answer_out_of_a_cache_again_and_again(self):
        clock = ExchangeClock()
        for second in range(0, 180, 30):
            clock.sample(second, second + 0.1, BASE)
        assert clock.until(BASE + 300_000, 180.0) > 0.0
