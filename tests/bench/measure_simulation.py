"""How often the statistics of a run tell the truth: `python measure_simulation.py [SEEDS]`.

Four truths: an edge of ten points, none, a bracket of 1 : 3 on a driftless walk, and the best of 50
configurations of noise. Prints a table; each line ends with what is asked of it at 400 seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from tqdm import tqdm

import support_stats as truths
from futuresboard.assessment import Assessment
from futuresboard.scorecard import Reached, goal


def covered(runs: Iterable[Assessment], truth: float) -> int:
    return sum(run.hit.low <= truth <= run.hit.high for run in runs)


def mean(values: Iterable[float]) -> str:
    return f"{np.mean(list(values)):.1%}"


def rates(runs: list[Assessment]) -> str:
    return (
        f"mean hit rate {mean(run.hit.rate for run in runs)}, base {mean(run.hit.base_rate for run in runs)}"
    )


def met(runs: list[Assessment]) -> int:
    return sum(goal(run).reached is Reached.MET for run in runs)


def fixed(seeds: range) -> None:
    planted = [truths.planted(seed) for seed in tqdm(seeds, "planted", disable=None)]
    nothing = [truths.nothing(seed) for seed in tqdm(seeds, "nothing", disable=None)]
    print("+10 points over a base of 50 %, 1,000 independent trades of six bars, costs paid")
    print(f"  {rates(planted)}")
    print(f"  the interval of the hit rate covers 60 %: {covered(planted, truths.TRUTH)} (asked >= 360)")
    print(f"  verdict edge: {truths.edges(planted)} (asked >= 320)")
    print(f"  hit-rate goal met: {met(planted)} (the truth is exactly 60 %)")
    print("the same market with nothing planted")
    print(f"  the interval of the hit rate covers 50 %: {covered(nothing, 0.5)}")
    print(f"  the interval of the mean net covers the mean of all bars: {nets(nothing)}")
    print(f"  verdict edge: {truths.edges(nothing)} (asked <= 32)")
    print(f"  hit-rate goal met: {met(nothing)}")


def nets(runs: list[Assessment]) -> int:
    truth = truths.MEAN_NET
    return sum(run.net.low <= truth <= run.net.high for run in runs)


def bracket(seeds: range) -> None:
    runs = [truths.bracket_run(seed) for seed in tqdm(seeds, "bracket", disable=None)]
    print("take-profit : stop-loss 1 : 3 on a driftless walk, no costs")
    print(f"  {rates(runs)}")
    print(f"  mean zero-edge rate {mean(run.zero_edge.hit_rate for run in runs)} (closed form 75 %)")
    print(f"  hit-rate goal met: {met(runs)}, without an edge")
    print(f"  verdict edge: {truths.edges(runs)} (asked <= 32)")


def sweep(seeds: range) -> None:
    chosen = [truths.best_of_noise(seed) for seed in tqdm(seeds, "best of 50", disable=None)]
    naive, deflated = [one.naive for one in chosen], [one.deflated for one in chosen]
    print("best hit rate of 50 configurations of noise, 100 trades each")
    print(f"  mean of the best hit rates {mean(run.hit.rate for run in naive)}")
    print(f"  verdict edge when the other 49 are kept quiet: {truths.edges(naive)}")
    print(f"  verdict edge of the best of 50: {truths.edges(deflated)} (asked <= 32)")
    print(f"  deflated Sharpe ratio >= 95 %: {sum(run.deflation.dsr >= 0.95 for run in deflated)}")
    print(f"  mean probability of backtest overfitting {np.mean([one.pbo for one in chosen]):.2f}")


def main(seeds: int) -> None:
    print(f"seeds 0 to {seeds - 1}")
    for part in (fixed, bracket, sweep):
        part(range(seeds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
