"""The loops of the simulation, compiled: one trade, a pair's trades, a sweep's, a portfolio's. Pure.

n pairs × T slots. A price that is not a finite number above zero is unknown. Everything that judges one
trade is in `_one`; the loops around it decide alone which signals may be acted on, so that a sweep, a
single run and a portfolio agree to the last bit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from futuresboard.model import FloatArray, IntArray
from futuresboard.simulation.compiling import compiled
from futuresboard.simulation.outcomes import Outcome

type SmallArray = np.ndarray[tuple[int, ...], np.dtype[np.int8]]

LEAVE_LONG, LEAVE_SHORT = 1, 2
_HORIZON, _TAKE_PROFIT, _STOP_LOSS = int(Outcome.HORIZON), int(Outcome.TAKE_PROFIT), int(Outcome.STOP_LOSS)
_TRAILING_STOP, _EXIT_SIGNAL = int(Outcome.TRAILING_STOP), int(Outcome.EXIT_SIGNAL)
_OPEN, _NO_ENTRY, _NO_EXIT = int(Outcome.OPEN), int(Outcome.NO_ENTRY), int(Outcome.NO_EXIT)
_NO_PATH, _NO_FUNDING, _BUSY = int(Outcome.NO_PATH), int(Outcome.NO_FUNDING), int(Outcome.BUSY)
_NO_DIRECTION = int(Outcome.NO_DIRECTION)
_NEVER = 1 << 62


class Grid(NamedTuple):
    """(n, T) prices; `paid`: what a long pays within each bar as a fraction (0 columns: no funding);
    `leave`: bits of `LEAVE_LONG` and `LEAVE_SHORT` at a bar's close (0 columns: no exit signals)."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    paid: FloatArray
    leave: SmallArray


class Rule(NamedTuple):
    """How a trade ends and what it costs: bars held (0: no limit), fractions of the price (0: none);
    `late`: bars between the bar after the signal and the entry."""

    hold: int
    take_profit: float
    stop_loss: float
    trailing_stop: float
    fee: float
    slippage: float
    late: int


class Record(NamedTuple):
    """(m,) one row a signal; what there is none of is NaN (`exit_slot`: −1). free: the first slot whose
    signal the pair may act on again, −1 where it was not occupied."""

    outcome: SmallArray
    exit_slot: IntArray
    free: IntArray
    entry: FloatArray
    exit: FloatArray
    gross: FloatArray
    funding: FloatArray
    net: FloatArray
    best: FloatArray
    favourable: FloatArray
    adverse: FloatArray


def empty_record(count: int) -> Record:
    """Rows for so many signals."""
    floats = [np.full(count, np.nan) for _ in range(8)]
    exits, free = (np.full(count, -1, dtype=np.int64) for _ in range(2))
    return Record(np.zeros(count, dtype=np.int8), exits, free, *floats)


@compiled
def _fit(price: float) -> bool:
    return price > 0.0 and price < math.inf


@compiled
def _touched(
    opened: float, adverse: float, favour: float, stop: float, target: float, direction: int, entered: bool
) -> tuple[int, float]:
    """What ends a trade within one bar, and at which price; (`_OPEN`, NaN) for nothing.

    adverse, favour: the bar's far ends against and for the trade; stop, target: levels, NaN for none;
    entered: whether the bar is the one entered at the open of.
    """
    if stop == stop:
        beyond = not entered and _fit(opened) and (opened - stop) * direction <= 0.0
        if beyond:
            return _STOP_LOSS, opened
        if not _fit(adverse):
            return _NO_PATH, math.nan
        if (adverse - stop) * direction <= 0.0:
            # Without the open it is unknown whether the price jumped beyond the stop.
            return (_STOP_LOSS, stop) if _fit(opened) else (_NO_PATH, math.nan)
    if target == target:
        if not _fit(favour):
            return _NO_PATH, math.nan
        if (favour - target) * direction >= 0.0:
            return _TAKE_PROFIT, target
    return _OPEN, math.nan


