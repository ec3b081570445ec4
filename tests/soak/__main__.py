"""`python -m soak`: run it, print the report, keep it in build/, 1 when something was not right."""

from __future__ import annotations

import argparse
import shutil
import sys

import orjson

from soak import plan
from soak.run import Settings, failures, judge, soak
from support_system import ROOT


def main() -> int:
    """Parse, run, print, keep."""
    parser = argparse.ArgumentParser(prog="soak", description="A time-scaled day with faults throughout.")
    parser.add_argument("--hours", type=float, default=24.0, help="of exchange time (default 24)")
    parser.add_argument("--scale", type=float, default=40.0, help="exchange seconds a second (default 40)")
    parser.add_argument("--pairs", type=int, default=50, help="per exchange (default 50)")
    parser.add_argument("--seed", type=int, default=1, help="of the market and of the faults")
    parser.add_argument("--every", type=float, default=300.0, help="seconds between two faults, on average")
    parser.add_argument("--faults", default=",".join(plan.known()), help="kinds to choose from")
    parser.add_argument("--judge", action="store_true", help="only judge again what the last run left")
    given = parser.parse_args()
    settings = Settings(
        hours=given.hours,
        scale=given.scale,
        pairs=given.pairs,
        seed=given.seed,
        every_s=given.every,
        faults=[name for name in given.faults.split(",") if name],
    )
    folder = ROOT / "build" / f"soak-{given.hours:g}h"
    if given.judge:
        print(judge(settings, folder))
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = soak(settings, folder)
    problems = failures(report)
    text = orjson.dumps(report | {"failures": problems}, option=orjson.OPT_INDENT_2).decode()
    (folder / "report.json").write_text(text)
    print(text)
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
