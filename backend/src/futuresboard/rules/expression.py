"""`Expression`: a parsed rule that can be asked of many bars at once, or of one row. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import numpy as np

from futuresboard.errors import ExpressionError
from futuresboard.model import BoolArray, FloatArray
from futuresboard.rules.columns import BARS, Vocabulary, reads
from futuresboard.rules.syntax import parse
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
    kind_of,
    unparse,
    walk,
)

MAX_PARTS = 200
type _Computed = Callable[[FloatArray, FloatArray], FloatArray]
type _Compared = Callable[[FloatArray, FloatArray], BoolArray]
_COMPUTED: Mapping[str, _Computed] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_COMPARED: Mapping[str, _Compared] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Expression:
    """A condition on columns. `typed`: the text it was read from; `needs`: the columns of numbers and
    flags it names, each once, in order; `texts`: the columns of text."""

    typed: str = field(compare=False)
    tree: Node
    needs: tuple[str, ...]
    texts: tuple[str, ...]

    @cached_property
    def normal(self) -> str:
        """The normal form: full names, plain numbers, only parentheses that are needed."""
        return unparse(self.tree)

    def reads(self, timeframe_ms: int) -> dict[str, int]:
        """The raw columns the answer depends on, with how many slots of each."""
        slots: dict[str, int] = {}
        for name in self.needs:
            for column, count in reads(name, timeframe_ms).items():
                slots[column] = max(count, slots.get(column, 0))
        return slots

    def evaluate(
        self, values: Mapping[str, FloatArray], texts: Mapping[str, Sequence[str | None]]
    ) -> FloatArray:
        """(n, out) 1 where it holds, 0 where not, NaN (unknown) where any column it names is unknown.

        values: each of `needs` -> (n, out), NaN = unknown; texts: each of `texts` -> n texts, None =
        unknown. Without any of `needs` out is 1. What cannot be computed (x / 0, beyond the largest
        number) is unknown too.
        """
        shape = values[self.needs[0]].shape if self.needs else (len(texts[self.texts[0]]), 1)
        asked = _Asked(values, texts, shape)
        with np.errstate(all="ignore"):
            holds = asked.condition(self.tree)
        return np.where(asked.known, np.broadcast_to(holds, asked.known.shape).astype(float), np.nan)

    def of_row(self, row: Mapping[str, float | str | None]) -> bool | None:
        """The answer for one row: column -> number (flags: 1 or 0), text or None; None when unknown."""
        values = {name: np.array([[row.get(name)]], dtype=np.float64) for name in self.needs}
        texts = {name: [None if (text := row.get(name)) is None else str(text)] for name in self.texts}
        found = float(self.evaluate(values, texts)[0, 0])
        return None if np.isnan(found) else found == 1.0


def compile(text: str, vocabulary: Vocabulary = BARS) -> Expression:
    """Read an expression; raises ExpressionError with the place, what came and what is allowed.

    vocabulary: `BARS`, what a rule may name, or `ROWS`, what a filter may.
    """
    tree = parse(text, vocabulary)
    parts = list(walk(tree))
    if len(parts) > MAX_PARTS:
        last = parts[MAX_PARTS].at
        raise ExpressionError(last, f"{len(parts)} names, numbers and operators", f"at most {MAX_PARTS}")
    columns = [part for part in parts if isinstance(part, Column)]
    needs = dict.fromkeys(part.name for part in columns if part.kind is not Kind.TEXT)
    texts = dict.fromkeys(part.name for part in columns if part.kind is Kind.TEXT)
    if not needs and not (texts and vocabulary.texts_alone):
        changing = "" if vocabulary.texts_alone else " that changes"
        raise ExpressionError(0, text.strip()[:40], f"a condition on at least one column{changing}")
    return Expression(text, tree, tuple(needs), tuple(texts))


class _Asked:
    """One evaluation; `known` (n, out) turns false wherever something that is compared is unknown."""

    def __init__(
        self,
        values: Mapping[str, FloatArray],
        texts: Mapping[str, Sequence[str | None]],
        shape: tuple[int, ...],
    ) -> None:
        self._values = values
        self._texts = texts
        self.known: BoolArray = np.ones(shape, dtype=bool)

    def condition(self, node: Node) -> BoolArray:
        match node:
            case Not():
                return ~self.condition(node.inner)
            # Every condition is asked, whatever the others say: what it names must be known.
            case All():
                return reduce(np.logical_and, [self.condition(one) for one in node.conditions])
            case Any():
                return reduce(np.logical_or, [self.condition(one) for one in node.conditions])
            case Comparison():
                return self._compare(node.sign, node.left, node.right)
            case Membership():
                return reduce(np.logical_or, [self._compare("=", node.item, one) for one in node.choices])
            case _:
                flag: BoolArray = self._operand(node) == 1.0
                return flag

    def _compare(self, sign: str, left: Node, right: Node) -> BoolArray:
        if kind_of(left) is Kind.TEXT:
            pairs = list(zip(self._text(left), self._text(right), strict=True))
            self.known &= np.array([None not in pair for pair in pairs], dtype=bool)[:, None]
            same = [str(one).casefold() == str(other).casefold() for one, other in pairs]
            return np.array([one == (sign == "=") for one in same], dtype=bool)[:, None]
        holds: BoolArray = _COMPARED[sign](self._operand(left), self._operand(right))
        return holds

    def _text(self, node: Node) -> Sequence[str | None]:
        """The texts of each of the n series."""
        if isinstance(node, Text):
            return [node.value] * len(self.known)
        return self._texts[_name(node)]

    def _operand(self, node: Node) -> FloatArray:
        value = self._number(node)
        known: BoolArray = np.isfinite(value)
        self.known &= known
        return value

    def _number(self, node: Node) -> FloatArray:
        match node:
            case Number():
                return np.full(self.known.shape, node.value)
            case Negative():
                return -self._number(node.inner)
            case Absolute():
                return np.abs(self._number(node.inner))
            case Arithmetic():
                found = _COMPUTED[node.sign](self._number(node.left), self._number(node.right))
                # Unknown at once: 1 / (x / 0) is no zero.
                return np.where(np.isfinite(found), found, np.nan)
            case _:
                return self._values[_name(node)]


def _name(node: Node) -> str:
    if not isinstance(node, Column):
        raise TypeError(f"{node} is no column")
    return node.name
