"""Makes the tree of what the grammar finds, part by part, and judges whether the parts fit together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from lark import Token, Transformer, v_args

from futuresboard.errors import ExpressionError
from futuresboard.rules.columns import PERCENT, Vocabulary
from futuresboard.rules.tree import (
    Absolute,
    All,
    Any,
    Arithmetic,
    Column,
    Comparison,
    Kind,
    Membership,
    Negative,
    Node,
    Not,
    Number,
    Text,
    children,
    depth,
    kind_of,
    unparse,
)

MAX_DEPTH = 24
SUFFIXES = {"k": 3, "m": 6, "b": 9, "%": -2}
_SIGNS = {"==": "=", "<>": "!="}
_EXAMPLES = {
    Kind.NUMBER: "a number, such as z_score or 50M",
    Kind.TEXT: 'a text, such as base or "BTC"',
    Kind.CONDITION: "a condition, such as z > 2 or tier_2",
}
_TIER_TEST = "tests of one tier: tier = 2, tier in (1, 2), tier_2"


@v_args(inline=True)
class Builder(Transformer[Token, Node]):
    """One method a rule of the grammar; each raises ExpressionError where its parts do not fit."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def number(self, token: Token) -> Node:
        """`2`, `.5`, `1e-4`, `50M`, `0.01%`: the number next to what is written."""
        text = str(token).lower()
        power = SUFFIXES.get(text[-1], 0)
        typed = text[:-1] if power else text
        mantissa, _, exponent = typed.partition("e")
        # Shifted as written: 0.07 % is 0.0007 and not the product of two rounded numbers.
        value = float(f"{mantissa}e{int(exponent or 0) + power}")
        if not isfinite(value) or not isfinite(float(typed)):
            raise ExpressionError(_at(token), str(token), "a number below 1e308")
        return Number(value, percent=float(typed) if text[-1] == "%" else None, at=_at(token))

    def text(self, token: Token) -> Node:
        """A text in quotes."""
        return Text(str(token)[1:-1], at=_at(token))

    def column(self, token: Token) -> Node:
        """A column by one of its names."""
        name = self._vocabulary.find(str(token))
        if name is None:
            raise ExpressionError(_at(token), str(token), _other_names(str(token), self._vocabulary))
        meaning = self._vocabulary.columns[name]
        return Column(name, meaning.kind, meaning.unit, meaning.values, at=_at(token))

    def negative(self, sign: Token, inner: Node) -> Node:
        """Minus a number."""
        return _checked(Negative(_number(inner), at=_at(sign)))

    def absolute(self, word: Token, inner: Node) -> Node:
        """abs() of a number."""
        return _checked(Absolute(_number(inner), at=_at(word)))

    def arithmetic(self, left: Node, sign: Token, right: Node) -> Node:
        """Two numbers and + - * /; beside percents a number with % counts percents too."""
        _number(left), _number(right)
        if sign in ("+", "-"):
            left, right = _alike(left, right)
        return _checked(Arithmetic(str(sign), left, right, at=left.at))

    def compared(self, left: Node, sign: Token, right: Node) -> Node:
        """Two numbers or two texts, or a tier and its number."""
        typed = _SIGNS.get(str(sign), str(sign))
        if Kind.TIER in (kind_of(left), kind_of(right)):
            flag = self._tier_flag(left, right)
            if typed not in ("=", "!="):
                raise ExpressionError(_at(sign), str(sign), _TIER_TEST)
            return flag if typed == "=" else Not(flag, at=left.at)
        left, right = _same_kind(left, right)
        if kind_of(left) is Kind.TEXT and typed not in ("=", "!="):
            raise ExpressionError(_at(sign), str(sign), "= or != between texts")
        return _checked(Comparison(typed, left, right, at=left.at))

    def one_of(self, item: Node, *choices: Node) -> Node:
        """A number or text among others, or one of several tiers."""
        if kind_of(item) is Kind.TIER:
            flags = tuple(self._tier_flag(item, choice) for choice in choices)
            return flags[0] if len(flags) == 1 else _checked(Any(flags, at=item.at))
        pairs = [_same_kind(item, choice) for choice in choices]
        return _checked(Membership(pairs[0][0], tuple(choice for _, choice in pairs), at=item.at))

    def none_of(self, item: Node, word: Token, *choices: Node) -> Node:
        """The opposite of `one_of`."""
        inner = self.one_of(item, *choices)
        return _checked(Not(inner, at=inner.at))

    def negated(self, word: Token, inner: Node) -> Node:
        """The opposite of a condition."""
        return _checked(Not(_condition(inner), at=_at(word)))

    def all_of(self, *conditions: Node) -> Node:
        """Conditions joined by `and`; a chain within a chain is one chain."""
        flat = [part for one in conditions for part in (one.conditions if isinstance(one, All) else (one,))]
        return _joined(All, flat)

    def any_of(self, *conditions: Node) -> Node:
        """Conditions joined by `or`; a chain within a chain is one chain."""
        flat = [part for one in conditions for part in (one.conditions if isinstance(one, Any) else (one,))]
        return _joined(Any, flat)

    def start(self, whole: Node) -> Node:
        """The whole expression: a condition."""
        return _condition(whole)

    def _tier_flag(self, left: Node, right: Node) -> Node:
        number = right if kind_of(left) is Kind.TIER else left
        tiers = self._vocabulary.tiers
        if not isinstance(number, Number) or number.value not in tiers:
            allowed = f"{_TIER_TEST}; tiers {', '.join(map(str, tiers))}"
            raise ExpressionError(number.at, unparse(number), allowed)
        return Column(f"tier_{number.value:.0f}", Kind.CONDITION, at=left.at)


