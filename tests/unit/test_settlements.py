"""Funding settled and due: transitions of one pair's settlements."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.model import Kind, Rows
from futuresboard.settlements import OVERDUE_MS, Settlements
from handmade_bars import M5, MIDNIGHT

HOUR = 3_600_000
ZERO = np.array([0])


def page(*settled: tuple[int, float]) -> Rows:
    return Rows(
        Kind.FUNDING,
        np.array([ts for ts, _ in settled], dtype=np.int64),
        {"rate": np.array([rate for _, rate in settled], dtype=np.float64)},
    )


def at(settlements: Settlements, close: int) -> tuple[float | None, float]:
    rates, hours = settlements.at(ZERO, np.array([close]))
    return None if math.isnan(rates[0]) else float(rates[0]), float(hours[0])


def covered(settlements: Settlements, close: int) -> bool:
    return bool(settlements.covers(ZERO, np.array([close]))[0])


@pytest.fixture
def eight() -> Settlements:
    """Settled at midnight, 08:00 and 16:00."""
    settlements = Settlements(1)
    settlements.state(0, 8.0)
    settlements.take(0, page(*((MIDNIGHT + n * 8 * HOUR, n * 1e-4) for n in range(3))), exhausted=False)
    return settlements


class TestTheRateAtAClose:
    def test_it_is_the_last_settled_at_or_before(self, eight):
        assert at(eight, MIDNIGHT + 8 * HOUR - M5) == (0.0, 8.0)
        assert at(eight, MIDNIGHT + 8 * HOUR) == (1e-4, 8.0)
        assert at(eight, MIDNIGHT + 16 * HOUR - 1) == (1e-4, 8.0)

    def test_it_is_unknown_before_the_first_and_after_one_interval(self, eight):
        assert at(eight, MIDNIGHT - 1)[0] is None
        assert at(eight, MIDNIGHT + 24 * HOUR)[0] == 2e-4
        assert at(eight, MIDNIGHT + 24 * HOUR + M5)[0] is None

    def test_milliseconds_after_the_minute_are_on_the_minute(self):
        settlements = Settlements(1)
        settlements.take(0, page((MIDNIGHT + 7, 1e-4), (MIDNIGHT + 8 * HOUR + 3, 2e-4)), exhausted=False)
        assert at(settlements, MIDNIGHT + 8 * HOUR) == (2e-4, 8.0)

    @pytest.mark.parametrize(("stated", "expected"), [(None, 8.0), (4.0, 4.0), (1.0, 1.0)])
    def test_the_interval_of_one_settlement_is_what_the_exchange_states(self, stated, expected):
        settlements = Settlements(1)
        settlements.state(0, stated)
        settlements.take(0, page((MIDNIGHT, 1e-4)), exhausted=False)
        assert at(settlements, MIDNIGHT) == (1e-4, expected)

    def test_a_change_of_interval_is_seen_from_its_first_settlement_on(self, eight):
        eight.take(0, page((MIDNIGHT + 20 * HOUR, 3e-4)), exhausted=False)
        assert at(eight, MIDNIGHT + 20 * HOUR - M5) == (2e-4, 8.0)
        assert at(eight, MIDNIGHT + 20 * HOUR) == (3e-4, 4.0)

    def test_what_the_exchange_does_not_state_any_more_is_remembered(self):
        settlements = Settlements(1)
        settlements.state(0, 4.0)
        settlements.state(0, None)
        settlements.take(0, page((MIDNIGHT, 1e-4)), exhausted=False)
        assert at(settlements, MIDNIGHT)[1] == 4.0


class TestTake:
    def test_it_tells_the_oldest_change(self, eight):
        assert eight.take(0, page((MIDNIGHT + 16 * HOUR, 2e-4)), exhausted=False) is None
        corrected = page((MIDNIGHT + 8 * HOUR, 9e-4), (MIDNIGHT + 16 * HOUR, 2e-4))
        assert eight.take(0, corrected, exhausted=False) == MIDNIGHT + 8 * HOUR
        assert eight.take(0, page((MIDNIGHT - 8 * HOUR, 0.0)), exhausted=False) == MIDNIGHT - 8 * HOUR
        assert eight.oldest(0) == MIDNIGHT - 8 * HOUR

    @given(
        settled=st.dictionaries(st.integers(0, 60), st.floats(-0.01, 0.01), min_size=1),
        cut=st.integers(0, 60),
        close=st.integers(0, 70 * HOUR),
    )
    def test_pages_in_any_order_are_one(self, settled, cut, close):
        rows = sorted((MIDNIGHT + hour * HOUR, rate) for hour, rate in settled.items())
        one, two = Settlements(1), Settlements(1)
        one.take(0, page(*rows), exhausted=False)
        for part in (rows[cut:], rows[: cut + 1]):
            if part:
                two.take(0, page(*part), exhausted=False)
        assert at(one, MIDNIGHT + close) == at(two, MIDNIGHT + close)


class TestDue:
    def test_a_bar_waits_for_the_settlement_at_its_close(self, eight):
        due = MIDNIGHT + 24 * HOUR
        assert covered(eight, due - M5)
        assert not covered(eight, due)
        assert eight.due(due - M5).tolist() == []
        assert eight.due(due).tolist() == [0]
        eight.take(0, page((due, 5e-4)), exhausted=False)
        assert covered(eight, due)
        assert eight.due(due).tolist() == []

    def test_one_that_never_comes_is_waited_for_an_hour(self, eight):
        due = MIDNIGHT + 24 * HOUR
        assert not covered(eight, due + OVERDUE_MS)
        assert covered(eight, due + OVERDUE_MS + M5)
        assert eight.due(due + OVERDUE_MS + M5).tolist() == []

    def test_an_announced_time_counts_before_the_interval(self, eight):
        """The exchange shortens its interval: the next settlement comes after 4 hours."""
        eight.announce(0, MIDNIGHT + 20 * HOUR)
        assert covered(eight, MIDNIGHT + 20 * HOUR - M5)
        assert not covered(eight, MIDNIGHT + 20 * HOUR)

    def test_the_next_announcement_does_not_hide_one_still_due(self, eight):
        due = MIDNIGHT + 24 * HOUR
        eight.announce(0, due)
        eight.announce(0, due + 8 * HOUR)  # right after the settlement the exchange names the next
        assert not covered(eight, due)
        eight.take(0, page((due, 5e-4)), exhausted=False)
        eight.announce(0, due + 8 * HOUR)
        assert covered(eight, due)
        assert not covered(eight, due + 8 * HOUR)

    def test_nothing_announced_changes_nothing(self, eight):
        eight.announce(0, None)
        assert not covered(eight, MIDNIGHT + 24 * HOUR)

    def test_history_must_reach_the_close_or_have_ended(self):
        settlements = Settlements(1)
        assert not settlements.reaches(0, MIDNIGHT)
        settlements.take(0, page((MIDNIGHT, 1e-4)), exhausted=False)
        assert settlements.reaches(0, MIDNIGHT)
        assert not settlements.reaches(0, MIDNIGHT - M5)
        settlements.take(0, page(), exhausted=True)
        assert settlements.reaches(0, MIDNIGHT - M5)
        assert at(settlements, MIDNIGHT - M5)[0] is None

    def test_a_pair_that_never_settled_waits_for_what_is_announced(self):
        settlements = Settlements(1)
        settlements.take(0, page(), exhausted=True)
        assert covered(settlements, MIDNIGHT)
        settlements.announce(0, MIDNIGHT + HOUR)
        assert not covered(settlements, MIDNIGHT + HOUR)
        assert settlements.oldest(0) is None
