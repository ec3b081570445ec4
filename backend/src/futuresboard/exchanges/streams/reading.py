"""What the readers of all exchanges share: closed candles, held to the same rules as by REST."""

from __future__ import annotations

from collections.abc import Mapping

from futuresboard.errors import PayloadError
from futuresboard.exchanges import parse
from futuresboard.model import Kind, Rows

EARLY_MS = 1_000
"""A candle said to be closed by an event this much older than its close is not."""


def closed_candle(
    exchange: str, record: object, at: parse.Key, columns: Mapping[str, parse.Key], event_ms: int | None
) -> Rows | None:
    """One closed candle as rows; None when it cannot be used.

    What REST would mark as unfit is not used at all here: REST is asked for that candle then.
    event_ms: when the exchange sent it, None where it does not say.
    """
    try:
        rows = parse.rows(exchange, Kind.CANDLES, [record], at, columns)
    except PayloadError:
        return None
    if not len(rows.ts) or rows.unfit:
        return None
    early = event_ms is not None and event_ms + EARLY_MS < int(rows.ts[0]) + parse.BASE_MS
    return None if early else rows


def text(raw: object) -> str | None:
    """A JSON string, else None."""
    return raw if isinstance(raw, str) else None


def request_number(raw: object) -> int | None:
    """The number of a request as an answer repeats it: a number or its digits."""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return None
    return int(raw) if str(raw).isdigit() else None