def _at(token: Token) -> int:
    return token.start_pos or 0


def _joined(form: type[All | Any], conditions: Sequence[Node]) -> Node:
    for one in conditions:
        _condition(one)
    return _checked(form(tuple(conditions), at=conditions[0].at))


def _checked(node: Node) -> Node:
    if depth(node) > MAX_DEPTH:
        raise ExpressionError(node.at, unparse(node)[:40], f"at most {MAX_DEPTH} levels in one another")
    return node


def _number(node: Node) -> Node:
    return _of_kind(node, Kind.NUMBER)


def _condition(node: Node) -> Node:
    return _of_kind(node, Kind.CONDITION)


def _of_kind(node: Node, kind: Kind) -> Node:
    if kind_of(node) is Kind.TIER:
        raise ExpressionError(node.at, "tier", _TIER_TEST)
    if kind_of(node) is not kind:
        raise ExpressionError(node.at, unparse(node), _EXAMPLES[kind])
    return node


def _same_kind(left: Node, right: Node) -> tuple[Node, Node]:
    kind = Kind.TEXT if kind_of(left) is Kind.TEXT else Kind.NUMBER
    _of_kind(left, kind), _of_kind(right, kind)
    if kind is Kind.NUMBER:
        return _alike(left, right)
    for column, text in ((left, right), (right, left)):
        if isinstance(column, Column) and isinstance(text, Text):
            _known_text(column, text)
    return left, right


def _known_text(column: Column, text: Text) -> None:
    if column.values and text.value.lower() not in column.values:
        raise ExpressionError(text.at, unparse(text), " or ".join(f'"{value}"' for value in column.values))


def _alike(left: Node, right: Node) -> tuple[Node, Node]:
    """Both numbers, a constant typed with % in percents where the other one is in percents."""
    if _is_percent(right):
        return _in_percents(left), right
    return (left, _in_percents(right)) if _is_percent(left) else (left, right)


def _in_percents(node: Node) -> Node:
    match node:
        case Number(percent=float(typed)):
            return replace(node, value=typed, percent=None)
        case Negative() | Absolute():
            return replace(node, inner=_in_percents(node.inner))
        case _:
            return node


def _is_percent(node: Node) -> bool:
    """Whether a number is one of percents: a column that is, or one that is scaled or summed."""
    match node:
        case Column():
            return node.unit == PERCENT
        case Negative() | Absolute():
            return _is_percent(node.inner)
        case Arithmetic(sign="+" | "-"):
            return _is_percent(node.left) or _is_percent(node.right)
        case Arithmetic(sign="/"):
            return _is_percent(node.left) and _is_constant(node.right)
        case Arithmetic():
            left, right = _is_percent(node.left), _is_percent(node.right)
            return (left and _is_constant(node.right)) or (right and _is_constant(node.left))
        case _:
            return False


def _is_constant(node: Node) -> bool:
    return isinstance(node, Number) or (bool(inner := children(node)) and all(map(_is_constant, inner)))


def _other_names(name: str, vocabulary: Vocabulary) -> str:
    if reason := vocabulary.not_named.get(name.lower()):
        return f"columns of {vocabulary.subject}; {name.lower()} {reason}"
    close = vocabulary.nearest(name)
    hint = f"{close} (did you mean it?)" if close else f"one of the columns {', '.join(vocabulary.columns)}"
    return f'{hint}; a text goes in quotes: "{name}"'
