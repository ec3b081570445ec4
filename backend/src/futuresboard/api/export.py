"""`/api/export`: what a filter shows, as a file, streamed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from flask import Response, request

from futuresboard import overlays
from futuresboard.api import alerts, history, metrics
from futuresboard.api.context import ApiContext
from futuresboard.api.query import Parameter, choice, choices, parse
from futuresboard.api.routes import Route
from futuresboard.db_schema import column_type
from futuresboard.rows import JUDGED_COLUMNS, ROW_COLUMNS, STORED_COLUMNS
from futuresboard.tables import CSV_TYPE, PARQUET_TYPE, Block, Form, csv_parts, parquet_parts

ALERT_KIND = "alert_kind"
"""What the filter by an alert's kind is called here, where `kind` says what is exported."""
_ROWS_AT_ONCE = 2000
_ALERTS_AT_ONCE = 500
_FORMS = {"INTEGER": Form.INTEGER, "TEXT": Form.TEXT, "REAL": Form.REAL}
_SPECIAL: Mapping[str, Form] = {
    "exchange": Form.TEXT,
    "symbol": Form.TEXT,
    "base": Form.TEXT,
    "timeframe": Form.TEXT,
    "ts": Form.INTEGER,
    "tiers": Form.INTEGERS,
    "tier": Form.INTEGER,
    "unknown_tiers": Form.INTEGERS,
    "quality": Form.WORDS,
    "guarded": Form.OBJECT,
    "source": Form.TEXT,
    "listed_ts": Form.INTEGER,
}
_PAIR = ("exchange", "symbol", "timeframe")
_ROW_FORMS = {name: _SPECIAL.get(name) or _FORMS[column_type(name)] for name in ROW_COLUMNS}
_BAR_FORMS = {name: _ROW_FORMS[name] for name in (*_PAIR, "ts", *STORED_COLUMNS, *JUDGED_COLUMNS)}
_LINE_FORMS = dict.fromkeys(overlays.outputs(tuple(overlays.OVERLAYS)), Form.REAL)
_ALERT_FORMS: Mapping[str, Form] = {
    "id": Form.INTEGER,
    "seq": Form.INTEGER,
    "exchange": Form.TEXT,
    "symbol": Form.TEXT,
    "base": Form.TEXT,
    "timeframe": Form.TEXT,
    "ts": Form.INTEGER,
    "kind": Form.TEXT,
    "tier": Form.INTEGER,
    "severity": Form.INTEGER,
    "direction": Form.TEXT,
    "text": Form.TEXT,
    "values": Form.OBJECT,
    "window": Form.OBJECT,
    "thresholds": Form.OBJECT,
    "code_version": Form.TEXT,
    "settings_hash": Form.TEXT,
    "created_ts": Form.INTEGER,
    "rule": Form.OBJECT,
    "calibration": Form.OBJECT,
    "permalink": Form.TEXT,
}


