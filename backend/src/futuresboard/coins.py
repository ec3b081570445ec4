"""Which coin of a public list a pair trades: by ticker, price and size, never by ticker alone. Pure.

Famous tickers have worthless namesakes, and names of pairs carry multipliers (1000PEPE) or look as
if they did (1INCH). So a coin counts only if its price agrees with the pair's, converted to one
coin, and of those that agree the one with the largest market cap.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

AGREEMENT = 0.05
"""Most relative difference of a pair's price from its coin's."""


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin of the list: its id there, ticker in capitals, price and market cap in USD (> 0)."""

    id: str
    symbol: str
    price: float
    market_cap: float


@dataclass(frozen=True, slots=True)
class Quote:
    """A pair's price as it is to be compared: of one coin of `base`, USD."""

    exchange: str
    symbol: str
    base: str
    price: float


def agrees(price: float, reference: float) -> bool:
    """Whether two prices differ by at most `AGREEMENT` of the larger one."""
    return abs(price - reference) <= AGREEMENT * max(price, reference)


def match(quotes: Iterable[Quote], coins: Iterable[Coin]) -> dict[tuple[str, str], Coin]:
    """(exchange, symbol) -> its coin, for the pairs that have one."""
    by_ticker: dict[str, list[Coin]] = defaultdict(list)
    for coin in sorted(coins, key=lambda coin: (-coin.market_cap, coin.id)):
        by_ticker[coin.symbol].append(coin)
    found: dict[tuple[str, str], Coin] = {}
    for quote in quotes:
        fitting = (coin for coin in by_ticker[quote.base.upper()] if agrees(quote.price, coin.price))
        if (largest := next(fitting, None)) is not None:
            found[quote.exchange, quote.symbol] = largest
    return found


def reference_coins(matched: Mapping[tuple[str, str], Coin]) -> dict[str, Coin]:
    """Ticker -> the coin that most pairs of it trade; of equals the one with the largest market cap.

    One exchange whose price is wrong so does not take the reference from the others.
    """
    votes: dict[str, Counter[Coin]] = defaultdict(Counter)
    for coin in matched.values():
        votes[coin.symbol][coin] += 1
    return {
        ticker: max(count, key=lambda coin: (count[coin], coin.market_cap)) for ticker, count in votes.items()
    }
