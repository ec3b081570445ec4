"""`/api/evidence`: what alerts were worth, n, interval, base rate and net expectancy beside each rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.query import choice, integer, parse
from futuresboard.api.routes import Route
from futuresboard.api.schema import (
    INTEGER,
    NUMBER,
    STRING,
    Component,
    Schema,
    array,
    doc,
    nullable,
    record,
    words,
)
from futuresboard.evidence import Verdict
from futuresboard.model import ALERT_KINDS, Tier

EVIDENCE_STATE = "evidence"

_SIDE = words(("long", "short"))
WORTH: Mapping[str, Schema] = {
    "n": doc(INTEGER, "alerts whose trade has ended"),
    "clusters": doc(INTEGER, "events: alerts within one horizon count once"),
    "hit_rate": doc(NUMBER, "share of trades with a net above zero"),
    "low": doc(NUMBER, "of the hit rate, 95 % by cluster bootstrap"),
    "high": NUMBER,
    "wilson_low": doc(NUMBER, "the same as if alerts were independent"),
    "wilson_high": NUMBER,
    "base_rate": doc(NUMBER, "share of all bars of the same pairs that won"),
    "base_bars": INTEGER,
    "uplift": doc(NUMBER, "hit rate less base rate"),
    "late": doc(NUMBER, "the uplift when entered one bar later"),
    "expectancy": doc(NUMBER, "mean net return of a trade, a fraction"),
    "p": doc(NUMBER, "two-sided, by cluster; null with too few"),
    "q": doc(NUMBER, "p after Benjamini-Hochberg over the timeframe's cells"),
    "verdict": words(tuple(Verdict)),
    "words": doc(STRING, "the verdict as a sentence with its figures"),
}
"""What one cell of evidence says."""
CELL = Component(
    "EvidenceCell",
    record(
        {
            "timeframe": STRING,
            "source": doc(
                words(("live", "historical")),
                "alerts raised live, or those that stored history would have raised",
            ),
            "kind": words(ALERT_KINDS),
            "tier": doc(nullable(INTEGER), "the tier, or the number of the user's rule"),
            "direction": _SIDE,
            "horizon": doc(INTEGER, "bars held"),
            **WORTH,
        }
    ),
)


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

    return (Route("/api/evidence", evidence_table, array(CELL), parameters=parameters),)
