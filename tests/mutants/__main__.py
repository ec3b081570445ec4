"""`python -m mutants`: mutate the last commit in clones and count what the tests notice.

Writes docs/mutants.md. Exits 1 below the goal, or where a survivor has no reason in reasons.toml.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from mutants.survivors import read_reasons, without_reason
from mutants.telling import tell
from mutants.trial import MODULES, ROOT, clone, mutate

TOLD = ROOT / "docs" / "mutants.md"
GOAL = 0.85


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 below the goal or where a survivor has no reason."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="modules mutated at a time")
    jobs = parser.parse_args(arguments).jobs
    one_each = {"mp_context": get_context("spawn"), "max_tasks_per_child": 1}
    parts = []
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(jobs, **one_each) as pool:
        commit = Path(name) / "commit"
        version = clone(ROOT, commit)
        for part in pool.map(mutate, [commit] * len(MODULES), MODULES):
            print(f"{part.module}: {part.mutants} mutants, {part.killed} noticed", flush=True)
            parts.append(part)
    reasons = read_reasons()
    TOLD.write_text(tell(version, parts, reasons), encoding="utf-8")
    unknown = without_reason([one for part in parts for one in part.survivors], reasons)
    for one in unknown:
        print(f"no reason given: {one.module}:{one.line} {one.change}")
    mutants, killed = sum(part.mutants for part in parts), sum(part.killed for part in parts)
    print(f"{mutants} mutants, {killed} noticed: {killed / mutants:.1%} (goal {GOAL:.0%})")
    return 0 if killed >= GOAL * mutants and not unknown else 1


if __name__ == "__main__":
    sys.exit(main())
