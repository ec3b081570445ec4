"""Which coin a pair trades: by ticker, price and size, never by ticker alone."""

from __future__ import annotations

import pytest

from futuresboard.coins import Coin, Quote, agrees, match, reference_coins

BTC = Coin("bitcoin", "BTC", 67_000.0, 1.3e12)


def quote(base: str, price: float, exchange: str = "binanceusdm", symbol: str | None = None) -> Quote:
    return Quote(exchange, symbol or f"{base}/USDT:USDT", base, price)


def matched(quotes: list[Quote], *coins: Coin) -> list[str | None]:
    found = match(quotes, coins)
    return [coin.id if (coin := found.get((q.exchange, q.symbol))) else None for q in quotes]


@pytest.mark.parametrize(
    ("price", "reference", "same"),
    [(100, 100, True), (95, 100, True), (100, 95, True), (94.9, 100, False), (100, 94.9, False)],
)
def test_five_percent_of_the_larger_price(price: float, reference: float, same: bool) -> None:
    assert agrees(price, reference) is same


def test_a_namesake_at_another_price_is_not_taken() -> None:
    fake = Coin("btc-on-base", "BTC", 0.07, 9e12)
    assert matched([quote("BTC", 67_100.0)], fake, BTC) == ["bitcoin"]
    assert matched([quote("BTC", 67_100.0)], fake) == [None]


def test_of_several_that_agree_the_largest_is_taken_whatever_their_order() -> None:
    bridged = Coin("bitcoin-bridged", "BTC", 66_900.0, 4e9)
    assert matched([quote("BTC", 67_100.0)], bridged, BTC) == ["bitcoin"]
    assert matched([quote("BTC", 67_100.0)], BTC, bridged) == ["bitcoin"]


def test_a_price_that_is_off_has_no_coin() -> None:
    assert matched([quote("BTC", 67_000.0 * 1.06)], BTC) == [None]


def test_multiples_are_compared_by_one_coin() -> None:
    pepe = Coin("pepe", "PEPE", 1.2e-5, 5e9)
    # 1000PEPE at 0.012 is PEPE at 0.000012.
    converted = quote("PEPE", 0.012 / 1000, symbol="1000PEPE/USDT:USDT")
    assert matched([converted], pepe) == ["pepe"]
    assert matched([quote("PEPE", 0.012)], pepe) == [None]


def test_names_that_look_like_multiples_are_coins_of_their_own() -> None:
    inch, other = Coin("1inch", "1INCH", 0.4, 5e8), Coin("inch", "INCH", 0.4, 1e9)
    x = Coin("x", "X", 2e-5, 1e9)
    assert matched([quote("1INCH", 0.4), quote("X", 0.02 / 1000)], inch, other, x) == ["1inch", "x"]


def test_the_reference_of_a_ticker_is_what_most_pairs_trade() -> None:
    namesake = Coin("ace-other", "ACE", 2.0, 9e9)
    ace = Coin("ace", "ACE", 5.0, 1e8)
    prices = {"binanceusdm": 5.0, "bybit": 5.01, "okx": 2.0}
    found = match([quote("ACE", price, exchange) for exchange, price in prices.items()], [namesake, ace])
    assert [found[exchange, "ACE/USDT:USDT"] for exchange in prices] == [ace, ace, namesake]
    assert reference_coins(found) == {"ACE": ace}
