"""`reproduce`: a simulated run or an alert again, to the byte."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from futuresboard import alerts_again, reproducing
from futuresboard.commands.arguments import Actions, add
from futuresboard.commands.parts import progress
from futuresboard.config import Settings
from futuresboard.errors import FuturesboardError
from futuresboard.reproducing import Reproduction
from futuresboard.run_document import Document
from futuresboard.run_report import html_of
from futuresboard.run_store import RunStore
from futuresboard.simulating import Source


def add_arguments(actions: Actions) -> None:
    """Announce the command."""
    words = "make a simulated run or an alert again, to the byte, or tell what differs"
    made = add(actions, "reproduce", reproduce, words)
    made.add_argument(
        "name",
        metavar="ID",
        help="a run's id, alert:NUMBER, or a file with the document of either from another machine",
    )
    made.add_argument("--demo", action="store_true", help="over the demo database")
    made.add_argument("--out", type=Path, metavar="FILE", help="write what was made")
    made.add_argument("--report", type=Path, metavar="FILE", help="write what was made as an HTML page")
    made.add_argument("--json", action="store_true", help="print the outcome as JSON")


def reproduce(settings: Settings, arguments: argparse.Namespace) -> int:
    """0 when the bytes are the same, 1 when they are not."""
    given = _given(settings, arguments.name)
    if alerts_again.is_alert(given):
        made = alerts_again.reproduce_alert(given, settings.database_path, settings.archive_path)
    else:
        made = _run(given, settings)
        if arguments.report is not None:
            arguments.report.write_text(html_of(orjson.loads(made.document)), encoding="utf-8")
    if arguments.out is not None:
        arguments.out.write_bytes(made.document)
    if arguments.json:
        found = {"id": made.id, "same": made.same, "differs": made.differs, "parts": made.parts}
        print(orjson.dumps(found | {"sha256": made.sha256}).decode())
    else:
        _tell(made)
    return 0 if made.same else 1


def _run(given: Document, settings: Settings) -> Reproduction:
    with progress("%") as told:
        done = 0

        def percent(share: float) -> None:
            nonlocal done
            told(100, round(100 * share) - done)
            done = round(100 * share)

        return reproducing.reproduce(given, Source(settings.database_path, settings.archive_path), percent)


def _given(settings: Settings, named: str) -> Document:
    path = Path(named)
    if path.suffix == ".json" or path.is_file():
        return reproducing.read_document(path)
    number = alerts_again.number_of(named)
    if number is not None:
        alert = alerts_again.stored(settings.database_path, number)
        if alert is None:
            raise FuturesboardError(f"there is no alert {number} here")
        return alert
    found = RunStore(settings.database_path).document(named)
    if found is None:
        raise FuturesboardError(
            f"no run {named} is kept here: give the file of its document (/api/runs/{named})"
        )
    return found


def _tell(made: Reproduction) -> None:
    if made.same:
        print(f"{made.id}: the same bytes, sha256 {made.sha256}")
        return
    print(f"{made.id}: not the same")
    for words in made.differs or (
        "settings, code and data are the same and yet the result is not: report it",
    ):
        print(words)
    if made.parts:
        print(f"differing parts: {', '.join(made.parts)}", file=sys.stderr)
