"""Numbers in the words of a screen. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

_DAY_S = 86_400.0


def span(seconds: float) -> str:
    """A length of time to about two digits: `40 s`, `12 min`, `5 h`, `3 days`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * _DAY_S:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / _DAY_S:.0f} days" if seconds < 3650 * _DAY_S else "over 10 years"


def size(count: float) -> str:
    """An amount of bytes to three digits, in powers of ten as disks are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def skew(ms: float) -> str:
    """A difference of clocks in seconds, the sign always written."""
    return f"{ms / 1000:+.2f} s"


def moment(ms: float) -> str:
    """A time with its date, to the second, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def without_login(url: str) -> str:
    """A URL without the user and password it may carry, and without its query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"
