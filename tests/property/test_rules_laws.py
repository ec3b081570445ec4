"""Expressions against a second reading of them in plain Python, and their normal form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import rules
from futuresboard.errors import ExpressionError
from futuresboard.rules.columns import ALIASES, COLUMNS
from futuresboard.rules.columns import reads as reads_of
from futuresboard.rules.tree import Kind

type Row = Mapping[str, float | str | None]
type Reading[T] = tuple[str, Callable[[Row], T | None]]

NUMBERS = ("z_score", "funding", "oi_abs_usd", "confluence_k", "oi_change_1h_pct")
FLAGS = ("tier_1", "tier_2", "tier_4")
TEXTS = {"base": ("BTC", "ETH"), "exchange": ("okx", "bybit"), "symbol": ("BTC/USDT:USDT", "X'Y/USDT:USDT")}
NAMES = {name: [name, name.upper(), *(a for a, full in ALIASES.items() if full == name)] for name in COLUMNS}
CONSTANTS = {"0": 0.0, "2": 2.0, ".5": 0.5, "1.": 1.0, "1e-3": 0.001, "2.3k": 2300.0, "50M": 5e7, "3b": 3e9}
SIGNS = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def computed(sign: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    found = {"+": left + right, "-": left - right, "*": left * right}.get(sign)
    found = left / right if found is None else found
    return found if math.isfinite(found) else None


def of_two[T](made: Callable[[T, T], bool], left: T | None, right: T | None) -> bool | None:
    return None if left is None or right is None else made(left, right)


def joined(word: str, answers: list[bool | None]) -> bool | None:
    """Unknown whenever anything is, even if another already decides."""
    if None in answers:
        return None
    return all(answers) if word == "and" else any(answers)


@st.composite
def numbers(draw: st.DrawFn, depth: int = 2) -> Reading[float]:
    form = draw(st.sampled_from(["constant", "column"] + ["arithmetic", "abs", "minus"] * (depth > 0)))
    if form == "constant":
        text = draw(st.sampled_from(list(CONSTANTS)))
        return text, lambda row: CONSTANTS[text]
    if form == "column":
        name = draw(st.sampled_from(NUMBERS))
        return draw(st.sampled_from(NAMES[name])), lambda row: row[name]
    text, read = draw(numbers(depth - 1))
    if form == "abs":
        return f"abs({text})", lambda row: None if read(row) is None else abs(read(row))
    if form == "minus":
        return f"-({text})", lambda row: None if read(row) is None else -read(row)
    other, read_other = draw(numbers(depth - 1))
    sign = draw(st.sampled_from("+-*/"))
    return f"({text}) {sign} ({other})", lambda row: computed(sign, read(row), read_other(row))


@st.composite
def checks(draw: st.DrawFn) -> Reading[bool]:
    form = draw(st.sampled_from(["compare", "in", "flag", "tier", "text", "text in"]))
    if form == "flag":
        name = draw(st.sampled_from(FLAGS))
        return name, lambda row: None if row[name] is None else row[name] == 1.0
    if form == "tier":
        number = draw(st.sampled_from([1, 2, 4]))
        return (
            f"tier = {number}",
            lambda row: None if row[f"tier_{number}"] is None else row[f"tier_{number}"] == 1,
        )
    if form.startswith("text"):
        name = draw(st.sampled_from(list(TEXTS)))
        value = draw(st.sampled_from(TEXTS[name]))
        if form == "text":
            return f'{name} = "{value.lower()}"', lambda row: row[name] == value
        return f'{name} not in ("{value}")', lambda row: row[name] != value
    (text, read), (other, read_other) = draw(numbers()), draw(numbers())
    if form == "in":
        return f"{text} in ({other})", lambda row: of_two(SIGNS["="], read(row), read_other(row))
    sign = draw(st.sampled_from(list(SIGNS)))
    return f"{text} {sign} {other}", lambda row: of_two(SIGNS[sign], read(row), read_other(row))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Reading[bool]:
    form = draw(st.sampled_from(["test"] + ["not", "and", "or"] * (depth > 0)))
    if form == "test":
        return draw(checks())
    parts = draw(st.lists(conditions(depth - 1), min_size=2, max_size=3))
    if form == "not":
        text, read = parts[0]
        return f"NOT ({text})", lambda row: None if read(row) is None else not read(row)
    word = draw(st.sampled_from([form, form.upper()]))
    text = f" {word}\n".join(f"({text})" for text, _ in parts)
    return text, lambda row: joined(form, [read(row) for _, read in parts])


@st.composite
def rows(draw: st.DrawFn) -> dict[str, float | str | None]:
    values = st.sampled_from([None, 0.0, 1.0, 2.0, -1.5, 0.001, 5e7, -2300.0, 1e300])
    row: dict[str, float | str | None] = {name: draw(values) for name in NUMBERS}
    row |= {name: draw(st.sampled_from([None, 0.0, 1.0])) for name in FLAGS}
    return row | {name: draw(st.sampled_from(texts)) for name, texts in TEXTS.items()}


def read_or_refused(text: str) -> rules.Expression | ExpressionError:
    try:
        return rules.compile(text)
    except ExpressionError as error:
        return error


def compiled(text: str) -> rules.Expression | None:
    """None for those that name no column which changes: they are refused."""
    found = read_or_refused(text)
    if isinstance(found, ExpressionError):
        assert "at least one column" in found.allowed
        return None
    return found


@given(condition=conditions(), table=st.lists(rows(), min_size=4, max_size=4))
def test_a_table_and_each_row_alone_say_what_plain_python_says(condition: Reading[bool], table: list[dict]):
    """Four rows as two series of two bars; the texts are a series'."""
    text, read = condition
    expression = compiled(text)
    if expression is None:
        return
    for later, first in ((1, 0), (3, 2)):
        table[later] |= {name: table[first][name] for name in TEXTS}
    values = {
        name: np.array([[row[name] for row in table[:2]], [row[name] for row in table[2:]]], dtype=float)
        for name in expression.needs
    }
    texts = {name: [str(table[0][name]), str(table[2][name])] for name in TEXTS}
    expected = [read(row) for row in table]
    found = expression.evaluate(values, texts).ravel().tolist()
    assert [None if math.isnan(one) else one == 1.0 for one in found] == expected
    assert [expression.of_row(row) for row in table] == expected


@given(conditions())
def test_the_normal_form_reads_back_as_the_same_and_is_its_own(condition: Reading[bool]):
    expression = compiled(condition[0])
    if expression is None:
        return
    again = rules.compile(expression.normal)
    assert again == expression
    assert again.normal == expression.normal
    assert {name for name in expression.needs if COLUMNS[name].kind is Kind.TEXT} == set()


PIECES = (
    *("z", "oi_delta", "base", "tier", "tier_2", '"BTC"', "'", "&&", "nonsense"),
    *("2", "50M", "1%", "1e400%", "1e309%", "1e-999999999", "1e999999999b", "2x"),
    *("and", "or", "not", "in", "abs", "(", ")", ",", "+", "-", "*", "/", ">", "=", "!="),
)


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_text_is_read_or_refused_in_words(text: str):
    found = read_or_refused(text)
    if isinstance(found, ExpressionError):
        assert 0 <= found.position <= max(1, len(text))
        assert found.allowed
    else:
        assert rules.compile(found.normal) == found


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_says_what_it_is_made_of(name: str):
    for timeframe_ms in (300_000, 900_000, 3_600_000):
        reads = reads_of(name, timeframe_ms)
        assert (COLUMNS[name].kind in (Kind.TEXT, Kind.TIER)) == (not reads)
        assert all(slots >= 1 for slots in reads.values())
