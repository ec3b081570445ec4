"""Errors, each named and documented by what the program does next.

Nothing in here imports another module of the package.
"""

from __future__ import annotations


class FuturesboardError(Exception):
    """Base of every error that futuresboard raises on purpose."""


class ConfigError(FuturesboardError):
    """Stops the start: one line per wrong setting (name, value, what is allowed)."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(FuturesboardError):
    """Stops the start: the database cannot be used as asked (wrong kind, newer schema, damaged)."""


class JoinError(FuturesboardError):
    """A caller's mistake: rows that cannot be joined as they are (not sorted, of other shapes)."""


class CursorError(FuturesboardError):
    """A replay cannot go on from a cursor: it is none, of another replay, or of other data."""


class ScopeError(FuturesboardError):
    """Answered as 404: no recorded pair is among those asked for."""


class QueryError(FuturesboardError):
    """Answered as 400: a parameter, what came and what is allowed."""

    def __init__(self, parameter: str, came: object, allowed: str, *, where: str = "") -> None:
        super().__init__(f"{parameter}: got {came!r}{where}, allowed: {allowed}")
        self.parameter = parameter
        self.came = came
        self.allowed = allowed


class ExpressionError(QueryError):
    """Answered as 400: where in an expression (offset of the first wrong character), what came there
    and what is allowed."""

    def __init__(self, position: int, came: str, allowed: str, *, parameter: str = "expression") -> None:
        super().__init__(parameter, came, allowed, where=f" at character {position + 1}")
        self.position = position


class TakenError(FuturesboardError):
    """Answered as 409: the name is taken, or there is no room for one more."""


class TooSoonError(FuturesboardError):
    """Answered as 429: asked too often; good again in `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class FileError(FuturesboardError):
    """Ends a command: a file that cannot be read or written, or what in it is not as it must be."""


class ExchangeError(FuturesboardError):
    """Base of what an exchange can do to one request; `exchange` is the ccxt id."""

    def __init__(self, exchange: str, message: str) -> None:
        super().__init__(f"{exchange}: {message}")
        self.exchange = exchange
        self.reason = message


class TransientError(ExchangeError):
    """Retried later with backoff: time-out, reset, 5xx, maintenance."""


class UnreachableError(TransientError):
    """Waits for the exchange's circuit breaker: it does not answer, and no request was made."""


class PayloadError(ExchangeError):
    """Retried later: the answer's status was good and its body was not (empty, HTML, wrong shape)."""


class ThrottledError(ExchangeError):
    """All requests of the bucket (`ban`: of the exchange) wait `retry_after_s` seconds."""

    def __init__(self, exchange: str, message: str, retry_after_s: float, *, ban: bool = False) -> None:
        super().__init__(exchange, message)
        self.retry_after_s = retry_after_s
        self.ban = ban


class BlockedError(ExchangeError):
    """Stops the exchange until a slow probe succeeds: geo-block, firewall."""


class PairGoneError(ExchangeError):
    """Drops the pair: the exchange no longer knows the symbol."""


class UnpublishedError(ExchangeError):
    """Marks the series as not published; no retry (for example a 401 on a public endpoint)."""
