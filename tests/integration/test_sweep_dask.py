"""A sweep on other machines: two Dask workers, processes of their own, reached over the loopback."""

from __future__ import annotations

import csv
import json
import os

import joblib
import numpy as np
import pytest

from futuresboard.cli import main
from futuresboard.commands import simulating
from futuresboard.model import Thresholds
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.sweeping import sweep
from random_bars import columns, faulty_bars

distributed = pytest.importorskip("distributed", reason="distributed is not installed: no Dask workers")

M5 = 300_000
NAMES = ("open", "high", "low", "close", "volume", "oi_contracts", "funding", "funding_interval_h")


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


@pytest.fixture
def swept(tmp_path, monkeypatch, capsys):
    """`futuresboard sweep …` over a file of its own; what it prints, without anything kept between calls."""
    made = columns(np.random.default_rng(1), 600)
    path = tmp_path / "bars.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ts", *NAMES])
        for i in range(600):
            writer.writerow([i * M5, *(repr(float(made[name][i])) for name in NAMES)])

    def call(number, *more):
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/{number}.db")
        monkeypatch.setenv("ARCHIVE_DIR", str(tmp_path / "archive"))
        asked = ("--tier", "1", "--hold", "3,12", "--sl", "none,1", "--threshold", "z=1,2", "--json")
        code = main(["sweep", str(path), *asked, *more])
        return code, capsys.readouterr()

    return call


@pytest.mark.filterwarnings("ignore")
def test_the_command_says_the_same_with_a_cluster(swept):
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        there = swept(1, "--dask", cluster.scheduler_address)
    here = swept(2)
    assert here[0] == there[0] == 0
    assert here[1].out == there[1].out
    assert json.loads(here[1].out)["configurations"] == 8


@pytest.mark.filterwarnings("ignore")
def test_nobody_at_the_address_is_said(swept, monkeypatch):
    monkeypatch.setattr(simulating, "DASK_WAIT_S", 0.2)
    for address, said in (("tcp://127.0.0.1:9", "Timed out"), ("nonsense://127.0.0.1:9", "nonsense")):
        code, told = swept(1, "--dask", address)
        assert code == 1
        assert told.out == ""
        assert told.err.startswith(f"--dask {address}: ")
        assert said in told.err
