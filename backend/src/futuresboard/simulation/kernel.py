"""The loops of the simulation, compiled: one trade, a pair's trades, a sweep's, a portfolio's. Pure.

n pairs × T slots. A price that is not a finite number above zero is unknown. Everything that judges one
trade is in `_one`; the loops around it decide alone which signals may be acted on, so that a sweep, a
single run and a portfolio agree to the last bit.
"""

from __future__ import annotations

import math

import numpy as np

from futuresboard.model import FloatArray, IntArray
from futuresboard.simulation.compiling import compiled, inlined
from futuresboard.simulation.outcomes import Outcome
from futuresboard.simulation.records import (
    LEAVE_LONG,
    LEAVE_SHORT,
    Grid,
    Record,
    Rule,
    Sets,
    SmallArray,
)

_HORIZON, _TAKE_PROFIT, _STOP_LOSS = int(Outcome.HORIZON), int(Outcome.TAKE_PROFIT), int(Outcome.STOP_LOSS)
_TRAILING_STOP, _EXIT_SIGNAL = int(Outcome.TRAILING_STOP), int(Outcome.EXIT_SIGNAL)
_OPEN, _NO_ENTRY, _NO_EXIT = int(Outcome.OPEN), int(Outcome.NO_ENTRY), int(Outcome.NO_EXIT)
_NO_PATH, _NO_FUNDING, _BUSY = int(Outcome.NO_PATH), int(Outcome.NO_FUNDING), int(Outcome.BUSY)
_NO_DIRECTION = int(Outcome.NO_DIRECTION)
_NEVER = 1 << 62


@inlined
def _fit(price: float) -> bool:
    return price > 0.0 and price < math.inf


@inlined
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


@inlined
def _calm(grid: Grid, row: int, begin: int, end: int, floor: float, ceiling: float) -> int:
    """The first slot from `begin` on whose high and low are not known to lie between two levels."""
    line = np.uint64(row)
    for slot in range(begin, end):
        # An index without a sign needs no look whether it counts from the end.
        at = np.uint64(slot)
        if not (grid.low[line, at] > floor and grid.high[line, at] < ceiling):
            return slot
    return end


@inlined
def _first_touch(
    grid: Grid, row: int, first: int, end: int, direction: int, stop: float, target: float
) -> tuple[int, int, float]:
    """(outcome, slot, price) of the first bar before `end` at which a level that does not move is touched,
    or may have been; (`_OPEN`, end, NaN) without one."""
    floor, ceiling = _walls(stop, target, direction)
    slot = first
    while True:
        slot = _calm(grid, row, slot, end, floor, ceiling)
        if slot >= end:
            return _OPEN, end, math.nan
        adverse, favour = _far_ends(grid, row, slot, direction)
        outcome, price = _touched(
            grid.open[row, slot], adverse, favour, stop, target, direction, slot == first
        )
        if outcome != _OPEN:
            return outcome, slot, price
        slot += 1


@inlined
def _far_ends(grid: Grid, row: int, slot: int, direction: int) -> tuple[float, float]:
    """A bar's far ends against and for a trade."""
    low, high = grid.low[row, slot], grid.high[row, slot]
    return (low, high) if direction > 0 else (high, low)


@inlined
def _levels(entry: float, direction: int, stop_loss: float, take_profit: float) -> tuple[float, float]:
    """Prices of stop-loss and take-profit, NaN for none."""
    stop = entry * (1.0 - direction * stop_loss) if stop_loss > 0.0 else math.nan
    target = entry * (1.0 + direction * take_profit) if take_profit > 0.0 else math.nan
    return stop, target


@inlined
def _first_move(
    grid: Grid, row: int, first: int, end: int, direction: int, rule: Rule
) -> tuple[int, int, float]:
    """`_first_touch` where the stop follows the price or a signal may end the trade: bar by bar."""
    best = grid.open[row, first]
    fixed, target = _levels(best, direction, rule.stop_loss, rule.take_profit)
    bit = LEAVE_LONG if direction > 0 else LEAVE_SHORT
    signals = grid.leave.shape[1] > 0
    for slot in range(first, end):
        opened = grid.open[row, slot]
        if signals and slot > first and grid.leave[row, slot - 1] & bit:
            return (_EXIT_SIGNAL if _fit(opened) else _NO_EXIT), slot, opened
        adverse, favour = _far_ends(grid, row, slot, direction)
        stop, kind = _tighter(fixed, best, rule.trailing_stop, direction)
        outcome, price = _touched(opened, adverse, favour, stop, target, direction, slot == first)
        if outcome != _OPEN:
            return (kind if outcome == _STOP_LOSS else outcome), slot, price
        if rule.trailing_stop > 0.0:
            if not _fit(favour):
                return _NO_PATH, slot, math.nan
            best = max(best, favour) if direction > 0 else min(best, favour)
    return _OPEN, end, math.nan


