"""Faults of answers: rules, and one function per kind.

A rule says where (exchange, path pattern, symbol), how often (`share`) and until when (exchange
time). Kinds fall into three groups: `BEFORE` answer instead of the exchange or delay it, `AFTER`
damage the answer, and the rest change what is computed (`frozen`, `lag`, `late`, listings).
What the same and other kinds do to sockets is in `socket_faults`.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson

from futuresboard.sim_exchange.wire import Answer, Query

type Row = dict[str, object] | list[object]
COMPUTED = ("frozen", "lag", "late", "delist", "new_listing", "rename")
OI_FIELDS = (
    "openInterest",
    "openInterestValue",
    "singleOpenInterest",
    "singleOpenInterestValue",
    "sumOpenInterest",
    "sumOpenInterestValue",
    "oi",
    "oiCcy",
    "oiUsd",
)
PRICE_FIELDS = ("lastPrice", "price", "markPrice", "indexPrice", "last", "markPx", "highPrice", "lowPrice")
BAD_NUMBERS = ("NaN", "Infinity", "1e400", "-1", "", "abc", None)


@dataclass(slots=True)
class Rule:
    """One fault: where, how often, until when, and the kind's own settings in `options`."""

    kind: str
    exchange: str = "*"
    path: str = "*"
    symbol: str = "*"
    share: float = 1.0
    until_ms: int | None = None
    options: dict[str, object] = field(default_factory=dict)
    id: int = 0
    since_ms: int = 0
    hits: int = 0

    def number(self, name: str, default: float) -> float:
        """A numeric option."""
        return float(str(self.options.get(name, default)))


@dataclass(frozen=True, slots=True)
class Visit:
    """The request a fault meets."""

    exchange: str
    path: str
    symbol: str
    query: Query
    client: str
    now_ms: int
    hold: Callable[[float], Awaitable[None]]
    hang_up: Callable[[], None]
    ban: Callable[[str, str, float], None]


type Before = Callable[[Rule, Visit], Awaitable[Answer | None]]
type After = Callable[[Rule, Visit, Answer], Answer]
BEFORE: dict[str, Before] = {}
AFTER: dict[str, After] = {}


def before[F: Before](function: F) -> F:
    """Register a fault that answers instead of the exchange; its name is the kind."""
    BEFORE[function.__name__] = function
    return function


def after[F: After](function: F) -> F:
    """Register a fault that damages an answer; its name is the kind."""
    AFTER[function.__name__] = function
    return function


