"""One purse for many pairs, against a plain bar-by-bar account of the same rules."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.simulation.entries import Market, Signals
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.outcomes import Outcome
from futuresboard.simulation.portfolio import invest
from futuresboard.simulation.run import grid_of, judge, simulate
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.trades import finished, outcomes
from random_bars import DAY

M5 = 300_000
HOUR = 3_600_000


def market_of(rng, pairs, slots, *, holes=0.02):
    """A market of random walks that gap, with missing bars, and settlements every hour."""
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.004, (pairs, slots)), axis=1))
    opened = close * np.exp(rng.normal(0, 0.002, close.shape))
    columns = {
        "open": opened,
        "high": np.maximum(opened, close) * 1.002,
        "low": np.minimum(opened, close) * 0.998,
        "close": close,
        "funding": np.full(close.shape, 0.001),
        "funding_interval_h": np.full(close.shape, 1.0),
    }
    missing = rng.random(close.shape) < holes
    for name in ("open", "high", "low", "close"):
        columns[name][missing] = np.nan
    ts = 20_000 * DAY + M5 * np.arange(slots, dtype=np.int64)
    return Market(History.of([Pair("x", f"P{i}") for i in range(pairs)], M5, ts, columns))


def signals_of(rng, pairs, slots, share):
    rows, at = np.nonzero(rng.random((pairs, slots)) < share)
    leave = (rng.random((pairs, slots)) < 0.1).astype(np.int8) * 3
    begin = np.searchsorted(rows, np.arange(pairs + 1))
    return Signals(begin, at, rng.choice([-1, 1], len(at)), leave if rng.random() < 0.5 else None)


class Account:
    """Money moved by hand: one list of open positions, every payment when it is due."""

    def __init__(self, market, signals, record, settings):
        self.bars, self.settings, self.signals, self.record = market.bars, settings, signals, record
        self.cash = settings.capital
        self.open, self.words, self.notional, self.equity = [], {}, {}, []
        self.marks = {}

    def price(self, row, slot, name):
        value = self.bars.columns[name][row, slot]
        return None if math.isnan(value) else value

    def worth(self, at, price):
        gain = self.signals.directions[at] * (price / self.record.entry[at] - 1)
        return self.notional[at] * gain

    def end_of_bar(self, slot):
        rows, record = self.signals.rows, self.record
        cost = self.settings.fee + self.settings.slippage
        settles = (slot + 1) * M5 % HOUR == 0
        for at in list(self.open):
            over = record.exit_slot[at] == slot
            if settles and self.settings.funding and (not over or record.outcome[at] == Outcome.HORIZON):
                self.cash -= self.signals.directions[at] * self.notional[at] * 0.001
            if over:
                self.cash += self.worth(at, record.exit[at]) - self.notional[at] * cost
                self.open.remove(at)
            elif (close := self.price(rows[at], slot, "close")) is not None:
                self.marks[at] = close
        self.equity.append(self.cash + sum(self.worth(at, self.marks[at]) for at in self.open))

    def size(self):
        asked, equity = self.settings, self.equity[-1]
        if asked.sizing == "share":
            return asked.size * equity
        if asked.sizing == "risk":
            return asked.size * equity / min(x for x in (asked.stop_loss, asked.trailing_stop) if x)
        return asked.size

    def decide(self, at, slot):
        asked, record = self.settings, self.record
        if record.outcome[at] < 0:
            return Outcome(int(record.outcome[at]))
        row = self.signals.rows[at]
        staying = [
            one
            for one in self.open
            if not (record.outcome[one] == Outcome.EXIT_SIGNAL and record.exit_slot[one] == slot + 1)
        ]
        if any(self.signals.rows[one] == row for one in staying):
            return Outcome.BUSY
        if asked.max_positions is not None and len(staying) >= asked.max_positions:
            return Outcome.REFUSED
        bound = sum(self.notional[one] for one in staying) / asked.leverage if asked.cash_limit else 0.0
        need = self.size() / asked.leverage if asked.cash_limit else 0.0
        if self.equity[-1] <= 0 or need > self.equity[-1] - bound:
            return Outcome.REFUSED
        if slot + 1 == len(self.bars.ts):
            # There is no bar any more to enter in.
            return Outcome.OPEN
        self.notional[at], self.marks[at] = self.size(), record.entry[at]
        self.open.append(at)
        self.cash -= self.notional[at] * (asked.fee + asked.slippage)
        return Outcome(int(record.outcome[at]))

    def run(self):
        slots = self.signals.slots + self.settings.late
        for slot in range(len(self.bars.ts)):
            self.end_of_bar(slot)
            for at in np.flatnonzero(slots == slot).tolist():
                self.words[at] = self.decide(at, slot)
        return self


@given(
    seed=st.integers(0, 500),
    exits=st.sampled_from(
        [{"hold": 9}, {"hold": 30, "take_profit": 0.01, "stop_loss": 0.008}, {"trailing_stop": 0.01}]
    ),
    money=st.sampled_from(
        [
            {"sizing": "amount", "size": 4_000.0, "cash_limit": True},
            {"sizing": "amount", "size": 30_000.0, "cash_limit": True, "leverage": 5.0},
            {"sizing": "share", "size": 0.3, "cash_limit": True},
            {"sizing": "share", "size": 1.0, "max_positions": 2},
            {"sizing": "risk", "size": 0.002, "cash_limit": True},
        ]
    ),
    late=st.integers(0, 1),
)
def test_every_decision_and_the_equity_of_every_bar(seed, exits, money, late):
    if money["sizing"] == "risk" and "hold" in exits and len(exits) == 1:
        exits = exits | {"stop_loss": 0.01}
    rng = np.random.default_rng(seed)
    # Funding at every hour: the last bar is no settlement, so that nothing is due after the end.
    market = market_of(rng, 5, 121)
    signals = signals_of(rng, 5, 120, 0.08)
    if signals.leave is not None:
        signals = Signals(
            signals.begin, signals.slots, signals.directions, np.pad(signals.leave, ((0, 0), (0, 1)))
        )
    settings = SimulationSettings(tier=1, late=late, **exits, **money)
    grid = grid_of(market, signals, funding=True)
    record = judge(grid, signals, settings, alone=True)
    account = Account(market, signals, judge(grid, signals, settings, alone=True), settings).run()
    portfolio = invest(grid, signals, record, settings, market.bars.ts, 0)
    found = [Outcome(int(one)) for one in record.outcome]
    wanted = [account.words.get(at, found[at]) for at in range(len(found))]
    assert found == wanted
    assert portfolio.refused == wanted.count(Outcome.REFUSED)
    assert portfolio.equity == pytest.approx(account.equity, rel=1e-12)
    traded = {at: portfolio.notional[at] for at in np.flatnonzero(np.isfinite(portfolio.notional)).tolist()}
    assert traded == pytest.approx(account.notional, rel=1e-12)
    trades = finished(signals, record, settings, portfolio.notional)
    assert len(trades) == sum(count for one, count in outcomes(record).items() if one > Outcome.OPEN)


class TestResult:
    def settings(self, **changed):
        return SimulationSettings(**({"tier": 1, "hold": 12, "fire": "flags", "funding": True} | changed))

    def run(self, seed=1, **changed):
        rng = np.random.default_rng(seed)
        market = market_of(rng, 4, 900)
        oi = np.exp(np.cumsum(rng.normal(0, 0.01, (4, 900)), axis=1))
        # Constant at the end: no signal there, so that every trade is over when the data ends.
        oi[:, 850:] = 1.0
        columns = dict(market.bars.columns) | {"oi_contracts": oi}
        return simulate(
            History.of(market.history.pairs, M5, market.bars.ts, columns), self.settings(**changed)
        )

    def test_without_a_limit_every_trade_is_made_and_adds_up(self):
        run = self.run()
        assert run.portfolio.refused == 0
        assert len(run.trades) > 20
        assert run.trades.notional.tolist() == [2500.0] * len(run.trades)
        assert Outcome.OPEN not in run.outcomes
        total = 10_000.0 + float(run.trades.pnl.sum())
        assert run.portfolio.equity[-1] == pytest.approx(total, rel=1e-12)

    def test_days_add_up_to_the_whole(self):
        run = self.run()
        days, returns = run.portfolio.daily()
        assert days.tolist() == [(20_000 + day) * DAY for day in range(4)]
        assert np.prod(1 + returns) == pytest.approx(run.portfolio.equity[-1] / 10_000.0, rel=1e-12)

    def test_drawdown_counts_from_the_highest_equity_or_the_capital(self):
        run = self.run()
        peak, deepest = 10_000.0, 0.0
        for value in run.portfolio.equity.tolist():
            peak = max(peak, value)
            deepest = max(deepest, 1 - value / peak)
        assert run.portfolio.max_drawdown == pytest.approx(deepest, abs=1e-15)
        assert 0 < run.portfolio.max_drawdown < 1

    def test_simultaneous_signals_are_served_in_the_order_of_the_pairs(self):
        run = self.run(sizing="share", size=1.0, cash_limit=True)
        assert run.portfolio.refused > 0
        assert run.portfolio.positions.max() == 1
        assert (
            self.run(sizing="share", size=1.0, cash_limit=True).trades.net.tobytes()
            == run.trades.net.tobytes()
        )

    def test_equal_risk_loses_the_same_share_at_each_stop(self):
        run = self.run(sizing="risk", size=0.01, stop_loss=0.02, hold=100, cash_limit=True)
        share = run.trades.notional * 0.02 / 0.01
        equity = run.portfolio.equity[run.trades.signal_slot]
        assert share == pytest.approx(equity, rel=1e-12)

    def test_nothing_left_is_the_end(self):
        run = self.run(sizing="amount", size=4e5, cash_limit=True, leverage=100.0, fee=0.05)
        assert run.portfolio.equity.min() < 0
        ruined = int(np.argmax(run.portfolio.equity <= 0))
        assert (run.trades.signal_slot <= ruined).all()
        assert run.portfolio.mean_exposure is None
        _, returns = run.portfolio.daily()
        assert len(returns) == 4
