"""`/api/history`: the closed bars of one pair as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from flask import Response, request

from futuresboard import overlays
from futuresboard.api.context import ApiContext
from futuresboard.api.metrics import column_schema
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import Parameter, choice, choices, integer, moment, parse, text
from futuresboard.api.routes import Route
from futuresboard.api.schema import NUMBER, Component, array, nullable, record
from futuresboard.config import EXCHANGE_IDS
from futuresboard.rows import JUDGED_COLUMNS, STORED_COLUMNS

_COLUMNS = ("ts", *STORED_COLUMNS, *JUDGED_COLUMNS)
_LINES = overlays.outputs(tuple(overlays.OVERLAYS))


def _items(name: str) -> Mapping[str, object]:
    # Of a missing bar nobody knows whence it came.
    return nullable(column_schema(name)) if name == "source" else column_schema(name)


HISTORY = Component(
    "History",
    record(
        {name: array(_items(name)) for name in _COLUMNS} | {name: array(NUMBER) for name in _LINES},
        optional=_LINES,
    ),
)


class _NoSuchSeriesError(LookupError):
    """Answered as 404: the pair has no series of this timeframe."""


def stretch(frames: Sequence[str]) -> tuple[Parameter, ...]:
    """What says which bars of which pair, with which lines."""
    return (
        choice("exchange", "the pair's exchange", EXCHANGE_IDS, required=True),
        text("symbol", "the pair's symbol, ccxt's unified name: BTC/USDT:USDT", required=True),
        choice("tf", "timeframe", frames, default=frames[0]),
        moment("start", "first bar's open time"),
        moment("end", "last bar's open time"),
        choices("overlays", "lines for the chart", tuple(overlays.OVERLAYS)),
    )


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    parameters = (
        *stretch(context.settings.timeframes),
        integer("limit", "at most so many bars", 1, 5000, default=500),
    )

    def closed_bars() -> Response:
        """Closed bars of one pair, oldest first, one array a column, one entry a time slot.

        With `start` the first `limit` bars from it, else the newest `limit` up to `end`. A slot
        without a bar holds nulls and the mark `gap`. Values are the revised ones. Overlays add arrays:
        `obv` (from the first bar of the answer), `macd`, `macd_signal`, `macd_hist` (12, 26, 9),
        `bollinger_middle`, `bollinger_upper`, `bollinger_lower` (20, 2), `atr` (14); null at unknown
        bars and while they warm up, anew after each gap.
        """
        query = parse(parameters, request.args)
        key = (request.path, *query.values())

        def build() -> Page:
            columns = context.reader.history(
                query["exchange"], query["symbol"], query["tf"], query["start"], query["end"], query["limit"]
            )
            if columns is None:
                raise _NoSuchSeriesError
            pair = (query["exchange"], query["symbol"])
            return json_page(
                {**columns, **lines(context, query["tf"], pair, query["overlays"], columns["ts"])}
            )

        try:
            return answer(context.pages.get(key, context.reader.seq(), build))
        except _NoSuchSeriesError:
            return no_such_series(query)

    return (Route("/api/history", closed_bars, HISTORY, parameters=parameters, failures=(404,)),)


def no_such_series(query: Mapping[str, Any]) -> Response:
    """The 404 of a pair that has no series of a timeframe."""
    return problem(404, f"no {query['tf']} series of {query['symbol']} on {query['exchange']}")


def lines(
    context: ApiContext, timeframe: str, pair: tuple[str, str], names: Sequence[str], ts: Sequence[object]
) -> dict[str, list[float]]:
    """The lines of some overlays, one entry a bar shown, NaN where unknown."""
    if not names or not ts:
        return {line: [] for line in overlays.outputs(names)}
    raw = tuple(dict.fromkeys(need for name in names for need in overlays.OVERLAYS[name].needs))
    last = cast("int", ts[-1])
    read = context.reader.columns(timeframe, [pair], raw, last, len(ts) + overlays.LOOKBACK)
    columns = {name: np.array(values[0], dtype=np.float64) for name, values in read.items()}
    found = overlays.compute(names, columns, len(ts))
    return {line: values.tolist() for line, values in found.items()}
