"""`python -m mutants`: mutate the last commit in clones and count what the tests notice.

Every mutant is put before the four test files of the arithmetic, that of its own module first. Writes
docs/mutants.md. Exits 1 below the goal, or where a survivor has no reason in reasons.toml.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome

from mutants.survivors import Survivor, change_of, read_reasons, without_reason
from mutants.telling import Part, tell

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONFIG = HERE / "cosmic-ray.toml"
TOLD = ROOT / "docs" / "mutants.md"
MODULES = ("metrics", "windows", "wilder", "signals")
GOAL = 0.85


@dataclass(frozen=True)
class Clone:
    """The last commit in a folder of its own, in which one module is mutated."""

    folder: Path
    module: str

    def run(self, *command: str) -> None:
        """Run a command in the clone; raises where it fails, with what it wrote."""
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.PIPE)

    def prepare(self) -> str:
        """Clone, configure, and see the tests pass; returns the configuration's name."""
        self.folder.parent.mkdir(exist_ok=True)
        subprocess.run(("git", "clone", "-q", str(ROOT), str(self.folder)), check=True)
        order = sorted(MODULES, key=lambda module: module != self.module)
        text = CONFIG.read_text(encoding="utf-8")
        text = text.replace("MODULE", f"backend/src/futuresboard/{self.module}.py")
        text = text.replace("TESTS", " ".join(f"tests/unit/test_{module}.py" for module in order))
        config = self.folder / "cosmic-ray.toml"
        config.write_text(text, encoding="utf-8")
        # Compiled once, for all mutants: files that are known by their contents, not by their time.
        source = ("-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "backend/src/futuresboard")
        self.run(sys.executable, *source)
        self.run(*shlex.split(tomllib.loads(text)["cosmic-ray"]["test-command"]))
        return config.name


def work(folder: Path, module: str) -> Part:
    """Mutate a module in a clone of the last commit."""
    clone, session = Clone(folder / module, module), folder / f"{module}.sqlite"
    config = clone.prepare()
    clone.run("cosmic-ray", "init", config, str(session))
    clone.run("cr-filter-operators", str(session), config)
    clone.run("cosmic-ray", "exec", config, str(session))
    part = _read(module, session)
    print(f"{module}: {part.mutants} mutants, {part.killed} killed", flush=True)
    return part


def _read(module: str, session: Path) -> Part:
    left_out, mutants, survivors = 0, 0, []
    with use_db(str(session), WorkDB.Mode.open) as found:
        mutations = {item.job_id: item.mutations[0] for item in found.work_items}
        for job, result in found.results:
            if result.worker_outcome is WorkerOutcome.SKIPPED:
                left_out += 1
                continue
            mutants += 1
            if result.test_outcome is not TestOutcome.KILLED:
                survivors.append(Survivor(module, mutations[job].start_pos[0], change_of(result.diff or "")))
    return Part(module, left_out, mutants, tuple(sorted(survivors, key=lambda one: (one.line, one.change))))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 below the goal or where a survivor has no reason."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="modules mutated at a time")
    jobs = parser.parse_args(arguments).jobs
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(jobs) as pool:
        parts = list(pool.map(lambda module: work(Path(name), module), MODULES))
    reasons = read_reasons()
    TOLD.write_text(tell(parts, reasons), encoding="utf-8")
    unknown = without_reason([one for part in parts for one in part.survivors], reasons)
    for one in unknown:
        print(f"survived, no reason given: {one.module}:{one.line} {one.change}")
    mutants, killed = sum(part.mutants for part in parts), sum(part.killed for part in parts)
    print(f"{mutants} mutants, {killed} killed: {killed / mutants:.1%} (goal {GOAL:.0%})")
    return 0 if killed >= GOAL * mutants and not unknown else 1


if __name__ == "__main__":
    sys.exit(main())
