"""The blueprint's goal, a hit rate above 60 %, on each recorded data set, with all that belongs beside it.

`python tests/bench/measure_goal.py [FOLDER]` (default: `../shared/data` beside the project) imports each
file into an archive of its own by the command line and simulates: alerts of tier 1 long for 6 bars at
0.05 % a side where there is open interest, the blueprint's OBV/RSI strategy where there are candles with
volume. It prints a table for `docs/simulation.md`. Funding is left out: most of the files have none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TIER_1 = ("--tier", "1", "--hold", "6", "--slippage", "0")
OBV_RSI = ("--obv-rsi",)
# File, timeframe, what the import must be told, what is simulated.
RUNS: Sequence[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = (
    ("btcusdt_binance_1h_oi_price_funding.csv", "1h", (), TIER_1),
    ("multi_1h_candles_binance_bybit_okx.csv.gz", "1h", (), OBV_RSI),
    ("spot_binanceus_5m_klines_BNBUSDT.csv.gz", "5m", ("--exchange", "binanceusdm"), OBV_RSI),
    ("spot_binanceus_5m_klines_BTCUSDT.csv.gz", "5m", ("--exchange", "binanceusdm"), OBV_RSI),
    ("spot_binanceus_5m_klines_ETHUSDT.csv.gz", "5m", ("--exchange", "binanceusdm"), OBV_RSI),
    ("spot_binanceus_5m_klines_SOLUSDT.csv.gz", "5m", ("--exchange", "binanceusdm"), OBV_RSI),
    ("spot_binanceus_5m_klines_XRPUSDT.csv.gz", "5m", ("--exchange", "binanceusdm"), OBV_RSI),
    ("xrpusdt_perp_5m_ohlcv_freqtrade.csv.gz", "5m", ("--exchange", "okx"), OBV_RSI),
)
HEAD = (
    "| data set | run | trades (events) | won (95 %) | base rate | driftless | one bar late "
    "| mean net (95 %) | verdict | goal > 60 % |\n|---|---|---|---|---|---|---|---|---|---|"
)


def call(folder: Path, *arguments: str) -> str:
    """What a command prints; ends this script where it fails."""
    places = {"DATABASE_URL": f"sqlite:///{folder}/none.db", "ARCHIVE_DIR": str(folder / "archive")}
    command = [sys.executable, "-m", "futuresboard", *arguments]
    done = subprocess.run(command, env=os.environ | places, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def share(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def row(name: str, what: str, run: Mapping[str, Any]) -> str:
    """A line of the table."""
    found = run["statistics"]
    hit, net, zero, goal = found["hit"], found["net"], found["zero_edge"], found["goal"]
    cells = (
        name,
        what,
        f"{found['n']} ({found['clusters']})",
        f"{share(hit['rate'])} ({share(hit['low'])} to {share(hit['high'])})",
        share(hit["base_rate"]),
        share(None if zero is None else zero["hit_rate"]),
        share(found["late"]["hit_rate"]),
        f"{share(net['expectancy'], 3)} ({share(net['low'], 3)} to {share(net['high'], 3)})",
        found["verdict"],
        goal["reached"],
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        print(f"no recorded data: {folder} is not there")
        return 1
    print(HEAD)
    for name, timeframe, more, settings in RUNS:
        with tempfile.TemporaryDirectory() as made:
            place = Path(made)
            call(place, "import", str(folder / name), *more)
            told = call(place, "simulate", "--tf", timeframe, *settings, "--no-funding", "--json")
        what = "tier 1 long, 6 bars" if settings is TIER_1 else "OBV/RSI, both ways"
        print(row(name.partition(".")[0], what, json.loads(told)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
