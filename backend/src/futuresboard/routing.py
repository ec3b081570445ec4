"""Who is told of which alerts: the grammar of `NOTIFY_URLS`. Pure.

Targets are separated by blanks. Options stand before the address they belong to, as words of the form
`key=value`, several joined by `;` or by blanks:

    name=phone tier=2,6;tf=5m tgram://token/chat  kind=all json://127.0.0.1:8080/alerts

`tier` and `kind` say which alerts (one of them is enough), `tf`, `exchange` and `coin` narrow that down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from futuresboard.model import TIMEFRAME_MS, Tier

DEFAULT_TIERS = frozenset({int(Tier.CONFLUENCE), int(Tier.CLUSTER)})
"""What pops up for everybody."""
OTHER_KINDS = ("confluence", "rule")
"""Kinds of alerts beside the tiers."""
DEFAULT_KINDS = frozenset({"rule"})
"""A rule of one's own is asked for by being written."""
ALL = "all"

_BETWEEN = re.compile(r"\s+|,+(?=\s|$|[A-Za-z][A-Za-z0-9]*://)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]*)://.")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


class RoutesError(ValueError):
    """Targets that cannot be: one line each, without anything of an address but its scheme."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


@dataclass(frozen=True, slots=True)
class Route:
    """One target: a name that may be shown, an address that may not, and what it wants to be told.

    An empty `timeframes`, `exchanges` or `coins` means any.
    """

    name: str
    url: str = field(repr=False)
    tiers: frozenset[int] = DEFAULT_TIERS
    kinds: frozenset[str] = DEFAULT_KINDS
    timeframes: frozenset[str] = frozenset()
    exchanges: frozenset[str] = frozenset()
    coins: frozenset[str] = frozenset()

    def wants(self, alert: Mapping[str, object]) -> bool:
        """Whether an alert (as it is stored) goes to this target."""
        asked = alert["tier"] in self.tiers if alert["kind"] == "tier" else alert["kind"] in self.kinds
        return asked and all(
            not allowed or alert[name] in allowed
            for name, allowed in (
                ("timeframe", self.timeframes),
                ("exchange", self.exchanges),
                ("base", self.coins),
            )
        )


def parse_routes(text: str, exchanges: Sequence[str]) -> tuple[Route, ...]:
    """The targets of a `NOTIFY_URLS`; `exchanges`: ids that `exchange=` may name. Raises RoutesError."""
    readers = _readers(exchanges)
    found: list[Route] = []
    problems: list[str] = []
    options: list[str] = []
    for word in filter(None, _BETWEEN.split(text)):
        if "://" not in word:
            options += filter(None, word.split(";"))
            continue
        scheme = _SCHEME.match(word)
        shown = f"target {len(found) + 1}" + (f" ({scheme[1].lower()})" if scheme else "")
        given, wrong = _options(options, readers)
        problems += [f"{shown}: {line}" for line in wrong]
        if scheme is None:
            problems.append(f"{shown}: got (hidden), allowed: an Apprise URL, service://…")
        name = given.pop("name", None) or _free_name(scheme[1].lower() if scheme else "target", found)
        if any(route.name == name for route in found):
            problems.append(f"{shown}: got name={name} twice, allowed: a name of its own")
        found.append(Route(str(name), word, **given))  # type: ignore[arg-type]
        options = []
    if options:
        problems.append("the end: got options without an address, allowed: options, then their Apprise URL")
    if problems:
        raise RoutesError(problems)
    return tuple(found)


def _options(
    words: Sequence[str], readers: Mapping[str, tuple[str, str, Callable[[str], object]]]
) -> tuple[dict[str, object], list[str]]:
    given: dict[str, object] = {}
    wrong: list[str] = []
    for word in words:
        key, _, value = word.partition("=")
        if key not in readers:
            # It may be the rest of an address that has a blank in it.
            wrong.append(f"got (hidden), allowed: options {', '.join(readers)}, then an Apprise URL")
            continue
        name, allowed, read = readers[key]
        try:
            given[name] = read(value)
        except ValueError:
            wrong.append(f"got {word}, allowed: {allowed}")
    if given.keys() & {"tiers", "kinds"}:
        given = {"tiers": frozenset(), "kinds": frozenset()} | given
    return given, wrong


def _readers(exchanges: Sequence[str]) -> dict[str, tuple[str, str, Callable[[str], object]]]:
    """Option -> the field it sets, what is allowed, how it is read."""
    tiers, kinds = [str(int(tier)) for tier in Tier], list(OTHER_KINDS)

    def listed(name: str, values: Sequence[str]) -> tuple[str, str, Callable[[str], object]]:
        return name, f"a list of {', '.join(values)}, or {ALL}", lambda text: _subset(text, values)

    return {
        "name": ("name", "up to 32 letters, digits, - and _", _name),
        "tier": (*listed("tiers", tiers)[:2], lambda text: frozenset(map(int, _subset(text, tiers)))),
        "kind": listed("kinds", kinds),
        "tf": listed("timeframes", list(TIMEFRAME_MS)),
        "exchange": listed("exchanges", exchanges),
        "coin": ("coins", "a list of coins (BTC,ETH)", _coins),
    }


def _subset(text: str, allowed: Sequence[str]) -> frozenset[str]:
    items = frozenset(filter(None, text.split(",")))
    if items == {ALL}:
        return frozenset(allowed)
    if not items or not items <= set(allowed):
        raise ValueError(text)
    return items


def _coins(text: str) -> frozenset[str]:
    if not (items := frozenset(filter(None, text.upper().split(",")))):
        raise ValueError(text)
    return items


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(text)
    return text


def _free_name(scheme: str, found: Sequence[Route]) -> str:
    taken = {route.name for route in found}
    names = (scheme, *(f"{scheme}-{number}" for number in range(2, len(found) + 2)))
    return next(name for name in names if name not in taken)
