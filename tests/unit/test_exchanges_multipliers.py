"""Multipliers by name and price."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.exchanges.multipliers import readings, resolve
from futuresboard.model import Market


def market(exchange: str, name: str) -> Market:
    return Market(exchange, f"{name}/USDT:USDT", f"{name}USDT", name)


def resolved(*listed: tuple[str, str, float | None]) -> list[tuple[str, float]]:
    """(base, multiplier) of (exchange, name, price) triples."""
    markets = [market(exchange, name) for exchange, name, _ in listed]
    prices = {(exchange, f"{name}/USDT:USDT"): price for exchange, name, price in listed if price is not None}
    return [(found.base, found.multiplier) for found in resolve(markets, prices)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BTC", []),
        ("1INCH", []),
        ("1000", []),
        ("1M", []),
        ("10000000", []),
        ("1000PEPE", [("PEPE", 1e3)]),
        ("10000SATS", [("SATS", 1e4)]),
        ("1000000MOG", [("MOG", 1e6)]),
        ("1MBABYDOGE", [("BABYDOGE", 1e6)]),
        ("1000X", [("X", 1e3)]),
        ("SHIB1000", [("SHIB", 1e3)]),
        ("C98", []),
    ],
)
def test_names_read(name: str, expected: list[tuple[str, float]]) -> None:
    assert [(reading.coin, reading.multiplier) for reading in readings(name)] == expected


def test_pepe_is_one_coin_on_all_exchanges() -> None:
    assert resolved(
        ("binanceusdm", "1000PEPE", 0.0126), ("bybit", "1000PEPE", 0.01261), ("okx", "PEPE", 0.0000126)
    ) == [("PEPE", 1e3), ("PEPE", 1e3), ("PEPE", 1.0)]


def test_sats_comes_by_the_thousand_and_by_the_ten_thousand() -> None:
    assert resolved(("binanceusdm", "1000SATS", 0.00021), ("bybit", "10000SATS", 0.0021)) == [
        ("SATS", 1e3),
        ("SATS", 1e4),
    ]


def test_another_coin_of_the_same_name_stays_apart() -> None:
    assert resolved(("bybit", "1000X", 0.05), ("binanceusdm", "X", 3.0)) == [("1000X", 1.0), ("X", 1.0)]


def test_the_same_form_elsewhere_confirms_nothing() -> None:
    assert resolved(("bybit", "1000X", 0.05), ("binanceusdm", "1000X", 0.05), ("okx", "X", 3.0)) == [
        ("1000X", 1.0),
        ("1000X", 1.0),
        ("X", 1.0),
    ]


def test_alone_the_name_decides() -> None:
    assert resolved(("bybit", "1000X", 0.05), ("bybit", "SHIB1000", 0.008)) == [("X", 1e3), ("SHIB", 1e3)]
    assert resolved(("okx", "1000CAT", None)) == [("CAT", 1e3)]


def test_a_million_needs_four_letters_or_a_price() -> None:
    assert resolved(("bybit", "1MBABYDOGE", 0.001)) == [("BABYDOGE", 1e6)]
    assert resolved(("bybit", "1MX", 2.0)) == [("1MX", 1.0)]
    assert resolved(("bybit", "1MX", 2.0), ("okx", "X", 0.000002)) == [("X", 1e6), ("X", 1.0)]


def test_its_own_exchange_confirms_nothing() -> None:
    assert resolved(("bybit", "1MX", 2.0), ("bybit", "X", 0.000002)) == [("1MX", 1.0), ("X", 1.0)]


@pytest.mark.parametrize(
    ("price", "base"), [(1.04, "CAT"), (1.06, "1000CAT"), (0.96, "CAT"), (0.94, "1000CAT")]
)
def test_five_percent_is_the_border(price: float, base: str) -> None:
    assert resolved(("bybit", "1000CAT", 1000 * price), ("okx", "CAT", 1.0))[0][0] == base


names = st.sampled_from(
    ["BTC", "PEPE", "1000PEPE", "10000PEPE", "1MPEPE", "PEPE1000", "X", "1000X", "1MX", "1INCH", "SATS1000"]
)
entries = st.lists(
    st.tuples(st.sampled_from(["binanceusdm", "bybit", "okx"]), names, st.none() | st.floats(1e-9, 1e6)),
    unique_by=lambda entry: entry[:2],
    max_size=12,
)


@given(entries, st.randoms())
def test_laws(listed: list[tuple[str, str, float | None]], random) -> None:
    markets = [market(exchange, name) for exchange, name, _ in listed]
    prices = {(e, f"{n}/USDT:USDT"): price for e, n, price in listed if price is not None}
    found = resolve(markets, prices)
    assert [(m.exchange, m.symbol, m.id) for m in found] == [(m.exchange, m.symbol, m.id) for m in markets]
    assert resolve(found, prices) == found
    shuffled = list(markets)
    random.shuffle(shuffled)
    assert sorted(map(repr, resolve(shuffled, prices))) == sorted(map(repr, found))
    for one in found:
        name = one.symbol.split("/")[0]
        allowed = {(name, 1.0), *((r.coin, r.multiplier) for r in readings(name))}
        assert (one.base, one.multiplier) in allowed


@given(
    st.sampled_from(["1000", "10000", "1000000", "1M", ""]),
    st.sampled_from(["1000", "10000", "1000000", "1M", ""]),
    st.floats(1e-9, 1e3),
    st.floats(-0.02, 0.02),
)
def test_true_multiples_are_found_whatever_their_forms(
    first: str, second: str, price: float, difference: float
) -> None:
    factor = {"": 1.0, "1000": 1e3, "10000": 1e4, "1000000": 1e6, "1M": 1e6}
    found = resolved(
        ("binanceusdm", f"{first}DOGS", price * factor[first]),
        ("bybit", f"{second}DOGS", price * factor[second] * (1 + difference)),
    )
    assert found == [("DOGS", factor[first]), ("DOGS", factor[second])]
