"""The compiled loops against plain ones: levels, gaps, missing prices, funding, one trade at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_trades
from futuresboard.evidence import HORIZONS
from futuresboard.simulation.hindsight import look_back
from futuresboard.simulation.kernel import count_wins, run_pairs
from futuresboard.simulation.outcomes import Outcome
from futuresboard.simulation.records import Grid, Rule, empty_record
from futuresboard.trade_sim import LONG, SHORT, Costs, Prices, fixed_horizons, funding_paid, without_overlap
from handmade_bars import M5, MIDNIGHT

HOUR = 3_600_000
NAMES = ("open", "high", "low", "close", "funding", "funding_interval_h")
WORDS = {
    Outcome.HORIZON: "horizon",
    Outcome.TAKE_PROFIT: "take-profit",
    Outcome.STOP_LOSS: "stop-loss",
    Outcome.TRAILING_STOP: "trailing stop",
    Outcome.EXIT_SIGNAL: "exit signal",
    Outcome.OPEN: "open",
    Outcome.NO_ENTRY: "no entry",
    Outcome.NO_EXIT: "no exit",
    Outcome.NO_PATH: "no path",
    Outcome.NO_FUNDING: "no funding",
    Outcome.BUSY: "busy",
    Outcome.NO_DIRECTION: "no direction",
}
# Quarters, so that prices often stand exactly at a level.
quarters = st.integers(14, 18).map(lambda quarter: quarter / 4)
unknown = st.sampled_from([None, "x", "x", "x", "x", "x", "x", "x"])


@st.composite
def bars(draw):
    """A bar whose high and low span its open and close, with holes; or none at all."""
    if draw(st.integers(0, 15)) == 0:
        return None
    opened, closed, up, down = draw(quarters), draw(quarters), draw(quarters), draw(quarters)
    bar = {
        "open": opened,
        "high": max(opened, closed, up),
        "low": min(opened, closed, down),
        "close": closed,
        "funding": draw(st.sampled_from([None, 1e-4, -3e-4, 0.01])),
        "funding_interval_h": draw(st.sampled_from([1.0, 4.0, 8.0, None])),
    }
    for name in ("open", "high", "low", "close"):
        if draw(st.integers(0, 19)) == 0:
            bar[name] = None
    return bar


levels = st.sampled_from([None, None, 1 / 16, 1 / 8])
rules = st.fixed_dictionaries(
    {
        "hold": st.sampled_from([None, 1, 2, 3, 6, 12]),
        "tp": levels,
        "sl": levels,
        "trail": levels,
        "late": st.integers(0, 1),
        "paid": st.booleans(),
    }
)
ways = st.sampled_from([LONG, SHORT, LONG, SHORT, 0])


def table(pair):
    return {
        name: np.array(
            [[np.nan if bar is None or bar[name] is None else bar[name] for bar in pair]], dtype=np.float64
        )
        for name in NAMES
    }


def grid_of(pair, *, leave=None, paid=True, step=M5, t0=MIDNIGHT):
    columns = table(pair)
    ts = t0 + step * np.arange(len(pair), dtype=np.int64)
    cost = funding_paid(Prices.of(step, ts, columns)) if paid else np.zeros((1, 0))
    bits = np.zeros((1, 0), dtype=np.int8)
    if leave is not None:
        bits = np.array([[(LONG in told) + 2 * (SHORT in told) for told in leave]], dtype=np.int8)
    return Grid(columns["open"], columns["high"], columns["low"], columns["close"], cost, bits)


def kernel_rule(rule, costs):
    return Rule(
        rule["hold"] or 0,
        rule["tp"] or 0.0,
        rule["sl"] or 0.0,
        rule["trail"] or 0.0,
        *costs,
        rule["late"],
    )


def run(pair, signals, rule, costs=(0.0005, 0.0001), *, alone=False, leave=None, step=M5, t0=MIDNIGHT):
    """The kernel's answer as the reference words it."""
    record = empty_record(len(signals))
    grid = grid_of(pair, leave=leave, paid=rule["paid"], step=step, t0=t0)
    slots, directions = (np.array([one[i] for one in signals], dtype=np.int64) for i in range(2))
    asked = kernel_rule(rule, costs)
    run_pairs(grid, np.array([0, len(signals)]), slots, directions, asked, alone, record)
    rows = np.zeros(len(signals), dtype=np.int64)
    look_back(grid, rows, directions, asked.hold, record, slots + asked.late + 1)
    return record