@inlined
def _end(grid: Grid, first: int, hold: int) -> int:
    """The slot after the last one a trade may be held in."""
    size: int = grid.close.shape[1]
    return min(size, first + hold) if hold > 0 else size


@inlined
def _walls(stop: float, target: float, direction: int) -> tuple[float, float]:
    """The levels below and above the price; none is 0 below and infinity above."""
    below, above = (stop, target) if direction > 0 else (target, stop)
    return (below if below == below else 0.0), (above if above == above else math.inf)


@inlined
def _tighter(fixed: float, best: float, trail: float, direction: int) -> tuple[float, int]:
    """The stop in force and its kind: the nearer of the fixed and the trailing one."""
    if trail > 0.0:
        following = best * (1.0 - direction * trail)
        if fixed != fixed or (following - fixed) * direction > 0.0:
            return following, _TRAILING_STOP
    return fixed, _STOP_LOSS


@inlined
def _last(entered: int, hold: int, size: int) -> int:
    """The slot at whose close a trade's time is over; −1 when it has none or that is not there yet."""
    last = entered + hold - 1
    return last if last >= entered and last < size else -1


@inlined
def _by_time(entry: float, last: int, price: float) -> int:
    """How a trade ends that nothing ends before its time; price: the close of its last slot."""
    if not _fit(entry):
        return _NO_ENTRY
    if last < 0:
        return _OPEN
    return _HORIZON if _fit(price) else _NO_EXIT


@inlined
def _one(grid: Grid, row: int, first: int, direction: int, rule: Rule) -> tuple[int, int, float, float]:
    """(outcome, exit slot, exit price, funding a long pays) of a trade entered at a slot's open."""
    outcome, slot, price = _barred(grid, row, first, direction), -1, math.nan
    if outcome == _HORIZON:
        end = _end(grid, first, rule.hold)
        if rule.trailing_stop > 0.0 or grid.leave.shape[1] > 0:
            outcome, slot, price = _first_move(grid, row, first, end, direction, rule)
        else:
            outcome = _OPEN
            if rule.stop_loss > 0.0 or rule.take_profit > 0.0:
                entry = grid.open[row, first]
                stop, target = _levels(entry, direction, rule.stop_loss, rule.take_profit)
                outcome, slot, price = _first_touch(grid, row, first, end, direction, stop, target)
        if outcome == _OPEN:
            slot = _last(first, rule.hold, grid.close.shape[1])
            price = grid.close[row, slot]
            outcome = _by_time(grid.open[row, first], slot, price)
    funding = 0.0
    size = grid.close.shape[1]
    for held in range(first, _paid_until(first, outcome, slot, size, grid.paid.shape[1] > 0)):
        funding += grid.paid[row, held]
    return (outcome if funding == funding else _NO_FUNDING), slot, price, funding


@inlined
def _barred(grid: Grid, row: int, first: int, direction: int) -> int:
    """Why a trade cannot begin; `_HORIZON` when it can."""
    if direction == 0:
        return _NO_DIRECTION
    if first >= grid.close.shape[1]:
        return _OPEN
    return _HORIZON if _fit(grid.open[row, first]) else _NO_ENTRY


@inlined
def _net(entry: float, price: float, funding: float, direction: int, rule: Rule) -> float:
    # The order of `Trades.net`, so that both agree to the last bit.
    return direction * (price / entry - 1.0) - 2 * rule.fee - 2 * rule.slippage - direction * funding


@inlined
def _free_from(outcome: int, slot: int) -> int:
    """The first slot whose signal a pair may act on again."""
    if outcome == _OPEN:
        return _NEVER
    # An exit signal is known one close before the open it leaves at: the pair may turn around there.
    return slot - 1 if outcome == _EXIT_SIGNAL else slot


@inlined
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
def sweep_moving(
    grid: Grid,
    begin: IntArray,
    slots: IntArray,
    directions: IntArray,
    sets: Sets,
    day: IntArray,
    tallies: FloatArray,
    daily: FloatArray,
) -> None:
    """Many rules over the same signals, where a stop follows the price or a signal may end a trade.

    day: (T,) number of each slot's day. Adds to tallies (n, s, 4): trades, wins, Σ net, Σ net²; and to
    daily (n, s, days): Σ net of the trades that ended that day.
    """
    free = np.empty(len(sets.numbers), dtype=np.int64)
    for row in range(len(begin) - 1):
        free[:] = -1
        for at in range(begin[row], begin[row + 1]):
            for number in range(len(free)):
                first = slots[at] + 1 + int(sets.numbers[number, 6])
                if first <= free[number]:
                    continue
                rule = _rule(sets.numbers, number)
                outcome, last, price, funding = _one(grid, row, first, directions[at], rule)
                if outcome >= _OPEN:
                    free[number] = _free_from(outcome, last)
                if outcome > _OPEN:
                    net = _net(grid.open[row, first], price, funding, directions[at], rule)
                    _add(tallies, daily, row, number, day[last], net)