@compiled
def _end_by_levels(grid: Grid, row: int, first: int, direction: int, rule: Rule) -> tuple[int, int, float]:
    """(outcome, slot, price) of a trade that something may end before its time, bar by bar."""
    entry = grid.open[row, first]
    size = grid.close.shape[1]
    last = first + rule.hold - 1 if rule.hold > 0 else size
    fixed = entry * (1.0 - direction * rule.stop_loss) if rule.stop_loss > 0.0 else math.nan
    target = entry * (1.0 + direction * rule.take_profit) if rule.take_profit > 0.0 else math.nan
    signals = grid.leave.shape[1] > 0
    bit = LEAVE_LONG if direction > 0 else LEAVE_SHORT
    best = entry
    for slot in range(first, min(size, last + 1)):
        opened = grid.open[row, slot]
        if signals and slot > first and grid.leave[row, slot - 1] & bit:
            return (_EXIT_SIGNAL if _fit(opened) else _NO_EXIT), slot, opened
        adverse, favour = grid.low[row, slot], grid.high[row, slot]
        if direction < 0:
            adverse, favour = favour, adverse
        stop, kind = _tighter(fixed, best, rule.trailing_stop, direction)
        outcome, price = _touched(opened, adverse, favour, stop, target, direction, slot == first)
        if outcome == _OPEN and rule.trailing_stop > 0.0:
            if not _fit(favour):
                return _NO_PATH, slot, math.nan
            best = max(best, favour) if direction > 0 else min(best, favour)
        if outcome != _OPEN:
            return (kind if outcome == _STOP_LOSS else outcome), slot, price
    return _end_by_time(grid, row, first, rule.hold)


@compiled
def _tighter(fixed: float, best: float, trail: float, direction: int) -> tuple[float, int]:
    """The stop in force and its kind: the nearer of the fixed and the trailing one."""
    if trail > 0.0:
        following = best * (1.0 - direction * trail)
        if fixed != fixed or (following - fixed) * direction > 0.0:
            return following, _TRAILING_STOP
    return fixed, _STOP_LOSS


@compiled
def _end_by_time(grid: Grid, row: int, first: int, hold: int) -> tuple[int, int, float]:
    """(outcome, slot, price) of a trade that nothing ended before its time."""
    last = first + hold - 1
    if hold == 0 or last >= grid.close.shape[1]:
        return _OPEN, -1, math.nan
    price = grid.close[row, last]
    return (_HORIZON if _fit(price) else _NO_EXIT), last, price


@compiled
def _one(grid: Grid, row: int, first: int, direction: int, rule: Rule) -> tuple[int, int, float, float]:
    """(outcome, exit slot, exit price, funding a long pays) of a trade entered at the open of slot `first`.

    Funding: settlements stand at closes, so a trade that ends at a bar's open or within it does not
    cross the one at the bar's close.
    """
    size = grid.close.shape[1]
    if direction == 0:
        return _NO_DIRECTION, -1, math.nan, math.nan
    if first >= size:
        return _OPEN, -1, math.nan, 0.0
    if not _fit(grid.open[row, first]):
        return _NO_ENTRY, -1, math.nan, math.nan
    plain = rule.take_profit <= 0.0 and rule.stop_loss <= 0.0 and rule.trailing_stop <= 0.0
    if plain and grid.leave.shape[1] == 0:
        outcome, slot, price = _end_by_time(grid, row, first, rule.hold)
    else:
        outcome, slot, price = _end_by_levels(grid, row, first, direction, rule)
    funding = 0.0
    if outcome >= _OPEN and grid.paid.shape[1]:
        stop = size if outcome == _OPEN else slot + (outcome == _HORIZON)
        for held in range(first, stop):
            funding += grid.paid[row, held]
        if funding != funding:
            outcome = _NO_FUNDING
    return outcome, slot, price, funding


@compiled
def _net(entry: float, price: float, funding: float, direction: int, rule: Rule) -> float:
    # The order of `Trades.net`, so that both agree to the last bit.
    return direction * (price / entry - 1.0) - 2 * rule.fee - 2 * rule.slippage - direction * funding


@compiled
def _free_from(outcome: int, slot: int) -> int:
    """The first slot whose signal a pair may act on again."""
    if outcome == _OPEN:
        return _NEVER
    # An exit signal is known one close before the open it leaves at: the pair may turn around there.
    return slot - 1 if outcome == _EXIT_SIGNAL else slot


@compiled
def _hindsight(
    grid: Grid, row: int, first: int, direction: int, rule: Rule, outcome: int, slot: int, price: float
) -> tuple[float, float, float]:
    """Best gross at a known close of the window, and the farthest gross for and against the trade.

    The window is the bars held at most, else those up to the exit. The bar of an exit at its open or
    within it counts with its open and the exit alone; without a known high and low the two last are NaN.
    """
    entry, size = grid.open[row, first], grid.close.shape[1]
    whole = outcome == _HORIZON
    stop = first + rule.hold if rule.hold > 0 else slot + whole
    best = -math.inf
    if stop > size:
        best = math.nan
    for held in range(first, min(stop, size)):
        if _fit(grid.close[row, held]):
            best = max(best, direction * (grid.close[row, held] / entry - 1.0))
    top = bottom = entry
    for held in range(first, slot + whole):
        high, low = grid.high[row, held], grid.low[row, held]
        if not (_fit(high) and _fit(low)):
            top = bottom = math.nan
            break
        top, bottom = max(top, high), min(bottom, low)
    if not whole and top == top:
        opened = grid.open[row, slot]
        top, bottom = max(top, price), min(bottom, price)
        if _fit(opened):
            top, bottom = max(top, opened), min(bottom, opened)
    for_it, against = (top, bottom) if direction > 0 else (bottom, top)
    return best, direction * (for_it / entry - 1.0), direction * (against / entry - 1.0)


