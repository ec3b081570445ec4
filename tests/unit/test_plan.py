"""Turns of the pairs where a budget cannot hold every row at every close."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from futuresboard.model import Kind
from futuresboard.plan import STEP_S, Plan

KINDS = (Kind.GLOBAL_LS, Kind.OI, Kind.TOP_LS)
STEP_MS = STEP_S * 1000

sizes = st.integers(1, 700)
budgets = st.integers(30, 1200)


def turns(plan: Plan, pairs: int, kind: Kind, bars: int) -> list[set[int]]:
    found = [plan.turn(kind, bar * STEP_MS) for bar in range(bars)]
    return [set(range(pairs)) if turn is None else set(turn) for turn in found]


@given(sizes, budgets)
def test_a_close_never_costs_more_than_it_may(pairs, budget):
    plan = Plan(KINDS, range(pairs), budget)
    for bar in range(3):
        asked = [plan.turn(kind, bar * STEP_MS) for kind in KINDS]
        spent = sum(pairs if turn is None else len(turn) for turn in asked)
        # Each kind's turns go on, by two requests, even where the first one leaves nothing.
        assert spent <= budget + 2 * (len(KINDS) - 1)


@given(sizes, budgets)
def test_every_pair_comes_within_the_time_that_is_told(pairs, budget):
    plan = Plan(KINDS, range(pairs), budget)
    for kind, (seconds, share) in plan.refresh().items():
        bars = seconds // STEP_S
        if bars > 60:
            continue
        asked = turns(plan, pairs, kind, 3 * bars)
        for start in range(2 * bars):
            assert set().union(*asked[start : start + bars]) == set(range(pairs))
        assert len(asked[0]) == round(share * pairs)


@given(st.permutations(range(40)))
def test_the_most_liquid_are_always_asked_and_first(order):
    plan = Plan(KINDS, order, 70)
    first = turns(plan, 40, Kind.OI, 4)
    quota = len(first[0])
    assert 2 <= quota < 40
    assert all(set(order[: quota // 2]) <= turn for turn in first)
    assert first[0] == set(order[:quota])


def test_what_fits_is_asked_whole():
    plan = Plan(KINDS, range(200), 855)
    assert [plan.turn(kind, 0) for kind in KINDS] == [None, None, None]
    assert set(plan.refresh().values()) == {(STEP_S, 1.0)}


def test_five_hundred_pairs_within_nine_hundred_requests():
    plan = Plan(KINDS, range(500), 855)
    assert plan.turn(Kind.GLOBAL_LS, 0) is None
    asked = [len(plan.turn(kind, 0) or ()) for kind in (Kind.OI, Kind.TOP_LS)]
    assert sum(asked) == 355
    assert asked[0] > 250


def test_other_kinds_have_no_turns():
    assert Plan(KINDS, range(500), 855).turn(Kind.CANDLES, 0) is None


def test_a_turn_stays_while_its_bar_is_the_newest():
    plan = Plan(KINDS, range(500), 855)
    assert plan.turn(Kind.OI, 0) == plan.turn(Kind.OI, 0)
    assert plan.turn(Kind.OI, STEP_MS) != plan.turn(Kind.OI, 0)
