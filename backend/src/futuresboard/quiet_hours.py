"""Hours of a day in which nobody wants to be told anything. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FORM = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to before `end`, every day, as a clock in `zone` shows them; they may span midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def until(self, now_ms: int) -> int | None:
        """When the quiet hours that hold at `now_ms` (UTC) end; None when none hold."""
        local = (_EPOCH + now_ms * _MS).astimezone(self.zone)
        now = local.time()
        after, before = now >= self.start, now < self.end
        if not ((after and before) if self.start < self.end else (after or before)):
            return None
        day = local.date() if before else local.date() + timedelta(days=1)
        # In the hour that comes twice `end` is the one that still lies ahead.
        ends = datetime.combine(day, self.end, tzinfo=self.zone).replace(fold=local.fold)
        return (ends.astimezone(UTC) - _EPOCH) // _MS


def parse_quiet(text: str) -> QuietHours | None:
    """`22:00-07:00 Europe/Berlin` (without a zone: UTC); None when empty. Raises ValueError."""
    if not text:
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(text)
    *numbers, zone = found.groups()
    start, end = time(int(numbers[0]), int(numbers[1])), time(int(numbers[2]), int(numbers[3]))
    if start == end:
        raise ValueError(text)
    return QuietHours(start, end, _zone(zone or "UTC"))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        # No such zone, or a folder of zones.
        raise ValueError(name) from error
