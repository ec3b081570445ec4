"""Faults of sockets: what rules do to pushed messages, one function per kind.

`ON_MESSAGE` kinds take one message and say what is sent in its place, and how late. `drop` and
`silence` are carried out by `sockets`; `refuse` and the other kinds that answer instead of an
exchange meet the handshake.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import orjson

from futuresboard.sim_exchange.faults import BAD_NUMBERS, Rule, Visit, before
from futuresboard.sim_exchange.feed import Channel, Push, encoded
from futuresboard.sim_exchange.wire import Answer

# Kinds that only sockets know.
ON_SOCKETS = ("drop", "silence", "refuse", "unclosed")
_OI = (
    "openInterest",
    "openInterestValue",
    "singleOpenInterest",
    "singleOpenInterestValue",
    "oi",
    "oiCcy",
    "oiUsd",
)
# By exchange and kind of stream: the keys (or places) of prices, and of the other numbers.
_NUMBERS: dict[tuple[str, str], tuple[tuple[str | int, ...], tuple[str | int, ...]]] = {
    ("binanceusdm", "kline"): (tuple("ohlc"), tuple("vqVQ")),
    ("binanceusdm", "ticker"): (tuple("cohl"), tuple("vq")),
    ("binanceusdm", "mark"): (tuple("pi"), ("r",)),
    ("binanceusdm", "book"): (tuple("ba"), tuple("BA")),
    ("binanceusdm", "trade"): (("p",), ("q",)),
    ("bybit", "kline"): (("open", "high", "low", "close"), ("volume", "turnover")),
    ("bybit", "ticker"): (
        ("lastPrice", "markPrice", "indexPrice", "highPrice24h", "lowPrice24h"),
        ("fundingRate", "volume24h", "turnover24h", *_OI[:4]),
    ),
    ("bybit", "trade"): (("p",), ("v",)),
    ("okx", "kline"): ((1, 2, 3, 4), (5, 6, 7)),
    ("okx", "ticker"): (("last",), ("vol24h", "volCcy24h")),
    ("okx", "interest"): ((), _OI[4:]),
    ("okx", "funding"): ((), ("fundingRate",)),
    ("okx", "mark"): (("markPx",), ()),
    ("okx", "trade"): (("px",), ("sz",)),
}
# When a message was made; not when a candle opens.
_STAMPS = ("E", "ts", "cs", "timestamp", "C")
type Row = dict[str, object] | list[object]


@dataclass(slots=True)
class Memory:
    """What one rule remembers of one channel."""

    count: int = 0
    last: Push | None = None
    rows: dict[str, object] = field(default_factory=dict)


class Edit(Protocol):
    """What a fault makes of one message: those sent in its place, oldest first."""

    def __call__(self, rule: Rule, exchange: str, push: Push, memory: Memory, /) -> list[Push]:
        """Edit one message."""


ON_MESSAGE: dict[str, Edit] = {}


def on_message[F: Edit](function: F) -> F:
    """Register a fault of messages; its name is the kind."""
    ON_MESSAGE[getattr(function, "__name__", "")] = function
    return function


class PushFaults:
    """Applies the rules in force to each message of one exchange."""

    def __init__(
        self, exchange: str, rules_of: Callable[[Channel], list[Rule]], hit: Callable[[str], None]
    ) -> None:
        self._exchange = exchange
        self._rules_of = rules_of
        self._hit = hit
        self._memory: dict[tuple[int, Channel], Memory] = {}

    def __call__(self, push: Push) -> list[Push]:
        """The messages sent in place of this one."""
        found = [push]
        for rule in self._rules_of(push.channel):
            edit = ON_MESSAGE.get(rule.kind)
            if edit is None:
                continue
            self._hit(rule.kind)
            memory = self._memory.setdefault((rule.id, push.channel), Memory())
            found = [made for one in found for made in edit(rule, self._exchange, one, memory)]
        return found

    def keep(self, rules: set[int]) -> None:
        """Forget what rules that are switched off have remembered."""
        self._memory = {key: memory for key, memory in self._memory.items() if key[0] in rules}


# --- handshakes ----------------------------------------------------------------------------------
@before
async def refuse(rule: Rule, _visit: Visit) -> Answer | None:
    """A socket's handshake is refused: options `status` (403), `headers`."""
    headers = rule.options.get("headers")
    named = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    return Answer(b"", int(rule.number("status", 403)), "text/html", named)


