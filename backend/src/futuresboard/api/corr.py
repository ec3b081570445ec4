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
from futuresboard.api.schema import (
    INTEGER,
    NUMBER,
    REAL,
    STRING,
    Component,
    array,
    doc,
    mapping,
    nullable,
    record,
)
from futuresboard.lead_lag import LAGS, lagged, leads
from futuresboard.model import MS_PER_HOUR, TIMEFRAME_MS, FloatArray, IntArray

_WINDOWS: Mapping[str, int] = {"6h": 6, "12h": 12, "24h": 24, "3d": 72, "7d": 168}
_ROLLING: Mapping[str, int] = {"6h": 6, "12h": 12, "24h": 24}
_POINTS = 288
"""Points of a rolling correlation, at most."""
ROLLING = Component(
    "RollingCorrelation",
    record(
        {
            "bars": doc(INTEGER, "length of the rolling window"),
            "against": doc(STRING, "the most traded of the coins"),
            "ts": doc(array(INTEGER), "bars that end a rolling window, every so many"),
            "together": doc(array(NUMBER), "mean r over all pairs of coins"),
            "r": doc(mapping(array(NUMBER)), "of each other coin with `against`"),
            "oi_price": doc(mapping(array(NUMBER)), "of open interest with the close"),
        }
    ),
)
LEAD = Component(
    "Lead",
    record(
        {
            "leader": doc(INTEGER, "index of the coin that moves first"),
            "follower": INTEGER,
            "bars": INTEGER,
            "r": REAL,
            "threshold": doc(REAL, "what |r| exceeds by chance in 5 % of such tables of pairs and lags"),
        }
    ),
)
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
            "lead_lag": doc(array(LEAD), "when `lead_lag` is asked for; the largest |r| first"),
            "rolling": ROLLING,
        },
        optional=("lead_lag", "rolling"),
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
        integer("lead_lag", "bars up to which leads are looked for; 0: none are", 0, LAGS, default=0),
        choice("rolling", "length of a rolling window, for r over time; absent: none", list(_ROLLING)),
    )

    def correlations() -> Response:
        """Pearson's r of the closes, coin by coin.

        A coin is its most liquid listing. The order shows clusters; `flagged` are the pairs of indices
        with |r| > 0.6, `oi_price` is r of open interest (base coin) against the close of the same
        listing. Null where less than 90 % is known on both sides, or one stands still. On levels even
        independent walks seem to move together: prefer changes. `lead_lag` names who moves first, always
        on changes, where that is beyond chance in the whole table and lopsided; `rolling` adds r over
        time, by the most traded coin and over all pairs.
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
    step = TIMEFRAME_MS[timeframe]
    slots = _WINDOWS[cast("str", query["window"])] * MS_PER_HOUR // step
    rolling = _ROLLING.get(cast("str", query["rolling"]), 0) * MS_PER_HOUR // step
    pairs = [(cast("str", row["exchange"]), cast("str", row["symbol"])) for row in chosen]
    read = context.reader.columns(timeframe, pairs, ("close", "oi_contracts"), last, slots + rolling + 1)
    levels = {name: np.array(values, dtype=np.float64) for name, values in read.items()}
    closes, oi = (corr_matrix.prepared(levels[name], on) for name in ("close", "oi_contracts"))
    r = corr_matrix.matrix(closes[:, -slots:])
    order = corr_matrix.clustered(r)
    r = r[np.ix_(order, order)]
    beside = corr_matrix.side_by_side(oi[:, -slots:], closes[:, -slots:])
    found: dict[str, object] = {
        "symbols": [pairs[i][1] for i in order],
        "exchanges": [pairs[i][0] for i in order],
        "ts": last,
        "r": r.tolist(),
        "flagged": corr_matrix.flagged(r),
        "oi_price": {pairs[i][1]: float(beside[i]) for i in order},
    }
    if query["lead_lag"]:
        changes = corr_matrix.prepared(levels["close"][order], "changes")[:, -slots:]
        found["lead_lag"] = [vars(lead) for lead in leads(lagged(changes, cast("int", query["lead_lag"])))]
    if rolling:
        ts = last - step * np.arange(slots)[::-1]
        found["rolling"] = _rolling([symbol for _, symbol in pairs], closes, oi, rolling, ts)
    return json_page(found)


def _rolling(
    symbols: Sequence[str], closes: FloatArray, oi: FloatArray, bars: int, ts: IntArray
) -> dict[str, object]:
    """r over time of (n, T) values, the most traded coin first, at no more than so many of the `ts`."""
    from futuresboard import corr_matrix  # noqa: PLC0415

    shown = slice((len(ts) - 1) % -(-len(ts) // _POINTS), None, -(-len(ts) // _POINTS))
    r = corr_matrix.rolling(closes, bars)[:, :, -len(ts) :][:, :, shown]
    beside = corr_matrix.rolling_side_by_side(oi, closes, bars)[:, -len(ts) :][:, shown]
    return {
        "bars": bars,
        "against": symbols[0],
        "ts": ts[shown].tolist(),
        "together": corr_matrix.together(r).tolist(),
        "r": {symbol: r[0, i].tolist() for i, symbol in enumerate(symbols) if i},
        "oi_price": {symbol: beside[i].tolist() for i, symbol in enumerate(symbols)},
    }
