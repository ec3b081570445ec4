"""Months of UTC, as `2026-01`. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def month_of(ts: int) -> str:
    """The month a time (ms UTC) lies in."""
    return datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m")


def month_span(month: str) -> tuple[int, int]:
    """(first millisecond of a month, first of the next); raises ValueError for what is no month."""
    begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    later = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    return int(begin.timestamp() * 1000), int(later.timestamp() * 1000)


def months_between(first_ts: int, last_ts: int) -> list[str]:
    """Every month from the one of `first_ts` to the one of `last_ts`."""
    months: list[str] = []
    at = first_ts
    while at <= last_ts:
        months.append(month_of(at))
        at = month_span(months[-1])[1]
    return months