def compare(record, signals, wanted, costs=(0.0005, 0.0001)):
    assert [WORDS[Outcome(int(one))] for one in record.outcome] == [one["word"] for one in wanted]
    for i, one in enumerate(wanted):
        if "net" not in one:
            assert math.isnan(record.net[i])
            continue
        assert record.exit_slot[i] == one["at"]
        way = signals[i][1]
        found = {
            "entry": record.entry[i],
            "exit": record.exit[i],
            "gross": record.gross[i],
            "funding": way * record.funding[i],
            "net": record.net[i],
            "favourable": record.favourable[i],
            "adverse": record.adverse[i],
        }
        for name, value in found.items():
            if one[name] is None:
                assert math.isnan(value), name
            else:
                assert value == pytest.approx(one[name], abs=1e-12), name
        if one["regret"] is None:
            assert math.isnan(record.best[i])
        else:
            missed = max(0.0, record.best[i] - 2 * costs[0] - 2 * costs[1])
            assert missed - record.net[i] == pytest.approx(one["regret"], abs=1e-12)


class TestAgainstLoops:
    @given(
        pair=st.lists(bars(), min_size=1, max_size=40),
        rule=rules,
        data=st.data(),
        step=st.sampled_from([M5, 3 * M5, HOUR, 4 * HOUR]),
        hours=st.sampled_from([-0.5, 0.0, 7.5]),
    )
    def test_any_rule_on_any_bars(self, pair, rule, data, step, hours):
        t0 = MIDNIGHT + math.floor(hours * HOUR / step) * step
        leave = None
        if rule["hold"] is None or data.draw(st.booleans()):
            told = st.sampled_from([set(), set(), set(), {LONG}, {SHORT}, {LONG, SHORT}])
            leave = [data.draw(told) for _ in pair]
        slots = sorted(data.draw(st.sets(st.integers(0, len(pair) - 1), max_size=20)))
        signals = [(slot, data.draw(ways)) for slot in slots]
        record = run(pair, signals, rule, leave=leave, step=step, t0=t0)
        costs = (0.0005, 0.0001)
        wanted = reference_trades.acted(pair, signals, step, t0, costs, leave=leave, **rule)
        compare(record, signals, wanted)

    @given(
        pair=st.lists(bars(), min_size=1, max_size=60),
        way=st.sampled_from([LONG, SHORT]),
        late=st.integers(0, 1),
    )
    def test_a_trade_that_only_holds_is_the_one_of_the_evidence_to_the_last_bit(self, pair, way, late):
        slots = np.arange(len(pair))
        ts = MIDNIGHT + M5 * slots
        prices = Prices.of(M5, ts, table(pair))
        rows = np.zeros(len(pair), dtype=np.int64)
        for hold, trades in zip(HORIZONS, fixed_horizons(prices, rows, slots + late, HORIZONS), strict=True):
            net = trades.net(way, Costs())
            rule = {"hold": hold, "tp": None, "sl": None, "trail": None, "late": late, "paid": True}
            signals = [(slot, way) for slot in slots.tolist()]
            assert (
                run(pair, signals, rule, alone=True).net.tobytes()
                == np.where(np.isnan(net), np.nan, net).tobytes()
            )
            known = np.flatnonzero(np.isfinite(net))
            taken = without_overlap(rows[known], slots[known] + late, slots[known] + late + hold)
            made = run(pair, signals, rule).outcome > Outcome.OPEN
            assert np.flatnonzero(made).tolist() == known[taken].tolist()

    @given(pair=st.lists(bars(), min_size=1, max_size=40), rule=rules, way=st.sampled_from([LONG, SHORT]))
    def test_every_bar_is_every_signal_alone(self, pair, rule, way):
        rule["hold"] = rule["hold"] or 5
        signals = [(slot, way) for slot in range(len(pair))]
        record = run(pair, signals, rule, alone=True)
        counted, wins = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        grid = grid_of(pair, paid=rule["paid"])
        asked = np.full((1, len(pair)), way, dtype=np.int8)
        count_wins(grid, asked, kernel_rule(rule, (0.0005, 0.0001)), counted, wins)
        assert counted[0] == np.isfinite(record.net).sum()
        assert wins[0] == (record.net > 0).sum()

    @given(pair=st.lists(bars(), min_size=2, max_size=40), rule=rules, data=st.data())
    def test_what_comes_later_changes_no_trade(self, pair, rule, data):
        cut = data.draw(st.integers(1, len(pair)))
        signals = [(slot, data.draw(ways)) for slot in range(len(pair))]
        whole = run(pair, signals, rule, leave=None if rule["hold"] else [set()] * len(pair))
        part = run(pair[:cut], signals[:cut], rule, leave=None if rule["hold"] else [set()] * cut)
        for at in np.flatnonzero(part.outcome > Outcome.OPEN).tolist():
            assert whole.outcome[at] == part.outcome[at]
            assert whole.net[at] == part.net[at]
        over = np.flatnonzero((whole.outcome > Outcome.OPEN) & (whole.exit_slot < cut)).tolist()
        # Missing is only what waits for a trade still open then, which a later hole makes none.
        waited = [at for at in over if part.outcome[at] <= Outcome.OPEN]
        still_open = np.flatnonzero(part.outcome == Outcome.OPEN)
        assert all(part.outcome[at] == Outcome.BUSY and at > still_open[0] for at in waited)


