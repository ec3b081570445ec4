"""What goes wrong when: a seeded plan of faults, in seconds of exchange time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from futuresboard.sim_exchange.faults import AFTER, BEFORE, COMPUTED
from futuresboard.sim_exchange.socket_faults import ON_SOCKETS

MEETS_S = 40.0
CALM_S = 240.0
"""An exchange is left alone at least so long after a fault: as long as a bar's rows may come late."""
HISTORIES = ("*lines", "*kline", "*candles", "*openInterestHist", "*open-interest*", "*atio*", "*ratio*")


@dataclass(frozen=True)
class Fault:
    """One fault: its name in the report, when it begins and how long it lasts, and the rules that make it."""

    name: str
    exchange: str
    at_s: float
    for_s: float
    rules: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    drops_sockets: bool = False


type _Made = tuple[float, list[dict[str, Any]]]
"""How long it lasts, and its rules."""


def _rule(
    kind: str, path: str = "*", symbol: str = "*", share: float = 1.0, **options: object
) -> dict[str, Any]:
    return {"kind": kind, "path": path, "symbol": symbol, "share": share, "options": options}


def _statuses(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    status = dice.choice((429, 500, 502, 503, 504))
    headers = {"Retry-After": str(dice.randint(2, 30))} if status == 429 and dice.random() < 0.5 else {}
    rule = _rule("status", share=dice.choice((0.05, 0.3, 1.0)), status=status, body="busy", headers=headers)
    return dice.uniform(10, 120), [rule]


def _broken(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    kind = dice.choice(("empty", "html", "truncated", "wrong_shape"))
    return dice.uniform(30, 300), [_rule(kind, share=dice.choice((0.05, 0.3, 1.0)))]


def _network(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    kind, options = dice.choice((("reset", {}), ("slow", {"seconds": 5}), ("timeout", {"seconds": 30})))
    return dice.uniform(30, 300), [_rule(kind, share=dice.choice((0.05, 0.3)), **options)]


def _rows(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    kind = dice.choice(("gap", "duplicate", "shuffled"))
    return dice.uniform(60, 400), [_rule(kind, dice.choice(HISTORIES))]


def _numbers(dice: random.Random, symbols: Sequence[str]) -> _Made:
    symbol = dice.choice(symbols)
    kind, options = dice.choice(
        (("bad_numbers", {}), ("zero_oi", {}), ("x1000", {}), ("x1000", {"fields": "price"}), ("frozen", {}))
    )
    return dice.uniform(60, 700), [_rule(kind, symbol=symbol, **options)]


def _late(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    return dice.uniform(300, 700), [_rule("late", dice.choice(HISTORIES), seconds=dice.choice((45, 90, 200)))]


def _ban(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    seconds = dice.choice((60, 120, 240))
    # Until the next cycle has run into it.
    return seconds + MEETS_S, [_rule("ban", seconds=seconds) | {"for_s": MEETS_S}]


def _block(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    return dice.uniform(30, 200), [_rule("geo_block")]


def _maintenance(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    return dice.uniform(200, 600), [_rule("maintenance")]


def _down(_dice: random.Random, _symbols: Sequence[str]) -> _Made:
    return 600.0, [_rule("reset")]


def _wrong_time(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    return dice.uniform(60, 600), [_rule("wrong_time", seconds=dice.choice((-300, 300)))]


def _socket(dice: random.Random, _symbols: Sequence[str]) -> _Made:
    return dice.uniform(5, 300), [_rule(dice.choice(("drop", "silence")))]


def _listing(dice: random.Random, symbols: Sequence[str]) -> _Made:
    """The less traded half alone ends: the busiest pairs bear the other faults."""
    return 300.0, [_rule("delist", symbol=dice.choice(symbols[len(symbols) // 2 :])), _rule("new_listing")]


KINDS: Mapping[str, tuple[int, Callable[[random.Random, Sequence[str]], _Made]]] = {
    "status": (4, _statuses),
    "broken body": (4, _broken),
    "network": (4, _network),
    "rows": (3, _rows),
    "numbers": (6, _numbers),
    "late": (2, _late),
    "ban": (2, _ban),
    "geo-block": (1, _block),
    "maintenance": (1, _maintenance),
    "down": (1, _down),
    "wrong time": (1, _wrong_time),
    "socket": (4, _socket),
    "listings": (1, _listing),
}
"""Weight and maker by name."""

DROPPING = ("socket", "down", "maintenance", "ban", "geo-block")
"""After these, and after nothing but broken messages for a while, a socket is dialled again."""


def known() -> list[str]:
    """Kinds whose rules this simulator knows."""
    rules = {*BEFORE, *AFTER, *COMPUTED, *ON_SOCKETS}
    dice = random.Random(0)
    return [
        name
        for name, (_, make) in KINDS.items()
        if all(rule["kind"] in rules for _ in range(20) for rule in make(dice, ["x"])[1])
    ]


def plan(
    seed: int, until_s: float, symbols: Mapping[str, Sequence[str]], *, every_s: float, names: Sequence[str]
) -> list[Fault]:
    """Faults up to `until_s`, one about every `every_s` seconds, one at a time on each exchange."""
    dice = random.Random(seed)
    free = dict.fromkeys(symbols, 0.0)
    found: list[Fault] = []
    at = dice.expovariate(1 / every_s)
    while names and at < until_s:
        exchange = dice.choice(sorted(symbols))
        name = dice.choices(names, [KINDS[name][0] for name in names])[0]
        lasts, rules = KINDS[name][1](dice, symbols[exchange])
        if at >= free[exchange] and at + lasts <= until_s:
            found.append(
                Fault(
                    f"{name}: {rules[0]['kind']}",
                    exchange,
                    at,
                    lasts,
                    [{"exchange": exchange, "for_s": lasts} | rule for rule in rules],
                    drops_sockets=name in DROPPING or (name == "broken body" and rules[0]["share"] == 1.0),
                )
            )
            free[exchange] = at + lasts + CALM_S
        at += dice.expovariate(1 / every_s)
    return found
