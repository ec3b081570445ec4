"""The command line: arguments, exit codes (0 ok, 1 failed, 2 usage), signals."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from futuresboard import __version__, commands, logs
from futuresboard.commands.arguments import Command
from futuresboard.config import load
from futuresboard.errors import ConfigError, FuturesboardError
from futuresboard.sim_exchange import command as sim


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser(next((word for word in given if not word.startswith("-")), "")).parse_args(given)
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
        if "refused" in arguments:
            refused: int = arguments.refused(error.problems, arguments)
            return refused
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


def _parser(asked: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="futuresboard", description="Statistics-first dashboard for crypto perpetual futures."
    )
    parser.add_argument("--version", action="version", version=__version__)
    actions = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_arguments(actions, asked)
    simulated = actions.add_parser("sim-exchange", help="run the simulated exchanges alone")
    sim.add_arguments(simulated)
    return parser


if __name__ == "__main__":
    sys.exit(main())
