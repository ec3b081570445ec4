"""Which pairs are recorded, as laws over random lists and histories of lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.model import Market
from futuresboard.universe import EDGE, choose, relisted

lists = st.lists(st.integers(0, 60), unique=True, max_size=60)
sizes = st.integers(1, 40)


def markets(numbers) -> list[Market]:
    return [Market("okx", f"C{n}/USDT:USDT", f"C{n}", f"C{n}") for n in numbers]


def symbols(chosen) -> set[str]:
    return {market.symbol for market in chosen}


class TestChoose:
    @given(listed=lists, before=lists, most=sizes)
    def test_all_seats_are_taken_and_no_more(self, listed, before, most):
        chosen = choose(markets(listed), symbols(markets(before)), most)
        assert len(chosen) == min(most, len(listed))
        assert symbols(chosen) <= symbols(markets(listed))

    @given(listed=lists, before=lists, most=sizes)
    def test_the_same_list_again_changes_nothing(self, listed, before, most):
        once = choose(markets(listed), symbols(markets(before)), most)
        assert choose(markets(listed), symbols(once), most) == once

    @given(listed=lists, most=sizes)
    def test_from_nothing_it_is_the_most_liquid(self, listed, most):
        assert choose(markets(listed), (), most) == markets(listed)[:most]

    @given(listed=lists, before=lists, most=sizes)
    def test_the_most_liquid_are_always_in_and_the_least_never(self, listed, before, most):
        chosen = symbols(choose(markets(listed), symbols(markets(before)), most))
        assert symbols(markets(listed[: int(most * (1 - EDGE))])) <= chosen
        assert not symbols(markets(listed[max(most, int(most * (1 + EDGE))) :])) & chosen

    @given(data=st.data(), most=st.integers(10, 40))
    def test_who_moves_at_the_edge_neither_comes_nor_goes(self, data, most):
        """Ranks change within a tenth of the edge, hour after hour: nobody joins, nobody leaves."""
        inner, outer = int(most * (1 - EDGE)), int(most * (1 + EDGE))
        ranks = list(range(60))
        chosen = choose(markets(ranks), (), most)
        for _ in range(4):
            edge = data.draw(st.permutations(ranks[inner:outer]))
            listed = [*ranks[:inner], *edge, *ranks[outer:]]
            again = choose(markets(listed), symbols(chosen), most)
            assert symbols(again) == symbols(chosen)
            chosen = again

    @given(listed=lists, before=lists, most=sizes, named=st.sets(st.integers(0, 60), min_size=1))
    def test_named_coins_always_and_no_others(self, listed, before, most, named):
        chosen = choose(markets(listed), symbols(markets(before)), most, {f"C{n}" for n in named})
        assert symbols(chosen) == symbols(markets(n for n in listed if n in named))


class TestRelisted:
    @pytest.mark.parametrize(
        ("before", "now", "newest", "prices", "new"),
        [
            (100, 100, 500, None, False),
            (100, 900, 500, None, True),
            (None, 900, 500, None, True),
            (100, 300, 500, None, False),
            (100, None, 500, None, False),
            (100, 900, None, None, False),
            (100, 100, 500, (1.0, 1.9), False),
            (100, 100, 500, (0.01, 10.0), True),
            (100, 100, 500, (10.0, 0.01), True),
            (100, 100, 500, (10.0, 1.0), True),
        ],
    )
    def test_another_contract_under_the_same_symbol(self, before, now, newest, prices, new):
        assert relisted(before, now, newest, prices) is new
