"""`/api/replay`: a recording again, frame by frame, by the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flask import Response, request

from futuresboard.api.alerts import ALERT_PROPERTIES
from futuresboard.api.context import ApiContext
from futuresboard.api.metrics import column_schema
from futuresboard.api.pages import answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import Parameter, choice, integer, moment, parse, text
from futuresboard.api.routes import Route
from futuresboard.api.schema import INTEGER, STRING, Component, Schema, array, doc, nullable, record, words
from futuresboard.config import EXCHANGE_IDS
from futuresboard.db_read import ReadError
from futuresboard.errors import CursorError, FileError, QueryError, ScopeError, StoreError, TooSoonError
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS
from futuresboard.replay_engine import FRAME_COLUMNS, span
from futuresboard.replay_scope import KNOWLEDGE, REVISED, SEEN, Cursor, Scope, read_cursor
from futuresboard.replay_sessions import Sessions

MAX_FRAMES = 288
REVISED_FRAMES = 576
"""`as=revised` begins at `start` whenever it is not found where it was."""
_OWN: Mapping[str, Schema] = {
    name: one for name, one in ALERT_PROPERTIES.items() if name not in ("id", "permalink")
}
_ALERT = Component(
    "ReplayAlert",
    record({"id": doc(nullable(INTEGER), "the recorded alert's; null where none was"), **_OWN}),
)
_FRAME = Component(
    "ReplayFrame",
    record(
        {
            "ts": doc(INTEGER, "the bar's open time, ms UTC"),
            "rows": doc(
                record({name: array(column_schema(name)) for name in FRAME_COLUMNS}),
                "one array a column, one entry a pair that had the bar by the frame's end",
            ),
            "alerts": doc(array(_ALERT), "those that began"),
            "revised": doc(
                array(
                    record(
                        {
                            "exchange": STRING,
                            "symbol": STRING,
                            "first": doc(INTEGER, "the oldest bar's open time, ms UTC"),
                            "last": doc(INTEGER, "the newest one's"),
                            "bars": INTEGER,
                        }
                    )
                ),
                "pairs whose earlier bars became known or other",
            ),
        }
    ),
)
REPLAY = Component(
    "Replay",
    record(
        {
            "tf": STRING,
            "as": words(KNOWLEDGE),
            "start": doc(nullable(INTEGER), "the first frame, ms UTC; null without any bars"),
            "end": doc(nullable(INTEGER), "the last frame"),
            "recorded_first": doc(nullable(INTEGER), "the oldest bar of the timeframe; null without any"),
            "recorded_last": doc(nullable(INTEGER), "the newest one"),
            "version": doc(INTEGER, "the transaction up to which the recording is read"),
            "frames": array(_FRAME),
            "cursor": doc(nullable(STRING), "where the next page begins; null at the end"),
        }
    ),
)


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    parameters = _parameters(context.settings.timeframes)
    sessions = Sessions(context.reader.path, context.settings.archive_path)

    def replay() -> Response:
        """Step through recorded bars, close by close, computed anew by what live bars go through.

        A frame is one bar close: the rows of its bar as they stood before the next one, the alerts that
        began and the earlier bars that changed meanwhile. With `as=seen` bars come when they came, with the
        values they came with; where nobody recorded at that time the rows are empty. With `as=revised`
        each bar has its final values at its close; at most 576 frames. A page holds at most 7,200 rows
        (or one frame); its `cursor` begins the next one, with the same parameters (`start` and `end` may be
        left out). A cursor is good for as long as the database is: what is recorded later does not
        change the pages after it.
        """
        query = parse(parameters, request.args)
        cursor = _cursor(query["cursor"])
        try:
            bars = span(context.reader.path, query["tf"])
            if bars is None:
                return answer(json_page(_document(query, None, None)))
            scope = _scope(query, cursor, bars)
            if query["limit"] == 0:
                return answer(json_page(_document(query, scope, bars)))
            leaf = sessions.page(scope, cursor, query["limit"])
        except CursorError as error:
            return problem(409, str(error))
        except ScopeError as error:
            return problem(404, str(error))
        except TooSoonError as error:
            return problem(429, str(error), {"Retry-After": str(math.ceil(error.retry_after_s))})
        except (StoreError, FileError) as error:
            raise ReadError(str(error)) from error
        found = _document(query, scope, bars) | {
            "version": leaf.version,
            "frames": [asdict(frame) for frame in leaf.frames],
            "cursor": None if leaf.cursor is None else leaf.cursor.text(),
        }
        return answer(json_page(found))

    return (Route("/api/replay", replay, REPLAY, parameters=parameters, failures=(404, 409, 429)),)


def _parameters(frames: Sequence[str]) -> tuple[Parameter, ...]:
    return (
        choice("tf", "timeframe of the frames", frames, default=frames[0]),
        moment("start", "the first frame's bar opens at or after this; a day before the end if not given"),
        moment("end", "the last frame's bar opens at or before this; the newest bar if not given"),
        text("symbols", "these pairs alone", "symbols as in /api/metrics, separated by commas"),
        choice("exchange", "pairs of one exchange", EXCHANGE_IDS),
        choice("as", "what was known then, or what is known now", KNOWLEDGE, default=SEEN),
        text("cursor", "go on where a page ended", "the cursor of a page of the same replay"),
        integer("limit", "at most so many frames; 0: which bars there are", 0, MAX_FRAMES, default=24),
    )


def _cursor(given: str) -> Cursor | None:
    if not given:
        return None
    try:
        return read_cursor(given)
    except CursorError as error:
        raise QueryError("cursor", given, "the cursor of a page of this replay") from error


def _scope(query: Mapping[str, Any], cursor: Cursor | None, bars: tuple[int, int]) -> Scope:
    """What is asked for of a recording from its first to its last bar."""
    step = TIMEFRAME_MS[query["tf"]]
    start, end = _within(query, cursor, bars, step)
    symbols = tuple(sorted({one.strip() for one in query["symbols"].split(",") if one.strip()}))
    if query["as"] == REVISED and (end - start) // step >= REVISED_FRAMES:
        least = end - step * (REVISED_FRAMES - 1)
        allowed = f"with as=revised at most {REVISED_FRAMES} frames: from {least} on"
        raise QueryError("start", query["start"], allowed)
    return Scope(query["tf"], start, end, query["exchange"], symbols, query["as"])


def _within(
    query: Mapping[str, Any], cursor: Cursor | None, bars: tuple[int, int], step: int
) -> tuple[int, int]:
    """(first, last) frame on the grid, within what there is."""
    given = {name: query[name] for name in ("start", "end")}
    if cursor is not None:
        given = {
            "start": cursor.start if given["start"] is None else given["start"],
            "end": cursor.end if given["end"] is None else given["end"],
        }
    end = bars[1] if given["end"] is None else min(bars[1], given["end"] // step * step)
    start = end - MS_PER_DAY + step if given["start"] is None else -(-given["start"] // step) * step
    if end < bars[0]:
        raise QueryError("end", query["end"], f"a time from {bars[0]} on, when the first bar opens")
    if start > end:
        raise QueryError("start", query["start"], f"a time at or before {end}")
    return max(bars[0], start), end


def _document(
    query: Mapping[str, Any], scope: Scope | None, bars: tuple[int, int] | None
) -> dict[str, object]:
    first, last = (None, None) if bars is None else bars
    return {
        "tf": query["tf"],
        "as": query["as"],
        "start": None if scope is None else scope.start,
        "end": None if scope is None else scope.end,
        "recorded_first": first,
        "recorded_last": last,
        "version": 0,
        "frames": [],
        "cursor": None,
    }
