"""`/api/corr`: which coins move together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.query import choice, integer, parse
from futuresboard.api.routes import Route
from futuresboard.api.schema import INTEGER, NUMBER, STRING, Component, array, doc, mapping, nullable, record
from futuresboard.model import MS_PER_HOUR, TIMEFRAME_MS

_WINDOWS: Mapping[str, int] = {"6h": 6, "12h": 12, "24h": 24, "3d": 72, "7d": 168}
CORRELATION = Component(
    "Correlation",
    record(
        {
            "symbols": array(STRING),
            "exchanges": array(STRING),
            "ts": doc(nullable(INTEGER), "the bar that ends the window"),
            "r": array(array(NUMBER)),
            "flagged": doc(array(array(INTEGER)), "pairs of indices"),
            "oi_price": mapping(NUMBER),
        }
    ),
)


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    frames = context.settings.timeframes
    parameters = (
        choice("tf", "timeframe", frames, default=frames[0]),
        integer("top", "so many coins, the most traded in 24 h", 2, 50, default=20),
        choice("window", "the stretch of time that ends with the newest bar", list(_WINDOWS), default="24h"),
        choice("on", "log changes of the closes, or the closes themselves", ("changes", "levels"), "changes"),
    )

    def correlations() -> Response:
        """Pearson's r of the closes, coin by coin.

        A coin is its most liquid listing. The order shows clusters; `flagged` are the pairs of indices
        with |r| > 0.6, `oi_price` is r of open interest (base coin) against the close of the same
        listing. Null where less than 90 % is known on both sides, or one stands still. On levels even
        independent walks seem to move together: prefer changes.
        """
        query = parse(parameters, request.args)
        key = (request.path, *query.values())
        return answer(
            context.pages.get(key, context.reader.bars_seq(query["tf"]), lambda: _page(context, query))
        )

    return (Route("/api/corr", correlations, CORRELATION, parameters=parameters),)


def _page(context: ApiContext, query: dict[str, object]) -> Page:
    # scipy takes a second and 40 MB, which only those who ask shall pay.
    from futuresboard import corr_matrix  # noqa: PLC0415

    timeframe, on = cast("str", query["tf"]), cast("corr_matrix.On", query["on"])
    rows = context.newest.fresh(timeframe)[1].rows
    chosen = corr_matrix.most_traded(rows, cast("int", query["top"]))
    if not chosen:
        return json_page({"symbols": [], "exchanges": [], "ts": None, "r": [], "flagged": [], "oi_price": {}})
    last = max(cast("int", row["ts"]) for row in chosen)
    slots = _WINDOWS[cast("str", query["window"])] * MS_PER_HOUR // TIMEFRAME_MS[timeframe]
    pairs = [(cast("str", row["exchange"]), cast("str", row["symbol"])) for row in chosen]
    read = context.reader.columns(timeframe, pairs, ("close", "oi_contracts"), last, slots + 1)
    closes, oi = (
        corr_matrix.prepared(np.array(read[name], dtype=np.float64), on) for name in ("close", "oi_contracts")
    )
    r = corr_matrix.matrix(closes)
    order = corr_matrix.clustered(r)
    r = r[np.ix_(order, order)]
    beside = corr_matrix.side_by_side(oi, closes)
    return json_page(
        {
            "symbols": [pairs[i][1] for i in order],
            "exchanges": [pairs[i][0] for i in order],
            "ts": last,
            "r": r.tolist(),
            "flagged": corr_matrix.flagged(r),
            "oi_price": {pairs[i][1]: float(beside[i]) for i in order},
        }
    )
