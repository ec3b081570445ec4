"""From waiting alerts to the few messages that tell of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from futuresboard.model import EXCHANGE_NAMES, TIMEFRAME_MS, Tier
from futuresboard.signals import RULES

FOLD_FROM = 4
"""So many coins at once are one summary."""
NAMED = 3
"""Alerts that a folded message tells in full; of the others it gives the number."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert that one target is still to be told of.

    alert: as it is stored; quality: the marks of its row; quiet: it came in quiet hours; due_ts: since
    when nothing but the target keeps it waiting, ms UTC.
    """

    id: int
    alert: Mapping[str, object]
    quality: tuple[str, ...] = ()
    quiet: bool = False
    due_ts: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent as one, and the alerts it tells of."""

    ids: tuple[int, ...]
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Page:
    """Where the alerts can be seen (empty: not told), and whether their data is simulated."""

    url: str = ""
    simulated: bool = False


def fold(waiting: Sequence[Waiting], slots: int, page: Page) -> list[Message]:
    """At most `slots` (>= 1) messages that together tell of each waiting alert once.

    What came in quiet hours is one summary. Of the rest each coin is one message, whatever its
    exchanges and timeframes, or all are one summary from `FOLD_FROM` coins on. When that is more than
    there is room for, everything is one summary.
    """
    held = [one for one in waiting if one.quiet]
    coins = _by_coin(one for one in waiting if not one.quiet)
    messages = [_summary(held, "While it was quiet: ", page)] if held else []
    if len(coins) >= FOLD_FROM:
        messages.append(_summary([one for group in coins for one in group], "", page))
    else:
        messages += [_of_coin(group, page) for group in coins]
    if len(messages) > slots:
        return [_summary(waiting, "", page)]
    return messages


def trial(name: str, page: Page) -> Message:
    """What a test sends."""
    body = f"This is a test of the notification target {name}. Alerts will arrive like this."
    return _message((), "futuresboard: test", [body], page)


def _by_coin(waiting: Iterable[Waiting]) -> list[list[Waiting]]:
    """One list a coin, its severest alert first; coins by that."""
    groups: dict[object, list[Waiting]] = {}
    for one in sorted(waiting, key=_rank):
        groups.setdefault(one.alert["base"], []).append(one)
    return list(groups.values())


def _rank(one: Waiting) -> tuple[int, int]:
    return cast("int", one.alert["severity"]), one.id


def _of_coin(group: Sequence[Waiting], page: Page) -> Message:
    first = group[0]
    places = list(dict.fromkeys(_place(one.alert) for one in group))
    shown = ", ".join(places[:NAMED]) + (f" +{len(places) - NAMED} more" if len(places) > NAMED else "")
    title = f"{_name(first.alert)}: {first.alert['base']} on {shown}"
    return _message(group, title, _told(group), page)


def _summary(waiting: Sequence[Waiting], prefix: str, page: Page) -> Message:
    coins = _by_coin(waiting)
    names = ", ".join(str(group[0].alert["base"]) for group in coins[:NAMED])
    more = f" +{len(coins) - NAMED} more" if len(coins) > NAMED else ""
    noun = "alert" if len(waiting) == 1 else "alerts"
    # The severest alert of each coin first: three coins are named, not one coin three times.
    ordered = [group[0] for group in coins] + [one for group in coins for one in group[1:]]
    title = f"{prefix}{len(waiting)} {noun}: {names}{more}"
    return _message(waiting, title, _told(ordered, named=True), page)


def _told(waiting: Sequence[Waiting], *, named: bool = False) -> list[str]:
    """A paragraph for each of the first alerts, and the number of the others."""
    lines = [(f"{_name(one.alert)}. " if named else "") + _paragraph(one) for one in waiting[:NAMED]]
    return [*lines, *([f"+{len(waiting) - NAMED} more"] if len(waiting) > NAMED else [])]


def _paragraph(one: Waiting) -> str:
    lines = [str(one.alert["text"]), f"Bar {_bar(one.alert)} UTC"]
    if one.alert.get("direction"):
        lines[1] += f", {one.alert['direction']}"
    if one.quality:
        lines.append(f"Data: {', '.join(one.quality)}")
    return "\n".join(lines)


def _name(alert: Mapping[str, object]) -> str:
    if alert["kind"] == "tier":
        tier = Tier(cast("int", alert["tier"]))
        return f"Tier {int(tier)} {RULES[tier].name}"
    if isinstance(rule := alert.get("rule"), Mapping):
        return f"Rule {rule['name']}"
    return str(alert["kind"]).capitalize()


def _place(alert: Mapping[str, object]) -> str:
    exchange = str(alert["exchange"])
    return f"{EXCHANGE_NAMES.get(exchange, exchange)} {alert['timeframe']}"


def _bar(alert: Mapping[str, object]) -> str:
    opened = cast("int", alert["ts"])
    begin, end = (
        datetime.fromtimestamp(ts / 1000, tz=UTC)
        for ts in (opened, opened + TIMEFRAME_MS[str(alert["timeframe"])])
    )
    return f"{begin:%Y-%m-%d %H:%M} to {end:%H:%M}"


def _message(waiting: Iterable[Waiting], title: str, paragraphs: Sequence[str], page: Page) -> Message:
    mark = "SIMULATED: " if page.simulated else ""
    link = [page.url] if page.url else []
    return Message(tuple(sorted(one.id for one in waiting)), mark + title, "\n\n".join((*paragraphs, *link)))
