"""`/api/alerts`: what fired, newest first, with the exact inputs that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.evidence import CELL_SCHEMA
from futuresboard.api.metrics import content_range
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import choice, integer, moment, parse, text
from futuresboard.api.routes import NUMBER, Route, Schema
from futuresboard.config import EXCHANGE_IDS
from futuresboard.db_alerts import AlertFilter
from futuresboard.model import ALERT_KINDS, Tier

_MAX_ID = 2**63 - 1

_PROPERTIES: Mapping[str, Schema] = {
    "id": {"type": "integer"},
    "seq": {"type": "integer", "description": "the transaction that stored it"},
    "exchange": {"type": "string"},
    "symbol": {"type": "string"},
    "base": {"type": "string"},
    "timeframe": {"type": "string"},
    "ts": {"type": "integer", "description": "open time of the bar it fired at, ms UTC"},
    "kind": {"type": "string", "enum": list(ALERT_KINDS)},
    "tier": {"type": ["integer", "null"]},
    "severity": {"type": "integer"},
    "direction": {"type": ["string", "null"]},
    "text": {"type": "string"},
    "values": {"type": "object", "description": "the row's metrics at the bar"},
    "window": {"type": "object", "description": "the raw inputs the rule read, oldest first"},
    "thresholds": {"type": "object"},
    "code_version": {"type": "string"},
    "settings_hash": {"type": "string"},
    "created_ts": {"type": "integer"},
    "rule": {"type": ["object", "null"], "description": "the user's rule it came from"},
    "calibration": {
        "type": ["object", "null"],
        "description": "in calibrated mode: the pair's threshold, the p-value, whether a discovery",
        "properties": {
            "day": {"type": "integer", "description": "00:00 UTC of the day it was made for, ms"},
            "made_ts": {"type": "integer"},
            "budget": {"type": "integer", "description": "alerts a day"},
            "statistic": {"type": ["string", "null"]},
            "threshold": NUMBER,
            "p_value": NUMBER,
            "discovery": {"type": "boolean"},
        },
    },
}
_SCHEMA: Schema = {"type": "object", "properties": _PROPERTIES}
_ONE_SCHEMA: Schema = {
    "type": "object",
    "properties": {**_PROPERTIES, "evidence": {"type": "array", "items": CELL_SCHEMA}},
}
_OUTCOME_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "direction": {"type": "string", "enum": ["long", "short"]},
        "horizon": {"type": "integer", "description": "bars held"},
        "late": {"type": "boolean", "description": "entered one bar later"},
        "net": {**NUMBER, "description": "return after fees, slippage and funding, a fraction"},
        "gross": {**NUMBER, "description": "return before them"},
        "hit": {"type": ["boolean", "null"]},
        "entry": {**NUMBER, "description": "open of the first bar held"},
        "exit": {**NUMBER, "description": "close of the last bar held"},
        "funding": {**NUMBER, "description": "what a long paid between, a fraction"},
        "matured_ts": {"type": "integer", "description": "close of the last bar held, ms UTC"},
    },
}


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    parameters = (
        choice("tf", "alerts of one timeframe", context.settings.timeframes),
        integer("tier", "alerts of one tier", min(Tier), max(Tier)),
        choice("kind", "alerts of one kind", ALERT_KINDS),
        integer("rule", "alerts of one of the user's rules", 1, _MAX_ID),
        text("symbol", "alerts of one symbol, ccxt's unified name: BTC/USDT:USDT"),
        choice("exchange", "alerts of one exchange", EXCHANGE_IDS),
        moment("since", "alerts of bars that opened at or after this"),
        integer("limit", "at most so many alerts", 1, 1000, default=100),
        integer("offset", "alerts to leave out first", 0, 1_000_000_000, default=0),
    )

    def alert_list() -> Response:
        """Alerts, newest first; `Content-Range` tells which of how many these are."""
        query = parse(parameters, request.args)
        wanted = AlertFilter(
            query["tf"],
            query["tier"],
            query["kind"],
            query["symbol"],
            query["exchange"],
            query["since"],
            query["rule"],
        )
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

    listed: Schema = {"type": "array", "items": _SCHEMA}
    ended: Schema = {"type": "array", "items": _OUTCOME_SCHEMA}
    return (
        Route("/api/alerts", alert_list, listed, parameters=parameters, ranged=True),
        Route("/api/alerts/<int:number>", one_alert, _ONE_SCHEMA, failures=(404,)),
        Route("/api/alerts/<int:number>/outcomes", alert_outcomes, ended, failures=(404,)),
    )
