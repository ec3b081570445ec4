"""What a simulation costs, beside vectorbt, backtesting.py and joblib, in one process and in turn.

`python tests/bench/bench_simulation.py [--pairs 20] [--swept 60]` on random walks of a year of 5-minute bars.
**Fixed horizon**: signals at 1 % of all bars, entered at the next open, left at the close 12 bars on, one
trade a pair at a time. vectorbt is handed the entries that do not overlap, which ours has to choose; it also
keeps cash and orders. Same trades, same profit (its exit fee counts on the price of the exit, so ours is
restated for the comparison). **One pair**: backtesting.py, which leaves at the next open, so ours leaves by
exit signals. **Sweep**: 100 sets of hold × take-profit × stop-loss, beside warm joblib/loky that gets
memory-mapped prices and the flags, and runs the same compiled loop of a single run for each set; and beside
joblib/loky over the sweep's own loop, one set a task. Equal tallies. Figures go to `build/bench.json`; exits
1 when a goal is missed. What is not installed is said and left out, and its goal is missed.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import joblib
import numpy as np
from bench_live import keep

from futuresboard.simulation.entries import Signals
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.records import Grid
from futuresboard.simulation.run import judge, simulate
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.sweeping import tallies_of
from futuresboard.simulation.trades import Tally, Trades, finished, tally

SLOTS, HOLD, SHARE, FEE = 105_120, 12, 0.01, 0.0005
ROUNDS = 5
GOALS = {"vectorbt": 10.0, "loky_single_runs": 8.0}
M5, DAY = 300_000, 288


@dataclass
class Walks:
    """n pairs of random walks: prices, and where there are signals."""

    grid: Grid
    flags: np.ndarray
    history: History

    @classmethod
    def of(cls, pairs: int, seed: int) -> Walks:
        rng = np.random.default_rng(seed)
        close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.001, (pairs, SLOTS)), axis=1))
        opened = np.concatenate([np.full((pairs, 1), 100.0), close[:, :-1]], axis=1)
        wide = np.abs(rng.normal(0, 0.0005, (2, pairs, SLOTS)))
        high, low = np.maximum(opened, close) * (1 + wide[0]), np.minimum(opened, close) * (1 - wide[1])
        ts = 20_000 * DAY * M5 + M5 * np.arange(SLOTS, dtype=np.int64)
        columns = {"open": opened, "high": high, "low": low, "close": close}
        grid = Grid(opened, high, low, close, np.zeros((pairs, 0)), np.zeros((pairs, 0), dtype=np.int8))
        flags = rng.random((pairs, SLOTS)) < SHARE
        return cls(grid, flags, History.of([Pair("", f"P{i}") for i in range(pairs)], M5, ts, columns))


def signals_of(flags: np.ndarray) -> Signals:
    """All of them, long."""
    # As `entries` finds them.
    rows, slots = np.divmod(np.flatnonzero(flags), flags.shape[1])
    begin = np.searchsorted(rows, np.arange(len(flags) + 1))
    return Signals(begin, slots, np.ones(len(slots), dtype=np.int64))


def settings(**changed: Any) -> SimulationSettings:
    """What this bench runs."""
    return SimulationSettings(
        **({"tier": 1, "hold": HOLD, "fee": FEE, "slippage": 0.0, "funding": False} | changed)
    )


def ours(grid: Grid, flags: np.ndarray, asked: SimulationSettings) -> Trades:
    """Flags in, trades out."""
    signals = signals_of(flags)
    return finished(signals, judge(grid, signals, asked), asked)


def module(name: str) -> ModuleType | None:
    """A peer, or a word that it is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as error:
        print(f"{name} is not installed ({error}): left out, and its goal is missed")
        return None


def in_turn(
    contenders: dict[str, Callable[[], Any]], rounds: int = ROUNDS
) -> tuple[dict[str, float], dict[str, Any]]:
    """Medians in seconds, and answers; each has run once before."""
    answers = {name: work() for name, work in contenders.items()}
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            began = time.perf_counter()
            work()
            took[name].append(time.perf_counter() - began)
    return {name: median(times) for name, times in took.items()}, answers


def without_overlap(flags: np.ndarray) -> np.ndarray:
    """The signals acted on, by a plain loop."""
    acted = np.zeros(flags.shape, dtype=bool)
    for row in range(len(flags)):
        free = -1
        for slot in np.flatnonzero(flags[row]).tolist():
            if slot >= free and slot + HOLD < flags.shape[1]:
                acted[row, slot] = True
                free = slot + HOLD
    return acted


