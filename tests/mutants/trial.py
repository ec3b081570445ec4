"""One module mutated in a clone of the last commit, the tests run in a fork for each mutant.

A fork finds pytest and numpy loaded, which takes most of the time of a run of its own.
"""

from __future__ import annotations

import gc
import io
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy.testing  # noqa: F401 - loaded here, once for all forks
import pytest
from cosmic_ray.commands import init
from cosmic_ray.config import load_config
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec

from mutants.survivors import Survivor, change_of
from mutants.telling import Part

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONFIG = HERE / "cosmic-ray.toml"
MODULES = ("metrics", "signals", "windows", "wilder")
_PYTEST = (
    *("-c", "backend/pyproject.toml", "--noconftest", "-p", "no:cacheprovider", "-p", "pytest_timeout"),
    *("-p", "no:unraisableexception", "-p", "no:threadexception"),  # each collects garbage five times
    *("--timeout", "30", "--assert", "plain", "--tb", "no", "-x", "-q"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


def clone(source: Path, folder: Path) -> str:
    """The last commit of one folder in another; returns its short name."""
    subprocess.run(("git", "clone", "-q", str(source), str(folder)), check=True)
    name = ("git", "rev-parse", "--short", "HEAD")
    return subprocess.run(name, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def mutate(commit: Path, module: str) -> Part:
    """Put every mutant of a module before the tests, those of its own module first.

    commit: a clone that nobody changes; beside it another is made for this module.
    """
    _prepare(commit, commit.with_name(module))
    files = sorted((f"tests/unit/test_{name}.py" for name in MODULES), key=lambda name: module not in name)
    if not _all_pass(files):
        raise RuntimeError("the tests fail on what is not mutated")
    every, mutants = _mutants(Path(f"backend/src/futuresboard/{module}.py"))
    survivors = [one for one in (_survivor(module, mutant, files) for mutant in mutants) if one]
    survivors.sort(key=lambda one: (one.line, one.change))
    return Part(module, every - len(mutants), len(mutants), tuple(survivors))


def _prepare(commit: Path, folder: Path) -> None:
    clone(commit, folder)
    os.chdir(folder)
    # Compiled once, and known by its contents: two mutants may be of one size and of one second.
    known = ("-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "backend/src/futuresboard")
    files = ("tests/reference.py", "tests/random_bars.py", "tests/unit")
    subprocess.run((sys.executable, *known, *files), check=True)
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(folder / "backend" / "src"), str(folder / "tests")]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with redirect_stdout(io.StringIO()):
        pytest.main([*_PYTEST, "--markers"])  # loads what pytest is made of
    gc.freeze()


def _mutants(path: Path) -> tuple[int, list[MutationSpec]]:
    """How many mutants of a module there are, and those that are not left out, line by line."""
    config = load_config(CONFIG)
    with use_db("session.sqlite") as session:
        init([path], session, config.operators_config)
        every = [mutant for item in session.work_items for mutant in item.mutations]
    left_out = re.compile("|".join(config["left-out"]))
    mutants = [mutant for mutant in every if not left_out.match(mutant.operator_name)]
    return len(every), sorted(mutants, key=lambda one: (one.start_pos, one.operator_name, one.occurrence))


def _survivor(module: str, mutant: MutationSpec, files: Sequence[str]) -> Survivor | None:
    operator = get_operator(mutant.operator_name)(**mutant.operator_args)
    with use_mutation(mutant.module_path, operator, mutant.occurrence) as (before, after):
        if not _all_pass(files):
            return None
    survivor = Survivor(module, mutant.start_pos[0], change_of(before, after))
    print(f"survived: {module}:{survivor.line} {survivor.change}", flush=True)
    return survivor


def _all_pass(files: Sequence[str]) -> bool:
    """The first file alone tells of most mutants."""
    return _passes(files[:1]) and _passes(files[1:])


def _passes(files: Sequence[str]) -> bool:
    child = os.fork()
    if not child:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        gc.disable()
        os._exit(pytest.main([*_PYTEST, *files]))
    return os.waitpid(child, 0)[1] == 0
