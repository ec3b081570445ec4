"""What has no history: Bybit's taker volume is summed from trades, and those of a gap are gone for good."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from futuresboard.sim_exchange import SimConfig, SimThread
from support_system import STEP_MS, Row, environment, free_port, running, scaled, until

M5, MINUTE = STEP_MS["5m"], 60_000
MIDNIGHT = 1_773_792_000_000
SCALE = 40.0
CONFIG = SimConfig(pairs=8, time_scale=SCALE, in_exchange_time=True, epoch_ms=MIDNIGHT - 50 * MINUTE)
PAIR = ("bybit", "BTC/USDT:USDT")
SETTINGS = {
    "EXCHANGES": "bybit",
    "SYMBOLS": "BTC,ETH,SOL",
    "HISTORY_BARS": "60",
    "INTERVAL": "30",
    "WEBSOCKETS": "1",
}


@dataclass
class Run:
    """One pair's history in the end, and the closed bars nobody listened to from begin to end."""

    rows: list[Row]
    away: list[int]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder: Path = tmp_path_factory.mktemp("taker")
    with SimThread(CONFIG) as sim:
        clock = sim.server.clock
        env = environment(folder, sim.url, PORT=str(free_port()), **(scaled(CONFIG) | SETTINGS))
        with running(["serve"], env, folder) as product:

            def listened() -> bool:
                return sum(row["taker_buy"] is not None for row in product.history(*PAIR, "5m")) >= 2

            product.until(listened, 90, "listening")
        left = clock.now_ms()
        until(lambda: clock.now_ms() >= left + 11 * MINUTE, 60, "later")
        back = clock.now_ms()
        with running(["serve"], env, folder) as product:

            def next_day() -> bool:
                rows = product.history(*PAIR, "5m")
                return bool(rows) and rows[-1]["ts"] >= max(MIDNIGHT, back // M5 * M5 + 2 * M5) + M5

            product.until(next_day, 120, "in the next day")
            rows = product.history(*PAIR, "5m")
    away = [row["ts"] for row in rows if left <= row["ts"] and row["ts"] + M5 <= back]
    return Run(rows, away)


def test_it_stays_unknown_and_says_gap(run: Run) -> None:
    assert run.away
    for row in run.rows:
        if row["ts"] in run.away:
            assert row["close"] is not None
            assert row["oi_contracts"] is not None
            assert (row["taker_buy"], row["imbalance"], row["cvd"]) == (None, None, None)
            assert "gap" in row["quality"]


def test_cvd_is_unknown_until_the_next_day(run: Run) -> None:
    after = [row for row in run.rows if row["ts"] > run.away[-1]]
    today = [row for row in after if row["ts"] < MIDNIGHT]
    assert all(row["cvd"] is None for row in today)
    listened = [row for row in after if row["taker_buy"] is not None]
    assert listened
    for row in [row for row in after if row["ts"] >= MIDNIGHT and row in listened]:
        since = [one for one in after if MIDNIGHT <= one["ts"] <= row["ts"]]
        assert (row["cvd"] is not None) == all(one["taker_buy"] is not None for one in since)