def by_vectorbt(vbt: ModuleType, walks: Walks) -> Callable[[], Any]:
    """Entries and exits as it wants them: columns are pairs, orders at the prices of their bar."""
    acted = without_overlap(walks.flags)
    entries, exits = np.zeros(acted.shape, dtype=bool), np.zeros(acted.shape, dtype=bool)
    entries[:, 1:], exits[:, HOLD:] = acted[:, :-1], acted[:, :-HOLD]
    price = np.where(entries, walks.grid.open, walks.grid.close)
    close, entries, exits, price = (
        np.ascontiguousarray(one.T) for one in (walks.grid.close, entries, exits, price)
    )

    def work() -> Any:
        portfolio = vbt.Portfolio.from_signals(
            close, entries, exits, price=price, size=1.0, fees=FEE, init_cash=1e12, freq="5min"
        )
        return portfolio.trades.records

    return work


def by_backtesting(backtesting: ModuleType, walks: Walks) -> Callable[[], Any]:
    """The first pair alone."""
    import pandas as pd

    grid, flags = walks.grid, walks.flags[0]
    index = pd.to_datetime(walks.history.bars.ts, unit="ms")
    names = ("Open", "High", "Low", "Close")
    frame = pd.DataFrame({name: column[0] for name, column in zip(names, grid[:4], strict=True)}, index=index)

    class Horizon(backtesting.Strategy):  # type: ignore[misc, name-defined]
        """In at the open after a signal, out at the open after HOLD bars."""

        entered = -1

        def init(self) -> None:
            """Nothing is computed."""

        def next(self) -> None:
            """One bar."""
            bar = len(self.data) - 1
            if self.position and bar == self.entered + HOLD - 1:
                self.position.close()
            elif not self.position and flags[bar]:
                self.buy(size=1)
                self.entered = bar + 1

    def work() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run = backtesting.Backtest(frame, Horizon, cash=1e9, commission=0.0, finalize_trades=False)
            return run.run()._trades

    return work


def one_pair(walks: Walks) -> Callable[[], Trades]:
    """The same rule as `by_backtesting`: told to leave at the last bar's close, gone at the next open."""
    flags = walks.flags[:1].copy()
    leave = np.zeros(flags.shape, dtype=np.int8)
    acted, free = np.zeros_like(flags), -1
    for slot in np.flatnonzero(flags[0]).tolist():
        if slot > free:
            acted[0, slot] = True
            free = slot + HOLD
            if free < flags.shape[1]:
                leave[0, free] = 1
    grid = Grid(*(column[:1] for column in walks.grid[:5]), leave)
    signals = replace(signals_of(acted), leave=leave)
    asked = SimulationSettings(entry="obv-rsi", direction="long", fee=0.0, slippage=0.0, funding=False)
    return lambda: finished(signals, judge(grid, signals, asked), asked)


def sets() -> list[SimulationSettings]:
    """A hundred."""
    holds, targets, stops = (
        (6, 12, 24, 36, 48),
        (0.004, 0.006, 0.008, 0.01, 0.02),
        (0.003, 0.004, 0.006, 0.01),
    )
    return [
        settings(hold=hold, take_profit=target, stop_loss=stop)
        for hold, target, stop in itertools.product(holds, targets, stops)
    ]


def single_run(
    columns: Sequence[np.ndarray], flags: np.ndarray, history: History, asked: SimulationSettings
) -> Tally:
    """A task of joblib's: one set, by the loop of a single run."""
    return tally(ours(Grid(*columns), flags, asked), history)


def single_set(
    grid: Sequence[np.ndarray], flags: np.ndarray, day: np.ndarray, asked: SimulationSettings
) -> Tally:
    """A task of joblib's: one set, by the loop of a sweep."""
    return tallies_of(Grid(*grid), signals_of(flags), [asked], day, joblib.Parallel(n_jobs=1))[0]


def horizons(pairs: int) -> tuple[dict[str, float], dict[str, bool]]:
    """The fixed horizon beside vectorbt; ratios and whether the answers agree."""
    walks = Walks.of(pairs, 1)
    run = {"ours": lambda: ours(walks.grid, walks.flags, settings())}
    if (vbt := module("vectorbt")) is not None:
        run["vectorbt"] = by_vectorbt(vbt, walks)
    middle, answers = in_turn(run)
    bars = pairs * SLOTS
    for name, value in middle.items():
        print(
            f"  fixed horizon, {pairs} pairs: {name:12} {value * 1000:9.1f} ms "
            f"{bars / value / 1e6:8.1f} Mbars/s"
        )
    if vbt is None:
        return {}, {}
    mine, theirs = answers["ours"], answers["vectorbt"]
    restated = mine.entry * (mine.gross - FEE - FEE * mine.exit / mine.entry)
    apart = abs(float(restated.sum() - theirs["pnl"].sum()))
    print(
        f"  {len(mine)} trades, vectorbt {len(theirs)}; profit apart by {apart:.1e} of {restated.sum():.6f}"
    )
    same = len(mine) == len(theirs) and apart < 1e-6
    return {"vectorbt": middle["vectorbt"] / middle["ours"]}, {"vectorbt": same}


