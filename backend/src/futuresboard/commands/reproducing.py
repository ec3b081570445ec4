"""`reproduce`: a simulated run again, to the byte."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from futuresboard import reproducing
from futuresboard.commands.arguments import Actions, add
from futuresboard.commands.parts import progress
from futuresboard.config import Settings
from futuresboard.errors import FuturesboardError
from futuresboard.run_document import Document
from futuresboard.run_report import html_of
from futuresboard.run_store import RunStore


def add_arguments(actions: Actions) -> None:
    """Announce the command."""
    words = "make a simulated run again, to the byte, or tell what differs"
    made = add(actions, "reproduce", reproduce, words)
    made.add_argument(
        "name", metavar="ID", help="a run's id, or a file with its document from another machine"
    )
    made.add_argument("--demo", action="store_true", help="over the demo database")
    made.add_argument("--out", type=Path, metavar="FILE", help="write what was made")
    made.add_argument("--report", type=Path, metavar="FILE", help="write what was made as an HTML page")
    made.add_argument("--json", action="store_true", help="print the outcome as JSON")


def reproduce(settings: Settings, arguments: argparse.Namespace) -> int:
    """0 when the bytes are the same, 1 when they are not."""
    given = _given(settings, arguments.name)
    with progress("%") as told:
        done = 0

        def percent(share: float) -> None:
            nonlocal done
            told(100, round(100 * share) - done)
            done = round(100 * share)

        made = reproducing.reproduce(given, settings.database_path, percent)
    if arguments.out is not None:
        arguments.out.write_bytes(made.document)
    if arguments.report is not None:
        arguments.report.write_text(html_of(orjson.loads(made.document)), encoding="utf-8")
    if arguments.json:
        found = {"id": made.id, "same": made.same, "differs": made.differs, "parts": made.parts}
        print(orjson.dumps(found | {"sha256": made.sha256}).decode())
    else:
        _tell(made)
    return 0 if made.same else 1


def _given(settings: Settings, named: str) -> Document:
    path = Path(named)
    if path.suffix == ".json" or path.is_file():
        return reproducing.read_document(path)
    found = RunStore(settings.database_path).document(named)
    if found is None:
        raise FuturesboardError(
            f"no run {named} is kept here: give the file of its document (/api/runs/{named})"
        )
    return found


def _tell(made: reproducing.Reproduction) -> None:
    if made.same:
        print(f"{made.id}: the same bytes, sha256 {made.sha256}")
        return
    print(f"{made.id}: not the same")
    for words in made.differs or (
        "settings, code and data are the same and yet the result is not: report it",
    ):
        print(words)
    print(f"differing parts: {', '.join(made.parts)}", file=sys.stderr)
