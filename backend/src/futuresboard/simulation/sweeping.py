"""Many settings over one history, pair after pair on every core, or on other machines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import joblib
import numpy as np

from futuresboard import __version__
from futuresboard.errors import QueryError
from futuresboard.model import FloatArray, IntArray
from futuresboard.simulation.entries import Market, Signals, find
from futuresboard.simulation.history import History
from futuresboard.simulation.kernel import sweep_moving, sweep_steady
from futuresboard.simulation.records import Grid, Sets
from futuresboard.simulation.run import grid_of
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.trades import Tally

_LARGEST = 1 << 28
"""Bytes of daily sums that are held at one time."""


@dataclass(frozen=True)
class Swept:
    """A sweep's result. tallies: of each settings in turn; daily: (days, s) Σ net by the UTC day trades
    ended on, one column a configuration: the matrix that cross-validation of a choice needs."""

    settings: tuple[SimulationSettings, ...]
    code_version: str
    data_hash: str
    tallies: tuple[Tally, ...]

    @property
    def configurations(self) -> int:
        """How many different configurations were tried."""
        return len({one.hash for one in self.settings})

    @property
    def daily(self) -> FloatArray:
        """(days, s) as above."""
        return np.stack([one.daily for one in self.tallies], axis=1)


def sweep(
    history: History, settings: Sequence[SimulationSettings], *, parallel: joblib.Parallel | None = None
) -> Swept:
    """Run every settings; each tally equals that of `simulate` to the last bit.

    parallel: where pairs are worked off (default: threads of this process, one a core; a
    `joblib.Parallel` of another backend, Dask or Ray, for other machines). However they are dealt
    out, pairs are added up in their order. A limit of cash binds pairs to one another, so settings
    with one cannot be swept: raises QueryError.
    """
    for one in settings:
        if one.cash_limit or one.max_positions is not None:
            raise QueryError("cash_limit", True, "none in a sweep, and no max_positions")
    market = Market(history)
    workers = parallel or joblib.Parallel(n_jobs=-1, prefer="threads")
    tallies: list[Tally | None] = [None] * len(settings)
    for group in _groups(settings, _most_sets(history)):
        chosen = [settings[i] for i in group]
        signals = find(market, chosen[0])
        grid = grid_of(market, signals, funding=chosen[0].funding)
        found = tallies_of(grid, signals, chosen, history.day_of, workers)
        for i, tally in zip(group, found, strict=True):
            tallies[i] = tally
    done = tuple(one for one in tallies if one is not None)
    return Swept(tuple(settings), __version__, history.data_hash, done)


def _most_sets(history: History) -> int:
    days = int(history.day_of[-1]) + 1 if len(history.bars.ts) else 1
    return max(1, _LARGEST // (8 * (days + 4) * max(1, len(history.pairs))))


def _groups(settings: Sequence[SimulationSettings], most: int) -> Iterator[list[int]]:
    """Numbers of the settings that share their signals and their loop, at most so many together."""
    groups: dict[object, list[int]] = {}
    for i, one in enumerate(settings):
        key = one.signal_key, one.funding, one.trailing_stop is None
        groups.setdefault(key, []).append(i)
    for group in groups.values():
        for begin in range(0, len(group), most):
            yield group[begin : begin + most]


def tallies_of(
    grid: Grid,
    signals: Signals,
    settings: Sequence[SimulationSettings],
    day: IntArray,
    workers: joblib.Parallel,
) -> list[Tally]:
    """The tallies of settings that share their signals and their loop; day: (T,) number of a slot's day."""
    sets = _sets(settings)
    moving = grid.leave.shape[1] > 0 or settings[0].trailing_stop is not None
    parts = _parts(len(signals.begin) - 1, 4 * max(1, joblib.effective_n_jobs(workers.n_jobs)))
    done = workers(
        joblib.delayed(_work)(*_part(grid, signals, first, stop), sets, day, moving=moving)
        for first, stop in parts
    )
    totals = np.concatenate([one for one, _ in done])
    daily = np.concatenate([one for _, one in done])
    return [Tally.of_pairs(totals[:, i], daily[:, i]) for i in range(len(settings))]


def _sets(settings: Sequence[SimulationSettings]) -> Sets:
    """The rules as the loops take them, with the levels they share."""
    rules = [one.kernel_rule for one in settings]
    numbered: dict[tuple[int, float, float], int] = {}

    def key(late: int, stop_loss: float, take_profit: float) -> int:
        return numbered.setdefault((late, stop_loss, take_profit), len(numbered))

    keys = [(key(rule.late, rule.stop_loss, 0.0), key(rule.late, 0.0, rule.take_profit)) for rule in rules]
    levels = np.array(list(numbered), dtype=np.float64).reshape(-1, 3)
    reach = 0 if any(rule.hold == 0 for rule in rules) else max(rule.hold for rule in rules)
    return Sets(np.array(rules, dtype=np.float64), np.array(keys, dtype=np.int64), levels, reach)


def _parts(pairs: int, most: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, pairs, min(pairs, most) + 1).astype(int).tolist()
    return list(pairwise(edges))


def _part(grid: Grid, signals: Signals, first: int, stop: int) -> tuple[Grid, IntArray, IntArray, IntArray]:
    begin = signals.begin[first : stop + 1]
    mine = slice(begin[0], begin[-1])
    some = Grid(
        grid.open[first:stop],
        grid.high[first:stop],
        grid.low[first:stop],
        grid.close[first:stop],
        grid.paid[first:stop],
        grid.leave[first:stop],
    )
    return some, begin - begin[0], signals.slots[mine], signals.directions[mine]


def _work(
    grid: Grid,
    begin: IntArray,
    slots: IntArray,
    directions: IntArray,
    sets: Sets,
    day: IntArray,
    *,
    moving: bool,
) -> tuple[FloatArray, FloatArray]:
    """(pairs, s, 4) and (pairs, s, days) of some pairs."""
    pairs, days = len(begin) - 1, int(day[-1]) + 1 if len(day) else 0
    tallies, daily = np.zeros((pairs, len(sets.numbers), 4)), np.zeros((pairs, len(sets.numbers), days))
    run = sweep_moving if moving else sweep_steady
    run(grid, begin, slots, directions, sets, day, tallies, daily)
    return tallies, daily
