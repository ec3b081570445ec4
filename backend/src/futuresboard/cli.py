"""The command line: arguments, exit codes (0 ok, 1 failed, 2 usage), signals."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from futuresboard import __version__, commands, logs
from futuresboard.config import Settings, load
from futuresboard.errors import ConfigError, FuturesboardError
from futuresboard.exchanges import REGISTRY
from futuresboard.model import TIMEFRAME_MS
from futuresboard.sim_exchange import command as sim

type Command = Callable[[Settings, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "sim-exchange":
        return sim.main(arguments)
    # SIGINT too: a shell starts its background jobs with it ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        overrides = {"DATABASE_URL": arguments.database} if getattr(arguments, "database", None) else {}
        settings = load(os.environ, project_root(), demo=arguments.demo, overrides=overrides)
        logs.set_up(settings)
        command: Command = arguments.run
        return command(settings, arguments)
    except ConfigError as error:
        if arguments.command == "doctor":
            return commands.examine_refused(error.problems, arguments)
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    except FuturesboardError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def project_root() -> Path:
    """Where `.env` and relative database paths count from: the clone, else the working folder."""
    clone = Path(__file__).resolve().parents[3]
    return clone if (clone / "seed_metrics.py").exists() else Path.cwd()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="futuresboard", description="Statistics-first dashboard for crypto perpetual futures."
    )
    parser.add_argument("--version", action="version", version=__version__)
    actions = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = _add(actions, "serve", commands.serve, "scrape and serve the page, in one process")
    serve.add_argument("--demo", action="store_true", help="with built-in simulated exchanges")
    serve.add_argument("--no-scraper", action="store_true", help="serve what the database holds")
    scrape = _add(actions, "scrape", commands.scrape, "scrape only")
    scrape.add_argument("--cycles", type=_positive, metavar="N", help="stop after N cycles")
    _add(actions, "web", commands.web, "serve the page only, beside a scraper of its own")
    _add(actions, "migrate", commands.migrate, "bring the database to this version's schema")
    checked = _add(actions, "doctor", commands.examine, "tell what works, what does not and what to do")
    checked.add_argument("--json", action="store_true", help="for machines")
    seed = _add(actions, "seed", commands.seed, "write simulated history into the demo database")
    seed.add_argument("--mock", type=_positive, default=20, metavar="N", help="pairs in all (default 20)")
    seed.add_argument("--tf", choices=list(TIMEFRAME_MS), default="15m", help="timeframe (default 15m)")
    seed.add_argument("--bars", type=_positive, default=500, metavar="N", help="bars a pair (default 500)")
    seed.add_argument("--seed", type=int, default=1, help="of the simulated market (default 1)")
    seed.add_argument("--database", metavar="URL", help="as DATABASE_URL (default: the demo database)")
    seed.set_defaults(demo=True)
    backfill = _add(
        actions, "backfill", commands.backfill, "fetch what the database lacks of a stretch of time"
    )
    backfill.add_argument(
        "--since", type=_moment, required=True, metavar="TIME", help="UTC: 2026-01-31, 2026-01-31T12:00 or ms"
    )
    backfill.add_argument("--until", type=_moment, metavar="TIME", help="likewise (default now)")
    backfill.add_argument("--exchange", type=_words, metavar="ID,…", help="of these only (default EXCHANGES)")
    backfill.add_argument("--symbols", type=_coins, metavar="BTC,…", help="of these coins (default SYMBOLS)")
    backfill.add_argument("--json", action="store_true", help="print the outcome as JSON")
    alerts = actions.add_parser("alerts", help="what can be done with stored alerts")
    deeds = alerts.add_subparsers(dest="deed", required=True, metavar="ACTION")
    verify = _add(deeds, "verify", commands.verify_alerts, "recompute every stored alert from stored rows")
    verify.add_argument("--since", type=_moment, metavar="TIME", help="from this bar on (default all)")
    verify.add_argument("--until", type=_moment, metavar="TIME", help="up to this bar (default all)")
    verify.add_argument("--demo", action="store_true", help="of the demo database")
    verify.add_argument("--json", action="store_true", help="print the outcome as JSON")
    computed = _add(actions, "compute", commands.compute, "all metrics and tiers of bars in a file")
    computed.add_argument(
        "--tf", choices=list(TIMEFRAME_MS), required=True, help="timeframe of the file's bars"
    )
    computed.add_argument("--out", type=Path, metavar="FILE", help=".parquet or .csv (default: CSV, printed)")
    computed.add_argument("file", type=Path, metavar="IN", help="CSV or Parquet, see docs/compute.md")
    _add_validate(actions)
    simulated = actions.add_parser("sim-exchange", help="run the simulated exchanges alone")
    sim.add_arguments(simulated)
    return parser


def _add_validate(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = _add(actions, "validate", commands.validate, "measure what the alerts are worth, into a page")
    made.add_argument("--quick", action="store_true", help="seconds instead of minutes; figures say little")
    made.add_argument("--seed", type=int, default=1, help="of everything random (default 1)")
    page = Path("docs/validation.md")
    made.add_argument("--out", type=Path, default=page, metavar="FILE", help="the page (default %(default)s)")
    made.add_argument("--recorded", type=Path, metavar="DIR", help="a folder of recorded data to use too")
    words = "a Python file that computes alerts independently (default tests/reference.py)"
    made.add_argument("--reference", type=Path, metavar="FILE", help=words)


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Command, words: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.set_defaults(run=run, demo=False)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed: a whole number from 1")
    return int(text)


def _moment(text: str) -> int:
    """Milliseconds UTC of a date, a date and time, or themselves."""
    if text.isdecimal() and len(text) > 8:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, allowed: 2026-01-31, 2026-01-31T12:00 or milliseconds, all UTC"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _words(text: str) -> list[str]:
    unknown = [word for word in text.split(",") if word not in REGISTRY]
    if unknown:
        raise argparse.ArgumentTypeError(f"got {unknown[0]!r}, allowed: {', '.join(REGISTRY)}")
    return text.split(",")


def _coins(text: str) -> list[str]:
    return [word.strip().upper() for word in text.split(",") if word.strip()]


if __name__ == "__main__":
    sys.exit(main())