# --- instead of an answer ----------------------------------------------------------------------
@before
async def status(rule: Rule, _visit: Visit) -> Answer | None:
    """Any status: options `status`, `body` (text or JSON), `headers`."""
    body = rule.options.get("body", "")
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    headers = rule.options.get("headers")
    return Answer(
        raw,
        int(rule.number("status", 500)),
        "text/plain" if isinstance(body, str) else "application/json",
        {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {},
    )


@before
async def ban(rule: Rule, visit: Visit) -> Answer | None:
    """A ban of `seconds` (default 120): 418 on Binance, 403 on Bybit, 429 on OKX."""
    seconds = rule.number("seconds", 120)
    visit.ban(visit.exchange, visit.client, seconds)
    if visit.exchange == "binanceusdm":
        text = f"Way too many requests; IP({visit.client}) banned until {visit.now_ms + int(seconds * 1000)}."
        return Answer(
            orjson.dumps({"code": -1003, "msg": text}), 418, headers={"Retry-After": str(int(seconds))}
        )
    if visit.exchange == "bybit":
        return Answer(b"access too frequent", 403, "text/plain")
    return Answer(orjson.dumps({"code": "50011", "msg": "Too Many Requests", "data": []}), 429)


@before
async def geo_block(_rule: Rule, visit: Visit) -> Answer | None:
    """The exchange does not serve this country."""
    if visit.exchange == "binanceusdm":
        text = "Service unavailable from a restricted location according to 'b. Eligibility'."
        return Answer(orjson.dumps({"code": 0, "msg": text}), 451)
    if visit.exchange == "bybit":
        page = (
            "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>"
            "<H1>403 ERROR</H1>The Amazon CloudFront distribution is configured to block access "
            "from your country.</BODY></HTML>"
        )
        return Answer(page.encode(), 403, "text/html")
    return Answer(b"<html><body><h1>403 Forbidden</h1></body></html>", 403, "text/html")


@before
async def maintenance(_rule: Rule, visit: Visit) -> Answer | None:
    """The exchange is down for maintenance, in its own words."""
    if visit.exchange == "binanceusdm":
        text = "Internal error; unable to process your request. Please try again."
        return Answer(orjson.dumps({"code": -1001, "msg": text}), 503)
    if visit.exchange == "bybit":
        body = {"retCode": 10016, "retMsg": "System maintenance. Please try again later.", "result": {}}
        return Answer(orjson.dumps(body | {"retExtInfo": {}, "time": visit.now_ms}), 200)
    text = "Services temporarily unavailable. Try again later"
    return Answer(orjson.dumps({"code": "50001", "msg": text, "data": []}), 503)


@before
async def timeout(rule: Rule, visit: Visit) -> Answer | None:
    """No answer for `seconds` (default 60), then a closed connection."""
    await visit.hold(rule.number("seconds", 60))
    visit.hang_up()
    return Answer(b"", 504)


@before
async def reset(_rule: Rule, visit: Visit) -> Answer | None:
    """The connection is reset."""
    visit.hang_up()
    return Answer(b"", 502)


@before
async def slow(rule: Rule, visit: Visit) -> Answer | None:
    """`seconds` (default 3) more latency, then the true answer."""
    await visit.hold(rule.number("seconds", 3))
    return None


# --- a damaged answer with status 200 -----------------------------------------------------------
@after
def empty(_rule: Rule, _visit: Visit, answer: Answer) -> Answer:
    """200 without a body."""
    return Answer(b"", 200, answer.content_type, answer.headers)


@after
def html(_rule: Rule, _visit: Visit, answer: Answer) -> Answer:
    """200 with a web page."""
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"
    return Answer(page, 200, "text/html", answer.headers)


@after
def truncated(_rule: Rule, _visit: Visit, answer: Answer) -> Answer:
    """The first half of the body."""
    return Answer(answer.body[: len(answer.body) // 2], answer.status, answer.content_type, answer.headers)


@after
def wrong_shape(_rule: Rule, _visit: Visit, answer: Answer) -> Answer:
    """Valid JSON of another shape."""
    return Answer(b'{"data":{"unexpected":true},"result":"ok"}', 200, answer.content_type, answer.headers)


@after
def bad_numbers(rule: Rule, visit: Visit, answer: Answer) -> Answer:
    """Numbers that are none: option `value`, else NaN, Infinity, -1, blanks and words in turn."""
    turn = itertools.count(rule.hits)

    def damage(row: Row) -> Row:
        value = rule.options.get("value", BAD_NUMBERS[next(turn) % len(BAD_NUMBERS)])
        if isinstance(row, dict):
            fields = [
                k
                for k in (*OI_FIELDS, *PRICE_FIELDS, "longShortRatio", "buyRatio", "fundingRate")
                if k in row
            ]
            return row | dict.fromkeys(fields, value)
        return [row[0], *([value] * (len(row) - 1))]

    return _each_row(rule, visit, answer, damage)


@after
def zero_oi(rule: Rule, visit: Visit, answer: Answer) -> Answer:
    """Open interest reads 0."""
    return _each_row(rule, visit, answer, lambda row: _scaled(row, visit, OI_FIELDS, 0.0))


@after
def x1000(rule: Rule, visit: Visit, answer: Answer) -> Answer:
    """Open interest (option `fields`: price) is `factor` (1000) times too large."""
    fields = PRICE_FIELDS if rule.options.get("fields") == "price" else OI_FIELDS
    return _each_row(
        rule, visit, answer, lambda row: _scaled(row, visit, fields, rule.number("factor", 1000))
    )


@after
def gap(_rule: Rule, visit: Visit, answer: Answer) -> Answer:
    """Every third row of a list is missing."""
    return _rows(visit, answer, lambda rows: [row for i, row in enumerate(rows) if i % 3 != 1])


@after
def duplicate(_rule: Rule, visit: Visit, answer: Answer) -> Answer:
    """Every row of a list comes twice."""
    return _rows(visit, answer, lambda rows: [row for row in rows for _ in range(2)])


@after
def shuffled(_rule: Rule, visit: Visit, answer: Answer) -> Answer:
    """The rows of a list come in the wrong order."""
    return _rows(visit, answer, lambda rows: rows[::2] + rows[1::2])


@after
def wrong_time(rule: Rule, visit: Visit, answer: Answer) -> Answer:
    """The exchange's time endpoint, and nothing else, is off by `seconds` (300)."""
    if not visit.path.endswith("/time") or answer.status != 200:
        return answer
    off = int(rule.number("seconds", 300) * 1000)
    return Answer(
        orjson.dumps(_moved(orjson.loads(answer.body), off)), 200, answer.content_type, answer.headers
    )


def _moved(payload: object, off_ms: int) -> object:
    """Every time in an answer, in whatever unit its digits tell, shifted."""
    if isinstance(payload, dict):
        return {name: _moved(value, off_ms) for name, value in payload.items()}
    if isinstance(payload, list):
        return [_moved(value, off_ms) for value in payload]
    digits = str(payload)
    if not digits.isdigit() or len(digits) not in (10, 13, 19):
        return payload
    moved = int(digits) + off_ms * 10 ** (len(digits) - 10) // 1000
    return type(payload)(moved)  # type: ignore[call-arg]


def _rows(visit: Visit, answer: Answer, change: Callable[[list[Row]], list[Row]]) -> Answer:
    if answer.status != 200:
        return answer
    payload = orjson.loads(answer.body)
    if isinstance(payload, list):
        payload = change(payload)
    elif visit.exchange == "bybit" and isinstance(payload.get("result", {}).get("list"), list):
        payload["result"]["list"] = change(payload["result"]["list"])
    elif visit.exchange == "okx" and isinstance(payload.get("data"), list):
        payload["data"] = change(payload["data"])
    elif "symbol" in payload:
        payload = change([payload])[0]
    return Answer(orjson.dumps(payload), 200, answer.content_type, answer.headers)


def _each_row(rule: Rule, visit: Visit, answer: Answer, change: Callable[[Row], Row]) -> Answer:
    def meant(row: Row) -> bool:
        if rule.symbol == "*" or not isinstance(row, dict):
            return True
        return (row.get("symbol") or row.get("instId") or rule.symbol) == rule.symbol

    return _rows(visit, answer, lambda rows: [change(row) if meant(row) else row for row in rows])


def _scaled(row: Row, visit: Visit, fields: tuple[str, ...], factor: float) -> Row:
    if isinstance(row, dict):
        return {k: _times(v, factor) if k in fields else v for k, v in row.items()}
    if fields is OI_FIELDS and visit.path.endswith("open-interest-history"):
        return [row[0], *(_times(value, factor) for value in row[1:])]
    if fields is PRICE_FIELDS and visit.path.rsplit("/", 1)[-1] in (
        "klines",
        "kline",
        "candles",
        "history-candles",
    ):
        return [row[0], *(_times(value, factor) for value in row[1:5]), *row[5:]]
    return row


def _times(value: object, factor: float) -> object:
    if value in ("", None):
        return value  # delivery contracts carry blanks
    return f"{float(str(value)) * factor:.8f}" if factor else "0"


def computed_at(rules: list[Rule], now_ms: int) -> tuple[int, Rule] | None:
    """The time an answer is to be computed for, when a rule freezes or delays the data."""
    for rule in rules:
        if rule.kind == "frozen":
            return rule.since_ms, rule
        if rule.kind == "lag":
            return now_ms - int(rule.number("seconds", 60) * 1000), rule
    return None


def only_symbol(rule: Rule, visit: Visit, fresh: Answer, stale: Answer) -> Answer:
    """A bulk answer in which one symbol's row is the stale one."""
    old: dict[object, Row] = {}

    def keep(rows: list[Row]) -> list[Row]:
        old.update({r.get("symbol") or r.get("instId"): r for r in rows if isinstance(r, dict)})
        return rows

    _rows(visit, stale, keep)
    return _each_row(rule, visit, fresh, lambda row: old.get(rule.symbol, row))
