"""`/api/planner`: what a threshold would have done on the stored history."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import orjson
from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.evidence import WORTH
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.query import choice, decimal, integer, parse
from futuresboard.api.routes import Route
from futuresboard.api.schema import (
    INTEGER,
    NUMBER,
    REAL,
    STRING,
    Component,
    array,
    doc,
    mapping,
    nullable,
    record,
    words,
)
from futuresboard.bars import UNLISTED, Bars
from futuresboard.config import FIELDS, THRESHOLDS_KEY, with_thresholds
from futuresboard.db_read import Reader
from futuresboard.errors import QueryError
from futuresboard.model import MS_PER_DAY, MS_PER_HOUR, TIMEFRAME_MS, FloatArray, IntArray, Thresholds, Tier
from futuresboard.planning import COLUMNS, PLANNED, REACH, Plan, Window

SETTING: Mapping[str, str] = {
    "z": "Z_THRESHOLD",
    "oi_delta_pct": "OI_DELTA_THRESHOLD",
    "funding_pct": "FUNDING_THRESHOLD",
    "divergence_sigma": "DIVERGENCE_SIGMA",
}
_MAX_DAYS = 14
_REREAD_MS = 3 * MS_PER_HOUR
_KEPT = 2

_WORTH = Component(
    "PlannerWorth",
    record(
        {
            "direction": words(("long", "short")),
            "horizon": doc(INTEGER, "bars the trade is held"),
            **WORTH,
        }
    ),
)
PLANNER = Component(
    "Planner",
    record(
        {
            "tier": INTEGER,
            "setting": doc(words(tuple(SETTING.values())), "the setting whose value is tried"),
            "threshold": REAL,
            "tf": STRING,
            "days": INTEGER,
            "start": doc(nullable(INTEGER), "first bar's open time, ms UTC"),
            "end": doc(nullable(INTEGER), "last bar's open time, ms UTC"),
            "series": doc(INTEGER, "pairs that knew the tier's flag"),
            "days_known": doc(REAL, "how long they knew it, on average"),
            "flags_per_day": NUMBER,
            "alerts": INTEGER,
            "alerts_per_day": NUMBER,
            "by_day": doc(mapping(INTEGER), "alerts by 00:00 UTC of the day, ms"),
            "worth": array(_WORTH),
        }
    ),
)


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    frames = context.settings.timeframes
    history = _History(context.reader)
    tiers = ", ".join(str(int(tier)) for tier in PLANNED)
    parameters = (
        integer("tier", f"tier to plan: {tiers}", min(Tier), max(Tier), required=True),
        decimal("threshold", "threshold to try, in the unit of the tier's setting (default: in force)"),
        integer("days", "days of history", 1, _MAX_DAYS, default=7),
        choice("tf", "timeframe", frames, default=frames[0]),
    )

    def planned_alerts() -> Response:
        """How many alerts a day a tier's threshold would have started, and what they were worth.

        The whole lifecycle (edge, cooldown) is replayed on the stored closed bars of all pairs that
        are recorded now; every other threshold is the one in force. `worth` judges each direction and
        horizon by the same trade as an alert's evidence. A threshold picked because its past looks
        good is a choice among many: judge it by what comes after.
        """
        query = parse(parameters, request.args)
        if query["tier"] not in PLANNED:
            raise QueryError("tier", str(query["tier"]), f"one of {tiers}")
        tier, days, timeframe = Tier(query["tier"]), query["days"], query["tf"]
        inforce = _in_force(context)
        threshold = _threshold(tier, query["threshold"], inforce)
        key = (request.path, tier, threshold, days, timeframe, inforce)

        def build() -> Page:
            held = history.get(timeframe, days)
            plan = held.window.plan(tier, threshold, inforce)
            return json_page(_document(tier, threshold, timeframe, days, held, plan))

        newest = context.reader.newest_bar(timeframe)
        return answer(context.pages.get(key, newest, build))

    return (Route("/api/planner", planned_alerts, PLANNER, parameters=parameters),)


def _in_force(context: ApiContext) -> Thresholds:
    changed: dict[str, float] = orjson.loads(context.reader.state(THRESHOLDS_KEY) or "{}")
    return with_thresholds(context.settings, changed).thresholds


def _threshold(tier: Tier, asked: float | None, inforce: Thresholds) -> float:
    """The threshold to try; raises QueryError where its setting would refuse it."""
    if asked is None:
        return float(getattr(inforce, PLANNED[tier]))
    setting = FIELDS[SETTING[PLANNED[tier]]]
    try:
        setting.parse(repr(asked))
    except ValueError as error:
        allowed = f"{setting.allowed} ({SETTING[PLANNED[tier]]})"
        raise QueryError("threshold", repr(asked), allowed) from error
    return asked


def _document(
    tier: Tier, threshold: float, timeframe: str, days: int, held: _Held, plan: Plan
) -> dict[str, object]:
    return {
        "tier": int(tier),
        "setting": SETTING[PLANNED[tier]],
        "threshold": threshold,
        "tf": timeframe,
        "days": days,
        "start": held.first,
        "end": held.newest,
        "series": plan.series,
        "days_known": plan.days,
        "flags_per_day": plan.flags_per_day,
        "alerts": plan.alerts,
        "alerts_per_day": plan.alerts_per_day,
        "by_day": {str(day): count for day, count in plan.by_day.items()},
        "worth": [
            {"direction": one.direction, "horizon": one.horizon, **asdict(one.evidence)} for one in plan.worth
        ],
    }


@dataclass(frozen=True)
class _Held:
    """Raw columns of all series on one grid of slots, and what is made of them."""

    series: IntArray
    ts: IntArray
    columns: Mapping[str, FloatArray]
    window: Window
    newest: int | None
    first: int | None


class _History:
    """The stored bars last planned with, kept as arrays: reading a week of them takes seconds.

    With every new bar only the last three hours are read anew, and everything once a day of bars; so a
    revision of older bars shows the next day. One request reads at a time.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._held: dict[tuple[str, int], _Held] = {}
        self._lock = threading.Lock()

    def get(self, timeframe: str, days: int) -> _Held:
        """The newest `days` days of a timeframe."""
        with self._lock:
            held = self._held.pop((timeframe, days), None)
            newest = self._reader.newest_bar(timeframe)
            if held is None or held.newest != newest:
                held = self._read(timeframe, days, newest, held)
            self._held[timeframe, days] = held
            while len(self._held) > _KEPT:
                self._held.pop(next(iter(self._held)))
            return held

    def _read(self, timeframe: str, days: int, newest: int | None, held: _Held | None) -> _Held:
        step = TIMEFRAME_MS[timeframe]
        end = newest or 0
        out = days * MS_PER_DAY // step
        ts = end - step * np.arange(out + REACH - 1, -1, -1, dtype=np.int64)
        series, coins = self._reader.series_of_coins(timeframe)
        columns = {name: np.full((len(series), len(ts)), np.nan) for name in COLUMNS}
        start = int(ts[0])
        if held is not None and self._goes_on(held, series, ts):
            overlap = int(np.searchsorted(held.ts, ts[0]))
            for name, column in columns.items():
                kept = held.columns[name][:, overlap:]
                column[:, : kept.shape[1]] = kept
            start = max(start, int(held.ts[-1]) - _REREAD_MS)
        if newest is not None:
            self._reader.fill(timeframe, series, ts, columns, start)
        listed = np.full(len(series), UNLISTED)
        window = Window(Bars(step, ts, columns, listed, out), coins)
        known = np.isfinite(columns["close"][:, -out:]).any(axis=0)
        first = int(ts[-out:][np.argmax(known)]) if known.any() else None
        return _Held(series, ts, columns, window, newest, first)

    @staticmethod
    def _goes_on(held: _Held, series: IntArray, ts: IntArray) -> bool:
        same_day = int(held.ts[-1]) // MS_PER_DAY == int(ts[-1]) // MS_PER_DAY
        return same_day and np.array_equal(held.series, series) and held.ts[-1] < ts[-1]
