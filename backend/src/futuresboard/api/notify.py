"""`/api/notify/test`: does a notification arrive?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.pages import answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import parse, text
from futuresboard.api.routes import Route
from futuresboard.api.schema import BOOLEAN, REAL, STRING, Component, array, doc, nullable, record
from futuresboard.errors import QueryError, TooSoonError

_RESULT = Component(
    "NotifyResult",
    record(
        {
            "target": doc(STRING, "its name, never its address"),
            "ok": BOOLEAN,
            "reason": doc(nullable(STRING), "why it was not taken"),
            "took_s": REAL,
        },
        optional=("took_s",),
    ),
)
_EMPTY = "NOTIFY_URLS is empty: set it to one or more targets and start again (see docs/notifications.md)"


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    names = tuple(route.name for route in context.settings.notify_urls)
    parameters = (text("target", "this target alone, by its name", "a name of NOTIFY_URLS"),)

    def test_notification() -> Response:
        """Send a test to every notification target (or one), and tell of each whether it was taken."""
        wanted = parse(parameters, request.args)["target"]
        if not names or context.send_test is None:
            return problem(409, _EMPTY)
        if wanted and wanted not in names:
            raise QueryError("target", wanted, ", ".join(names))
        try:
            found = context.send_test((wanted,) if wanted else names)
        except TooSoonError as error:
            return problem(429, str(error), {"Retry-After": str(math.ceil(error.retry_after_s))})
        return answer(json_page(found), "no-store")

    return (
        Route(
            "/api/notify/test",
            test_notification,
            array(_RESULT),
            method="POST",
            parameters=parameters,
            failures=(409, 429),
        ),
    )
