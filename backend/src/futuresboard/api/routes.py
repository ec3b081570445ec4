"""A route as its topic declares it: what Flask serves and the OpenAPI document describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Response

from futuresboard.api.query import Parameter
from futuresboard.api.schema import Schema


@dataclass(frozen=True)
class Route:
    """One method of one path; the view's docstring is its public description.

    rule: in Flask's notation; schema: of the answer's JSON, None for other media types; body: of
    the request's JSON; other_types: media types beside `media_type`; status: of the answer when all is
    well (204: without a body); also: other statuses that are no failure, with their schemas; failures:
    statuses beside 400, 401 and 503 that it may answer.
    """

    rule: str
    view: Callable[..., Response]
    schema: Schema | None = None
    method: str = "GET"
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    media_type: str = "application/json"
    other_types: tuple[str, ...] = ()
    ranged: bool = False
    status: int = 200
    also: Mapping[int, Schema] = field(default_factory=dict)
    failures: tuple[int, ...] = field(default=())
