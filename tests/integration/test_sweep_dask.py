"""A sweep on other machines: two Dask workers, processes of their own, reached over the loopback."""

from __future__ import annotations

import os

import joblib
import numpy as np
import pytest

from futuresboard.model import Thresholds
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.sweeping import sweep
from random_bars import faulty_bars

distributed = pytest.importorskip("distributed", reason="distributed is not installed: no Dask workers")

M5 = 300_000


def history():
    bars = faulty_bars(np.random.default_rng(4), 6, 700, M5, 0.02)
    return History.of([Pair("x", f"P{i}") for i in range(6)], M5, bars.ts, bars.columns)


SETTINGS = [
    SimulationSettings(tier=1, hold=hold, thresholds=Thresholds(z=z), direction=way, stop_loss=stop)
    for z in (1.0, 2.0)
    for hold in (3, 12)
    for way in ("long", "momentum")
    for stop in (None, 0.01)
]


@pytest.mark.filterwarnings("ignore")
def test_two_workers_give_the_same_bits():
    here = sweep(history(), SETTINGS)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        there = sweep(history(), SETTINGS, parallel=joblib.Parallel(n_jobs=-1))
        processes = set(client.run(os.getpid).values())
        ran = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(processes - {os.getpid()}) == 2
    assert min(ran.values()) > 0
    assert sum(one.n for one in here.tallies) > 200
    for mine, theirs in zip(here.tallies, there.tallies, strict=True):
        assert (mine.n, mine.wins, mine.total, mine.squares) == (
            theirs.n,
            theirs.wins,
            theirs.total,
            theirs.squares,
        )
        assert mine.daily.tobytes() == theirs.daily.tobytes()
