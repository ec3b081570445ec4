"""A simulation from settings to result. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from futuresboard import __version__
from futuresboard.by_core import by_core
from futuresboard.model import FloatArray, IntArray
from futuresboard.simulation.entries import Market, Signals, directions, find, places
from futuresboard.simulation.hindsight import look_back
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.kernel import count_wins, run_pairs
from futuresboard.simulation.outcomes import Outcome
from futuresboard.simulation.portfolio import Portfolio, invest
from futuresboard.simulation.records import Grid, Record, empty_record
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.trades import Tally, Trades, finished, outcomes, tally
from futuresboard.trade_sim import Prices, funding_paid

_WORTH_A_THREAD = 2_000
"""Signals from which another thread is faster."""


@dataclass(frozen=True)
class Run:
    """A result, with what names it.

    trades: those that were made; late: those of the same settings entered one bar later; signals: how
    many there were; outcomes: what became of each; tally: of the trades, a unit each; base_bars,
    base_wins: (n,) by pair, the bars at which the same trade could have been made, and won;
    configurations: how many were tried to find this one.
    """

    settings: SimulationSettings
    code_version: str
    data_hash: str
    pairs: tuple[Pair, ...]
    timeframe_ms: int
    ts: IntArray
    signals: int
    trades: Trades
    late: Trades
    outcomes: Mapping[Outcome, int]
    tally: Tally
    portfolio: Portfolio
    base_bars: IntArray
    base_wins: IntArray
    configurations: int = 1

    @property
    def id(self) -> str:
        """Names the run: settings, code and data. Equal ids are equal results."""
        return f"{self.settings.hash}-{self.code_version}-{self.data_hash}"

    @property
    def base_rate(self) -> float | None:
        """Share of all bars at which the same trade would have won; None without one."""
        bars = int(self.base_bars.sum())
        return int(self.base_wins.sum()) / bars if bars else None

    def clock(self, slots: IntArray) -> IntArray:
        """Open times of slots, ms UTC."""
        return self.ts[slots]


def simulate(history: History, settings: SimulationSettings, *, configurations: int = 1) -> Run:
    """Run settings over a history. configurations: how many were tried, for what judges the result."""
    return simulate_market(Market(history), settings, configurations=configurations)


def simulate_market(market: Market, settings: SimulationSettings, *, configurations: int = 1) -> Run:
    """`simulate` with what was computed of a history before."""
    history, bars = market.history, market.bars
    signals = find(market, settings)
    grid = grid_of(market, signals, funding=settings.funding)
    limited = settings.cash_limit or settings.max_positions is not None
    record = judge(grid, signals, settings, alone=limited)
    portfolio = invest(grid, signals, record, settings, bars.ts, history.first)
    trades = finished(signals, record, settings, portfolio.notional)
    later = replace(settings, late=settings.late + 1)
    base_bars, base_wins = base(market, grid, settings)
    return Run(
        settings,
        __version__,
        history.data_hash,
        history.pairs,
        bars.timeframe_ms,
        bars.ts,
        len(signals.slots),
        trades,
        finished(signals, judge(grid, signals, later), later),
        outcomes(record),
        tally(trades, history),
        portfolio,
        base_bars,
        base_wins,
        configurations,
    )


def judge(grid: Grid, signals: Signals, settings: SimulationSettings, *, alone: bool = False) -> Record:
    """What becomes of each signal, when a pair holds one trade at a time (`alone`: any number)."""
    record = empty_record(len(signals.slots))
    rule, entered = settings.kernel_rule, signals.slots + settings.late + 1

    def judge_pairs(first: int, last: int) -> None:
        mine = Grid._make(column[first:last] for column in grid)
        begin = signals.begin[first : last + 1]
        run_pairs(mine, begin, signals.slots, signals.directions, rule, alone, record)
        part = slice(begin[0], begin[-1])
        its = Record._make(column[part] for column in record)
        look_back(mine, signals.rows[part] - first, signals.directions[part], rule.hold, its, entered[part])

    by_core(signals.begin, judge_pairs, worth=_WORTH_A_THREAD)
    return record


def grid_of(market: Market, signals: Signals, *, funding: bool) -> Grid:
    """What the loops read."""
    columns = market.bars.columns
    pairs = len(market.history.pairs)
    leave = np.zeros((pairs, 0), dtype=np.int8) if signals.leave is None else signals.leave
    paid = paid_of(market) if funding else np.zeros((pairs, 0))
    return Grid(columns["open"], columns["high"], columns["low"], columns["close"], paid, leave)


def paid_of(market: Market) -> FloatArray:
    """(n, T) what a long pays within each bar, as `trade_sim.funding_paid` has it; computed once."""

    def make() -> FloatArray:
        bars = market.bars
        found = np.empty((len(market.history.pairs), len(bars.ts)))
        for row in range(len(found)):
            part = {name: column[row : row + 1] for name, column in bars.columns.items()}
            found[row] = funding_paid(Prices.of(bars.timeframe_ms, bars.ts, part))[0]
        return found

    return market.bars.once("funding_paid", make)


def base(market: Market, grid: Grid, settings: SimulationSettings) -> tuple[IntArray, IntArray]:
    """(n,) by pair: bars with a known close at which the same trade could have been made, and won.

    Of an entry that says the direction itself each bar is asked both ways.
    """
    present = np.isfinite(market.bars.columns["close"])
    present[:, : market.history.first] = False
    rows, slots = places(present)
    bars, wins = (np.zeros(len(present), dtype=np.int64) for _ in range(2))
    for asked in settings.one_way:
        ways = np.zeros(present.shape, dtype=np.int8)
        ways[rows, slots] = directions(market, asked, rows, slots)
        count_wins(grid, ways, settings.kernel_rule, bars, wins)
    return bars, wins