@compiled
def _keep(grid: Grid, row: int, first: int, direction: int, rule: Rule, record: Record, at: int) -> int:
    """Judge one signal into its row of the record; returns the outcome."""
    outcome, slot, price, funding = _one(grid, row, first, direction, rule)
    record.outcome[at] = outcome
    if outcome >= _OPEN and first < grid.close.shape[1]:
        record.entry[at] = grid.open[row, first]
    if outcome > _OPEN:
        entry = grid.open[row, first]
        record.exit_slot[at], record.exit[at], record.funding[at] = slot, price, funding
        record.gross[at] = direction * (price / entry - 1.0)
        record.net[at] = _net(entry, price, funding, direction, rule)
        record.best[at], record.favourable[at], record.adverse[at] = _hindsight(
            grid, row, first, direction, rule, outcome, slot, price
        )
    return outcome


@compiled
def run_pairs(
    grid: Grid,
    begin: IntArray,
    slots: IntArray,
    directions: IntArray,
    rule: Rule,
    alone: bool,
    record: Record,
) -> None:
    """Judge the signals of n pairs. begin: (n + 1,) where each pair's begin; slots ascend within one.

    alone: each signal as if it were the only one; else a pair holds one trade at a time, and a signal
    without a trade occupies nobody.
    """
    for row in range(len(begin) - 1):
        free = -1
        for at in range(begin[row], begin[row + 1]):
            slot = slots[at] + rule.late
            if slot < free and not alone:
                record.outcome[at] = _BUSY
                continue
            outcome = _keep(grid, row, slot + 1, directions[at], rule, record, at)
            if outcome >= _OPEN:
                free = record.free[at] = _free_from(outcome, record.exit_slot[at])


@compiled
def count_wins(grid: Grid, directions: SmallArray, rule: Rule, bars: IntArray, wins: IntArray) -> None:
    """The trade of a signal at every bar: (n,) how many there were, and how many ended above zero.

    directions: (n, T) of the trade at each bar, 0 for a bar that is not asked.
    """
    size = grid.close.shape[1]
    for row in range(directions.shape[0]):
        for slot in range(size):
            direction = directions[row, slot]
            if direction == 0:
                continue
            first = slot + 1 + rule.late
            outcome, _, price, funding = _one(grid, row, first, direction, rule)
            if outcome > _OPEN:
                bars[row] += 1
                wins[row] += _net(grid.open[row, first], price, funding, direction, rule) > 0.0


@compiled
def sweep_pairs(
    grid: Grid,
    begin: IntArray,
    slots: IntArray,
    directions: IntArray,
    numbers: FloatArray,
    day: IntArray,
    tallies: FloatArray,
    daily: FloatArray,
) -> None:
    """Many rules over the same signals, pair after pair, while its prices are at hand.

    numbers: (s, 7) each set's `Rule`; day: (T,) index of each slot's day. Adds to tallies (n, s, 4):
    trades, wins, Σ net, Σ net²; and to daily (n, s, days): Σ net of the trades that ended that day.
    """
    for row in range(len(begin) - 1):
        for number in range(len(numbers)):
            rule = Rule(
                int(numbers[number, 0]),
                numbers[number, 1],
                numbers[number, 2],
                numbers[number, 3],
                numbers[number, 4],
                numbers[number, 5],
                int(numbers[number, 6]),
            )
            free = -1
            for at in range(begin[row], begin[row + 1]):
                slot = slots[at] + rule.late
                if slot < free:
                    continue
                outcome, last, price, funding = _one(grid, row, slot + 1, directions[at], rule)
                if outcome >= _OPEN:
                    free = _free_from(outcome, last)
                if outcome > _OPEN:
                    net = _net(grid.open[row, slot + 1], price, funding, directions[at], rule)
                    _add(tallies[row, number], daily[row, number], net, day[last])


@compiled
def _add(tally: FloatArray, daily: FloatArray, net: float, day: int) -> None:
    tally[0] += 1.0
    tally[1] += net > 0.0
    tally[2] += net
    tally[3] += net * net
    daily[day] += net


@compiled
def tally_pairs(
    rows: IntArray, days: IntArray, nets: FloatArray, tallies: FloatArray, daily: FloatArray
) -> None:
    """The tallies of `sweep_pairs` from finished trades by pair and time, (n, 4) and (n, days)."""
    for at in range(len(rows)):
        _add(tallies[rows[at]], daily[rows[at]], nets[at], days[at])
