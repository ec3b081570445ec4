"""Answers held to the OpenAPI document: nothing missing, of another type, or not named there."""

from __future__ import annotations

import re
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from futuresboard.api.__main__ import text

DOCUMENT: dict[str, Any] = orjson.loads(text())


def strict(schema: Any) -> Any:
    """The schema, refusing keys it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: strict(value) for name, value in schema.items()}
    return found | ({"additionalProperties": False} if schema.get("properties") else {})


_DEFINED = {"components": {"schemas": strict(DOCUMENT["components"]["schemas"])}}


def problems(schema: Any, answer: object) -> list[str]:
    """What is wrong with an answer, each with its place."""
    validator = Draft202012Validator(strict(schema) | _DEFINED)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer)]


def of_component(name: str, answer: object) -> list[str]:
    """What is wrong with a component."""
    return problems({"$ref": f"#/components/schemas/{name}"}, answer)


def schema_of(path: str, method: str = "get", status: int = 200) -> Any:
    """The schema of an answer of the route that serves a path."""
    for template, operations in DOCUMENT["paths"].items():
        # A number is a number, a name anything but a folder.
        pattern = template.replace("{number}", "[0-9]+")
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            (content,) = operations[method]["responses"][str(status)]["content"].values()
            return content["schema"]
    raise LookupError(path)


def of_answer(path: str, answer: object, method: str = "get", status: int = 200) -> list[str]:
    """What is wrong with an answer of a route."""
    return problems(schema_of(path, method, status), answer)


JSON_PATHS = tuple(
    path
    for path, operations in DOCUMENT["paths"].items()
    if "get" in operations and "application/json" in operations["get"]["responses"]["200"]["content"]
)
"""Every path that answers a GET with JSON."""
