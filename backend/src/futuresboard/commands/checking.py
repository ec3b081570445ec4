"""`alerts verify`, `doctor`, `validate`: whether what is there is right."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from futuresboard import doctor, validation
from futuresboard.clock import SystemClock
from futuresboard.commands.arguments import Actions, add, moment
from futuresboard.commands.parts import make_clock, make_coins, make_exchanges, progress
from futuresboard.config import Settings, unknown_names
from futuresboard.db import Store, stamped
from futuresboard.errors import FuturesboardError
from futuresboard.notify import open_outlets
from futuresboard.verifying import Verdict, verify

MOST_TOLD = 20
"""Findings of a kind that are printed one by one."""


def add_arguments(actions: Actions) -> None:
    """Announce the commands."""
    made = add(actions, "doctor", examine, "tell what works, what does not and what to do")
    made.add_argument("--json", action="store_true", help="for machines")
    made.set_defaults(refused=examine_refused)
    alerts = actions.add_parser("alerts", help="what can be done with stored alerts")
    deeds = alerts.add_subparsers(dest="deed", required=True, metavar="ACTION")
    made = add(deeds, "verify", verify_alerts, "recompute every stored alert from stored rows")
    made.add_argument("--since", type=moment, metavar="TIME", help="from this bar on (default all)")
    made.add_argument("--until", type=moment, metavar="TIME", help="up to this bar (default all)")
    made.add_argument("--demo", action="store_true", help="of the demo database")
    made.add_argument("--json", action="store_true", help="print the outcome as JSON")
    made = add(actions, "validate", validate, "measure what the alerts are worth, into a page")
    made.add_argument("--quick", action="store_true", help="seconds instead of minutes; figures say little")
    made.add_argument("--seed", type=int, default=1, help="of everything random (default 1)")
    page = Path("docs/validation.md")
    made.add_argument("--out", type=Path, default=page, metavar="FILE", help="the page (default %(default)s)")
    made.add_argument("--recorded", type=Path, metavar="DIR", help="a folder of recorded data to use too")
    words = "a Python file that computes alerts independently (default tests/reference.py)"
    made.add_argument("--reference", type=Path, metavar="FILE", help=words)


def verify_alerts(settings: Settings, arguments: argparse.Namespace) -> int:
    """Every stored alert again from stored rows; 1 when one is missing, too many or made of other inputs."""
    if not settings.database_path.exists():
        raise FuturesboardError(
            f"{settings.database_path.name} does not exist: nothing has been recorded yet"
        )
    # Opening it as a writer once brings it to this version's schema.
    Store(settings.database_path, simulated=stamped(settings.database_path) == "simulated").close()
    with progress("bar") as told:
        verdict = verify(settings.database_path, since=arguments.since, until=arguments.until, told=told)
    if arguments.json:
        print(orjson.dumps(dataclasses.asdict(verdict) | {"right": verdict.right}).decode())
    else:
        _tell_verdict(verdict)
    return 0 if verdict.right else 1


def _tell_verdict(verdict: Verdict) -> None:
    print(
        f"{verdict.stored} alerts stored, {verdict.recomputed} recomputed from {verdict.bars} bars: "
        f"{len(verdict.missing)} missing, {len(verdict.extra)} extra, "
        f"{len(verdict.different)} with other inputs than stored rows"
    )
    for word, found in (
        ("missing", verdict.missing),
        ("extra", verdict.extra),
        ("inputs", verdict.different),
    ):
        for one in found[:MOST_TOLD]:
            print(f"{word}: {orjson.dumps(one).decode()}", file=sys.stderr)
        if len(found) > MOST_TOLD:
            print(f"{word}: {len(found) - MOST_TOLD} more", file=sys.stderr)


def examine(settings: Settings, arguments: argparse.Namespace) -> int:
    """What works and what does not, on one screen; 1 when something failed."""
    # The report says it all; half of it as log lines before would only hide it.
    logging.getLogger("futuresboard").setLevel(logging.ERROR)
    # Addresses of notifications are refused in words, like any other setting.
    open_outlets(settings.notify_urls)
    clock = make_clock(settings)
    unknown = unknown_names(settings.root)
    report = doctor.examine(
        settings, make_exchanges(settings, clock), make_coins(settings, clock), unknown=unknown, clock=clock
    )
    return _show(asyncio.run(report), arguments)


def examine_refused(problems: Sequence[str], arguments: argparse.Namespace) -> int:
    """The doctor's report when the settings are refused."""
    return _show(doctor.refused(problems, SystemClock().time_ms()), arguments)


def _show(report: doctor.Report, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(orjson.dumps(report.document(), option=orjson.OPT_INDENT_2).decode())
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(doctor.screen(report, colour=colour, width=shutil.get_terminal_size((110, 24)).columns))
    return report.exit_code


def validate(settings: Settings, arguments: argparse.Namespace) -> int:
    """Measure the alerts (K1 to K5) on simulated and recorded data; 1 when something does not hold."""
    reference = arguments.reference or settings.root / "tests" / "reference.py"
    options = validation.Options(
        seed=arguments.seed,
        quick=arguments.quick,
        reference=reference if reference.exists() else None,
        recorded=arguments.recorded,
        quiet=not sys.stderr.isatty(),
    )
    text, holds = validation.run(options)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8")
    for name, held in holds.items():
        print(f"{name}: {'holds' if held else 'DOES NOT HOLD'}")
    print(f"seed {arguments.seed}, written to {arguments.out}")
    return 0 if all(holds.values()) else 1
