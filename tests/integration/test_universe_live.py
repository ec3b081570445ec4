"""Listings, delistings and a rename while the product runs, over HTTP, up to the API."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from futuresboard.sim_exchange import SimConfig, SimThread
from futuresboard.sim_exchange.faults import Rule
from support_system import EXCHANGES, STEP_MS, Row, environment, free_port, running, scaled

M5 = STEP_MS["5m"]
MIDNIGHT = 1_773_792_000_000
SCALE = 50.0
CONFIG = SimConfig(pairs=8, time_scale=SCALE, in_exchange_time=True, epoch_ms=MIDNIGHT - 20 * 60_000)
SETTINGS = {"HISTORY_BARS": "120", "INTERVAL": "30", "MAX_PAIRS": "30"}
PEPE, THOUSAND = "PEPE/USDT:USDT", "1000PEPE/USDT:USDT"
ENDED = "XRP/USDT:USDT"


@dataclass
class Run:
    """What the API said in the end."""

    sim: SimThread
    at: int
    before: dict[tuple[str, str], Row]
    after: dict[tuple[str, str], Row]
    new: dict[str, str]
    history: dict[tuple[str, str], list[Row]]


def _change(sim: SimThread, at: int) -> dict[str, str]:
    """Lets a pair end and one start on each exchange, and one be renamed; returns the new symbols."""
    new: dict[str, str] = {}
    options: dict[str, Any] = {"at_ms": at}
    for exchange in EXCHANGES:
        market = sim.server.venues[exchange].market
        found = market.find(exchange, ENDED)
        assert found is not None
        sim.server.faults.add(Rule("delist", exchange, symbol=found.id, options=dict(options)))
        rule = sim.server.faults.add(Rule("new_listing", exchange, options=dict(options)))
        started = market.find(exchange, rule.symbol)
        assert started is not None
        new[exchange] = started.symbol
    sim.server.faults.add(
        Rule("rename", "binanceusdm", symbol="1000PEPEUSDT", options=options | {"to": "PEPEUSDT"})
    )
    return new


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder: Path = tmp_path_factory.mktemp("universe")
    with SimThread(CONFIG) as sim:
        env = environment(folder, sim.url, PORT=str(free_port()), **(scaled(CONFIG) | SETTINGS))
        with running(["serve"], env, folder) as product:
            product.until(product.warm, 60, "warm")
            before = product.rows()
            at = (sim.server.clock.now_ms() + 120_000) // M5 * M5 + M5
            new = _change(sim, at)
            wanted = {(exchange, symbol) for exchange, symbol in new.items()} | {("binanceusdm", PEPE)}

            def changed() -> bool:
                rows = product.rows()
                gone = not any(symbol == ENDED for _, symbol in rows)
                return gone and all(key in rows and rows[key]["ts"] >= at + 2 * M5 for key in wanted)

            product.until(changed, 150, "following the lists")
            after = product.rows()
            keys = [*wanted, ("binanceusdm", THOUSAND), ("binanceusdm", "BTC/USDT:USDT")]
            keys += [(exchange, ENDED) for exchange in EXCHANGES]
            history = {key: product.history(*key, "5m") for key in keys}
            yield Run(sim, at, before, after, new, history)


def test_a_delisted_pair_leaves_the_page_and_keeps_its_history(run: Run) -> None:
    for exchange in EXCHANGES:
        assert (exchange, ENDED) in run.before
        assert (exchange, ENDED) not in run.after
        rows = run.history[exchange, ENDED]
        assert len(rows) > 100
        assert rows[-1]["ts"] + M5 <= run.at
        assert rows[-1]["close"] == run.sim.truth.bar(exchange, ENDED, rows[-1]["ts"]).close


def test_a_new_listing_joins_with_its_first_bar_and_warms(run: Run) -> None:
    for exchange, symbol in run.new.items():
        row, rows = run.after[exchange, symbol], run.history[exchange, symbol]
        assert rows[0]["ts"] == run.at
        assert [one["ts"] for one in rows] == list(range(run.at, rows[-1]["ts"] + M5, M5))
        assert row["rsi"] is None
        assert row["z_score"] is None
        assert "warming" in row["quality"]
        assert row["listed_ts"] == run.at
        for one in rows:
            truth = run.sim.truth.bar(exchange, symbol, one["ts"])
            assert (one["open"], one["close"]) == (truth.open, truth.close)


def test_a_renamed_contract_is_a_new_series_in_its_own_unit(run: Run) -> None:
    old, new = run.history["binanceusdm", THOUSAND], run.history["binanceusdm", PEPE]
    assert ("binanceusdm", THOUSAND) not in run.after
    assert old[-1]["ts"] < run.at <= new[0]["ts"]
    assert math.isclose(old[-1]["close"] / new[0]["open"], 1000, rel_tol=0.2)
    assert run.after["binanceusdm", PEPE]["base"] == run.before["binanceusdm", THOUSAND]["base"] == "PEPE"
    assert new[0]["oi_delta_pct"] is None
    assert all(abs(row["oi_delta_pct"] or 0.0) < 50 for row in new)


def test_nobody_else_notices(run: Run) -> None:
    others = {key for key in run.before if key[1] not in (ENDED, THOUSAND)}
    assert others <= set(run.after)
    rows = run.history["binanceusdm", "BTC/USDT:USDT"]
    assert [row["ts"] for row in rows] == list(range(rows[0]["ts"], rows[-1]["ts"] + M5, M5))
    assert sum(counts.total_violations for counts in run.sim.stats.values()) == 0
