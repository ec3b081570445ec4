"""`/api/history`: the closed bars of one pair as arrays."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.metrics import column_schema
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import choice, integer, moment, parse, text
from futuresboard.api.routes import Route, Schema
from futuresboard.config import EXCHANGE_IDS
from futuresboard.rows import STORED_COLUMNS

_COLUMNS = ("ts", *STORED_COLUMNS, "tiers", "tier", "quality", "guarded", "source")
_SCHEMA: Schema = {
    "type": "object",
    "required": list(_COLUMNS),
    "properties": {name: {"type": "array", "items": column_schema(name)} for name in _COLUMNS},
}


class _NoSuchSeriesError(LookupError):
    """Answered as 404: the pair has no series of this timeframe."""


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    frames = context.settings.timeframes
    parameters = (
        choice("exchange", "the pair's exchange", EXCHANGE_IDS, required=True),
        text("symbol", "the pair's symbol, ccxt's unified name: BTC/USDT:USDT", required=True),
        choice("tf", "timeframe", frames, default=frames[0]),
        moment("start", "first bar's open time"),
        moment("end", "last bar's open time"),
        integer("limit", "at most so many bars", 1, 5000, default=500),
    )

    def closed_bars() -> Response:
        """Closed bars of one pair, oldest first, one array a column, one entry a time slot.

        With `start` the first `limit` bars from it, else the newest `limit` up to `end`. A slot
        without a bar holds nulls and the mark `gap`. Values are the revised ones.
        """
        query = parse(parameters, request.args)
        key = (request.path, *query.values())

        def build() -> Page:
            columns = context.reader.history(
                query["exchange"], query["symbol"], query["tf"], query["start"], query["end"], query["limit"]
            )
            if columns is None:
                raise _NoSuchSeriesError
            return json_page(columns)

        try:
            return answer(context.pages.get(key, context.reader.seq(), build))
        except _NoSuchSeriesError:
            return problem(404, f"no {query['tf']} series of {query['symbol']} on {query['exchange']}")

    return (Route("/api/history", closed_bars, _SCHEMA, parameters=parameters, failures=(404,)),)
