"""`/api/simulate`: what trades by a rule would have come to on the stored bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from futuresboard.api.context import ApiContext
from futuresboard.api.pages import answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import parse
from futuresboard.api.routes import Route
from futuresboard.api.run_schema import ASKED, JOB, RUN
from futuresboard.db_stretch import Wanted
from futuresboard.desk import Job, State
from futuresboard.errors import QueryError, StoreError
from futuresboard.model import Tier
from futuresboard.run_store import RunStore
from futuresboard.simulation.settings import SimulationSettings

type Asked = tuple[Wanted, SimulationSettings]

_WAIT_S = 1.5
"""A run that takes no longer is answered at once."""
_MOST_MS = 9_999_999_999_999


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    desk, runs = context.desk, context.runs

    def simulate_trades() -> Response:
        """Simulate trades over the stored bars of the pairs, those recorded no longer included.

        A signal at the close of a bar enters at the OPEN of the next one. What is quick is answered with
        the run; else 202 with a job to ask after at `Location`, until it is answered with the run. The
        same settings on the same bars by the same version are the same run, byte for byte. Final values
        are simulated on; what a live alert knew at its bar is in the alert. Every configuration that is
        tried is counted, and deflates what is tried on the same time afterwards.
        """
        parse((), request.args)
        if request.mimetype != "application/json":
            raise UnsupportedMediaType
        asked = _asked(request.get_data(), context.settings.timeframes)
        job = desk.submit(partial(_simulated, context, runs, asked))
        return _told(runs, desk.job(job.id, _WAIT_S))

    def simulation(name: str) -> Response:
        """How far a simulation is (202), or its run (200)."""
        parse((), request.args)
        return _told(runs, desk.job(name))

    def cancel_simulation(name: str) -> Response:
        """Stop a simulation that is wanted no longer; a run that is done stays."""
        parse((), request.args)
        if desk.cancel(name) is None:
            return _told(runs, None)
        return Response(status=204)

    one = "/api/simulate/<name>"
    return (
        Route(
            "/api/simulate",
            simulate_trades,
            RUN,
            "POST",
            body=ASKED,
            also={202: JOB},
            failures=(404, 409, 413, 415),
        ),
        Route(one, simulation, RUN, also={202: JOB}, failures=(404,)),
        Route(one, cancel_simulation, None, "DELETE", status=204, failures=(404,)),
    )


def _told(runs: RunStore, job: Job | None) -> Response:
    """The run, how far it is, or why there is none."""
    if job is None:
        return problem(404, "there is no such simulation; those that ended are kept under /api/runs")
    if isinstance(job.error, QueryError):
        raise job.error
    if job.state is State.DONE and job.result is not None:
        document = runs.document(job.result)
        if document is not None:
            return answer(json_page(document), "no-store")
        return problem(404, f"the run {job.result} was deleted")
    error = None if job.error is None else _words(job.error)
    state = {"id": job.id, "state": job.state, "progress": job.progress, "error": error}
    response = answer(json_page(state), "no-store")
    response.status_code = 202
    response.headers["Location"] = f"/api/simulate/{job.id}"
    return response


def _simulated(context: ApiContext, runs: RunStore, asked: Asked, told: Callable[[float], None]) -> str:
    # The compiler comes with the first simulation: 50 MB that most pages never need.
    from futuresboard.simulating import Source, run_over  # noqa: PLC0415

    settings = context.settings
    kind = "simulated" if settings.simulated else "live"
    source = Source(context.reader.path, settings.archive_path)
    kept = run_over(source, runs, *asked, kind=kind, now_ms=context.now_ms(), told=told)
    return kept.id


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, StoreError) else "the server failed; its log says why"


def _asked(body: bytes, frames: Sequence[str]) -> Asked:
    """What a request asks for; raises QueryError for what is not allowed."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise QueryError("body", body[:80].decode(errors="replace"), "JSON") from error
    if not isinstance(asked, dict) or not set(asked) <= {"data", "settings"}:
        raise QueryError("body", asked, '{"data": {…}, "settings": {…}}')
    given, settings = asked.get("data") or {}, asked.get("settings") or {}
    for name, value in (("data", given), ("settings", settings)):
        if not isinstance(value, dict):
            raise QueryError(name, value, "an object")
    # Nothing said: the first tier's alerts.
    tier = {} if {"entry", "tier"} & settings.keys() else {"tier": int(Tier.OI_SPIKE), "hold": 12}
    return _bars(given, frames), SimulationSettings.of(tier | settings)


def _bars(given: Mapping[str, Any], frames: Sequence[str]) -> Wanted:
    known = ("tf", "start", "end", "exchange", "symbols")
    for name in given:
        if name not in known:
            raise QueryError(f"data.{name}", given[name], f"one of {', '.join(known)}")
    frame = given.get("tf") or frames[0]
    if frame not in frames:
        raise QueryError("data.tf", frame, ", ".join(frames))
    start, end = (_moment(name, given.get(name)) for name in ("start", "end"))
    if start is not None and end is not None and end < start:
        raise QueryError("data.end", end, f"a time not before data.start ({start})")
    exchange = given.get("exchange") or ""
    if not isinstance(exchange, str):
        raise QueryError("data.exchange", exchange, "an exchange, or empty")
    symbols = given.get("symbols") or []
    if not isinstance(symbols, list) or not all(isinstance(one, str) for one in symbols):
        raise QueryError("data.symbols", symbols, "a list of symbols, or null")
    return Wanted(frame, start, end, exchange, tuple(dict.fromkeys(symbols)))


def _moment(name: str, value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_MS:
        raise QueryError(f"data.{name}", value, f"milliseconds UTC, a whole number from 0 to {_MOST_MS}")
    return value
