"""`/api/alerts`: what fired, newest first, with the exact inputs that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.evidence import CELL
from futuresboard.api.metrics import content_range
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import Parameter, choice, integer, moment, parse, text
from futuresboard.api.routes import Route
from futuresboard.api.schema import (
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    REAL,
    STRING,
    Component,
    Schema,
    array,
    doc,
    either,
    mapping,
    nullable,
    record,
    words,
)
from futuresboard.config import EXCHANGE_IDS
from futuresboard.db_alerts import NEITHER, AlertFilter
from futuresboard.model import ALERT_KINDS, Tier

_MAX_ID = 2**63 - 1
DIRECTIONS = ("long", "short")

CALIBRATION = Component(
    "Calibration",
    record(
        {
            "day": doc(INTEGER, "00:00 UTC of the day it was made for, ms"),
            "made_ts": INTEGER,
            "budget": doc(INTEGER, "alerts a day"),
            "statistic": nullable(STRING),
            "threshold": doc(NUMBER, "the pair's own"),
            "p_value": NUMBER,
            "discovery": BOOLEAN,
        }
    ),
)
ALERT_RULE = Component(
    "AlertRule",
    record({"id": INTEGER, "name": STRING, "expression": STRING, "normal": STRING, "created_ts": INTEGER}),
)
ALERT_PROPERTIES: Mapping[str, Schema] = {
    "id": INTEGER,
    "seq": doc(INTEGER, "the transaction that stored it"),
    "exchange": STRING,
    "symbol": STRING,
    "base": STRING,
    "timeframe": STRING,
    "ts": doc(INTEGER, "open time of the bar it fired at, ms UTC"),
    "kind": words(ALERT_KINDS),
    "tier": nullable(INTEGER),
    "severity": doc(INTEGER, "0 is the severest"),
    "direction": nullable(words(DIRECTIONS)),
    "text": doc(STRING, "a sentence for people"),
    "values": doc(mapping(NUMBER), "the row's metrics at the bar"),
    "window": doc(mapping(array(NUMBER)), "the raw inputs the rule read, oldest first"),
    "thresholds": mapping(REAL),
    "code_version": STRING,
    "settings_hash": STRING,
    "created_ts": INTEGER,
    "rule": doc(either(ALERT_RULE, NULL), "the user's rule it came from"),
    "calibration": doc(either(CALIBRATION, NULL), "in calibrated mode alone"),
    "permalink": doc(STRING, "settings, code and data: equal permalinks are equal alerts, on any machine"),
}
ALERT = Component("Alert", record(ALERT_PROPERTIES))
_WITH_EVIDENCE = Component("AlertWithEvidence", record({**ALERT_PROPERTIES, "evidence": array(CELL)}))
_OUTCOME = Component(
    "Outcome",
    record(
        {
            "direction": words(DIRECTIONS),
            "horizon": doc(INTEGER, "bars held"),
            "late": doc(BOOLEAN, "entered one bar later"),
            "net": doc(NUMBER, "return after fees, slippage and funding, a fraction"),
            "gross": doc(NUMBER, "return before them"),
            "hit": nullable(BOOLEAN),
            "entry": doc(NUMBER, "open of the first bar held"),
            "exit": doc(NUMBER, "close of the last bar held"),
            "funding": doc(NUMBER, "what a long paid between, a fraction"),
            "matured_ts": doc(INTEGER, "close of the last bar held, ms UTC"),
        }
    ),
)


def selection(frames: Sequence[str], kind: str = "kind") -> tuple[Parameter, ...]:
    """What says which alerts; `kind`: what the parameter for their kind is called."""
    return (
        choice("tf", "alerts of one timeframe", frames),
        integer("tier", "alerts of one tier", min(Tier), max(Tier)),
        choice(kind, "alerts of one kind", ALERT_KINDS),
        integer("rule", "alerts of one of the user's rules", 1, _MAX_ID),
        choice("direction", "alerts of one direction; none: of neither", (*DIRECTIONS, NEITHER)),
        text("symbol", "alerts of one symbol, ccxt's unified name: BTC/USDT:USDT"),
        choice("exchange", "alerts of one exchange", EXCHANGE_IDS),
        moment("since", "alerts of bars that opened at or after this"),
        moment("until", "alerts of bars that opened at or before this"),
    )


def wanted_of(query: Mapping[str, Any], kind: str = "kind") -> AlertFilter:
    """The filter that a query of `selection` asks for."""
    return AlertFilter(
        timeframe=query["tf"],
        tier=query["tier"],
        kind=query[kind],
        symbol=query["symbol"],
        exchange=query["exchange"],
        since=query["since"],
        rule=query["rule"],
        until=query["until"],
        direction=query["direction"],
    )


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    parameters = (
        *selection(context.settings.timeframes),
        integer("limit", "at most so many alerts", 1, 1000, default=100),
        integer("offset", "alerts to leave out first", 0, 1_000_000_000, default=0),
    )

    def alert_list() -> Response:
        """Alerts, newest first; `Content-Range` tells which of how many these are."""
        query = parse(parameters, request.args)
        wanted = wanted_of(query)
        offset, limit = query["offset"], query["limit"]

        def build() -> Page:
            found, total = context.reader.alerts(wanted, limit, offset)
            return json_page(found, content_range=content_range("alerts", offset, limit, total))

        return answer(context.pages.get((request.path, *query.values()), context.reader.seq(), build))

    def one_alert(number: int) -> Response:
        """One alert with the exact inputs, window and thresholds that fired it, and its evidence.

        The evidence is what alerts of its kind and timeframe were worth so far, long and short, by the
        number of bars held: see `/api/evidence`.
        """
        parse((), request.args)
        found = context.reader.alert(number) if number <= _MAX_ID else None
        if found is None:
            return problem(404, f"there is no alert {number}")
        return answer(json_page(found))

    def alert_outcomes(number: int) -> Response:
        """What the simulated trades of one alert came to, each once its last bar is final.

        These are the rows of the ledger: they are written once and never changed. A trade without a
        price is no trade: its `net` and `hit` are null.
        """
        parse((), request.args)
        found = context.reader.outcomes(number) if number <= _MAX_ID else None
        if found is None:
            return problem(404, f"there is no alert {number}")
        return answer(json_page(found))

    return (
        Route("/api/alerts", alert_list, array(ALERT), parameters=parameters, ranged=True),
        Route("/api/alerts/<int:number>", one_alert, _WITH_EVIDENCE, failures=(404,)),
        Route("/api/alerts/<int:number>/outcomes", alert_outcomes, array(_OUTCOME), failures=(404,)),
    )
