"""`/health` and the probes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from flask import Response

from futuresboard.api.auth import is_admitted
from futuresboard.api.context import ApiContext
from futuresboard.api.health_schema import HEALTH, PROBE, STATES
from futuresboard.api.pages import answer, json_page
from futuresboard.api.routes import Route
from futuresboard.db_read import ReadError

DOWN = STATES[-1]

_log = logging.getLogger(__name__)


def state(context: ApiContext) -> Mapping[str, object]:
    """The health document; `down` with the reason when the database cannot be read."""
    try:
        found = {**context.health(), "database": context.reader.facts()}
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
        Route("/health", health, HEALTH),
        Route("/health/live", live, PROBE),
        Route("/health/ready", ready, PROBE),
    )


def _answer(found: Mapping[str, object], *, up: bool) -> Response:
    response = answer(json_page(found), "no-store")
    if not up:
        response.status_code = 503
    return response
