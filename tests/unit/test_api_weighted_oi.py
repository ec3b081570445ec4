"""`/api/weighted-oi` over a database, against the plain-loop reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import reference
from futuresboard.model import Market
from support_rows import T0, World
from support_web import Web

M5 = 300_000
LAST = T0 + 2 * M5  # the newest closed bar of a `World`
SLOTS = 60
EXCHANGES = ("binanceusdm", "bybit", "okx")
PEPE = {"binanceusdm": 1000.0, "bybit": 1000.0, "okx": 1.0}

RAW = ("oi_contracts", "oi_abs_usd", "volume")

type Bars = dict[str, dict[str, list[dict[str, float]]]]


@pytest.fixture(scope="module")
def bars() -> Bars:
    """base -> exchange -> its newest 60 raw bars, in the unit of its symbol; some values unknown."""
    rng = np.random.default_rng(11)
    found: Bars = {}
    for base in ("BTC", "PEPE"):
        market = np.cumsum(rng.normal(0, 2e-3, SLOTS))
        found[base] = {}
        for exchange in EXCHANGES:
            unit = PEPE[exchange] if base == "PEPE" else 1.0
            oi = 1e6 * rng.uniform(1, 5) * np.exp(market + np.cumsum(rng.normal(0, 1e-3, SLOTS)))
            volume = 1e3 * rng.lognormal(0, 1, SLOTS)
            found[base][exchange] = [
                {"ts": LAST - (SLOTS - 1 - t) * M5, "oi_contracts": oi[t] / unit, "volume": volume[t] / unit}
                | {"oi_abs_usd": oi[t] * 3.0}
                for t in range(SLOTS)
            ]
    for hole in (found["BTC"]["okx"][-9], found["PEPE"]["bybit"][-30]):
        del hole["volume"]
    del found["PEPE"]["okx"][-40]
    found["SOL"] = {"okx": found["BTC"]["okx"]}
    return found


@pytest.fixture(scope="module")
def world(bars: Bars, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("across"))
    for exchange in EXCHANGES:
        markets = [
            Market(exchange, symbol(base, exchange), base, base, PEPE[exchange] if base == "PEPE" else 1.0)
            for base, listed in bars.items()
            if exchange in listed
        ]
        # A second listing of a coin on one exchange, which trades less.
        if exchange == "okx":
            markets.append(Market(exchange, "BTC2/USDT:USDT", "BTC2", "BTC"))
        for pair in made.store.register(markets, made.timeframes):
            made.pairs[pair.exchange, pair.symbol] = pair
    rows = [
        (exchange, symbol(base, exchange), "5m", bar["ts"], {name: bar.get(name) for name in RAW})
        for base, listed in bars.items()
        for exchange, series in listed.items()
        for bar in series
    ]
    rows.append(("okx", "BTC2/USDT:USDT", "5m", LAST, {"oi_abs_usd": 1.0}))
    live = [(*key, {"volume_24h_usd": 0.5 if "BTC2" in key[1] else 1.0}) for key in made.pairs]
    made.commit(rows, live)
    yield made
    made.close()


def symbol(base: str, exchange: str) -> str:
    return f"{'1000' if base == 'PEPE' and PEPE[exchange] > 1 else ''}{base}/USDT:USDT"


def found(web: Web, query: str = "") -> list[dict]:
    response = web.get(f"/api/weighted-oi?{query}")
    assert response.status_code == 200, response.get_json()
    return response.get_json()


def agrees(got: float | None, want: float | None) -> bool:
    return got is None if want is None else got == pytest.approx(want, rel=1e-9, abs=1e-9)


def test_every_number_is_that_of_the_reference(web: Web, bars: Bars):
    answer = found(web)
    assert [coin["base"] for coin in answer] == ["BTC", "PEPE", "SOL"]
    for coin in answer:
        listed = bars[coin["base"]]
        units = PEPE if coin["base"] == "PEPE" else {}
        want = reference.across(listed, M5, units)[-1]
        assert coin["ts"] == want["ts"] == LAST
        assert agrees(coin["weighted_oi"], want["weighted_oi"])
        assert agrees(coin["global_oi_change_pct"], want["global_oi_change_pct"])
        assert [one["exchange"] for one in coin["exchanges"]] == [e for e in EXCHANGES if e in listed]
        volumes = [
            listed[one["exchange"]][-1]["volume"] * units.get(one["exchange"], 1.0)
            for one in coin["exchanges"]
        ]
        for one, volume in zip(coin["exchanges"], volumes, strict=True):
            assert one["symbol"] == symbol(coin["base"], one["exchange"])
            assert one["volume"] == pytest.approx(volume)
            assert one["weight"] == pytest.approx(volume / sum(volumes))
            assert one["oi_abs_usd"] == listed[one["exchange"]][-1]["oi_abs_usd"]
            assert agrees(one["divergence"], want["divergence"][one["exchange"]])
    known = [one["divergence"] is not None for coin in answer for one in coin["exchanges"]]
    assert known == [True] * 6 + [False]


def test_one_coin_in_any_case(web: Web):
    (coin,) = found(web, "base=pepe")
    assert coin == found(web)[1]
    assert found(web, "base=DOGE") == []
    assert found(web, "tf=15m") == []


def test_a_parameter_that_is_not_allowed(web: Web):
    assert web.get("/api/weighted-oi?symbol=BTC").status_code == 400


@pytest.mark.parametrize(("late", "waited"), [(1, True), (2, True), (3, False)])
def test_the_newest_bar_that_every_exchange_has(tmp_path: Path, late: int, waited: bool):
    made = World(tmp_path)
    for exchange in EXCHANGES:
        made.register(exchange, "BTC")
    name = "BTC/USDT:USDT"
    made.commit(
        [
            (exchange, name, "5m", LAST - back * M5, {"oi_abs_usd": 100.0 + back})
            for exchange in EXCHANGES
            for back in range(5)
            if exchange != "okx" or back >= late
        ]
    )
    (coin,) = found(Web(made, tmp_path))
    made.close()
    assert coin["ts"] == LAST - (late if waited else 0) * M5
    shown = [one["oi_abs_usd"] for one in coin["exchanges"]]
    assert shown == ([100.0 + late] * 3 if waited else [100.0, 100.0, None])
    assert [one["weight"] for one in coin["exchanges"]] == (
        pytest.approx([1 / 3] * 3) if waited else [0.5, 0.5, None]
    )
