"""From one HTTP answer to the error that says what to do next; pure functions.

The client library's exception classes do not decide: they put a geo-block and a rate limit into
one class and know no Retry-After. Status, body and headers of the very answer do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from futuresboard.errors import (
    BlockedError,
    ExchangeError,
    PayloadError,
    ThrottledError,
    TransientError,
    UnpublishedError,
)

AFTER_429_S = 60.0
FIRST_BAN_S = 120.0
LONGEST_BAN_S = 3 * 86_400.0
EXCERPT_CHARS = 160
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>?", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, with what is known around it.

    `headers` have lower-case names; `data` is the decoded JSON object or array, None where the
    body was none. `pair` tells whether the request named one pair; `now_ms` is the exchange's
    clock where known; `bans_in_row` counts bans since the last success.
    """

    exchange: str
    status: int
    body: str
    data: object
    headers: Mapping[str, str] = field(default_factory=dict)
    pair: bool = False
    now_ms: float | None = None
    bans_in_row: int = 0

    def says(self) -> str:
        """Status and the begin of the body on one line, without the tags of a firewall's page."""
        text = " ".join(_TAGS.sub(" ", self.body).split())
        return f"HTTP {self.status}: {text[:EXCERPT_CHARS] or 'empty body'}"

    def code(self, *names: str) -> str | None:
        """The exchange's own error code, as text: the first of `names` the body has."""
        if isinstance(self.data, dict):
            for name in names:
                value = self.data.get(name)
                if isinstance(value, str | int) and not isinstance(value, bool):
                    return str(value)
        return None


def http_failure(answer: Answer) -> ExchangeError | None:
    """What the status and the bare body say on any exchange; None for a well-formed 200.

    451 and 403 are blocks, 429 a throttle; 401, and 400 or 404 on a request that names no pair,
    mean "not offered here"; everything else from 400 on is transient; a 200 whose body is no JSON
    object or array is a payload error.
    """
    if answer.status == 429:
        return throttled(answer)
    if answer.status in (403, 451):
        return BlockedError(answer.exchange, f"refused by location or firewall: {answer.says()}")
    if answer.status == 401 or (answer.status in (400, 404) and not answer.pair):
        return UnpublishedError(answer.exchange, f"not offered to the public: {answer.says()}")
    if answer.status >= 400 or answer.status < 200:
        return TransientError(answer.exchange, answer.says())
    if answer.data is None:
        return PayloadError(answer.exchange, f"no JSON in the body, {answer.says()}")
    return None


def throttled(answer: Answer, default_s: float = AFTER_429_S) -> ThrottledError:
    """The bucket waits for what Retry-After says, else `default_s`."""
    seconds = retry_after_s(answer)
    return ThrottledError(
        answer.exchange,
        f"too many requests: {answer.says()}",
        default_s if seconds is None else seconds,
    )


def banned(answer: Answer, seconds: float | None) -> ThrottledError:
    """The exchange waits `seconds`; where unknown 2 minutes, doubling with each ban in a row."""
    if seconds is None:
        seconds = FIRST_BAN_S * 2.0 ** min(answer.bans_in_row, 20)
    seconds = min(max(seconds, 1.0), LONGEST_BAN_S)
    return ThrottledError(answer.exchange, f"banned: {answer.says()}", seconds, ban=True)


def retry_after_s(answer: Answer) -> float | None:
    """Seconds of the Retry-After header (number or HTTP date); None without a usable one."""
    raw = answer.headers.get("retry-after", "").strip()
    if raw.replace(".", "", 1).isdigit():
        return min(max(float(raw), 1.0), LONGEST_BAN_S)
    until, sent = _http_date(raw), _http_date(answer.headers.get("date", ""))
    if until is None or sent is None:
        return None
    return min(max((until - sent).total_seconds(), 1.0), LONGEST_BAN_S)


def seconds_until(answer: Answer, until_ms: float) -> float | None:
    """Seconds from the exchange's now to `until_ms`: by its known clock, else the Date header."""
    now_ms = answer.now_ms
    if now_ms is None:
        sent = _http_date(answer.headers.get("date", ""))
        if sent is None:
            return None
        now_ms = sent.timestamp() * 1000
    return max((until_ms - now_ms) / 1000, 1.0)


def _http_date(raw: str) -> datetime | None:
    try:
        return parsedate_to_datetime(raw)
    except (TypeError, ValueError):
        return None
