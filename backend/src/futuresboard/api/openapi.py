"""The OpenAPI document, made from the routes themselves, and a page that shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus

from flask import Response, request

from futuresboard.api import socket_schema
from futuresboard.api.context import ApiContext
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.problems import PROBLEM, PROBLEM_TYPE
from futuresboard.api.query import Parameter, parse
from futuresboard.api.routes import Route
from futuresboard.api.schema import ANYTHING, INTEGER, STRING, mapping, referring
from futuresboard.api.socket_schema import PAYLOADS

_PATH_PARAMETER = re.compile(r"<(?:(int):)?(\w+)>")
_FAILURES = {
    400: "a parameter is not allowed: the problem names it, what came and what is allowed",
    401: "the token is missing or wrong",
    404: "there is no such thing",
    409: "that cannot be done as things are; the problem says why",
    413: "the body is too large",
    415: "the body is not JSON",
    429: "too many requests; Retry-After says when it is good again",
    503: "the database cannot be read now",
}


def openapi_path(rule: str) -> str:
    """A path of Flask's notation in OpenAPI's."""
    return _PATH_PARAMETER.sub(r"{\2}", rule)


def document(routes: Sequence[Route], context: ApiContext) -> dict[str, object]:
    """The OpenAPI 3.1 document of some routes."""
    components: dict[str, object] = {}
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        paths.setdefault(openapi_path(route.rule), {})[route.method.lower()] = _operation(route, components)
    for payload in PAYLOADS:
        referring(payload, components)
    found: dict[str, object] = {
        "openapi": "3.1.0",
        "info": {
            "title": "futuresboard",
            "version": context.version,
            "summary": "Metrics of crypto perpetual futures, closed bars and alerts.",
            "description": socket_schema.__doc__,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    if context.settings.auth_token:
        found["security"] = [{"token": []}]
    return found


def _operation(route: Route, components: dict[str, object]) -> dict[str, object]:
    text = " ".join((route.view.__doc__ or "").split())
    summary, _, _ = text.partition(".")
    operation: dict[str, object] = {
        "operationId": route.view.__name__,
        "summary": summary,
        "description": text,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": INTEGER if whole else STRING}
                for whole, name in _PATH_PARAMETER.findall(route.rule)
            ),
            *(_parameter(parameter) for parameter in route.parameters),
        ],
        "responses": _responses(route, components),
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": referring(route.body, components)}},
        }
    return operation


def _parameter(parameter: Parameter) -> dict[str, object]:
    schema = dict(parameter.schema)
    if isinstance(parameter.default, (int, str)) and parameter.default != "":
        schema["default"] = parameter.default
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": f"{parameter.doc} (allowed: {parameter.allowed})",
        "schema": schema,
    }


def _responses(route: Route, components: dict[str, object]) -> dict[str, object]:
    good: dict[str, object] = {"description": HTTPStatus(route.status).phrase}
    if route.status != HTTPStatus.NO_CONTENT:
        types = (route.media_type, *route.other_types)
        good["content"] = {media_type: _content(route, components) for media_type in types}
    if route.ranged:
        shown = "which rows of how many: `metrics 0-199/512`"
        good["headers"] = {"Content-Range": {"description": shown, "schema": {"type": "string"}}}
    failures: dict[str, object] = {
        str(status): {
            "description": _FAILURES[status],
            "content": {PROBLEM_TYPE: {"schema": referring(PROBLEM, components)}},
        }
        for status in (400, 401, *route.failures, 503)
    }
    others: dict[str, object] = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {route.media_type: {"schema": referring(schema, components)}},
        }
        for status, schema in route.also.items()
    }
    return {str(route.status): good, **others, **failures}


def _content(route: Route, components: dict[str, object]) -> Mapping[str, object]:
    return {} if route.schema is None else {"schema": referring(route.schema, components)}


def routes(context: ApiContext, others: Sequence[Route]) -> Sequence[Route]:
    """The topic's routes; `others` are all the routes beside them."""

    def openapi_document() -> Response:
        """This document."""
        parse((), request.args)
        return answer(pages[0])

    def documentation() -> Response:
        """A page for this document."""
        parse((), request.args)
        return answer(pages[1])

    own = (
        Route("/api/openapi.json", openapi_document, mapping(ANYTHING)),
        Route("/api/docs", documentation, media_type="text/html"),
    )
    found = document((*others, *own), context)
    pages = (json_page(found), Page(_html((*others, *own)).encode(), media_type="text/html"))
    return own


_STYLE = """
body { background: #0b0f17; color: #d6deeb; font: 15px/1.5 system-ui, sans-serif; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem }
h2 { font: 600 1rem ui-monospace, monospace; border-top: 1px solid #1c2535; padding-top: 1.2rem }
h2 span { color: #60a5fa } table { border-collapse: collapse; width: 100% } a { color: #60a5fa }
td { border-top: 1px solid #1c2535; padding: .3rem .6rem .3rem 0; vertical-align: top }
td:first-child { font-family: ui-monospace, monospace; white-space: nowrap }
"""


def _html(routes: Sequence[Route]) -> str:
    parts = [_html_route(route) for route in routes]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>futuresboard API</title>'
        f"<style>{_STYLE}</style></head><body><h1>futuresboard API</h1>"
        '<p>For programs: <a href="/api/openapi.json">openapi.json</a>. Errors are RFC 9457 problem JSON.</p>'
        f"{''.join(parts)}</body></html>"
    )


def _html_route(route: Route) -> str:
    rows = "".join(
        f"<tr><td>{escape(parameter.name)}{' *' if parameter.required else ''}</td>"
        f"<td>{escape(parameter.doc)}<br><small>{escape(parameter.allowed)}</small></td></tr>"
        for parameter in route.parameters
    )
    text = escape(" ".join((route.view.__doc__ or "").split()))
    path = escape(openapi_path(route.rule))
    table = f"<table>{rows}</table>" if rows else ""
    return f"<h2><span>{route.method}</span> {path}</h2><p>{text}</p>{table}"
