"""`/api/settings`: what runs, the thresholds in force, and the catalog of metrics, columns and tiers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import orjson
from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from futuresboard.api.context import ApiContext
from futuresboard.api.pages import answer, json_page
from futuresboard.api.query import parse
from futuresboard.api.routes import Route
from futuresboard.api.schema import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    REAL,
    STRING,
    Component,
    array,
    doc,
    mapping,
    record,
    words,
)
from futuresboard.config import BASE_TIMEFRAME, FIELDS, THRESHOLDS_KEY
from futuresboard.errors import QueryError
from futuresboard.metrics import REGISTRY
from futuresboard.model import SEVERITY, TIMEFRAME_MS
from futuresboard.rows import ROW_COLUMNS
from futuresboard.rules import BARS, ROWS, facts
from futuresboard.rules.tree import Kind
from futuresboard.signals import RULES

_RULE_FACTS, _FILTER_FACTS = facts(BARS), facts(ROWS)
THRESHOLDS: tuple[str, ...] = (
    "z_threshold",
    "ls_threshold",
    "imbalance_threshold",
    "oi_delta_threshold",
    "funding_threshold",
    "divergence_sigma",
    "confluence_min",
    "alert_cooldown",
)

_METRIC = Component(
    "MetricDoc",
    record(
        {
            "name": STRING,
            "unit": STRING,
            "needs": doc(array(STRING), "raw columns it is made of"),
            "warmup_bars": INTEGER,
            "stored": BOOLEAN,
            "doc": STRING,
        }
    ),
)
_TIER = Component(
    "TierDoc",
    record({"tier": INTEGER, "name": STRING, "doc": STRING, "severity": doc(INTEGER, "higher is severer")}),
)
_NAME = Component(
    "ExpressionColumn",
    record(
        {
            "name": STRING,
            "kind": words(tuple(Kind)),
            "unit": STRING,
            "values": doc(array(STRING), "the only texts it can have (empty: any)"),
        }
    ),
)
_GRAMMAR = Component(
    "Grammar",
    record(
        {
            "columns": array(_NAME),
            "aliases": doc(mapping(STRING), "short name -> column"),
            "comparisons": array(STRING),
            "arithmetic": array(STRING),
            "words": array(STRING),
            "functions": array(STRING),
            "suffixes": doc(mapping(REAL), "what stands behind a number -> what it is multiplied by"),
            "limits": record({"characters": INTEGER, "parts": INTEGER, "levels": INTEGER}),
            "example": STRING,
        }
    ),
)
_CATALOG = Component(
    "Catalog",
    record(
        {
            "metrics": array(_METRIC),
            "columns": doc(array(STRING), "columns of a newest row, in order"),
            "tiers": array(_TIER),
            "rules": _GRAMMAR,
            "filters": _GRAMMAR,
            "unpublished": doc(mapping(mapping(STRING)), "exchange -> column -> why it has none"),
        }
    ),
)
_THRESHOLDS = Component("Thresholds", record(dict.fromkeys(THRESHOLDS, REAL)))
SETTINGS = Component(
    "Settings",
    record(
        {
            "mode": words(("live", "simulated")),
            "version": STRING,
            "timeframes": array(STRING),
            "exchanges": array(STRING),
            "interval": doc(REAL, "seconds between cycle starts"),
            "alert_mode": words(("literal", "calibrated")),
            "alert_budget": doc(INTEGER, "alerts a day in calibrated mode"),
            "thresholds": _THRESHOLDS,
            "catalog": _CATALOG,
        }
    ),
)
_CHANGES = Component("ThresholdChanges", record(dict.fromkeys(THRESHOLDS, NUMBER), optional=THRESHOLDS))
_BODY = Component("SettingsChange", record({"thresholds": _CHANGES}))


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes; thresholds can be changed only where something keeps them."""
    save = context.save_thresholds

    def settings() -> Response:
        """What runs: mode, timeframes, exchanges, thresholds in force, and the catalog."""
        parse((), request.args)
        return answer(json_page(_document(context)))

    # What is kept is read, changed and written back: one request at a time.
    changing = threading.Lock()
    shown = Route("/api/settings", settings, SETTINGS)
    if save is None:
        return (shown,)

    def change_settings() -> Response:
        """Change thresholds; they are kept in the database and win over the environment.

        Send those to change; null puts one back to what the environment says. Answers with the
        settings then in force.
        """
        parse((), request.args)
        if request.mimetype != "application/json":
            raise UnsupportedMediaType
        with changing:
            save(_changed(_kept(context), request.get_data()))
        return answer(json_page(_document(context)), "no-store")

    changed = Route("/api/settings", change_settings, SETTINGS, method="PUT", body=_BODY, failures=(413, 415))
    return (shown, changed)


def _kept(context: ApiContext) -> dict[str, float]:
    stored: dict[str, float] = orjson.loads(context.reader.state(THRESHOLDS_KEY) or "{}")
    return stored


def _changed(kept: Mapping[str, float], body: bytes) -> dict[str, float]:
    """The thresholds to keep after a request; raises QueryError for what is not allowed."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise QueryError("body", body[:80].decode(errors="replace"), "JSON") from error
    wanted = asked.get("thresholds") if isinstance(asked, dict) else None
    if not isinstance(wanted, dict) or set(asked) != {"thresholds"}:
        raise QueryError("body", asked, '{"thresholds": {name: number or null}}')
    result = dict(kept)
    for name, value in wanted.items():
        if name not in THRESHOLDS:
            raise QueryError(name, value, f"one of the thresholds {', '.join(THRESHOLDS)}")
        result.pop(name, None)
        if value is not None:
            result[name] = _number(name, value)
    return result


def _number(name: str, value: object) -> float:
    field = FIELDS[name.upper()]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise QueryError(name, value, field.allowed)
    try:
        number: float = field.parse(repr(value))  # type: ignore[assignment]
    except ValueError as error:
        raise QueryError(name, value, field.allowed) from error
    return number


def _document(context: ApiContext) -> dict[str, object]:
    settings = context.settings
    return {
        "mode": "simulated" if settings.simulated else "live",
        "version": context.version,
        "timeframes": settings.timeframes,
        "exchanges": settings.exchanges,
        "interval": settings.interval,
        "alert_mode": settings.alert_mode,
        "alert_budget": settings.alert_budget,
        "thresholds": {name: getattr(settings, name) for name in THRESHOLDS} | _kept(context),
        "catalog": {
            "metrics": [
                {
                    "name": metric.name,
                    "unit": metric.unit,
                    "needs": metric.needs,
                    "warmup_bars": metric.warmup_bars(TIMEFRAME_MS[BASE_TIMEFRAME]),
                    "stored": metric.stored,
                    "doc": metric.doc,
                }
                for metric in REGISTRY.values()
            ],
            "columns": ROW_COLUMNS,
            "tiers": [
                {
                    "tier": int(rule.tier),
                    "name": rule.name,
                    "doc": rule.doc,
                    "severity": len(SEVERITY) - SEVERITY.index(rule.tier),
                }
                for rule in RULES.values()
            ],
            "rules": _RULE_FACTS,
            "filters": _FILTER_FACTS,
            "unpublished": context.reader.unpublished(),
        },
    }
