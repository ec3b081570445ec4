"""`/api/alerts`: what fired, newest first, with the exact inputs that made it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.metrics import content_range
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import choice, integer, moment, parse, text
from futuresboard.api.routes import Route, Schema
from futuresboard.config import EXCHANGE_IDS
from futuresboard.db_read import AlertFilter
from futuresboard.model import ALERT_KINDS, Tier

_MAX_ID = 2**63 - 1

_SCHEMA: Schema = {
    "type": "object",
    "properties": {
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
        """One alert with the exact inputs, window and thresholds that fired it."""
        parse((), request.args)
        found = context.reader.alert(number) if number <= _MAX_ID else None
        if found is None:
            return problem(404, f"there is no alert {number}")
        return answer(json_page(found))

    listed: Schema = {"type": "array", "items": _SCHEMA}
    return (
        Route("/api/alerts", alert_list, listed, parameters=parameters, ranged=True),
        Route("/api/alerts/<int:number>", one_alert, _SCHEMA, failures=(404,)),
    )
