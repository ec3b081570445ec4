"""On recorded markets, where fixed holds have no edge, driftless walks win as often as all bars do.

The recordings lie beside the project (`../shared/data`, described in its MANIFEST.json), not in it.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from futuresboard import zero_edge
from futuresboard.trade_sim import LONG, SHORT, Costs, Prices, fixed_horizons
from futuresboard.zero_edge import Candles

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
M5 = 300_000


@pytest.fixture(scope="module", params=["BTC", "ETH", "SOL", "XRP", "BNB"])
def candles(request: pytest.FixtureRequest) -> Candles:
    path = RECORDED / f"spot_binanceus_5m_klines_{request.param}USDT.csv.gz"
    if not path.exists():
        pytest.skip(f"recorded data are not there: {path.name}")
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    ts = np.array(
        [np.datetime64(row["timestamp"].removesuffix("+00:00"), "ms").astype(np.int64) for row in rows]
    )
    slots = (ts - ts.min()) // M5
    columns = []
    for name in ("open", "high", "low", "close"):
        column = np.full((1, int(slots.max()) + 1), np.nan)
        column[0, slots] = [float(row[name]) for row in rows]
        columns.append(column)
    return Candles(*columns)


@pytest.mark.parametrize("hold", [1, 6, 48])
@pytest.mark.parametrize("costs", [Costs(), Costs(0.0, 0.0001)])
def test_chance_wins_what_all_bars_win(candles: Candles, hold: int, costs: Costs):
    slots = np.arange(candles.close.shape[1])
    rows = np.zeros_like(slots)
    nothing = np.zeros_like(candles.close)
    prices = Prices(M5, M5 * slots, candles.open, candles.close, nothing, nothing + 8.0)
    trades = fixed_horizons(prices, rows, slots, [hold])[0]
    base, chance = [], []
    for direction in (LONG, SHORT):
        net = trades.net(direction, costs)
        base.append(float((net[np.isfinite(net)] > 0.0).mean()))
        rule = zero_edge.held(direction, costs)
        found = zero_edge.zero_edge(candles, rows, slots, hold, rule, walks=10_000)
        assert found is not None
        chance.append(found.hit_rate)
    # Long and short together: a month's drift is in either of them, and not in the walks.
    assert np.mean(chance) == pytest.approx(np.mean(base), abs=0.03)
