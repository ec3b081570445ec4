"""The user's rules as bars are judged by them: their flags over a window, and what their alerts say."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from futuresboard import rules
from futuresboard.db import Pair, Store
from futuresboard.db_rules import rules_in_force
from futuresboard.db_versions import Series
from futuresboard.errors import ExpressionError
from futuresboard.model import FloatArray, Tier, UserRule
from futuresboard.signals import Inputs

log = logging.getLogger(__name__)

_LONGEST = 200


@dataclass(frozen=True)
class Judge:
    """A rule with its expression read."""

    rule: UserRule
    expression: rules.Expression

    def columns(self, x: Inputs, tiers: Mapping[Tier, FloatArray]) -> dict[str, FloatArray]:
        """The columns of numbers and flags it names, (n, out) each."""
        return rules.columns(self.expression.needs, x, tiers)

    def flag(
        self, x: Inputs, tiers: Mapping[Tier, FloatArray], texts: Mapping[str, Sequence[str]]
    ) -> FloatArray:
        """(n, out) whether it holds; NaN where unknown. texts: as `texts_of` gives."""
        return self.expression.evaluate(self.columns(x, tiers), texts)

    def sentence(self, values: Mapping[str, float | None]) -> str:
        """Name, condition and the numbers that met it."""
        normal = self.expression.normal
        condition = normal if len(normal) <= _LONGEST else f"{normal[:_LONGEST]}…"
        met = ", ".join(f"{name} {_shown(name, values[name])}" for name in self.expression.needs)
        return f"{self.rule.name} ({condition}): {met}"


def texts_of(timeframe: str, pairs: Sequence[Pair] | Sequence[Series]) -> dict[str, list[str]]:
    """The columns of text of n series."""
    return {
        "exchange": [pair.exchange for pair in pairs],
        "symbol": [pair.symbol for pair in pairs],
        "base": [pair.base for pair in pairs],
        "timeframe": [timeframe] * len(pairs),
    }


def judge_of(rule: UserRule) -> Judge | None:
    """The rule read; None, with a word in the log, where that is no longer possible."""
    try:
        return Judge(rule, rules.compile(rule.normal))
    except ExpressionError as error:
        log.warning("rule %r is not judged by: %s", rule.name, error)
        return None


class RuleBook:
    """The rules in force, as the database has them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.judges: dict[int, Judge] = {}

    def reload(self) -> None:
        """Judge by the rules that are stored now; one that can no longer be read is left out."""
        judges = [judge_of(rule) for rule in rules_in_force(self._store)]
        self.judges = {judge.rule.id: judge for judge in judges if judge is not None}


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    if name.startswith("tier_"):
        return "true" if value else "false"
    for suffix, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{_digits(value / size)}{suffix}"
    return _digits(value)


def _digits(value: float) -> str:
    """Four significant digits, without an exponent."""
    return np.format_float_positional(value, precision=4, fractional=False, trim="-")
