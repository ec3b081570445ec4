"""`/health` and the probes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from flask import Response

from futuresboard.api.auth import is_admitted
from futuresboard.api.context import ApiContext
from futuresboard.api.pages import answer, json_page
from futuresboard.api.routes import OBJECT, Route, Schema
from futuresboard.db_read import ReadError

DOWN = "down"
STATES = ("starting", "ok", "degraded", DOWN)

_log = logging.getLogger(__name__)

_SCHEMA: Schema = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": list(STATES)},
        "uptime_s": {"type": "number"},
        "warm": {"type": "number", "description": "share of the start-up history requests that are done"},
        "last_cycle": {"type": ["object", "null"]},
        "closed_bar_lag_s": {"type": ["object", "null"]},
        "exchanges": {"type": "object", "additionalProperties": OBJECT},
        "notify": {"type": "object", "description": "what became of notifications, target by target"},
        "coingecko": {"type": "object", "description": "where market caps come from, and how old they are"},
    },
}
_PROBE: Schema = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}


def state(context: ApiContext) -> Mapping[str, object]:
    """The health document; `down` with the reason when the database cannot be read."""
    try:
        found = context.health()
        context.reader.seq()
    except ReadError as error:
        _log.error("health: the database cannot be read: %s", error)
        return {"status": DOWN, "detail": "the database cannot be read"}
    return found


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""

    def health() -> Response:
        """How the recording goes, exchange by exchange; 503 when it is down.

        Without the token (when one is set) the status word alone.
        """
        found = state(context)
        if not is_admitted(context.settings, context.now_ms()):
            found = {"status": found["status"]}
        return _answer(found, up=found["status"] != DOWN)

    def live() -> Response:
        """Whether the process answers at all."""
        return _answer({"status": "live"}, up=True)

    def ready() -> Response:
        """Whether there is something to show: 503 while starting and when down."""
        status = str(state(context)["status"])
        return _answer({"status": status}, up=status not in ("starting", DOWN))

    return (
        Route("/health", health, _SCHEMA),
        Route("/health/live", live, _PROBE),
        Route("/health/ready", ready, _PROBE),
    )


def _answer(found: Mapping[str, object], *, up: bool) -> Response:
    response = answer(json_page(found), "no-store")
    if not up:
        response.status_code = 503
    return response