def pair(pairs: int) -> tuple[dict[str, float], dict[str, bool]]:
    """One pair beside backtesting.py."""
    walks = Walks.of(min(pairs, 1), 1)
    backtesting = module("backtesting")
    if backtesting is None:
        return {}, {}
    middle, answers = in_turn({"ours": one_pair(walks), "backtesting": by_backtesting(backtesting, walks)}, 3)
    mine, theirs = answers["ours"], answers["backtesting"]
    profit = float((mine.exit - mine.entry).sum())
    apart = abs(profit - float(theirs["PnL"].sum()))
    print(
        f"  one pair: ours {middle['ours'] * 1000:.2f} ms, "
        f"backtesting.py {middle['backtesting'] * 1000:.0f} ms"
    )
    print(f"  {len(mine)} trades, backtesting.py {len(theirs)}; profit {profit:.6f}, apart by {apart:.1e}")
    same = len(mine) == len(theirs) and apart < 1e-6
    return {"backtesting": middle["backtesting"] / middle["ours"]}, {"backtesting": same}


def sweeps(pairs: int) -> tuple[dict[str, float], dict[str, bool]]:
    """A hundred sets beside joblib's processes."""
    walks = Walks.of(pairs, 2)
    asked, day = sets(), walks.history.day_of
    small = History.of(walks.history.pairs, M5, walks.history.bars.ts, {})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grid"
        joblib.dump([*walks.grid, walks.flags, small], path)
        *grid, flags, small = joblib.load(path, mmap_mode="r")
        workers = joblib.Parallel(n_jobs=-1, backend="loky")
        threads = joblib.Parallel(n_jobs=-1, prefer="threads")
        run = {
            "ours": lambda: tallies_of(walks.grid, signals_of(walks.flags), asked, day, threads),
            "loky_single_runs": lambda: workers(
                joblib.delayed(single_run)(grid, flags, small, one) for one in asked
            ),
            "loky_single_sets": lambda: workers(
                joblib.delayed(single_set)(grid, flags, day, one) for one in asked
            ),
        }
        middle, answers = in_turn(run, 3)
    work = pairs * SLOTS * len(asked)
    for name, value in middle.items():
        print(f"  sweep of {len(asked)}: {name:17} {value:7.3f} s {work / value / 1e6:8.0f} M bar-sets/s")
    same = {}
    for name in ("loky_single_runs", "loky_single_sets"):
        pairs_of = zip(answers["ours"], answers[name], strict=True)
        same[name] = all(
            (a.n, a.wins, a.total, a.squares) == (b.n, b.wins, b.total, b.squares)
            and a.daily.tobytes() == b.daily.tobytes()
            for a, b in pairs_of
        )
    return {name: middle[name] / middle["ours"] for name in same}, same


def whole_run(pairs: int) -> dict[str, float]:
    """All of `simulate`, with equity, base rate and one bar late, in seconds; for the record."""
    history = Walks.of(pairs, 1).history
    asked = settings(tier=None, entry="rule", rule="price_1h > 0.5", fire="flags")
    took = []
    for _ in range(3):
        began = time.perf_counter()
        run = simulate(History.of(history.pairs, M5, history.bars.ts, history.bars.columns), asked)
        took.append(time.perf_counter() - began)
    print(f"  simulate, {pairs} pairs, {run.signals} signals, {len(run.trades)} trades: {median(took):.2f} s")
    return {"simulate_s": median(took)}


def main() -> int:
    """Run, print and keep; 1 when a goal is missed or an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20, help="of the fixed horizon")
    parser.add_argument("--swept", type=int, default=60, help="pairs of the sweep")
    options = parser.parse_args()
    ratios: dict[str, float] = {}
    same: dict[str, bool] = {}
    for found, agrees in (horizons(options.pairs), pair(options.pairs), sweeps(options.swept)):
        ratios |= found
        same |= agrees
    absolute = whole_run(options.pairs)
    for name, ratio in ratios.items():
        goal = f" (goal {GOALS[name]:.0f})" if name in GOALS else ""
        print(f"  {name}: {ratio:.1f} ×{goal}, answers {'equal' if same[name] else 'DIFFER'}")
    keep({"bench": "simulation", "ratios": ratios, "equal": same} | absolute)
    met = all(ratios.get(name, 0.0) >= goal for name, goal in GOALS.items())
    return 0 if met and all(same.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
