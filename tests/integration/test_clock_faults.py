"""Exchanges whose clocks are five minutes off over two closes: from HTTP to the database, against truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from futuresboard.sim_exchange import SimConfig, SimThread
from futuresboard.sim_exchange.faults import Rule
from soak.judge import Judge
from support_system import EXCHANGES, STEP_MS, Product, environment, free_port, reading, running, scaled

M5 = STEP_MS["5m"]
COINS = ("BTC", "ETH", "SOL")
CONFIG = SimConfig(
    pairs=8, time_scale=40, in_exchange_time=True, epoch_ms=1_773_792_000_000 - 160_000, publish_delay_s=4.0
)
OFF_MS = 300_000
FAULT_MS = 2 * M5 + 60_000
VISIBLE_MS = 60_000


def _skews(product: Product) -> dict[str, int]:
    exchanges = product.health().get("exchanges", {})
    return {name: facts["clock_skew_ms"] for name, facts in exchanges.items()}


def _whole(product: Product, newest: int) -> bool:
    query = "SELECT count(*) FROM bars JOIN series ON id = series_id WHERE timeframe = '5m' AND ts = ?"
    with reading(product.database) as connection:
        return bool(connection.execute(query, (newest,)).fetchone()[0] == len(EXCHANGES) * len(COINS))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("off_ms", [OFF_MS, -OFF_MS], ids=["fast", "slow"])
def test_a_wrong_exchange_clock_stores_nothing_wrong_and_recovers_alone(tmp_path: Path, off_ms: int) -> None:
    """Two exchanges' time endpoints lie; everything the third says is of another time."""
    with SimThread(CONFIG) as sim:
        env = environment(
            tmp_path,
            sim.url,
            PORT=str(free_port()),
            SYMBOLS=",".join(COINS),
            HISTORY_BARS="60",
            **scaled(CONFIG),
        )
        clock = sim.server.clock
        with running(["serve"], env, tmp_path) as product:
            product.until(product.warm, 40, "warm")
            begin, right = clock.now_ms(), _skews(product)
            for name in ("binanceusdm", "okx"):
                rule = Rule("wrong_time", name, until_ms=begin + FAULT_MS, options={"seconds": off_ms / 1000})
                sim.server.faults.add(rule)
            clock.skew("bybit", off_ms)

            def off(by_ms: int) -> bool:
                skews = _skews(product)
                return all(abs(skews[name] - right[name] - by_ms) < VISIBLE_MS for name in skews)

            product.until(lambda: off(off_ms), 20, "shown")
            product.until(lambda: clock.now_ms() > begin + FAULT_MS, 40, "over")
            clock.skew("bybit", 0)
            product.until(lambda: off(0), 20, "shown as right again")
            end = clock.now_ms() // M5 * M5 + 2 * M5
            product.until(lambda: _whole(product, end - M5), 60, "whole again")
        verdict = Judge(CONFIG, product.database, []).judge(begin, end)
    assert verdict.values > 5_000
    assert (verdict.wrong, verdict.missing, verdict.alerts_of_faults) == ({}, 0, 0), verdict.examples
