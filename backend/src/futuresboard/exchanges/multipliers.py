"""Which coin a symbol counts, and how many of it: 1000PEPE is a thousand PEPE. Pure.

Names alone mislead (1INCH is a coin; Bybit's 1000X is a thousand X; SATS comes as 1000SATS on one
exchange and as 10000SATS on another), so a reading of a name counts only if the prices of the
exchanges agree with it.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from futuresboard.model import Market

AGREEMENT = 0.05
"""Most relative difference of two exchanges' prices of one coin."""
MILLION_LETTERS = 4
"""`1M` is read as a million, unconfirmed, only before this many letters: 1MBABYDOGE."""

_PREFIX = re.compile(r"(1000000|10000|1000|1M)([A-Z][A-Z0-9]*)")
_SUFFIX = re.compile(r"([A-Z][A-Z0-9]*?)1000")
_FACTORS = {"1000": 1e3, "10000": 1e4, "1000000": 1e6, "1M": 1e6}


class Reading(NamedTuple):
    """A way to read a name; `plain` where it may stand without any exchange confirming it."""

    coin: str
    multiplier: float
    plain: bool


class _Quote(NamedTuple):
    exchange: str
    price: float


def readings(name: str) -> list[Reading]:
    """How a base coin's name may be read as a multiple of another coin; most often not at all.

    `name` is in capitals, as ccxt's unified names are.
    """
    found = []
    if match := _PREFIX.fullmatch(name):
        prefix, coin = match.groups()
        plain = prefix != "1M" or len(coin) >= MILLION_LETTERS
        found.append(Reading(coin, _FACTORS[prefix], plain))
    if match := _SUFFIX.fullmatch(name):
        found.append(Reading(match[1], 1e3, True))
    return found


def resolve(markets: Iterable[Market], prices: Mapping[tuple[str, str], float]) -> list[Market]:
    """The markets of all exchanges, in their order, with `base` and `multiplier` set.

    `prices` are USDT by (exchange, symbol) for one unit of the symbol; a pair without one neither
    confirms nor denies. A reading counts if price / multiplier agrees within `AGREEMENT` with that
    of another exchange which lists the coin in another form (PEPE against 1000PEPE; the same form
    would agree with any reading); where none does, the name alone decides; where some do and none
    agrees, the name is a coin of its own. Symbols never change, and calling it again on its own
    result changes nothing.
    """
    listed = list(markets)
    quotes: dict[str, list[tuple[_Quote, float]]] = defaultdict(list)
    for market in listed:
        price = prices.get((market.exchange, market.symbol))
        if price is None or not price > 0:
            continue
        name = _name(market)
        quote = _Quote(market.exchange, price)
        quotes[name].append((quote, 1.0))
        for reading in readings(name):
            quotes[reading.coin].append((quote, reading.multiplier))
    return [_resolved(market, prices.get((market.exchange, market.symbol)), quotes) for market in listed]


def _name(market: Market) -> str:
    """The base as the symbol spells it, whatever was resolved before."""
    return market.symbol.split("/")[0]


def _resolved(
    market: Market, price: float | None, quotes: Mapping[str, list[tuple[_Quote, float]]]
) -> Market:
    name = _name(market)
    for reading in readings(name):
        others = [
            quote.price / multiplier
            for quote, multiplier in quotes.get(reading.coin, [])
            if quote.exchange != market.exchange and multiplier != reading.multiplier
        ]
        if price is None or not price > 0 or not others:
            accepted = reading.plain
        else:
            own = price / reading.multiplier
            accepted = any(abs(own - other) <= AGREEMENT * max(own, other) for other in others)
        if accepted:
            return dataclasses.replace(market, base=reading.coin, multiplier=reading.multiplier)
    return dataclasses.replace(market, base=name, multiplier=1.0)
