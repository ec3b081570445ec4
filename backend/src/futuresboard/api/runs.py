"""`/api/runs`: simulated runs that are kept."""

from __future__ import annotations

import io
from collections.abc import Sequence

from flask import Response, request

from futuresboard.api.context import ApiContext
from futuresboard.api.metrics import content_range
from futuresboard.api.pages import answer, json_page
from futuresboard.api.problems import problem
from futuresboard.api.query import choice, integer, parse
from futuresboard.api.routes import Route
from futuresboard.api.run_schema import RUN, SUMMARY
from futuresboard.api.schema import array
from futuresboard.run_report import html_of
from futuresboard.tables import CSV_TYPE, PARQUET_TYPE, csv_parts

_MOST = 200


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    runs = context.runs
    page = (
        integer("limit", "at most so many runs", 1, _MOST, default=50),
        integer("offset", "leave out so many of the newest", 0, 1_000_000, default=0),
    )
    form = (choice("format", "of the file", ("csv", "parquet"), default="csv"),)

    def run_list() -> Response:
        """Simulated runs, newest first; `Content-Range` says how many there are."""
        query = parse(page, request.args)
        found, total = runs.listed(query["limit"], query["offset"])
        shown = content_range("runs", query["offset"], query["limit"], total)
        return answer(json_page(found, content_range=shown), "no-store")

    def run(name: str) -> Response:
        """One run with its statistics, curve and first trades."""
        parse((), request.args)
        found = runs.document(name)
        return _missing(name) if found is None else answer(json_page(found))

    def delete_run(name: str) -> Response:
        """Keep a run no longer. That its settings were tried is not forgotten."""
        parse((), request.args)
        return Response(status=204) if runs.delete(name) else _missing(name)

    def run_trades(name: str) -> Response:
        """Every trade of a run as a file."""
        query = parse(form, request.args)
        found = runs.trades(name)
        if found is None:
            return _missing(name)
        if query["format"] == "csv":
            return _file(_csv(found), CSV_TYPE, f'attachment; filename="trades-{name}.csv"')
        return _file(found, PARQUET_TYPE, f'attachment; filename="trades-{name}.parquet"')

    def run_report(name: str) -> Response:
        """One run as a page that needs nothing else: to keep, to print, to send."""
        parse((), request.args)
        found = runs.document(name)
        if found is None:
            return _missing(name)
        return _file(html_of(found).encode(), "text/html", f'inline; filename="run-{name}.html"')

    one = "/api/runs/<name>"
    return (
        Route("/api/runs", run_list, array(SUMMARY), parameters=page, ranged=True),
        Route(one, run, RUN, failures=(404,)),
        Route(one, delete_run, None, "DELETE", status=204, failures=(404,)),
        Route(
            f"{one}/trades",
            run_trades,
            parameters=form,
            media_type=CSV_TYPE,
            other_types=(PARQUET_TYPE,),
            failures=(404,),
        ),
        Route(f"{one}/report", run_report, media_type="text/html", failures=(404,)),
    )


def _file(body: bytes, media_type: str, disposition: str) -> Response:
    response = Response(body, mimetype=media_type)
    response.headers["Content-Disposition"] = disposition
    response.headers["Cache-Control"] = "no-store"
    return response


def _csv(kept: bytes) -> bytes:
    """The file of a run's trades, which is kept as Parquet, as CSV."""
    # Who only looks at pages need not hold 40 MB more.
    import pyarrow.parquet as pq  # noqa: PLC0415

    from futuresboard.simulation.log import COLUMNS  # noqa: PLC0415

    table = pq.read_table(io.BytesIO(kept))
    rows = [[row[column] for column in COLUMNS] for row in table.to_pylist()]
    return b"".join(csv_parts(COLUMNS, [rows]))


def _missing(name: str) -> Response:
    return problem(404, f"there is no run {name}")
