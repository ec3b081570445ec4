"""The REST API: one blueprint, one topic a file, one list of routes that also makes its documentation."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from futuresboard.api import (
    alerts,
    corr,
    evidence,
    export,
    health,
    history,
    metrics,
    notify,
    openapi,
    planner,
    prometheus,
    replay,
    rules,
    runs,
    settings,
    simulate,
    weighted_oi,
)
from futuresboard.api.context import ApiContext
from futuresboard.api.routes import Route

__all__ = ["ApiContext", "all_routes", "create_blueprint"]

_TOPICS = (
    metrics,
    history,
    alerts,
    evidence,
    planner,
    rules,
    simulate,
    runs,
    corr,
    replay,
    export,
    weighted_oi,
    settings,
    notify,
    health,
    prometheus,
)


def all_routes(context: ApiContext) -> Sequence[Route]:
    """Every route of the API."""
    found = [route for topic in _TOPICS for route in topic.routes(context)]
    return (*found, *openapi.routes(context, found))


def create_blueprint(context: ApiContext) -> Blueprint:
    """Flask's side of the API."""
    blueprint = Blueprint("api", __name__)
    for route in all_routes(context):
        blueprint.add_url_rule(route.rule, view_func=route.view, methods=[route.method])
    return blueprint
