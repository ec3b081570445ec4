"""What an expression is made of, and how it is written in its normal form. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a part of an expression stands for."""

    NUMBER = "number"
    TEXT = "text"
    CONDITION = "condition"
    TIER = "tier"
    """`tier`, which only tests of the form `tier = 2` may name; they become `tier_2`."""


@dataclass(frozen=True)
class Part:
    """Base of all parts; two that mean the same are equal, wherever they were typed.

    at: offset of its first character in the text it was read from.
    """

    at: int = field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Number(Part):
    """A number >= 0. percent: as it was typed where `%` followed, `value` is a hundredth of it."""

    value: float
    percent: float | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class Text(Part):
    """A text in quotes; case does not matter."""

    value: str


@dataclass(frozen=True)
class Column(Part):
    """A column by its full name; `values`: the only texts it can have (empty: any)."""

    name: str
    kind: Kind
    unit: str = field(default="", compare=False, repr=False)
    values: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Negative(Part):
    """Minus a number."""

    inner: Node


@dataclass(frozen=True)
class Absolute(Part):
    """abs() of a number."""

    inner: Node


@dataclass(frozen=True)
class Arithmetic(Part):
    """Two numbers and one of + - * /."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Comparison(Part):
    """Two numbers and one of > >= < <= = !=, or two texts and = or !=."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Membership(Part):
    """A number or a text that is one of several."""

    item: Node
    choices: tuple[Node, ...]


@dataclass(frozen=True)
class Not(Part):
    """The opposite of a condition."""

    inner: Node


@dataclass(frozen=True)
class All(Part):
    """Conditions joined by `and`."""

    conditions: tuple[Node, ...]


@dataclass(frozen=True)
class Any(Part):
    """Conditions joined by `or`."""

    conditions: tuple[Node, ...]


type Node = (
    Number | Text | Column | Negative | Absolute | Arithmetic | Comparison | Membership | Not | All | Any
)


def kind_of(node: Node) -> Kind:
    """What a part stands for."""
    match node:
        case Column():
            return node.kind
        case Text():
            return Kind.TEXT
        case Number() | Negative() | Absolute() | Arithmetic():
            return Kind.NUMBER
        case _:
            return Kind.CONDITION


def children(node: Node) -> tuple[Node, ...]:
    """The parts a part is made of, in the order they are written."""
    match node:
        case Negative() | Absolute() | Not():
            return (node.inner,)
        case Arithmetic() | Comparison():
            return (node.left, node.right)
        case Membership():
            return (node.item, *node.choices)
        case All() | Any():
            return node.conditions
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A part and all parts in it, in the order they are written."""
    yield node
    for child in children(node):
        yield from walk(child)


def depth(node: Node) -> int:
    """Levels of a part: 1 for a column or a constant."""
    return 1 + max((depth(child) for child in children(node)), default=0)


# How tightly a form binds; an operand that binds less needs parentheses.
_EXACT = 2.0**53
_ANY, _ALL, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _ATOM = range(8)


def unparse(node: Node) -> str:
    """The normal form: one spelling of everything that means the same; reads back as an equal tree."""
    return _write(node)[0]


def _write(node: Node) -> tuple[str, int]:
    match node:
        case Number():
            return _number_text(node.value), _ATOM
        case Text():
            quote = "'" if '"' in node.value else '"'
            return f"{quote}{node.value}{quote}", _ATOM
        case Column():
            return node.name, _ATOM
        case Negative():
            return f"-{_operand(node.inner, _SIGN)}", _SIGN
        case Absolute():
            return f"abs({unparse(node.inner)})", _ATOM
        case Arithmetic():
            level = _SUM if node.sign in "+-" else _PRODUCT
            # The right side of a chain is evaluated first only where parentheses say so.
            left, right = _operand(node.left, level), _operand(node.right, level + 1)
            return f"{left} {node.sign} {right}", level
        case _:
            return _write_condition(node)


def _write_condition(node: Comparison | Membership | Not | All | Any) -> tuple[str, int]:
    match node:
        case Comparison():
            return f"{_operand(node.left, _SUM)} {node.sign} {_operand(node.right, _SUM)}", _COMPARISON
        case Membership():
            choices = ", ".join(unparse(choice) for choice in node.choices)
            return f"{_operand(node.item, _SUM)} in ({choices})", _COMPARISON
        case Not():
            return f"not {_operand(node.inner, _NOT)}", _NOT
        case All():
            return " and ".join(_operand(part, _NOT) for part in node.conditions), _ALL
        case Any():
            return " or ".join(_operand(part, _ALL) for part in node.conditions), _ANY


def _operand(node: Node, level: int) -> str:
    text, binding = _write(node)
    return text if binding >= level else f"({text})"


def _number_text(value: float) -> str:
    """A short text that reads back as the same number: 50M."""
    if not value.is_integer() or value >= _EXACT:
        return repr(value)
    whole = int(value)
    for suffix, size in (("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if whole and whole % size == 0:
            return f"{whole // size}{suffix}"
    return str(whole)
