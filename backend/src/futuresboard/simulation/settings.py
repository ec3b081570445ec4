"""What a run is asked to do: checked, in one form, with a hash that names it. Pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

import orjson

from futuresboard import rules
from futuresboard.errors import QueryError
from futuresboard.model import Thresholds, Tier
from futuresboard.simulation.records import Rule
from futuresboard.trade_sim import Costs


class Entry(StrEnum):
    """What opens trades."""

    TIER = "tier"
    CONFLUENCE = "confluence"
    RULE = "rule"
    OBV_RSI = "obv-rsi"


class Fire(StrEnum):
    """Whether a tier, confluence or rule opens trades as its alerts start, or at every bar it holds."""

    ALERTS = "alerts"
    FLAGS = "flags"


class Direction(StrEnum):
    """Which way a trade goes. Momentum: the sign of the price move up to the signal; fade: against it.
    Both: as the entry says, which OBV/RSI alone does."""

    LONG = "long"
    SHORT = "short"
    MOMENTUM = "momentum"
    FADE = "fade"
    BOTH = "both"


class Sizing(StrEnum):
    """How large a trade is: an equal part of the capital for each pair; an amount; a share of equity; a
    share of equity lost when the stop is hit."""

    EQUAL = "equal"
    AMOUNT = "amount"
    SHARE = "share"
    RISK = "risk"


@dataclass(frozen=True)
class SimulationSettings:
    """One run. Fractions are of the price (`stop_loss=0.01` is 1 %); None is none.

    entry, tier, rule, fire, thresholds: what gives a signal at a bar's close. direction,
    momentum_bars: which way. hold: bars until the close it leaves at; take_profit, stop_loss,
    trailing_stop: levels. fee, slippage: of one side; funding: whether it is paid. late: bars the entry
    is late by. sizing, size, capital, cash_limit, leverage, max_positions: the portfolio; `size` is an
    amount in the currency of `capital`, or a share of equity.

    Raises QueryError: the field, what came and what is allowed.
    """

    entry: Entry = Entry.TIER
    tier: int | None = None
    rule: str | None = None
    fire: Fire = Fire.ALERTS
    thresholds: Thresholds = field(default_factory=Thresholds)
    direction: Direction | None = None
    momentum_bars: int = 1
    hold: int | None = None
    take_profit: float | None = None
    stop_loss: float | None = None
    trailing_stop: float | None = None
    fee: float = Costs().fee
    slippage: float = Costs().slippage
    funding: bool = True
    late: int = 0
    sizing: Sizing = Sizing.EQUAL
    size: float | None = None
    capital: float = 10_000.0
    cash_limit: bool = False
    leverage: float = 1.0
    max_positions: int | None = None

    def __post_init__(self) -> None:
        for name, kind in _WORDS.items():
            self._word(name, kind)
        own = self.entry is Entry.OBV_RSI
        if self.direction is None:
            object.__setattr__(self, "direction", Direction.BOTH if own else Direction.LONG)
        self._check_entry()
        for name, limits in _NUMBERS.items():
            self._number(name, *limits)
        for name, (least, optional) in _WHOLE.items():
            self._whole(name, least, optional=optional)
        self._check_exit()
        self._check_size()

    @property
    def costs(self) -> Costs:
        """Fee and slippage of one side."""
        return Costs(self.fee, self.slippage)

    @property
    def kernel_rule(self) -> Rule:
        """As the compiled loops take it."""
        return Rule(
            self.hold or 0,
            self.take_profit or 0.0,
            self.stop_loss or 0.0,
            self.trailing_stop or 0.0,
            float(self.fee),
            float(self.slippage),
            self.late,
        )

    @property
    def signal_key(self) -> tuple[object, ...]:
        """What decides the signals: equal keys, equal signals."""
        return (
            self.entry,
            self.tier,
            self.rule,
            self.fire,
            self.thresholds,
            self.direction,
            self.momentum_bars,
        )

    @property
    def one_way(self) -> tuple[SimulationSettings, ...]:
        """These settings, or where trades go both ways one of each way."""
        if self.direction is not Direction.BOTH:
            return (self,)
        return tuple(replace(self, direction=way) for way in (Direction.LONG, Direction.SHORT))

    @property
    def canonical(self) -> bytes:
        """JSON with every field, names sorted, rules in normal form: one text for one meaning."""
        found = asdict(self)
        for name in _NUMBERS:
            found[name] = None if found[name] is None else float(found[name])
        found["thresholds"] = {name: float(value) for name, value in found["thresholds"].items()}
        if self.rule is not None:
            found["rule"] = rules.compile(self.rule).normal
        return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)

    @property
    def hash(self) -> str:
        """Names the settings."""
        return hashlib.sha256(self.canonical).hexdigest()[:16]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> SimulationSettings:
        """From JSON; fields that are left out have their defaults. Raises QueryError."""
        known = {one.name for one in fields(cls)}
        for name in given:
            if name not in known:
                raise QueryError(name, given[name], f"one of the fields {', '.join(sorted(known))}")
        taken = dict(given)
        if "thresholds" in taken:
            taken["thresholds"] = _thresholds(taken["thresholds"])
        return cls(**taken)

    def _word(self, name: str, kind: type[StrEnum]) -> None:
        value = getattr(self, name)
        if value is None and name == "direction":
            return
        try:
            object.__setattr__(self, name, kind(value))
        except ValueError:
            raise QueryError(name, value, ", ".join(kind)) from None

    def _check_entry(self) -> None:
        own = self.entry is Entry.OBV_RSI
        if self.entry is Entry.TIER and self.tier not in list(Tier):
            raise QueryError("tier", self.tier, f"{', '.join(str(int(tier)) for tier in Tier)}")
        if self.entry is not Entry.TIER and self.tier is not None:
            raise QueryError("tier", self.tier, "none, unless the entry is a tier")
        if self.entry is Entry.RULE:
            rules.compile(self.rule or "")
        elif self.rule is not None:
            raise QueryError("rule", self.rule, "none, unless the entry is a rule")
        allowed = (
            (Direction.LONG, Direction.SHORT, Direction.BOTH)
            if own
            else tuple(one for one in Direction if one is not Direction.BOTH)
        )
        if self.direction not in allowed:
            raise QueryError("direction", str(self.direction), f"{', '.join(allowed)} with {self.entry}")
        if own and self.fire is not Fire.ALERTS:
            raise QueryError("fire", str(self.fire), "alerts with obv-rsi: its entry is an edge itself")

    def _number(self, name: str, least: float, most: float, open_end: bool) -> None:
        value = getattr(self, name)
        if value is None and name in _OPTIONAL:
            return
        fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not fine or not (value > least or (value == least and not open_end)) or value >= most:
            words = f"a number {'above' if open_end else 'from'} {least:g}"
            raise QueryError(name, value, words if most == math.inf else f"{words} and below {most:g}")

    def _whole(self, name: str, least: int, *, optional: bool) -> None:
        value = getattr(self, name)
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise QueryError(name, value, f"a whole number from {least}{' or none' if optional else ''}")

    def _check_exit(self) -> None:
        levels = (self.take_profit, self.stop_loss, self.trailing_stop)
        if self.hold is None and self.entry is not Entry.OBV_RSI and levels == (None, None, None):
            raise QueryError("hold", None, "a number of bars, unless take_profit, stop_loss or trailing_stop")
        if self.take_profit is not None and self.take_profit >= 1.0 and self.direction is not Direction.LONG:
            raise QueryError("take_profit", self.take_profit, "below 1, unless every trade is long")

    def _check_size(self) -> None:
        if self.sizing is Sizing.EQUAL and self.size is not None:
            raise QueryError("size", self.size, "none with equal parts")
        if self.sizing is not Sizing.EQUAL and self.size is None:
            raise QueryError("size", None, f"a number with sizing {self.sizing}")
        if self.sizing is Sizing.RISK and self.stop_loss is None and self.trailing_stop is None:
            raise QueryError("sizing", "risk", "another one, unless stop_loss or trailing_stop is given")


_WORDS: Mapping[str, type[StrEnum]] = {
    "entry": Entry,
    "fire": Fire,
    "direction": Direction,
    "sizing": Sizing,
}
# Least, most (not itself), and whether the least itself is not allowed.
_NUMBERS: Mapping[str, tuple[float, float, bool]] = {
    "take_profit": (0.0, math.inf, True),
    "stop_loss": (0.0, 1.0, True),
    "trailing_stop": (0.0, 1.0, True),
    "fee": (0.0, 0.1, False),
    "slippage": (0.0, 0.1, False),
    "size": (0.0, math.inf, True),
    "capital": (0.0, math.inf, True),
    "leverage": (0.0, math.inf, True),
}
_OPTIONAL = ("take_profit", "stop_loss", "trailing_stop", "size")
_WHOLE: Mapping[str, tuple[int, bool]] = {
    "hold": (1, True),
    "momentum_bars": (1, False),
    "late": (0, False),
    "max_positions": (1, True),
}


def _thresholds(given: object) -> Thresholds:
    if isinstance(given, Thresholds):
        return given
    known = {one.name: one.type for one in fields(Thresholds)}
    if not isinstance(given, Mapping):
        raise QueryError("thresholds", given, f"an object with any of {', '.join(known)}")
    for name, value in given.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if name not in known or not number:
            raise QueryError(f"thresholds.{name}", value, f"a number, for any of {', '.join(known)}")
    return Thresholds(**given)
