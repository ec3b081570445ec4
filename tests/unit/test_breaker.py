"""The circuit breaker and the waits before a new try, as laws over any sequence of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.errors import (
    BlockedError,
    ExchangeError,
    PairGoneError,
    PayloadError,
    ThrottledError,
    TransientError,
    UnreachableError,
)
from futuresboard.exchanges.backoff import JITTER, Backoff
from futuresboard.exchanges.breaker import (
    AFTER_BAN_S,
    BLOCKED_WAITS_S,
    CALM_S,
    FAILURES,
    UNREACHABLE_WAITS_S,
    Breaker,
    Cause,
    State,
)

DOWN = TransientError("okx", "HTTP 502")
BLOCK = BlockedError("okx", "restricted location")


def ban(seconds: float) -> ThrottledError:
    return ThrottledError("okx", "banned", seconds, ban=True)


def make() -> Breaker:
    return Breaker("okx", chance=lambda: 0.0)


def opened(error: ExchangeError = DOWN, now: float = 0.0) -> Breaker:
    breaker = make()
    for _ in range(FAILURES):
        breaker.failed(now, error, probe=True)
    assert breaker.status(now).state is State.OPEN
    return breaker


class TestWaits:
    @given(st.floats(0.1, 10), st.floats(10, 1000), st.lists(st.floats(0, 1, exclude_max=True), max_size=60))
    def test_they_double_up_to_the_longest(self, first: float, longest: float, chances: list[float]) -> None:
        left = iter(chances)
        waits = Backoff(first, longest, chance=lambda: next(left))
        for number, chance in enumerate(chances):
            want = min(first * 2.0**number, longest)
            assert waits.next_s() == pytest.approx(want * (1 + JITTER * chance))

    def test_reset(self) -> None:
        waits = Backoff(2.0, 60.0, chance=lambda: 0.0)
        assert [waits.next_s(), waits.next_s()] == [2.0, 4.0]
        waits.reset()
        assert waits.next_s() == 2.0


class TestOpening:
    def test_failures_in_a_row_and_the_probes_among_them(self) -> None:
        breaker = make()
        for _ in range(FAILURES - 1):
            assert not breaker.failed(0.0, DOWN, probe=False)
            assert breaker.probe_in(0.0) is None
        assert not breaker.failed(0.0, DOWN, probe=False)
        assert breaker.refusal(0.0, probe=False) is None
        assert breaker.probe_in(0.0) == 0.0
        assert breaker.failed(0.0, PayloadError("okx", "empty"), probe=True)
        assert isinstance(breaker.refusal(0.0, probe=False), UnreachableError)

    @pytest.mark.parametrize(
        "answer", [None, PairGoneError("okx", "gone"), ThrottledError("okx", "429", 60.0)]
    )
    def test_any_answer_begins_the_count_anew(self, answer: ExchangeError | None) -> None:
        breaker = make()
        for _ in range(FAILURES - 1):
            breaker.failed(0.0, DOWN, probe=True)
        if answer is None:
            breaker.succeeded(0.0)
        else:
            assert not breaker.failed(0.0, answer, probe=True)
        assert not breaker.failed(0.0, DOWN, probe=True)
        assert breaker.status(0.0).state is State.CLOSED

    def test_a_look_that_finds_all_well_forgives(self) -> None:
        breaker = make()
        for _ in range(FAILURES):
            breaker.failed(0.0, DOWN, probe=False)
        breaker.forgive()
        assert breaker.probe_in(0.0) is None

    def test_one_block_or_ban_is_enough(self) -> None:
        for error, cause in ((BLOCK, Cause.BLOCKED), (ban(90.0), Cause.BANNED)):
            breaker = make()
            assert breaker.failed(0.0, error, probe=False)
            assert breaker.status(0.0).cause is cause
            assert breaker.status(0.0).reason == error.reason
            assert isinstance(breaker.refusal(0.0, probe=False), type(error))

    def test_what_was_under_way_when_it_opened_shortens_nothing(self) -> None:
        breaker = make()
        breaker.failed(0.0, ban(90.0), probe=False)
        assert not breaker.failed(1.0, DOWN, probe=True)
        assert not breaker.failed(1.0, BLOCK, probe=False)
        assert not breaker.failed(1.0, ban(80.0), probe=False)
        breaker.succeeded(2.0)
        assert breaker.status(2.0).next_probe_s == 88.0 + AFTER_BAN_S
        assert breaker.failed(3.0, ban(900.0), probe=False)
        assert breaker.status(3.0).next_probe_s == 900.0 + AFTER_BAN_S


class TestProbing:
    def test_one_probe_at_its_time_decides(self) -> None:
        breaker = opened()
        wait = UNREACHABLE_WAITS_S[0]
        assert breaker.probe_in(0.5) == wait - 0.5
        assert breaker.refusal(wait - 0.01, probe=True) is not None
        assert breaker.refusal(wait, probe=True) is None
        assert breaker.sent()
        assert breaker.probe_in(wait) is None
        assert breaker.refusal(wait, probe=True) is not None
        assert breaker.failed(wait, DOWN, probe=True)
        assert breaker.probe_in(wait) == 2 * wait
        assert breaker.sent()
        breaker.succeeded(9.0)
        assert breaker.refusal(9.0, probe=False) is None
        assert not breaker.sent()

    def test_a_probe_without_a_verdict_is_followed_by_another(self) -> None:
        breaker = opened()
        breaker.sent()
        breaker.given_up(5.0)
        assert breaker.probe_in(5.0) == 0.0
        assert breaker.refusal(5.0, probe=True) is None

    def test_trouble_soon_after_trouble_waits_on(self) -> None:
        breaker = opened(BLOCK)
        first, longest = BLOCKED_WAITS_S
        breaker.sent()
        breaker.succeeded(first)
        breaker.failed(first + CALM_S - 1, BLOCK, probe=False)
        assert breaker.probe_in(first + CALM_S - 1) == 2 * first
        breaker.sent()
        breaker.succeeded(1000.0)
        breaker.failed(1000.0 + CALM_S, BLOCK, probe=False)
        assert breaker.probe_in(1000.0 + CALM_S) == first < longest

    def test_bans_in_a_row(self) -> None:
        breaker = make()
        now = 0.0
        for number in range(3):
            assert breaker.bans_before(now) == number
            breaker.failed(now, ban(120.0), probe=False)
            breaker.failed(now + 1, ban(119.5), probe=False)
            assert breaker.bans_before(now + 1) == number
            now += 121.0
            breaker.sent()
            breaker.succeeded(now)
        assert breaker.bans_before(now + CALM_S) == 0

    def test_a_ban_of_the_process_before(self) -> None:
        breaker = make()
        breaker.ban(10.0, 50.0, "banned")
        assert breaker.ban_left_s(20.0) == 40.0
        error = breaker.refusal(20.0, probe=True)
        assert isinstance(error, ThrottledError)
        assert (error.ban, error.retry_after_s) == (True, 40.0 + AFTER_BAN_S)


FATES = st.sampled_from(["good", "down", "block", "ban", "gone", "cancelled"])


@given(st.lists(st.tuples(st.floats(0, 40), st.booleans(), FATES), max_size=80))
def test_open_means_one_request_at_most_and_none_in_a_ban(events: list[tuple[float, bool, str]]) -> None:
    breaker, now, banned_until = make(), 0.0, -1.0
    errors = {"down": DOWN, "block": BLOCK, "gone": PairGoneError("okx", "gone")}
    for seconds, probe, fate in events:
        now += seconds
        before = breaker.status(now)
        if breaker.refusal(now, probe=probe) is not None:
            assert before.state is State.OPEN
            continue
        assert now >= banned_until
        assert before.state is State.CLOSED or (probe and before.next_probe_s == 0.0)
        trial = breaker.sent()
        assert trial == (before.state is State.OPEN)
        if trial:
            assert breaker.refusal(now, probe=True) is not None
        if fate == "good":
            breaker.succeeded(now)
        elif fate == "cancelled":
            if trial:
                breaker.given_up(now)
        elif fate == "ban":
            breaker.failed(now, ban(60.0), probe=probe)
            banned_until = now + 60.0
        else:
            breaker.failed(now, errors[fate], probe=probe)
        assert breaker.status(now).state is not State.HALF_OPEN
        longest = max(UNREACHABLE_WAITS_S[1], BLOCKED_WAITS_S[1])
        assert (breaker.status(now).next_probe_s or 0.0) <= longest
