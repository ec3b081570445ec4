"""`import`, `export`: between files, the archive and the database."""

from __future__ import annotations

import argparse
import dataclasses
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from futuresboard.clock import SystemClock
from futuresboard.commands.arguments import Actions, add, exchange_ids, moment
from futuresboard.commands.parts import progress
from futuresboard.config import Settings
from futuresboard.db import Store
from futuresboard.model import TIMEFRAME_MS
from futuresboard.retention import due

if TYPE_CHECKING:
    from futuresboard.importing import Report


def add_arguments(actions: Actions) -> None:
    """Announce the commands."""
    _add_import(actions)
    made = add(actions, "export", export, "bars of the archive and the database as a file")
    made.add_argument("--tf", choices=list(TIMEFRAME_MS), default="5m", help="timeframe (default 5m)")
    made.add_argument("--exchange", type=exchange_ids, default=(), metavar="ID,…", help="of these only")
    words = "of these coins (BTC) or pairs (BTC/USDT:USDT) only"
    made.add_argument("--symbols", type=_names, default=(), metavar="NAME,…", help=words)
    made.add_argument("--since", type=moment, metavar="TIME", help="bars from this time on, UTC")
    made.add_argument("--until", type=moment, metavar="TIME", help="bars up to this time")
    words = "all: with what was computed of them, as far as the database has it (default raw)"
    made.add_argument("--columns", choices=("raw", "all"), default="raw", help=words)
    made.add_argument(
        "--out", type=Path, metavar="FILE", help=".parquet, .csv, .csv.gz (default: CSV, printed)"
    )
    words = "no file: move months that are older than RETENTION_DAYS into the archive now"
    made.add_argument("--archive", action="store_true", help=words)
    made.add_argument("--demo", action="store_true", help="of the demo")


def _add_import(actions: Actions) -> None:
    made = add(actions, "import", import_, "bars out of files into the archive, see docs/archive.md")
    made.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="CSV (also gzip, zip), Parquet, or a folder of them",
    )
    goal = made.add_mutually_exclusive_group()
    goal.add_argument("--archive", action="store_true", help="into the archive (the default)")
    goal.add_argument(
        "--database", dest="into_database", action="store_true", help="into the database, for the page"
    )
    made.add_argument(
        "--exchange", type=exchange_ids, default=(), metavar="ID,…", help="whose bars; of many, these"
    )
    made.add_argument(
        "--symbol", type=_pair, metavar="PAIR", help="where files do not say: BTC/USDT:USDT, BTCUSDT"
    )
    made.add_argument("--tf", choices=list(TIMEFRAME_MS), help="timeframe, where files do not say")
    made.add_argument(
        "--columns", type=_columns, metavar="NAME=COLUMN,…", help="the files' own headers: ts=When,close=Last"
    )
    words = "of two different values of one bar the later or the earlier one (default: refuse both)"
    made.add_argument("--prefer", choices=("new", "old"), help=words)
    made.add_argument("--demo", action="store_true", help="into the demo's")
    made.add_argument("--json", action="store_true", help="print the outcome as JSON")


def import_(settings: Settings, arguments: argparse.Namespace) -> int:
    """Bars out of files."""
    # pandas and pyarrow would cost every other command 0.4 s and 75 MB.
    from futuresboard import importing  # noqa: PLC0415

    options = importing.Options(
        exchanges=tuple(arguments.exchange),
        symbol=arguments.symbol,
        timeframe=arguments.tf,
        columns=arguments.columns,
        prefer=arguments.prefer,
    )
    paths = importing.find(arguments.files)
    goal = importing.IntoDatabase if arguments.into_database else importing.IntoArchive
    target = goal(settings)
    try:
        with progress("file") as told:
            report = importing.import_files(paths, options, target, lambda done: told(len(paths), done))
    finally:
        target.close()
    if arguments.json:
        print(orjson.dumps(dataclasses.asdict(report), option=orjson.OPT_INDENT_2).decode())
    else:
        _tell(report, "transactions" if arguments.into_database else "months of the archive")
    return 0


def _tell(report: Report, places: str) -> None:
    print(
        f"{report.files} files, {len(report.series)} series: {report.added} bars added, "
        f"{report.completed} completed, {report.replaced} replaced, {report.same} as they were; "
        f"{report.written} {places} changed"
    )
    asides = {
        "rows said the same again": report.repeated,
        "rows said nothing but their time": report.blank,
        "rows are of exchanges that were not asked for": report.skipped,
        "levels are of moments at which no bar closes": report.unplaced,
        "numbers cannot be true and were kept aside": report.unfit,
    }
    for words, count in asides.items():
        if count:
            print(f"{count} {words}")
    for line in report.verdicts:
        print(line)
    if not report.written:
        print("nothing new: everything was there already")


def export(settings: Settings, arguments: argparse.Namespace) -> int:
    """Bars into a file, or old months into the archive."""
    if arguments.archive:
        return _archive(settings)
    from futuresboard import exporting  # noqa: PLC0415

    wanted = exporting.Wanted(
        arguments.tf,
        arguments.exchange,
        arguments.symbols,
        arguments.since,
        arguments.until,
        arguments.columns == "all",
    )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    with progress("series") as told:
        try:
            rows = exporting.export(settings, wanted, out=arguments.out, stream=sys.stdout, told=told)
        except BrokenPipeError:
            # Whoever read has seen enough; the interpreter's own last flush must not fail as well.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
    print(f"{rows} bars", file=sys.stderr)
    return 0


def _archive(settings: Settings) -> int:
    from futuresboard.rolling import Roller, roll  # noqa: PLC0415

    if not settings.retention_days:
        print("RETENTION_DAYS is 0: the database keeps all its bars")
        return 0
    store = Store(settings.database_path, simulated=settings.simulated, sole=True)
    try:
        months = due(settings.database_path, SystemClock().time_ms(), settings.retention_days)
        roller = Roller(settings.database_path, settings.archive_path, settings.data_kind)
        with progress("piece") as told:
            moved, kept = roll(roller, store, months, told=lambda done, total: told(total, 1))
    finally:
        store.close()
    for one in moved:
        print(f"{one.month} moved to the archive: {one.bars} bars")
    for month in kept:
        print(f"{month} is archived; the database keeps it until `serve` or `scrape` counted its evidence")
    if not months:
        print(f"no month ended more than {settings.retention_days} days ago (RETENTION_DAYS)")
    return 0


def _names(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _pair(text: str) -> str:
    from futuresboard.importing import unified  # noqa: PLC0415

    symbol = unified(text)
    if symbol is None:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, allowed: a USDT-margined perpetual, like BTC/USDT:USDT"
        )
    return symbol


def _columns(text: str) -> dict[str, str]:
    from futuresboard.importing import parse_columns  # noqa: PLC0415

    try:
        return parse_columns(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
