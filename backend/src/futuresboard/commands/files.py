"""`compute`: from file to file."""

from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path

from futuresboard.commands.arguments import Actions, add
from futuresboard.commands.parts import progress
from futuresboard.config import Settings
from futuresboard.model import TIMEFRAME_MS


def add_arguments(actions: Actions) -> None:
    """Announce the command."""
    made = add(actions, "compute", compute, "all metrics and tiers of bars in a file")
    made.add_argument("--tf", choices=list(TIMEFRAME_MS), required=True, help="timeframe of the file's bars")
    made.add_argument("--out", type=Path, metavar="FILE", help=".parquet or .csv (default: CSV, printed)")
    made.add_argument("file", type=Path, metavar="IN", help="CSV or Parquet, see docs/compute.md")


def compute(settings: Settings, arguments: argparse.Namespace) -> int:
    """All metrics and tiers of a user's own bars."""
    # pandas and pyarrow would cost every other command 0.4 s and 75 MB.
    from futuresboard.compute import compute as compute_file  # noqa: PLC0415

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    with progress("row") as told:
        try:
            said = compute_file(
                arguments.file,
                arguments.tf,
                settings.thresholds,
                stream=sys.stdout,
                out=arguments.out,
                progress=told,
            )
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read has seen enough; the interpreter's own last flush must not fail as well.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt:
            print("interrupted; what was written is not complete", file=sys.stderr)
            return 1
    print(said, file=sys.stderr)
    return 0
