"""How numbers look on each wire, and the pieces the three exchanges share."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

type Query = Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer: HTTP status, JSON payload, extra headers."""

    payload: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A request the exchange would refuse; carries its own error answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply.payload))
        self.reply = reply


def fixed(value: Decimal, digits: int) -> str:
    """Exactly `digits` decimals ("0.01230000"), as Binance writes amounts."""
    return f"{value:.{digits}f}"


def like(value: Decimal, step: Decimal) -> str:
    """As many decimals as `step` is written with ("31.420" for 0.010), as Binance writes prices."""
    return fixed(value, max(0, -int(step.as_tuple().exponent)))


def short(value: Decimal) -> str:
    """No trailing zeros, never an exponent ("17071", "0.0000012"), as Bybit and OKX write."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def binance_ratio(share: float) -> str:
    """`longShortRatio`: four decimals of the unrounded ratio, so not always longAccount/shortAccount."""
    return f"{share / (1 - share):.4f}"


def bybit_shares(share: float) -> tuple[str, str]:
    """`buyRatio`, `sellRatio`: four decimals, no trailing zeros, summing to one."""
    long = round(Decimal(share), 4)
    return short(long), short(1 - long)


def okx_ratio(share: float) -> str:
    """Sixteen decimals."""
    return f"{share / (1 - share):.16f}"


def integer(query: Query, name: str) -> int | None:
    """A whole number of the query, None when absent; ValueError when it is none."""
    text = query.get(name, "")
    return int(text) if text else None


def stamped(
    first: int, last: int, step: int, limit: int, *, newest: bool, without: Container[int] = ()
) -> list[int]:
    """Up to `limit` of the multiples of `step` in [first, last], ascending, from one end."""
    low, high = math.ceil(first / step) * step, last // step * step
    order = range(high, low - 1, -step) if newest else range(low, high + 1, step)
    found = list(islice((t for t in order if t not in without), limit))
    return found[::-1] if newest else found


def level_bounds(first_index: int, view: int, period: int, stamp: str, bar: int) -> tuple[int, int]:
    """Oldest and newest stamp of a level series as seen at `view`.

    A snapshot is stamped with its own time, so the first stands at the end of the first period; a
    row stamped with its window's start exists once the window has closed.
    """
    listed = first_index * bar
    if stamp == "snapshot":
        return listed + 1, view
    return listed, view - period
