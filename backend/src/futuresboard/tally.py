"""`Tally`: what one cycle of one exchange did, and what went wrong in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from futuresboard.errors import BlockedError, ExchangeError, ThrottledError, UnreachableError


@dataclass
class Tally:
    """Counts of one cycle; reasons: how often requests failed, by words."""

    rows: int = 0
    errors: int = 0
    bar_close: bool = False
    reasons: dict[str, int] = field(default_factory=dict)

    def note(self, error: ExchangeError) -> None:
        """Count a failed request.

        What an open breaker or a throttled budget refused was never sent: it counts once a reason.
        """
        refused = isinstance(error, UnreachableError | ThrottledError | BlockedError)
        if refused and error.reason in self.reasons:
            return
        self.errors += 1
        self.reasons[error.reason] = self.reasons.get(error.reason, 0) + 1
