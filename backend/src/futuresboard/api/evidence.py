"""`/api/evidence`: what alerts were worth, n, interval, base rate and net expectancy beside each rate."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.query import choice, integer, parse
from futuresboard.api.routes import NUMBER, Route, Schema
from futuresboard.model import ALERT_KINDS, Tier

EVIDENCE_STATE = "evidence"

CELL_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "timeframe": {"type": "string"},
        "source": {
            "type": "string",
            "enum": ["live", "historical"],
            "description": "alerts raised live, or those that stored history would have raised",
        },
        "kind": {"type": "string"},
        "tier": {"type": ["integer", "null"]},
        "direction": {"type": "string", "enum": ["long", "short"]},
        "horizon": {"type": "integer", "description": "bars held"},
        "n": {"type": "integer", "description": "alerts whose trade has ended"},
        "clusters": {"type": "integer", "description": "events: alerts within one horizon count once"},
        "hit_rate": {**NUMBER, "description": "share of trades with a net above zero"},
        "low": {**NUMBER, "description": "of the hit rate, 95 % by cluster bootstrap"},
        "high": NUMBER,
        "wilson_low": {**NUMBER, "description": "the same as if alerts were independent"},
        "wilson_high": NUMBER,
        "base_rate": {**NUMBER, "description": "share of all bars of the same pairs that won"},
        "base_bars": {"type": "integer"},
        "uplift": {**NUMBER, "description": "hit rate less base rate"},
        "late": {**NUMBER, "description": "the uplift when entered one bar later"},
        "expectancy": {**NUMBER, "description": "mean net return of a trade, a fraction"},
        "p": {**NUMBER, "description": "two-sided, by cluster; null with too few"},
        "q": {**NUMBER, "description": "p after Benjamini-Hochberg over the timeframe's cells"},
        "verdict": {"type": "string", "enum": ["edge", "no measurable edge", "too few"]},
        "words": {"type": "string", "description": "the verdict as a sentence with its figures"},
    },
}


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    parameters = (
        choice("tf", "evidence of one timeframe", context.settings.timeframes),
        integer("tier", "evidence of one tier", min(Tier), max(Tier)),
        choice("kind", "evidence of one kind of alert", ALERT_KINDS),
    )

    def evidence_table() -> Response:
        """What alerts were worth: every kind, timeframe, direction and horizon, live and historical.

        An alert is judged by a simulated trade: in at the open of the next bar, out at the close of
        the last bar held, 0.05 % fee and 0.01 % slippage a side, funding paid. The base rate is the
        share of all bars of the same pairs at which that trade would have won. `edge` takes an uplift
        above zero, q below 5 % and an uplift still above zero one bar late; below 30 events it is
        `too few`. Empty until the first outcomes are judged.
        """
        query = parse(parameters, request.args)
        version = context.reader.state(EVIDENCE_STATE)
        key = (request.path, *query.values())

        def build() -> Page:
            return json_page(context.reader.evidence(query["tf"], query["kind"], query["tier"]))

        return answer(context.pages.get(key, version, build))

    schema: Schema = {"type": "array", "items": CELL_SCHEMA}
    return (Route("/api/evidence", evidence_table, schema, parameters=parameters),)
