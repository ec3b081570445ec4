"""`tests/fixtures/expressions.json`: what every reader of expressions must say of the same rows.

The page reads filters by a parser of its own, which is held to the same file. A row is a public one, cut
down to what matters: an absent column is unknown, an absent list of tiers empty. `expected` is true,
false, null (unknown: no match), or the `position` at which the text is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import orjson
import pytest

from futuresboard import rules
from futuresboard.errors import ExpressionError
from futuresboard.rows import ROW_COLUMNS
from futuresboard.rules.columns import ALIASES, BARS
from futuresboard.rules.newest import ROWS, value
from futuresboard.rules.tree import Kind, walk

CASES = orjson.loads((Path(__file__).parent.parent / "fixtures" / "expressions.json").read_bytes())
BLANK = {"unknown_tiers": [1, 2, 3, 4, 5, 6]}
"""A row of which nothing is known."""
LISTS = {"tiers", "unknown_tiers", "quality", "guarded"}


def answer(expression: str, row: Mapping[str, object]) -> object:
    """What is said of a row alone, held to what is said of a table it stands in."""
    try:
        read = rules.compile(expression, rules.ROWS)
    except ExpressionError as error:
        return {"position": error.position}
    found = read.of_row({name: value(row, name) for name in (*read.needs, *read.texts)})
    assert rules.matching(read, [row, BLANK, row]).tolist() == [found is True, False, found is True]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expression"])
def test_every_reader_says_this(case: Mapping[str, object]):
    assert answer(case["expression"], case["row"]) == case["expected"]
    assert set(case["row"]) <= set(ROW_COLUMNS)


def test_the_cases_use_the_whole_grammar():
    forms, signs, names = set(), set(), set()
    for case in CASES:
        if isinstance(case["expected"], dict):
            continue
        for part in walk(rules.compile(case["expression"], rules.ROWS).tree):
            forms.add(type(part).__name__)
            signs.add(getattr(part, "sign", ""))
            names.add(getattr(part, "name", ""))
    assert forms == {
        "Number", "Text", "Column", "Negative", "Absolute", "Arithmetic", "Comparison", "Membership",
        "Not", "All", "Any",
    }  # fmt: skip
    assert signs >= {"+", "-", "*", "/", ">", ">=", "<", "<=", "=", "!="}
    assert {"tier_2", "oi_price_quadrant", "confluence_k", "live_price"} <= names
    assert {True, False, None} == {
        case["expected"] for case in CASES if not isinstance(case["expected"], dict)
    }


def test_a_filter_may_name_every_column_of_a_row_that_is_one_value():
    named = {name for name, meaning in ROWS.columns.items() if meaning.kind in (Kind.NUMBER, Kind.TEXT)}
    assert named == {*ROW_COLUMNS, "confluence_k"} - LISTS - {"tier"}
    flags = {name for name, meaning in ROWS.columns.items() if meaning.kind is Kind.CONDITION}
    assert flags == {f"tier_{tier}" for tier in range(1, 7)}
    assert set(ROWS.not_named) & set(ROWS.columns) == set()


def test_short_names_of_a_filter_are_those_of_a_rule_and_more():
    assert set(ROWS.aliases.values()) <= set(ROWS.columns)
    assert not set(ROWS.aliases) & {*ROWS.columns, *ROW_COLUMNS}
    for name, full in ALIASES.items():
        assert ROWS.aliases.get(name) == full or name in ROWS.not_named, name


def test_a_rule_is_a_filter_with_the_same_normal_form_where_both_know_its_names():
    for case in CASES:
        try:
            rule = rules.compile(case["expression"], BARS)
            read = rules.compile(case["expression"], ROWS)
        except ExpressionError:
            continue
        assert read == rule
        assert read.normal == rule.normal


def test_no_rows_match_nothing():
    for text in ("z > 1", 'base = "BTC"', 'base = "BTC" and z > 1'):
        assert rules.matching(rules.compile(text, ROWS), []).shape == (0,)


def test_a_rule_needs_something_that_changes_and_a_filter_does_not():
    with pytest.raises(ExpressionError):
        rules.compile('base = "BTC"', BARS)
    found = rules.matching(rules.compile('base = "BTC"', ROWS), [{"base": "btc"}, {"base": None}, BLANK])
    np.testing.assert_array_equal(found, [True, False, False])
