"""`/api/rules`: the user's own alert rules."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from futuresboard.api.context import ApiContext, RuleKeeper
from futuresboard.api.pages import answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import parse
from futuresboard.api.routes import Route
from futuresboard.api.schema import INTEGER, STRING, Component, array, doc, nullable, record
from futuresboard.errors import ExpressionError, QueryError
from futuresboard.model import UserRule
from futuresboard.rules import compile
from futuresboard.rules.syntax import MAX_LENGTH

_MAX_NAME = 80
_NAME = f"1 to {_MAX_NAME} printable characters"
_MAX_ID = 2**63 - 1
RULE = Component(
    "Rule",
    record(
        {
            "id": INTEGER,
            "name": STRING,
            "expression": doc(STRING, "as it was typed"),
            "normal": doc(STRING, "full names and plain numbers"),
            "columns": doc(array(STRING), "the columns it names"),
            "created_ts": INTEGER,
            "problem": doc(nullable(STRING), "why it is not judged by any more"),
        }
    ),
)
_NEW_RULE = Component(
    "NewRule",
    record(
        {
            "name": {"type": "string", "minLength": 1, "maxLength": _MAX_NAME},
            "expression": {
                "type": "string",
                "maxLength": MAX_LENGTH,
                "examples": ["z > 2 and funding < 0 and oi > 50M"],
            },
        }
    ),
)


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes; rules can be changed only where something judges by them."""

    def rule_list() -> Response:
        """The user's alert rules, oldest first."""
        parse((), request.args)
        return answer(json_page([_document(rule) for rule in context.reader.rules()]))

    def one_rule(number: int) -> Response:
        """One alert rule."""
        parse((), request.args)
        for rule in context.reader.rules():
            if rule.id == number:
                return answer(json_page(_document(rule)))
        return _missing(number)

    shown = (
        Route("/api/rules", rule_list, array(RULE)),
        Route("/api/rules/<int:number>", one_rule, RULE, failures=(404,)),
    )
    return shown if context.rules is None else (*shown, *_changing(context.rules))


def _changing(keeper: RuleKeeper) -> Sequence[Route]:
    def add_rule() -> Response:
        """Add an alert rule: a name and an expression over the columns of a closed bar.

        It starts alerts of kind `rule` from the next finalised bar on, with the edge, cooldown and
        care of a tier. A wrong expression is refused with `position`, the offset of the first
        character that is wrong, what came there and what is allowed. How expressions are written is in
        the catalog of `/api/settings`.
        """
        parse((), request.args)
        if request.mimetype != "application/json":
            raise UnsupportedMediaType
        name, expression = _asked(request.get_data())
        added = keeper.add_rule(name, compile(expression))
        response = answer(json_page(_document(added)), "no-store")
        response.status_code = 201
        response.headers["Location"] = f"/api/rules/{added.id}"
        return response

    def delete_rule(number: int) -> Response:
        """Delete an alert rule: it starts no more alerts; those it started stay."""
        parse((), request.args)
        if number > _MAX_ID or not keeper.delete_rule(number):
            return _missing(number)
        return Response(status=204)

    number = "/api/rules/<int:number>"
    return (
        Route("/api/rules", add_rule, RULE, "POST", body=_NEW_RULE, status=201, failures=(409, 413, 415)),
        Route(number, delete_rule, None, "DELETE", status=204, failures=(404,)),
    )


def _missing(number: int) -> Response:
    return problem(404, f"there is no rule {number}")


def _asked(body: bytes) -> tuple[str, str]:
    """Name and expression of a request; raises QueryError for what is not allowed."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise QueryError("body", body[:80].decode(errors="replace"), "JSON") from error
    if not isinstance(asked, dict) or set(asked) != {"name", "expression"}:
        raise QueryError("body", asked, '{"name": text, "expression": text}')
    name, expression = asked["name"], asked["expression"]
    if not isinstance(name, str) or not 0 < len(name := name.strip()) <= _MAX_NAME or not name.isprintable():
        raise QueryError("name", asked["name"], _NAME)
    if not isinstance(expression, str):
        raise QueryError("expression", expression, "a text: z > 2 and funding < 0 and oi > 50M")
    return name, expression


def _document(rule: UserRule) -> dict[str, object]:
    found: dict[str, object] = {
        "id": rule.id,
        "name": rule.name,
        "expression": rule.expression,
        "normal": rule.normal,
        "columns": (),
        "created_ts": rule.created_ts,
        "problem": None,
    }
    try:
        expression = compile(rule.normal)
    except ExpressionError as error:
        # Kept by a version that knew other columns.
        return found | {"problem": str(error)}
    return found | {"columns": (*expression.needs, *expression.texts)}
