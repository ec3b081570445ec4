"""Market caps in the product: from CoinGecko's wire to the API, over a restart, and without CoinGecko."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from futuresboard.sim_exchange import SimConfig, SimThread
from support_system import NOWHERE, Product, Row, environment, free_port, running

COINS = "BTC,ETH,PEPE,SUI"
"""BTC, PEPE and SUI have namesakes on the list; PEPE trades by the thousand on two exchanges."""


@pytest.fixture(scope="module")
def sim() -> Iterator[SimThread]:
    with SimThread(SimConfig(pairs=60, latency_ms=2, jitter_ms=1)) as server:
        yield server


def settings(folder: Path, sim: SimThread, **more: str) -> dict[str, str]:
    given = {"SYMBOLS": COINS, "HISTORY_BARS": "30", "INTERVAL": "0.5", "PORT": str(free_port())}
    return environment(folder, sim.url, **given, **more)


def listed(sim: SimThread) -> dict[str, list[Row]]:
    url = f"{sim.url}/coingecko/api/v3/coins/markets?vs_currency=usd&per_page=250&page=1"
    with urllib.request.urlopen(url, timeout=10) as answer:
        rows: list[Row] = json.load(answer)
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["symbol"].upper(), []).append(row)
    return found


def capped(product: Product) -> dict[tuple[str, str], Row]:
    """All rows, once every one has a market cap."""
    rows = product.rows()
    return rows if rows and all(row["market_cap_usd"] for row in rows.values()) else {}


def test_rows_carry_the_cap_of_their_coin_and_a_restart_shows_the_last_ones(
    tmp_path: Path, sim: SimThread
) -> None:
    with running(["serve"], settings(tmp_path, sim), tmp_path) as product:
        product.until(product.warm, 60, "warm")
        rows = product.until(lambda: capped(product), 60, "matched")
        coins = listed(sim)
        assert {row["base"] for row in rows.values()} == set(COINS.split(","))
        assert any("1000PEPE" in symbol for _, symbol in rows)
        for row in rows.values():
            namesakes = coins[row["base"]]
            real = max(namesakes, key=lambda coin: coin["current_price"])
            # Its price, and so its cap, has moved since it was asked for.
            assert row["market_cap_usd"] == pytest.approx(real["market_cap"], rel=0.02)
            assert all(row["market_cap_usd"] > 2 * c["market_cap"] for c in namesakes if c is not real)
            oi = row["live_oi_abs_usd"] or row["oi_abs_usd"]
            assert row["oi_mcap_pct"] == pytest.approx(oi / row["market_cap_usd"] * 100)
        health = product.health()["coingecko"]
        assert (health["state"], health["matched"]) == ("ok", len(rows))
        assert product.end() == 0
    before = {key: row["market_cap_usd"] for key, row in rows.items()}
    # The next process cannot reach CoinGecko: the last caps are there, with their age.
    dead = settings(tmp_path, sim, COINGECKO_URL=f"{NOWHERE}/coingecko")
    with running(["serve"], dead, tmp_path) as product:
        product.until(lambda: (product.health().get("last_cycle") or {}).get("id", 0) >= 3, 30, "cycling")
        shown = {key: row["market_cap_usd"] for key, row in product.rows().items()}
        assert shown == before
        health = product.health()["coingecko"]
        assert health["age_s"] > 0
        assert health["matched"] == len(before)


def test_without_coingecko_nothing_else_is_missing(tmp_path: Path, sim: SimThread) -> None:
    env = settings(tmp_path, sim, COINGECKO_URL=f"{NOWHERE}/coingecko")
    with running(["serve"], env, tmp_path) as product:
        product.until(product.warm, 60, "warm")
        product.until(lambda: product.health()["coingecko"]["state"] == "unreachable", 30, "told")
        cycle = product.health()["last_cycle"]["id"]
        product.until(lambda: product.health()["last_cycle"]["id"] >= cycle + 3, 30, "cycling")
        health = product.health()
        assert health["status"] == "ok"
        assert health["last_cycle"]["errors"] == 0
        rows = product.rows()
        assert len(rows) >= 9
        assert all(row["market_cap_usd"] is None and row["oi_mcap_pct"] is None for row in rows.values())
        told = [line for line in product.log.splitlines() if "coingecko" in line]
        assert len(told) == 1
        assert "WARNING" in told[0]