@compiled
def sweep_steady(
    grid: Grid,
    begin: IntArray,
    slots: IntArray,
    directions: IntArray,
    sets: Sets,
    day: IntArray,
    tallies: FloatArray,
    daily: FloatArray,
) -> None:
    """`sweep_moving` where levels stay: rules within signals, and each level is looked for once a signal."""
    free = np.empty(len(sets.numbers), dtype=np.int64)
    codes, touched = np.empty((2, len(sets.levels)), dtype=np.int64)
    prices = np.empty(len(sets.levels))
    for row in range(len(begin) - 1):
        free[:] = -1
        for at in range(begin[row], begin[row + 1]):
            if directions[at] != 0:
                _look(grid, row, slots[at] + 1, directions[at], sets, codes, touched, prices)
                _act(
                    grid,
                    row,
                    slots[at] + 1,
                    directions[at],
                    sets,
                    codes,
                    touched,
                    prices,
                    free,
                    day,
                    tallies,
                    daily,
                )


@compiled
def _look(
    grid: Grid,
    row: int,
    first: int,
    direction: int,
    sets: Sets,
    codes: IntArray,
    touched: IntArray,
    prices: FloatArray,
) -> None:
    """When each level is first touched by a trade that may be held as long as any."""
    for key in range(len(sets.levels)):
        entered = first + int(sets.levels[key, 0])
        codes[key] = _OPEN
        none = sets.levels[key, 1] == 0.0 and sets.levels[key, 2] == 0.0
        if not none and _barred(grid, row, entered, direction) == _HORIZON:
            entry, end = grid.open[row, entered], _end(grid, entered, sets.reach)
            stop, target = _levels(entry, direction, sets.levels[key, 1], sets.levels[key, 2])
            codes[key], touched[key], prices[key] = _first_touch(
                grid, row, entered, end, direction, stop, target
            )


@compiled
def _act(
    grid: Grid,
    row: int,
    first: int,
    direction: int,
    sets: Sets,
    codes: IntArray,
    touched: IntArray,
    prices: FloatArray,
    free: IntArray,
    day: IntArray,
    tallies: FloatArray,
    daily: FloatArray,
) -> None:
    """`_one` for every rule, from when its levels are first touched."""
    # Arrays are not handed on in this loop: counting who holds them would cost more than all the rest.
    numbers, keys = sets.numbers, sets.keys
    opens, closes, paid = grid.open, grid.close, grid.paid
    size, paying = closes.shape[1], paid.shape[1] > 0
    for number in range(len(free)):
        entered = first + int(numbers[number, 6])
        if entered <= free[number]:
            continue
        if entered >= size:
            free[number] = _NEVER
            continue
        entry, last = opens[row, entered], _last(entered, int(numbers[number, 0]), size)
        end = size if last < 0 else last + 1
        price = closes[row, last]
        outcome = _by_time(entry, last, price)
        for side in range(2):
            key = keys[number, side]
            # The end by time comes after every level of its bar, a target after the stop.
            if codes[key] != _OPEN and touched[key] < end:
                outcome, last, price, end = codes[key], touched[key], prices[key], touched[key]
        funding = 0.0
        for held in range(entered, _paid_until(entered, outcome, last, size, paying)):
            funding += paid[row, held]
        if outcome < _OPEN or funding != funding:
            continue
        free[number] = _free_from(outcome, last)
        if outcome > _OPEN:
            net = _net(entry, price, funding, direction, _rule(numbers, number))
            _add(tallies, daily, row, number, day[last], net)


@inlined
def _paid_until(entered: int, outcome: int, last: int, size: int, paying: bool) -> int:
    """The slot after the last one whose settlement a trade crosses.

    Settlements stand at closes, so a trade that ends at a bar's open or within it does not cross the one
    at the bar's close.
    """
    if not paying or outcome < _OPEN:
        return entered
    return size if outcome == _OPEN else last + (outcome == _HORIZON)


@inlined
def _rule(numbers: FloatArray, number: int) -> Rule:
    return Rule(
        int(numbers[number, 0]),
        numbers[number, 1],
        numbers[number, 2],
        numbers[number, 3],
        numbers[number, 4],
        numbers[number, 5],
        int(numbers[number, 6]),
    )


@inlined
def _add(tallies: FloatArray, daily: FloatArray, row: int, number: int, day: int, net: float) -> None:
    tallies[row, number, 0] += 1.0
    tallies[row, number, 1] += net > 0.0
    tallies[row, number, 2] += net
    tallies[row, number, 3] += net * net
    daily[row, number, day] += net