# --- messages that are none ----------------------------------------------------------------------
@on_message
def empty(_rule: Rule, _exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """A text frame without text."""
    return [replace(push, payload=b"")]


@on_message
def html(_rule: Rule, _exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """A web page."""
    return [
        replace(push, payload=b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>")
    ]


@on_message
def truncated(_rule: Rule, _exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """The first half of the message."""
    body = encoded(push)
    return [replace(push, payload=body[: len(body) // 2])]


@on_message
def wrong_shape(_rule: Rule, _exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """Valid JSON of another shape."""
    return [replace(push, payload={"data": {"unexpected": True}, "result": "ok"})]


# --- damaged numbers -----------------------------------------------------------------------------
@on_message
def bad_numbers(rule: Rule, exchange: str, push: Push, memory: Memory) -> list[Push]:
    """Numbers that are none: option `value`, else NaN, Infinity, -1, blanks and words in turn."""
    prices, others = _NUMBERS[exchange, push.channel.kind]
    turn = itertools.count(memory.count)
    memory.count += 1

    def damage(row: Row) -> None:
        value = rule.options.get("value", BAD_NUMBERS[next(turn) % len(BAD_NUMBERS)])
        _set(row, (*prices, *others), lambda _old: value)

    return [_damaged(rule, exchange, push, damage)]


@on_message
def zero_oi(rule: Rule, exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """Open interest reads 0."""
    return [_damaged(rule, exchange, push, lambda row: _set(row, _OI, lambda _old: "0"))]


@on_message
def x1000(rule: Rule, exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """Open interest (option `fields`: price) is `factor` (1000) times too large."""
    prices, _ = _NUMBERS[exchange, push.channel.kind]
    keys = prices if rule.options.get("fields") == "price" else _OI
    factor = rule.number("factor", 1000)

    def times(old: object) -> object:
        return f"{float(str(old)) * factor:.8f}" if old not in ("", None) else old

    return [_damaged(rule, exchange, push, lambda row: _set(row, keys, times))]


@on_message
def frozen(rule: Rule, exchange: str, push: Push, memory: Memory) -> list[Push]:
    """The first message again and again; of an array, the rule's symbol only.

    With the option `fresh_stamps` the old values carry the new message's times.
    """
    if push.greeting:
        return [push]
    if rule.symbol in ("*", push.channel.symbol):
        memory.last = memory.last or push
        return [_restamped(exchange, memory.last, push) if rule.options.get("fresh_stamps") else memory.last]

    def keep(row: Row) -> None:
        if isinstance(row, dict):
            row.update(memory.rows or row)
            memory.rows = memory.rows or dict(row)

    return [_damaged(rule, exchange, push, keep)]


@on_message
def unclosed(_rule: Rule, exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """A candle that is still open is sent as closed."""
    if not push.bar:
        return [push]
    payload = _copy(push)
    for row in _rows_of(exchange, payload):
        _set(row, ("x", "confirm"), lambda _old: True)
        _set(row, (8,), lambda _old: "1")
    return [replace(push, payload=payload, closed=True)]


# --- order and time ------------------------------------------------------------------------------
@on_message
def duplicate(_rule: Rule, _exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """Every message comes twice."""
    return [push, push]


@on_message
def gap(_rule: Rule, _exchange: str, push: Push, memory: Memory) -> list[Push]:
    """Every third message is missing."""
    memory.count += 1
    return [] if memory.count % 3 == 2 else [push]


@on_message
def shuffled(_rule: Rule, _exchange: str, push: Push, memory: Memory) -> list[Push]:
    """Every second message comes after the one that follows it."""
    held, memory.last = memory.last, None
    if held is None:
        memory.last = push
        return []
    return [push, held]


@on_message
def lag(rule: Rule, _exchange: str, push: Push, _memory: Memory) -> list[Push]:
    """Messages come `seconds` (60) late, in exchange time; of arrays no single row does."""
    if rule.symbol not in ("*", push.channel.symbol):
        return [push]
    return [replace(push, delay_ms=push.delay_ms + int(rule.number("seconds", 60) * 1000))]


# --- rows of messages ----------------------------------------------------------------------------
def _copy(push: Push) -> Row:
    payload = orjson.loads(encoded(push))
    return payload if isinstance(payload, (dict, list)) else []


def _rows_of(exchange: str, payload: Row) -> list[Row]:
    if isinstance(payload, list):
        found = payload
    elif exchange == "binanceusdm":
        found = [payload.get("k", payload)]
    else:
        data = payload.get("data", [])
        found = data if isinstance(data, list) else [data]
    return [row for row in found if isinstance(row, (dict, list))]


def _restamped(exchange: str, old: Push, new: Push) -> Push:
    """The old message with the times at which the new one was sent."""
    payload, fresh = _copy(old), _copy(new)
    pairs = [(payload, fresh), *zip(_rows_of(exchange, payload), _rows_of(exchange, fresh), strict=False)]
    for row, other in pairs:
        if isinstance(row, dict) and isinstance(other, dict):
            row.update({key: other[key] for key in _STAMPS if key in row and key in other})
    return replace(old, payload=payload)


def _damaged(rule: Rule, exchange: str, push: Push, damage: Callable[[Row], None]) -> Push:
    if isinstance(push.payload, bytes):
        return push
    payload = _copy(push)
    for row in _rows_of(exchange, payload):
        if rule.symbol in ("*", push.channel.symbol) or (
            isinstance(row, dict) and row.get("s") == rule.symbol
        ):
            damage(row)
    return replace(push, payload=payload)


def _set(row: Row, keys: tuple[str | int, ...], value: Callable[[object], object]) -> None:
    for key in keys:
        if isinstance(row, dict) and key in row:
            row[str(key)] = value(row[str(key)])
        elif isinstance(row, list) and isinstance(key, int) and key < len(row):
            row[key] = value(row[key])
