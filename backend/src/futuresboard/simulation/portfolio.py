"""Many pairs, one purse: which trades it can pay for, how large they are, and what becomes of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from futuresboard.model import MS_PER_DAY, BoolArray, FloatArray, IntArray
from futuresboard.simulation.compiling import compiled
from futuresboard.simulation.entries import Signals
from futuresboard.simulation.outcomes import Outcome
from futuresboard.simulation.records import Grid, Record
from futuresboard.simulation.settings import SimulationSettings, Sizing

_AMOUNT, _SHARE, _RISK = 0, 1, 2
_SIZINGS = {Sizing.EQUAL: _AMOUNT, Sizing.AMOUNT: _AMOUNT, Sizing.SHARE: _SHARE, Sizing.RISK: _RISK}
_OPEN, _HORIZON, _EXIT_SIGNAL = int(Outcome.OPEN), int(Outcome.HORIZON), int(Outcome.EXIT_SIGNAL)
_BUSY, _REFUSED = int(Outcome.BUSY), int(Outcome.REFUSED)


class Purse(NamedTuple):
    """What trades are paid from. sizing, size: an amount, a share of equity, or a share of equity to
    lose over `distance` (a fraction of the price); positions: the most at one time (0: no limit)."""

    sizing: int
    size: float
    distance: float
    capital: float
    limited: bool
    leverage: float
    positions: int
    cost: float


class Curve(NamedTuple):
    """(T,) at each close: equity, value of all positions without their signs, and how many there are."""

    equity: FloatArray
    exposure: FloatArray
    positions: IntArray


@dataclass(frozen=True)
class Portfolio:
    """What became of the capital.

    first: the slot signals begin at; ts: (T,) open times, ms UTC; equity, exposure, positions: (T,) at
    each bar's close, marked to the last known one; notional: (m,) of each signal, NaN where nothing
    was traded; refused: signals that found too little cash or room; turnover: what was bought and
    sold over the mean equity.
    """

    capital: float
    first: int
    ts: IntArray
    equity: FloatArray
    exposure: FloatArray
    positions: IntArray
    notional: FloatArray
    refused: int
    turnover: float

    @property
    def drawdown(self) -> FloatArray:
        """(T,) 1 − equity over its highest value so far, the capital included."""
        peak = np.maximum.accumulate(np.maximum(self.equity, self.capital))
        return 1.0 - self.equity / peak

    @property
    def max_drawdown(self) -> float:
        """The deepest drawdown, as a fraction."""
        return float(self.drawdown.max(initial=0.0))

    @property
    def mean_exposure(self) -> float | None:
        """Mean of exposure over equity; None without a bar, or once nothing is left."""
        judged = slice(self.first, None)
        if not len(self.equity[judged]) or (self.equity[judged] <= 0.0).any():
            return None
        return float(np.mean(self.exposure[judged] / self.equity[judged]))

    @property
    def time_in_market(self) -> float | None:
        """Share of the bars at whose close there is a position."""
        held = self.positions[self.first :] > 0
        return float(held.mean()) if len(held) else None

    def daily(self) -> tuple[IntArray, FloatArray]:
        """(00:00 UTC in ms, return) of each day from the first signals on: what 365 of make a year of.

        The first counts from the capital and may be part of a day, like the last. Once nothing is left
        returns are NaN.
        """
        days = self.ts[self.first :] // MS_PER_DAY
        if not len(days):
            return days, np.zeros(0)
        last = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
        ends = self.equity[self.first :][last]
        before = np.append(self.capital, ends[:-1])
        with np.errstate(divide="ignore", invalid="ignore"):
            returns = np.where(before > 0.0, ends / before - 1.0, np.nan)
        return days[last] * MS_PER_DAY, returns


def invest(
    grid: Grid, signals: Signals, record: Record, settings: SimulationSettings, ts: IntArray, first: int
) -> Portfolio:
    """Act on signals in order of time, those of one bar in the order of the pairs.

    record: what each signal would be, each judged alone where cash is limited (then those that are not
    acted on become `BUSY` or `REFUSED` in it), else as the pairs act on them.
    """
    purse = _purse(settings, grid.close.shape[0])
    slots = signals.slots + settings.late
    order = np.lexsort((signals.rows, slots))
    curve = Curve(np.zeros(len(ts)), np.zeros(len(ts)), np.zeros(len(ts), dtype=np.int64))
    notional = np.full(len(slots), np.nan)
    _run(grid, order, signals.rows, slots, signals.directions, record, purse, notional, curve)
    done: BoolArray = record.outcome > _OPEN
    begun: BoolArray = np.isfinite(notional)
    traded = float(notional[begun].sum() + (notional * record.exit / record.entry)[done].sum())
    mean = float(curve.equity[first:].mean()) if len(ts) > first else np.nan
    refused = int((record.outcome == _REFUSED).sum())
    turnover = traded / mean if mean > 0.0 else np.nan
    return Portfolio(settings.capital, first, ts, *curve, notional, refused, turnover)


def _purse(settings: SimulationSettings, pairs: int) -> Purse:
    levels = [one for one in (settings.stop_loss, settings.trailing_stop) if one is not None]
    size = settings.capital / max(1, pairs) if settings.size is None else settings.size
    return Purse(
        _SIZINGS[settings.sizing],
        float(size),
        min(levels, default=1.0),
        float(settings.capital),
        settings.cash_limit or settings.max_positions is not None,
        float(settings.leverage) if settings.cash_limit else np.inf,
        settings.max_positions or 0,
        float(settings.fee + settings.slippage),
    )


@compiled
def _run(
    grid: Grid,
    order: IntArray,
    rows: IntArray,
    slots: IntArray,
    directions: IntArray,
    record: Record,
    purse: Purse,
    notional: FloatArray,
    curve: Curve,
) -> None:
    """Bar by bar: trades end, funding is paid, what is open is marked, then signals are acted on."""
    held = np.zeros(grid.close.shape[0] * 2 + 1, dtype=np.int64)
    marks = np.zeros(len(held))
    free = np.full(grid.close.shape[0], -1)
    count, following = 0, 0
    cash = purse.capital
    for slot in range(grid.close.shape[1]):
        count, cash, value, exposure = _pass_bar(
            grid, slot, rows, directions, record, purse.cost, notional, held, marks, count, cash
        )
        equity = cash + value
        curve.equity[slot], curve.exposure[slot], curve.positions[slot] = equity, exposure, count
        bound, open_now = _bound(slot, record, notional, held, count, purse.leverage)
        while following < len(order) and slots[order[following]] <= slot:
            at = order[following]
            following += 1
            if record.outcome[at] < _OPEN:
                continue
            if purse.limited and slots[at] < free[rows[at]]:
                record.outcome[at] = _BUSY
                continue
            amount = _amount(purse, equity)
            if not _pays(purse, amount, equity, bound, open_now):
                record.outcome[at] = _REFUSED
                continue
            free[rows[at]] = record.free[at]
            if slot + 1 < grid.close.shape[1]:
                notional[at], held[count], marks[count] = amount, at, record.entry[at]
                cash -= amount * purse.cost
                bound, open_now, count = bound + amount / purse.leverage, open_now + 1, count + 1


@compiled
def _amount(purse: Purse, equity: float) -> float:
    if purse.sizing == _AMOUNT:
        return purse.size
    return purse.size * equity / (purse.distance if purse.sizing == _RISK else 1.0)


@compiled
def _pays(purse: Purse, amount: float, equity: float, bound: float, positions: int) -> bool:
    if purse.positions > 0 and positions >= purse.positions:
        return False
    if purse.limited:
        return equity > 0.0 and amount / purse.leverage <= equity - bound
    return True


@compiled
def _bound(
    slot: int, record: Record, notional: FloatArray, held: IntArray, count: int, leverage: float
) -> tuple[float, int]:
    """Margin of the positions, and how many, that are still there at the next open as far as is known:
    what leaves at it by an exit signal makes room for what enters."""
    bound, positions = 0.0, 0
    for i in range(count):
        at = held[i]
        if not (record.outcome[at] == _EXIT_SIGNAL and record.exit_slot[at] == slot + 1):
            bound += notional[at] / leverage
            positions += 1
    return bound, positions


@compiled
def _pass_bar(
    grid: Grid,
    slot: int,
    rows: IntArray,
    directions: IntArray,
    record: Record,
    cost: float,
    notional: FloatArray,
    held: IntArray,
    marks: FloatArray,
    count: int,
    cash: float,
) -> tuple[int, float, float, float]:
    """One bar of all positions; returns how many are left, cash, and their gain and value at the close."""
    left, value, exposure = 0, 0.0, 0.0
    for i in range(count):
        at = held[i]
        ends = record.exit_slot[at] == slot
        if grid.paid.shape[1] and (not ends or record.outcome[at] == _HORIZON):
            cash -= directions[at] * notional[at] * grid.paid[rows[at], slot]
        if ends:
            cash += notional[at] * (record.gross[at] - cost)
            continue
        close = grid.close[rows[at], slot]
        mark = close if close > 0.0 and close < np.inf else marks[i]
        held[left], marks[left] = at, mark
        left += 1
        value += notional[at] * directions[at] * (mark / record.entry[at] - 1.0)
        exposure += notional[at] * mark / record.entry[at]
    return left, cash, value, exposure
