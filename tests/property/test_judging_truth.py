"""Known truths through the simulator itself: rule, kernel, portfolio, base rate, walks and verdict."""

from __future__ import annotations

import numpy as np
import pytest

import support_stats as truths
from futuresboard import judging, scorecard
from futuresboard.assessment import Assessment
from futuresboard.evidence import Verdict
from futuresboard.model import IntArray
from futuresboard.scorecard import Reached
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.run import simulate
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.trials import Tried
from futuresboard.zero_edge import Candles
from handmade_bars import M5, MIDNIGHT

PAST = 20


def judged(candles: Candles, slots: IntArray, **settings: object) -> Assessment:
    """Simulated and judged: signals are bars of which more was bought than sold."""
    shape = candles.close.shape
    buys = np.full(shape, 50.0)
    buys[0, slots] = 60.0
    columns = {
        **vars(candles),
        "volume": np.full(shape, 100.0),
        "taker_buy": buys,
        "funding": np.zeros(shape),
        "funding_interval_h": np.full(shape, 8.0),
    }
    ts = MIDNIGHT + M5 * np.arange(shape[1], dtype=np.int64)
    history = History.of([Pair("okx", "BTC/USDT:USDT", "BTC")], M5, ts, columns, first=PAST)
    asked = {"entry": "rule", "rule": "imbalance > 3", "fire": "flags"} | settings
    return judging.judged(simulate(history, SimulationSettings.of(asked)), history, Tried())


@pytest.mark.parametrize(("shift", "rate"), [(truths.SHIFT, truths.TRUTH), (0.0, 0.5)])
def test_six_bars_after_a_signal(shift: float, rate: float):
    slots = 50 + truths.APART * np.arange(truths.TRADES)
    found = []
    for seed in range(4):
        prices = truths.market(np.random.default_rng(seed), slots, shift)
        high, low = (limit(prices.open, prices.close) for limit in (np.maximum, np.minimum))
        run = judged(Candles(prices.open, high, low, prices.close), slots, hold=truths.HOLD)
        same = truths.fixed_run(seed, shift=shift)
        # Judged from plain arrays it is the same, but for the walks and the bars that are past.
        assert (run.n, run.clusters, run.hit.hits) == (same.n, same.clusters, same.hit.hits)
        assert (run.net.low, run.net.high) == pytest.approx((same.net.low, same.net.high))
        assert run.late.hit_rate == same.late.hit_rate
        assert run.hit.base_rate == pytest.approx(same.hit.base_rate, abs=1e-3)
        found.append(run)
    assert np.mean([run.hit.rate for run in found]) == pytest.approx(rate, abs=0.03)
    edges = sum(run.verdict is Verdict.EDGE for run in found)
    assert edges == 4 if shift else edges <= 1
    # Six bars of the market's own volatility, its drift taken out, against costs of 0.12 %.
    assert found[0].zero_edge.hit_rate == pytest.approx(0.40, abs=0.03)


@pytest.mark.parametrize("direction", ["long", "short"])
def test_a_bracket_of_one_to_three_on_a_driftless_walk(direction: str):
    rng = np.random.default_rng(1)
    candles = truths.walk(rng, 30_000)
    slots = np.sort(rng.choice(np.arange(PAST, 29_000), 800, replace=False))
    run = judged(
        candles,
        slots,
        direction=direction,
        take_profit=truths.TAKE_PROFIT,
        stop_loss=truths.STOP_LOSS,
        fee=0.0,
        slippage=0.0,
    )
    assert run.zero_edge.hit_rate == pytest.approx(0.75, abs=0.015)
    assert run.hit.base_rate == pytest.approx(0.75, abs=0.03)
    assert run.hit.rate == pytest.approx(0.75, abs=0.05)
    assert scorecard.goal(run).reached is Reached.MET
    assert run.verdict is Verdict.NONE
