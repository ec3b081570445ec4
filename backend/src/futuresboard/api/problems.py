"""Errors as RFC 9457 problem JSON: never HTML, never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, InternalServerError

from futuresboard.api.schema import ANYTHING, INTEGER, STRING, Component, doc, record
from futuresboard.db_read import ReadError
from futuresboard.errors import ExpressionError, QueryError, TakenError

PROBLEM_TYPE = "application/problem+json"
PROBLEM = Component(
    "Problem",
    record(
        {
            "type": STRING,
            "title": STRING,
            "status": INTEGER,
            "detail": STRING,
            "parameter": doc(STRING, "of a 400: what is wrong"),
            "came": doc(ANYTHING, "of a 400: what came"),
            "allowed": doc(STRING, "of a 400: what is allowed, in words"),
            "position": doc(INTEGER, "offset of an expression's first wrong character"),
        },
        optional=("parameter", "came", "allowed", "position"),
    ),
)
RETRY_AFTER_S = 5

_log = logging.getLogger(__name__)

# Werkzeug's own words speak of "the URL" and "the browser"; these say what a caller can do.
_DETAILS: Mapping[int, str] = {
    401: "this needs the token: send it as Authorization: Bearer, or log in on the page",
    404: "there is nothing at this path",
    405: "this path does not know the method",
    413: "the request's body is too large",
    415: "send the body as application/json",
    429: "too many requests",
    500: "the server failed; its log says why",
    503: "the database cannot be read now",
}


def document(status: int, detail: str | None = None, **more: object) -> dict[str, object]:
    """A problem: `detail` in words, `more` as extension members."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or _DETAILS.get(status, HTTPStatus(status).description),
        **more,
    }


def of_query(error: QueryError) -> dict[str, object]:
    """The 400 that names the parameter, what came and what is allowed."""
    place = {"position": error.position} if isinstance(error, ExpressionError) else {}
    return document(
        400, str(error), parameter=error.parameter, came=error.came, allowed=error.allowed, **place
    )


def of_error(error: Exception) -> dict[str, object]:
    """The problem of any error, for those who cannot answer with a status."""
    if isinstance(error, QueryError):
        return of_query(error)
    return document(503 if isinstance(error, ReadError) else 500)


def problem(
    status: int, detail: str | None = None, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """A problem as response."""
    return _response(document(status, detail, **more), headers or {})


def _response(found: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    body = orjson.dumps(found, default=str)
    response = Response(body, status=int(str(found["status"])), mimetype=PROBLEM_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers)
    return response


def from_http(error: HTTPException) -> Response:
    """The problem of what Flask or Werkzeug refused; keeps Allow, Retry-After and the like."""
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name.lower() not in ("content-type",)}
    return _response(document(status), kept)


def register(app: Flask) -> None:
    """Let every error of an app leave as a problem."""

    def refused(error: QueryError) -> Response:
        return _response(of_query(error), {})

    def taken(error: TakenError) -> Response:
        return problem(409, str(error))

    def unreadable(error: ReadError) -> Response:
        _log.error("the database cannot be read: %s", error)
        return problem(503, headers={"Retry-After": str(RETRY_AFTER_S)})

    def failed(_: InternalServerError) -> Response:
        # Flask has logged the traceback.
        return problem(500)

    app.register_error_handler(QueryError, refused)
    app.register_error_handler(TakenError, taken)
    app.register_error_handler(ReadError, unreadable)
    app.register_error_handler(InternalServerError, failed)
    app.register_error_handler(HTTPException, from_http)