@dataclass(frozen=True)
class _Kind:
    """One thing to export: its filters, its columns, those of a query, and the rows of them.

    name: of the file, from the query; blocks: rows with a value for each of the columns asked for.
    """

    parameters: tuple[Parameter, ...]
    forms: Mapping[str, Form]
    default: Callable[[Mapping[str, Any]], Sequence[str]]
    name: Callable[[Mapping[str, Any]], str]
    blocks: Callable[[Mapping[str, Any], Sequence[str]], Iterator[Block]]


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    kinds = _kinds(context)
    own = (
        choice("kind", "what to export", tuple(kinds), required=True),
        choice("format", "of the file", ("csv", "parquet"), default="csv"),
    )
    asked_of = {
        name: (
            *own,
            choices("columns", "columns of the file, in this order", tuple(kind.forms)),
            *kind.parameters,
        )
        for name, kind in kinds.items()
    }

    def export_file() -> Response:
        """What a filter shows, as a CSV or Parquet file: newest rows, one pair's closed bars, or alerts.

        The filters are those of `/api/metrics`, `/api/history` and `/api/alerts` (the kind of an alert is
        asked for by `alert_kind`), without `limit` and `offset`: a file has all rows. History begins with
        the first stored bar unless `start` is given. Lines of overlays may be named in `columns` too. In
        CSV unknown is an empty cell, a list has a space between its items, an object is JSON, floats
        are written so that they read back as they were, and a text that a spreadsheet would run as a
        formula begins with an apostrophe. In Parquet unknown is null, lists are lists, objects JSON.
        """
        word = request.args.get("kind", "")
        query = parse(asked_of.get(word, own), request.args)
        kind = kinds[query["kind"]]
        if word == "history" and not _is_there(context, query):
            return history.no_such_series(query)
        columns = query["columns"] or kind.default(query)
        forms = {name: kind.forms[name] for name in columns}
        write = csv_parts if query["format"] == "csv" else parquet_parts
        parts = write(forms, kind.blocks(query, columns))
        # What fails fails here, while it can still be answered with a problem.
        first = next(parts)
        stamp = datetime.fromtimestamp(context.now_ms() / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        return _answer(_joined(first, parts), f"{kind.name(query)}-{stamp}", query["format"])

    parameters = _described(asked_of)
    return (
        Route(
            "/api/export",
            export_file,
            parameters=parameters,
            media_type=CSV_TYPE,
            other_types=(PARQUET_TYPE,),
            failures=(404,),
        ),
    )


def _kinds(context: ApiContext) -> Mapping[str, _Kind]:
    frames = context.settings.timeframes
    return {
        "metrics": _Kind(
            metrics.selection(frames),
            _ROW_FORMS,
            lambda _: ROW_COLUMNS,
            lambda query: f"metrics-{query['tf']}",
            lambda query, columns: _rows(context, query, columns),
        ),
        "history": _Kind(
            history.stretch(frames),
            _BAR_FORMS | _LINE_FORMS,
            lambda query: (*_BAR_FORMS, *overlays.outputs(query["overlays"])),
            lambda query: f"history-{query['exchange']}-{query['symbol']}-{query['tf']}",
            lambda query, columns: _bars(context, query, columns),
        ),
        "alerts": _Kind(
            alerts.selection(frames, ALERT_KIND),
            _ALERT_FORMS,
            lambda _: tuple(_ALERT_FORMS),
            lambda _: "alerts",
            lambda query, columns: _alerts(context, query, columns),
        ),
    }


def _described(asked_of: Mapping[str, Sequence[Parameter]]) -> tuple[Parameter, ...]:
    """Every parameter once for the document, with the kinds that know it."""
    found: dict[str, tuple[Parameter, list[str]]] = {}
    for kind, parameters in asked_of.items():
        for one in parameters:
            found.setdefault(one.name, (one, []))[1].append(kind)
    described = []
    for one, kinds in found.values():
        shared = len(kinds) == len(asked_of)
        doc = one.doc if shared else f"{one.doc} (kind {', '.join(kinds)})"
        # A default of one kind is not another's.
        alike = {p.default for parameters in asked_of.values() for p in parameters if p.name == one.name}
        kept = one.default if len(alike) == 1 else None
        described.append(replace(one, doc=doc, default=kept, required=one.required and shared))
    return tuple(described)


def _rows(context: ApiContext, query: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Block]:
    found = metrics.selected(context.newest.get(query["tf"])[1].rows, query)
    for begin in range(0, len(found), _ROWS_AT_ONCE):
        yield [[row[name] for name in columns] for row in found[begin : begin + _ROWS_AT_ONCE]]


def _alerts(context: ApiContext, query: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Block]:
    """From the newest on, by id: what starts meanwhile changes nothing."""
    wanted = alerts.wanted_of(query, ALERT_KIND)
    while found := context.reader.alerts_before(wanted, _ALERTS_AT_ONCE):
        yield [[row[name] for name in columns] for row in found]
        wanted = replace(wanted, before=cast("int", found[-1]["id"]))


def _is_there(context: ApiContext, query: Mapping[str, Any]) -> bool:
    pair = query["exchange"], query["symbol"]
    return context.reader.history(*pair, query["tf"], None, None, 1) is not None


def _bars(context: ApiContext, query: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Block]:
    """Bars in pages, each of one moment: a revision between two of them shows in the later one."""
    pair, timeframe = (query["exchange"], query["symbol"]), query["tf"]
    asked = [name for name, one in overlays.OVERLAYS.items() if set(one.outputs) & set(columns)]
    running = _Lines(context, timeframe, pair, asked)
    start: int = query["start"] or 0
    while True:
        page = context.reader.history(*pair, timeframe, start, query["end"], _ROWS_AT_ONCE)
        if page is None or not page["ts"]:
            return
        size = len(page["ts"])
        named = dict(zip(_PAIR, (*pair, timeframe), strict=True))
        cells: dict[str, Sequence[object]] = {
            **page,
            **{name: [value] * size for name, value in named.items()},
            **running.of(page["ts"]),
        }
        yield list(zip(*(cells[name] for name in columns), strict=True))
        start = cast("int", page["ts"][-1]) + 1


class _Lines:
    """Overlays of page after page, as if they were one: what counts from the first bar is carried on."""

    def __init__(
        self, context: ApiContext, timeframe: str, pair: tuple[str, str], names: Sequence[str]
    ) -> None:
        self._context = context
        self._timeframe = timeframe
        self._pair = pair
        self._anchored = [name for name in names if overlays.OVERLAYS[name].anchored]
        self._others = [name for name in names if not overlays.OVERLAYS[name].anchored]
        self._last: object = None
        self._carried: dict[str, float] = {}

    def of(self, ts: Sequence[object]) -> dict[str, list[float | None]]:
        """name -> a value a bar of the next page."""
        before = [] if self._last is None else [self._last]
        found = self._ask([*before, *ts], self._anchored)
        for name, values in found.items():
            if before:
                found[name] = _continued(values[1:], self._carried[name])
            self._carried[name] = found[name][-1]
        self._last = ts[-1]
        found |= self._ask(ts, self._others)
        return {
            name: [None if math.isnan(value) else value for value in values] for name, values in found.items()
        }

    def _ask(self, ts: Sequence[object], names: Sequence[str]) -> dict[str, list[float]]:
        return history.lines(self._context, self._timeframe, self._pair, names, ts)


def _continued(values: Sequence[float], carried: float) -> list[float]:
    """A sum that counts from the bar before, counted on from where it stood there, up to the first gap."""
    gaps = (place for place, value in enumerate(values) if math.isnan(value))
    end = 0 if math.isnan(carried) else next(gaps, len(values))
    return [value + carried for value in values[:end]] + list(values[end:])


def _joined(first: bytes, parts: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from parts


def _answer(parts: Iterator[bytes], name: str, suffix: str) -> Response:
    response = Response(parts, mimetype=CSV_TYPE if suffix == "csv" else PARQUET_TYPE)
    safe = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    response.headers["Content-Disposition"] = f'attachment; filename="futuresboard-{safe}.{suffix}"'
    response.headers["Cache-Control"] = "no-store"
    return response
