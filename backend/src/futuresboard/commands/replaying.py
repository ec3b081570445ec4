"""`replay`: a recording again, close by close, and whether it is what live was."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

import orjson

from futuresboard.commands.arguments import Actions, add, moment
from futuresboard.commands.parts import progress
from futuresboard.config import EXCHANGE_IDS, Settings
from futuresboard.db import Store, stamped
from futuresboard.errors import FuturesboardError
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS
from futuresboard.replay_check import Check
from futuresboard.replay_engine import Frame, Replay, span
from futuresboard.replay_scope import KNOWLEDGE, SEEN, Scope

MOST_TOLD = 20
"""Findings of a kind that are printed one by one."""


def add_arguments(actions: Actions) -> None:
    """Announce the command."""
    made = add(actions, "replay", replay, "step through recorded bars again, as live did")
    made.add_argument("--start", type=moment, metavar="TIME", help="first bar (default a day before the end)")
    made.add_argument("--end", type=moment, metavar="TIME", help="last bar (default the newest)")
    made.add_argument("--tf", choices=list(TIMEFRAME_MS), help="timeframe of the frames (default the base)")
    made.add_argument("--symbols", type=_symbols, default=(), metavar="LIST", help="of these pairs alone")
    made.add_argument("--exchange", choices=EXCHANGE_IDS, default="", help="of one exchange's pairs")
    words = "what was known then, or what is known now (default %(default)s)"
    made.add_argument("--as", dest="knowledge", choices=KNOWLEDGE, default=SEEN, help=words)
    words = "compare every value and alert with what live stored; 1 where any differs"
    made.add_argument("--check", action="store_true", help=words)
    made.add_argument("--demo", action="store_true", help="of the demo database")
    made.add_argument("--json", action="store_true", help="one frame a line as JSON; at last the comparison")


def replay(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print the frames' alerts (as JSON: the frames); 1 where `--check` finds a difference."""
    path = settings.database_path
    if not path.exists():
        raise FuturesboardError(f"{path.name} does not exist: nothing has been recorded yet")
    if arguments.check and arguments.knowledge != SEEN:
        raise FuturesboardError("--check compares with what live stored, which was as seen: leave out --as")
    # Opening it as a writer once brings it to this version's schema.
    Store(path, simulated=stamped(path) == "simulated").close()
    scope = _scope(settings, arguments)
    frames = rows = alerts = 0
    with closing(Replay(path, scope, archive=settings.archive_path)) as replayed, progress("frame") as told:
        total = (scope.end - scope.start) // TIMEFRAME_MS[scope.timeframe] + 1
        for frame in replayed.frames(total):
            frames += 1
            rows += len(frame.rows["exchange"])
            alerts += len(frame.alerts)
            _tell(frame, arguments.json)
            told(total, 1)
        found = replayed.check() if arguments.check else None
    if not arguments.json:
        print(f"{frames} frames, {rows} rows, {alerts} alerts")
    return 0 if found is None else _tell_check(found, arguments.json)


def _symbols(text: str) -> tuple[str, ...]:
    return tuple(sorted({word.strip() for word in text.split(",") if word.strip()}))


def _scope(settings: Settings, arguments: argparse.Namespace) -> Scope:
    timeframe = arguments.tf or settings.timeframes[0]
    step = TIMEFRAME_MS[timeframe]
    bars = span(settings.database_path, timeframe)
    if bars is None:
        raise FuturesboardError(f"there are no {timeframe} bars")
    end = bars[1] if arguments.end is None else min(bars[1], arguments.end // step * step)
    start = end - MS_PER_DAY + step if arguments.start is None else -(-arguments.start // step) * step
    start = max(bars[0], start)
    if start > end:
        raise FuturesboardError(
            f"--start {_clock(start)} lies after the last bar to be replayed: there are bars from "
            f"{_clock(bars[0])} to {_clock(bars[1])}"
        )
    return Scope(timeframe, start, end, arguments.exchange, arguments.symbols, arguments.knowledge)


def _tell(frame: Frame, as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(asdict(frame)).decode())
        return
    for alert in frame.alerts:
        print(f"{_clock(frame.ts)}  {alert['text']}")


def _tell_check(found: Check, as_json: bool) -> int:
    if as_json:
        print(orjson.dumps(asdict(found) | {"equal": found.equal}).decode())
        return 0 if found.equal else 1
    print(
        f"compared with what live stored: {found.values} values of {found.bars} bars, {found.different} "
        f"differ; {found.alerts} alerts, {len(found.missing)} missing, {len(found.extra)} extra, "
        f"{len(found.other)} with other inputs"
    )
    for series, ts, column, stored, again in found.examples[:MOST_TOLD]:
        print(f"series {series}, {_clock(ts)}, {column}: stored {stored}, replayed {again}", file=sys.stderr)
    for word, names in (("missing", found.missing), ("extra", found.extra), ("inputs", found.other)):
        for series, ts, kind, tier in names[:MOST_TOLD]:
            print(f"{word}: series {series}, {_clock(ts)}, {kind} {tier or ''}".rstrip(), file=sys.stderr)
    return 0 if found.equal else 1


def _clock(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts / 1000, UTC):%Y-%m-%d %H:%M}"