def bar(opened, high, low, closed):
    return {
        "open": opened,
        "high": high,
        "low": low,
        "close": closed,
        "funding": 0.01,
        "funding_interval_h": 8.0,
    }


def one(pair, way=LONG, *, costs=(0.0, 0.0), leave=None, paid=False, **rule):
    """(outcome, exit price, net) of the signal at bar 0."""
    rule = {"hold": None, "tp": None, "sl": None, "trail": None, "late": 0, "paid": paid} | rule
    record = run(pair, [(0, way)], rule, costs, leave=leave)
    return Outcome(int(record.outcome[0])), float(record.exit[0]), float(record.net[0])


CALM = bar(100.0, 101.0, 99.0, 100.0)


class TestByHand:
    def test_stop_first_when_one_bar_touches_both(self):
        pair = [CALM, bar(100.0, 102.0, 98.0, 101.0)]
        assert one(pair, tp=0.01, sl=0.01)[:2] == (Outcome.STOP_LOSS, 99.0)
        assert one(pair, SHORT, tp=0.01, sl=0.01)[:2] == (Outcome.STOP_LOSS, 101.0)

    def test_a_touch_is_enough_and_counts_from_the_entry_bar_on(self):
        assert one([CALM, CALM], tp=0.01)[:2] == (Outcome.TAKE_PROFIT, 101.0)
        assert one([CALM, CALM], sl=0.01)[:2] == (Outcome.STOP_LOSS, 99.0)

    def test_a_gap_through_the_stop_fills_at_the_open(self):
        pair = [CALM, CALM, bar(95.0, 96.0, 94.0, 95.0)]
        assert one(pair, sl=0.02)[:2] == (Outcome.STOP_LOSS, 95.0)
        assert one([CALM, CALM, bar(105.0, 106.0, 104.0, 105.0)], SHORT, sl=0.02)[:2] == (
            Outcome.STOP_LOSS,
            105.0,
        )

    def test_a_gap_through_the_take_profit_fills_at_its_price(self):
        pair = [CALM, CALM, bar(105.0, 106.0, 104.0, 105.0)]
        assert one(pair, tp=0.02)[:2] == (Outcome.TAKE_PROFIT, 102.0)

    def test_a_trailing_stop_follows_what_earlier_bars_reached(self):
        pair = [
            CALM,
            bar(100.0, 110.0, 99.5, 109.0),
            bar(109.0, 120.0, 105.0, 106.0),
            bar(106.0, 107.0, 100.0, 101.0),
        ]
        # 5 % below 110 is 104.5, which bar 2 does not reach; below 120 it is 114, and bar 3 opens beneath.
        assert one(pair, trail=0.05)[:2] == (Outcome.TRAILING_STOP, 106.0)

    def test_a_trailing_stop_never_falls_back(self):
        pair = [CALM, bar(100.0, 110.0, 99.5, 109.0), bar(109.0, 109.0, 106.0, 107.0)]
        pair.append(bar(107.0, 107.0, 103.0, 103.5))
        # 5 % below 110 is 104.5; below the last bar's 109 it would be 103.55.
        assert one(pair, trail=0.05)[:2] == (Outcome.TRAILING_STOP, 104.5)
        falling = [CALM, bar(100.0, 100.5, 90.0, 91.0), bar(91.0, 94.0, 91.0, 93.0)]
        falling.append(bar(93.0, 97.0, 93.0, 96.0))
        assert one(falling, SHORT, trail=0.05)[:2] == (Outcome.TRAILING_STOP, 94.5)

    def test_of_two_stops_the_nearer_one(self):
        pair = [CALM, bar(100.0, 110.0, 99.5, 109.0), bar(109.0, 109.0, 90.0, 91.0)]
        assert one(pair, sl=0.02, trail=0.05)[:2] == (Outcome.TRAILING_STOP, 104.5)
        assert one(pair, sl=0.02, trail=0.5)[:2] == (Outcome.STOP_LOSS, 98.0)

    def test_an_exit_signal_leaves_at_the_next_open(self):
        pair = [CALM, CALM, bar(103.0, 104.0, 102.0, 103.0)]
        told = [{LONG}, {LONG}, set()]
        assert one(pair, leave=told)[:2] == (Outcome.EXIT_SIGNAL, 103.0)
        assert one(pair, SHORT, leave=told, hold=2)[:2] == (Outcome.HORIZON, 103.0)

    def test_unknown_whether_a_level_was_touched_is_no_trade(self):
        hole = CALM | {"low": None}
        after = bar(200.0, 201.0, 199.0, 200.0)
        assert one([CALM, hole, after], sl=0.05, hold=2)[0] is Outcome.NO_PATH
        assert one([CALM, None, after], tp=0.05, hold=2)[0] is Outcome.NO_ENTRY
        assert one([CALM, CALM, None, after], tp=0.05, hold=3)[0] is Outcome.NO_PATH
        # The side that is not needed may be unknown.
        assert one([CALM, hole, after], tp=0.05, hold=2)[0] is Outcome.TAKE_PROFIT

    def test_a_settlement_at_the_close_is_not_crossed_by_who_left_within_the_bar(self):
        pair = [CALM] * 100
        pair[95] = bar(100.0, 110.0, 99.5, 105.0)
        rule = {"hold": 3, "tp": None, "sl": None, "trail": None, "late": 0, "paid": True}
        held = run(pair, [(93, LONG)], rule, (0.0, 0.0))
        assert held.net[0] == pytest.approx(-0.01, abs=1e-15)
        left = run(pair, [(93, LONG)], rule | {"tp": 0.05}, (0.0, 0.0))
        assert left.net[0] == pytest.approx(0.05, abs=1e-15)

    def test_a_pair_may_turn_around_where_it_was_told_to_leave(self):
        pair = [CALM, CALM, bar(103.0, 104.0, 102.0, 103.0), CALM]
        rule = {"hold": 2, "tp": None, "sl": None, "trail": None, "late": 0, "paid": False}
        record = run(pair, [(0, LONG), (1, SHORT)], rule, leave=[set(), {LONG}, set(), set()])
        assert record.outcome.tolist() == [Outcome.EXIT_SIGNAL, Outcome.HORIZON]
        assert record.exit[0] == record.entry[1] == 103.0

    def test_a_trade_that_is_not_over_keeps_its_pair(self):
        pair = [CALM] * 4
        rule = {"hold": 9, "tp": 0.5, "sl": 0.5, "trail": None, "late": 0, "paid": False}
        assert run(pair, [(0, LONG), (1, LONG)], rule).outcome.tolist() == [Outcome.OPEN, Outcome.BUSY]
