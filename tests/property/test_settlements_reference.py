"""Settled funding at a close, by the product and by the reference, on any schedule with holes and jitter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from futuresboard.model import Kind, Rows
from futuresboard.settlements import Settlements
from random_bars import MIDNIGHT

HOUR, M5 = 3_600_000, 300_000

schedules = st.lists(
    st.tuples(st.integers(-30, 60), st.integers(0, 20), st.sampled_from([0.0, 1e-4, -2e-4, 3e-4])),
    max_size=12,
    unique_by=lambda settlement: settlement[0],
)


def both(settled, close, stated, pages=1):
    """((rate, interval) of the product, of the reference) at a close; settled in pages, newest first."""
    product = Settlements(1)
    product.state(0, stated)
    for part in reversed(np.array_split(np.arange(len(settled)), pages)):
        page = [settled[i] for i in part]
        ts = np.array([ts for ts, _ in page], dtype=np.int64)
        rates = np.array([rate for _, rate in page], dtype=np.float64)
        product.take(0, Rows(Kind.FUNDING, ts, {"rate": rates}), exhausted=False)
    rates, hours = product.at(np.array([0]), np.array([close], dtype=np.int64))
    rate = None if math.isnan(rates[0]) else float(rates[0])
    # What is settled on the minute is stamped a few milliseconds late; it counts as on the minute.
    settled = [(ts - ts % 60_000 if ts % 60_000 < 1_000 else ts, rate) for ts, rate in settled]
    wanted = reference.funding_at(settled, close, stated), reference.funding_interval(settled, close, stated)
    return (rate, float(hours[0])), wanted


@given(
    hours=schedules, bar=st.integers(-100, 900), pages=st.integers(1, 3), stated=st.sampled_from([None, 1.0])
)
def test_the_rate_and_interval_at_any_close(hours, bar, pages, stated):
    settled = sorted((MIDNIGHT + hour * HOUR + jitter, rate) for hour, jitter, rate in hours)
    product, wanted = both(settled, MIDNIGHT + bar * M5, stated, pages)
    assert product == wanted


@pytest.mark.parametrize("stated", [1.0, 4.0, 8.0, None])
@pytest.mark.parametrize("age", [0, 1, 4 * HOUR, 4 * HOUR + M5, 8 * HOUR, 8 * HOUR + M5])
def test_one_settlement_lives_for_the_interval_the_exchange_states(stated, age):
    product, wanted = both([(MIDNIGHT, 1e-4)], MIDNIGHT + age, stated)
    assert product == wanted


def test_a_lengthened_interval_is_not_taken_for_a_missing_settlement():
    """The exchange states 8 h now; the last two settlements, 4 h apart, are from before the change."""
    settled = [(MIDNIGHT, 1e-4), (MIDNIGHT + 4 * HOUR, 2e-4)]
    (rate, hours), _ = both(settled, MIDNIGHT + 11 * HOUR, 8.0)
    assert (rate, hours) == (2e-4, 4.0)
    (late, _), _ = both(settled, MIDNIGHT + 13 * HOUR, 8.0)
    assert late is None
