"""Query parameters: declared once, read strictly, and shown in the OpenAPI document from there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from futuresboard import rules
from futuresboard.errors import ExpressionError, QueryError

_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,16})?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what it means, what is allowed (in words and as JSON schema), how it is read.

    `read` raises ValueError for what is not allowed. An empty value counts as absent.
    """

    name: str
    doc: str
    allowed: str
    schema: Mapping[str, object]
    read: Callable[[str], object]
    default: object = None
    required: bool = False


def parse(parameters: Sequence[Parameter], given: MultiDict[str, str]) -> dict[str, Any]:
    """Every declared parameter by name, read or its default.

    Raises QueryError for a name that is not declared (a misspelt filter must not go unnoticed), for
    one given twice, for a value that is not allowed and for a required one that is missing. An empty
    value is as good as none, for any name.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name, values in given.lists():
        if name not in known and any(values):
            names = ", ".join(known) or "none"
            raise QueryError(name, values[0], f"one of the parameters {names}")
        if len(values) > 1:
            raise QueryError(name, values, "one value")
    return {name: _read(parameter, given.get(name, "")) for name, parameter in known.items()}


def _read(parameter: Parameter, text: str) -> object:
    if text == "":
        if parameter.required:
            raise QueryError(parameter.name, text, parameter.allowed)
        return parameter.default
    try:
        return parameter.read(text)
    except ValueError as error:
        raise QueryError(parameter.name, text, parameter.allowed) from error


def text(name: str, doc: str, allowed: str = "any text", *, required: bool = False) -> Parameter:
    """A free text; absent is ''."""
    return Parameter(name, doc, allowed, {"type": "string"}, str, default="", required=required)


def choice(
    name: str, doc: str, values: Sequence[str], default: str = "", *, required: bool = False
) -> Parameter:
    """One of some words; absent is `default`."""

    def read(given: str) -> str:
        if given not in values:
            raise ValueError(given)
        return given

    schema = {"type": "string", "enum": list(values)}
    return Parameter(name, doc, ", ".join(values), schema, read, default=default, required=required)


def choices(name: str, doc: str, values: Sequence[str]) -> Parameter:
    """Any of some words, separated by commas, as a tuple without repetitions; absent is ()."""

    def read(given: str) -> tuple[str, ...]:
        words = tuple(dict.fromkeys(given.split(",")))
        if not set(words) <= set(values):
            raise ValueError(given)
        return words

    schema = {"type": "string", "examples": [",".join(values)]}
    return Parameter(
        name, doc, f"words of {', '.join(values)}, separated by commas", schema, read, default=()
    )


def integer(
    name: str, doc: str, low: int, high: int, default: int | None = None, *, required: bool = False
) -> Parameter:
    """A whole number from `low` to `high`; absent is `default`."""

    def read(given: str) -> int:
        if not _INTEGER.fullmatch(given) or not low <= int(given) <= high:
            raise ValueError(given)
        return int(given)

    schema: dict[str, object] = {"type": "integer", "minimum": low, "maximum": high}
    allowed = f"a whole number from {low} to {high}"
    return Parameter(name, doc, allowed, schema, read, default=default, required=required)


def filter_expression() -> Parameter:
    """An expression over the columns of a newest row, compiled; absent is None."""

    def read(given: str) -> rules.Expression:
        try:
            return rules.compile(given, rules.ROWS)
        except ExpressionError as error:
            came, allowed = str(error.came), error.allowed
            raise ExpressionError(error.position, came, allowed, parameter="filter") from None

    doc = "rows for which this holds; where it is unknown it does not. Written as alert rules are"
    allowed = "an expression over a row's columns (`catalog.filters` of /api/settings)"
    schema = {"type": "string", "examples": ["z > 2 and funding < 0 and live_oi > 50M"]}
    return Parameter("filter", doc, allowed, schema, read)


def decimal(name: str, doc: str) -> Parameter:
    """A finite number; absent is None."""

    def read(given: str) -> float:
        if not _DECIMAL.fullmatch(given) or not math.isfinite(float(given)):
            raise ValueError(given)
        return float(given)

    return Parameter(name, doc, "a number", {"type": "number"}, read)


def moment(name: str, doc: str) -> Parameter:
    """Milliseconds UTC; absent is None."""
    return integer(name, f"{doc}, milliseconds UTC", 0, 9_999_999_999_999)
