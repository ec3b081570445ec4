"""Quiet hours: on the clock of their zone, over midnight and over the changes of its offset."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.quiet_hours import QuietHours, parse_quiet

MINUTE = 60_000
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
clocks = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
moments = st.integers(*(int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (2020, 2030)))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def quiet(text: str) -> QuietHours:
    found = parse_quiet(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("hours", "now", "ends"),
    [
        ("22:00-07:00", "2026-01-05T21:59:59Z", None),
        ("22:00-07:00", "2026-01-05T22:00:00Z", "2026-01-06T07:00:00Z"),
        ("22:00-07:00", "2026-01-06T06:59:59Z", "2026-01-06T07:00:00Z"),
        ("22:00-07:00", "2026-01-06T07:00:00Z", None),
        ("09:30-12:00", "2026-01-06T10:00:00Z", "2026-01-06T12:00:00Z"),
        ("09:30-12:00", "2026-01-06T12:00:00Z", None),
        ("22:00-07:00 Europe/Berlin", "2026-01-05T21:00:00Z", "2026-01-06T06:00:00Z"),
        ("22:00-07:00 Europe/Berlin", "2026-07-05T20:30:00Z", "2026-07-06T05:00:00Z"),
        # The night in which the clock goes on by an hour, and the one in which it goes back.
        ("22:00-07:00 Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
        ("22:00-07:00 Europe/Berlin", "2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z"),
        # An end in the hour that comes twice: the first time, then the second.
        ("22:00-02:30 Europe/Berlin", "2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z"),
        ("22:00-02:30 Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"),
        # An end that the clock leaves out.
        ("22:00-02:30 Europe/Berlin", "2026-03-29T00:50:00Z", "2026-03-29T01:30:00Z"),
    ],
)
def test_until(hours: str, now: str, ends: str | None):
    assert quiet(hours).until(at(now)) == (None if ends is None else at(ends))


@given(clocks, clocks, st.sampled_from(ZONES), moments)
def test_the_end_lies_ahead_within_a_day_or_so(start: str, end: str, zone: str, now: int):
    if start == end:
        return
    until = quiet(f"{start}-{end} {zone}").until(now)
    if until is not None:
        assert now < until <= now + 25 * 60 * MINUTE


@given(clocks, clocks, moments)
def test_each_moment_is_quiet_in_either_these_hours_or_the_others(start: str, end: str, now: int):
    if start == end:
        return
    one, other = quiet(f"{start}-{end}").until(now), quiet(f"{end}-{start}").until(now)
    assert (one is None) != (other is None)
    # In UTC the end of the one is the start of the other.
    (until,) = [found for found in (one, other) if found is not None]
    again = quiet(f"{start}-{end}" if one is None else f"{end}-{start}").until(until)
    assert again is not None


def test_nothing_is_never_quiet():
    assert parse_quiet("") is None


@pytest.mark.parametrize(
    "text",
    [
        "22-7",
        "22:00",
        "22:00-24:00",
        "22:00-22:00",
        "22:60-07:00",
        "22:00-07:00 Mars",
        "22:00-07:00 Europe",
        "x",
    ],
)
def test_what_is_no_time(text: str):
    with pytest.raises(ValueError):
        parse_quiet(text)
