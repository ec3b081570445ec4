"""What a simulated run is worth: from its trades to an assessment. Pure."""

from __future__ import annotations

import numpy as np

from futuresboard import sharpe
from futuresboard.assessment import Assessment, Outcomes, assess
from futuresboard.evidence import Base
from futuresboard.model import FloatArray
from futuresboard.simulation.history import History
from futuresboard.simulation.kernel import run_pairs
from futuresboard.simulation.records import Grid, empty_record
from futuresboard.simulation.run import Run
from futuresboard.simulation.settings import Entry
from futuresboard.trials import Trial, Tried
from futuresboard.zero_edge import Candles, ZeroEdge, zero_edge

_LONGEST = 2000
"""Bars a driftless walk lasts at most, where nothing but a level ends a trade."""


def trial_of(run: Run) -> Trial:
    """A run as the ledger of trials keeps it."""
    _, daily = run.portfolio.daily()
    moments = sharpe.moments(daily)
    first, last = int(run.ts[run.portfolio.first]), int(run.ts[-1])
    ratio = None if moments is None else moments.sharpe
    return Trial(run.settings.hash, run.data_hash, first, last, ratio, len(daily), len(run.trades))


def judged(run: Run, history: History, tried: Tried) -> Assessment:
    """Everything there is to say of a run over a history; tried: what the ledger says, the run included."""
    trades = run.trades
    outcomes = Outcomes(trades.entry_slot, trades.exit_slot, trades.pair, trades.net, run.late.net)
    _, daily = run.portfolio.daily()
    base = Base(run.base_bars, run.base_wins)
    return assess(outcomes, base, daily, zero_edge=by_chance(run, history), tried=tried)


def by_chance(run: Run, history: History) -> ZeroEdge | None:
    """What the run's way out wins on driftless walks through the bars its signals met, funding left out.

    None without trades, and for OBV/RSI, whose exits need a past that no walk has.
    """
    settings, trades = run.settings, run.trades
    if not len(trades) or settings.entry is Entry.OBV_RSI:
        return None
    longest = 2 * int(trades.bars_held.max())
    length = settings.late + (settings.hold or min(longest, _LONGEST))
    columns = history.bars.columns
    candles = Candles(columns["open"], columns["high"], columns["low"], columns["close"])
    share_long = float((trades.direction > 0).mean())

    def rule(walks: Candles) -> FloatArray:
        count = len(walks.close)
        grid = Grid(
            walks.open,
            walks.high,
            walks.low,
            walks.close,
            np.zeros((count, 0)),
            np.zeros((count, 0), dtype=np.int8),
        )
        # Long and short in the run's own proportion; walks come in no order.
        ways = np.where(np.arange(count) < round(share_long * count), 1, -1)
        record = empty_record(count)
        begin = np.arange(count + 1)
        run_pairs(grid, begin, np.zeros(count, dtype=np.int64), ways, settings.kernel_rule, True, record)
        return np.where(record.exit_slot >= 0, record.net, np.nan)

    return zero_edge(candles, trades.pair, trades.signal_slot, length, rule)
