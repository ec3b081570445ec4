"""`seed`, `backfill`: history into the database."""

from __future__ import annotations

import argparse
import dataclasses
import sys

import orjson

from futuresboard import seeding
from futuresboard.backfill import Backfill, Outcome, Wanted
from futuresboard.commands.arguments import Actions, add, coins, exchange_ids, moment, positive
from futuresboard.commands.parts import make_clock, make_exchanges, progress
from futuresboard.config import Settings
from futuresboard.model import TIMEFRAME_MS


def add_arguments(actions: Actions) -> None:
    """Announce the commands."""
    made = add(actions, "seed", seed, "write simulated history into the demo database")
    made.add_argument("--mock", type=positive, default=20, metavar="N", help="pairs in all (default 20)")
    made.add_argument("--tf", choices=list(TIMEFRAME_MS), default="15m", help="timeframe (default 15m)")
    made.add_argument("--bars", type=positive, default=500, metavar="N", help="bars a pair (default 500)")
    made.add_argument("--seed", type=int, default=1, help="of the simulated market (default 1)")
    made.add_argument("--database", metavar="URL", help="as DATABASE_URL (default: the demo database)")
    made.set_defaults(demo=True)
    made = add(actions, "backfill", backfill, "fetch what the database lacks of a stretch of time")
    made.add_argument(
        "--since", type=moment, required=True, metavar="TIME", help="UTC: 2026-01-31, 2026-01-31T12:00 or ms"
    )
    made.add_argument("--until", type=moment, metavar="TIME", help="likewise (default now)")
    made.add_argument(
        "--exchange", type=exchange_ids, metavar="ID,…", help="of these only (default EXCHANGES)"
    )
    made.add_argument("--symbols", type=coins, metavar="BTC,…", help="of these coins (default SYMBOLS)")
    made.add_argument("--json", action="store_true", help="print the outcome as JSON")


def seed(settings: Settings, arguments: argparse.Namespace) -> int:
    """Simulated history into the demo database."""
    written = seeding.seed(
        settings, pairs=arguments.mock, timeframe=arguments.tf, bars=arguments.bars, seed=arguments.seed
    )
    print(f"{written.rows} rows of {written.pairs} pairs written, {written.skipped} pairs were there already")
    return 0


def backfill(settings: Settings, arguments: argparse.Namespace) -> int:
    """History of a stretch of time into the database; 1 while something is still missing."""
    clock = make_clock(settings)
    settings = dataclasses.replace(
        settings,
        exchanges=tuple(arguments.exchange or settings.exchanges),
        websockets=False,
        symbols=tuple(arguments.symbols or settings.symbols),
    )
    until = clock.time_ms() if arguments.until is None else arguments.until
    with progress("bar") as told:
        run = Backfill(settings, make_exchanges(settings, clock), clock, told)
        try:
            outcome = run.run(Wanted(arguments.since, until))
        except KeyboardInterrupt:
            print("interrupted; the same command goes on where it was", file=sys.stderr)
            return 1
    if arguments.json:
        print(orjson.dumps(dataclasses.asdict(outcome) | {"complete": outcome.complete}).decode())
    else:
        _tell(outcome)
    return 0 if outcome.complete else 1


def _tell(outcome: Outcome) -> None:
    for name, pairs in outcome.pairs.items():
        lacking = f", {outcome.left[name]} pairs still lack some: run it again" if outcome.left[name] else ""
        print(f"{name}: {outcome.bars[name]} bars of {pairs} pairs stored{lacking}")
    for name, reason in outcome.errors.items():
        print(f"{name}: {reason}", file=sys.stderr)
