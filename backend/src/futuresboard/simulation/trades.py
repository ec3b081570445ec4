"""The trades of a run, a column each, and what a set of them comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard.model import BoolArray, FloatArray, IntArray
from futuresboard.simulation.entries import Signals
from futuresboard.simulation.history import History
from futuresboard.simulation.outcomes import Outcome
from futuresboard.simulation.records import Record, SmallArray
from futuresboard.simulation.settings import SimulationSettings


@dataclass(frozen=True)
class Trades:
    """m finished trades, by pair, then by time; all (m,), returns as fractions of the entry price.

    pair: number of the pair; signal_slot, entry_slot, exit_slot: slots of the history; direction: 1 or
    −1; reason: an `Outcome`; gross: before costs; fees, slippage: both sides, as they are taken off;
    funding: as the trade pays it (below 0: is paid it); net: what is left. best: the best gross at a
    close of the window; regret: max(0, best − fees − slippage) − net, NaN where the window is not over;
    favourable, adverse: the farthest gross for and against (MFE, MAE), NaN where a high or low is
    unknown. notional: what was traded, pnl: what it earned, in the currency of the capital.
    """

    pair: IntArray
    signal_slot: IntArray
    entry_slot: IntArray
    exit_slot: IntArray
    direction: IntArray
    reason: SmallArray
    entry: FloatArray
    exit: FloatArray
    gross: FloatArray
    fees: FloatArray
    slippage: FloatArray
    funding: FloatArray
    net: FloatArray
    best: FloatArray
    regret: FloatArray
    favourable: FloatArray
    adverse: FloatArray
    notional: FloatArray
    pnl: FloatArray

    def __len__(self) -> int:
        return len(self.net)

    @property
    def bars_held(self) -> IntArray:
        """(m,) bars from the one entered in to the one left in, both counted."""
        return self.exit_slot - self.entry_slot + 1


def finished(
    signals: Signals, record: Record, settings: SimulationSettings, notional: FloatArray | None = None
) -> Trades:
    """The trades among the signals. notional: (m,) by signal; None: nothing was traded with money."""
    done: BoolArray = record.outcome > Outcome.OPEN
    costs = settings.costs
    slots, ways = signals.slots[done], signals.directions[done]
    net, best = record.net[done], record.best[done]
    size = np.full(len(net), np.nan) if notional is None else notional[done]
    late = slots + settings.late + 1
    with np.errstate(invalid="ignore"):
        missed = np.where(np.isnan(best), np.nan, np.maximum(0.0, best - 2 * costs.fee - 2 * costs.slippage))
    return Trades(
        signals.rows[done],
        slots,
        late,
        record.exit_slot[done],
        ways,
        record.outcome[done],
        record.entry[done],
        record.exit[done],
        record.gross[done],
        np.full(len(net), 2 * costs.fee),
        np.full(len(net), 2 * costs.slippage),
        # Adding 0 takes the sign off a zero.
        ways * record.funding[done] + 0.0,
        net,
        np.where(np.isinf(best), np.nan, best),
        missed - net,
        record.favourable[done],
        record.adverse[done],
        size,
        size * net,
    )


def outcomes(record: Record) -> Mapping[Outcome, int]:
    """How many signals ended in which way; those that none did are left out."""
    found, counts = np.unique(record.outcome, return_counts=True)
    return {Outcome(int(one)): int(count) for one, count in zip(found, counts, strict=True)}


@dataclass(frozen=True)
class Tally:
    """Trades with one unit each. total, squares: Σ net, Σ net²; daily: (days,) Σ net of the trades
    that ended on each UTC day."""

    n: int
    wins: int
    total: float
    squares: float
    daily: FloatArray

    @property
    def expectancy(self) -> float | None:
        """Mean net; None without a trade."""
        return self.total / self.n if self.n else None

    @classmethod
    def of_pairs(cls, tallies: FloatArray, daily: FloatArray) -> Tally:
        """From those of n pairs, (n, 4) and (n, days): pair after pair, however they were computed."""
        whole, days = np.zeros(4), np.zeros(daily.shape[1])
        for pair in range(len(tallies)):
            whole += tallies[pair]
            days += daily[pair]
        return cls(int(whole[0]), int(whole[1]), float(whole[2]), float(whole[3]), days)


def tally(trades: Trades, history: History) -> Tally:
    """The trades of a run as a sweep counts them."""
    day = history.day_of
    shape = (len(history.pairs), int(day[-1]) + 1 if len(day) else 0)
    tallies, daily = np.zeros((shape[0], 4)), np.zeros(shape)
    net = trades.net
    # One after the other, as the sweep adds them.
    for number, values in enumerate((np.ones(len(net)), (net > 0.0).astype(np.float64), net, net * net)):
        np.add.at(tallies[:, number], trades.pair, values)
    np.add.at(daily, (trades.pair, day[trades.exit_slot]), net)
    return Tally.of_pairs(tallies, daily)
