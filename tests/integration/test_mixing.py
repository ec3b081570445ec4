"""Live and simulated data never share a database: refused in both directions, and nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from futuresboard.db import Store
from support_system import environment, finished, free_port, running

WORDS = {True: "simulated", False: "live"}
WRITERS: list[tuple[Sequence[str], bool]] = [
    (["serve"], False),
    (["scrape", "--cycles", "1"], False),
    (["migrate"], False),
    (["serve", "--demo"], True),
    (["seed", "--mock", "2"], True),
]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("command", "simulated"), WRITERS, ids=lambda value: str(value))
def test_a_command_of_the_other_kind_is_refused(
    tmp_path: Path, command: Sequence[str], simulated: bool
) -> None:
    env = environment(tmp_path, PORT=str(free_port()))
    database = tmp_path / "test.db"
    Store(database, simulated=not simulated).close()
    before = _digest(database)
    done = finished(command, env, tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"test.db holds {WORDS[not simulated]} data and this run would write {WORDS[simulated]} data: "
        "set another DATABASE_URL"
    )
    assert _digest(database) == before


@pytest.mark.parametrize("simulated", [True, False])
def test_a_page_alone_shows_either_kind_by_its_name(tmp_path: Path, simulated: bool) -> None:
    env = environment(tmp_path, PORT=str(free_port()))
    Store(tmp_path / "test.db", simulated=simulated).close()
    with running(["serve", "--no-scraper"], env, tmp_path) as product:
        settings = product.until(lambda: product.get("/api/settings"), 20, "up")
        assert settings["mode"] == WORDS[simulated]


def test_a_database_is_stamped_at_birth(tmp_path: Path) -> None:
    env = environment(tmp_path, PORT=str(free_port()))
    assert finished(["seed", "--mock", "1", "--bars", "2"], env, tmp_path).returncode == 0
    assert finished(["seed", "--mock", "2", "--bars", "2"], env, tmp_path).returncode == 0
    assert finished(["migrate"], env, tmp_path).returncode == 1


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 40])
def test_a_file_that_is_no_database_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "test.db").write_bytes(content)
    for command in (["migrate"], ["serve", "--no-scraper"], ["serve"]):
        done = finished(command, environment(tmp_path, PORT=str(free_port())), tmp_path)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == "test.db: file is not a database"
    assert (tmp_path / "test.db").read_bytes() == content
