"""`python -m mutants`: mutate the last commit in clones, one a core, and count what the tests notice.

Survivors are listed with their change in build/mutants.txt. Exits 1 below the goal.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONFIG = HERE / "cosmic-ray.toml"
PARTS: Mapping[str, Sequence[str]] = {
    "metrics": ("metrics",),
    "statistics and signals": ("wilder", "windows", "signals"),
}
GOAL = 0.85


@dataclass(frozen=True)
class Survivor:
    """A change that no test noticed."""

    module: str
    line: int
    operator: str
    diff: str


def work(folder: Path, name: str, modules: Sequence[str]) -> tuple[int, list[Survivor]]:
    """Mutate some modules in a clone of the last commit; returns how many mutants, and the survivors."""
    clone, session = folder / name.replace(" ", "-"), folder / f"{name}.sqlite"
    _run(ROOT, "git", "clone", "-q", str(ROOT), str(clone))
    paths = [f'"backend/src/futuresboard/{module}.py"' for module in modules]
    config = clone / "cosmic-ray.toml"
    text = CONFIG.read_text().replace("MODULES", ", ".join(paths))
    config.write_text(text)
    _run(clone, "cosmic-ray", "init", config.name, str(session))
    _run(clone, "cr-filter-operators", str(session), config.name)
    _run(clone, "cosmic-ray", "baseline", config.name)
    _run(clone, "cosmic-ray", "exec", config.name, str(session))
    return _read(session)


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _read(session: Path) -> tuple[int, list[Survivor]]:
    mutants, survivors = 0, []
    with use_db(str(session), WorkDB.Mode.open) as found:
        mutations = {item.job_id: item.mutations[0] for item in found.work_items}
        for job, result in found.results:
            if result.test_outcome is None:  # filtered
                continue
            mutants += 1
            if result.test_outcome is TestOutcome.SURVIVED:
                made = mutations[job]
                name = made.operator_name.removeprefix("core/")
                survivors.append(Survivor(made.module_path.stem, made.start_pos[0], name, result.diff or ""))
    return mutants, survivors


def main() -> int:
    """Run, print, keep; 1 below the goal."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(len(PARTS)) as pool:
        jobs = [pool.submit(work, Path(name), part, modules) for part, modules in PARTS.items()]
        found = [job.result() for job in jobs]
    mutants = sum(number for number, _ in found)
    survivors = sorted((one for _, some in found for one in some), key=lambda one: (one.module, one.line))
    share = 1.0 - len(survivors) / mutants
    kept = ROOT / "build" / "mutants.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("\n".join(f"{one.module}:{one.line} {one.operator}\n{one.diff}" for one in survivors))
    for one in survivors:
        print(f"survived: {one.module}:{one.line} {one.operator}")
    print(f"{mutants} mutants, {mutants - len(survivors)} killed: {share:.1%} (goal {GOAL:.0%})")
    return 0 if share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
