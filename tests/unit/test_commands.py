"""The command line: every command has its place, and a server loads nothing that only others need."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from futuresboard.commands import TOPICS, add_arguments

HEAVY = ("numba", "duckdb", "pyarrow", "joblib", "pandas")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_announces_its_commands(topic: str) -> None:
    parser = argparse.ArgumentParser()
    actions = parser.add_subparsers()
    add_arguments(actions, TOPICS[topic][0])
    assert tuple(actions.choices) == TOPICS[topic]


def test_nothing_known_announces_all() -> None:
    for word in ("", "nonsense"):
        actions = argparse.ArgumentParser().add_subparsers()
        add_arguments(actions, word)
        assert list(actions.choices) == [name for names in TOPICS.values() for name in names]


@pytest.mark.parametrize("command", ["serve", "scrape"])
def test_a_server_is_lean(command: str) -> None:
    asked = f"main([{command!r}, '--help'])"
    code = f"import sys\nfrom futuresboard.cli import main\ntry:\n    {asked}\nexcept SystemExit:\n    pass\n"
    code += f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stderr.strip().splitlines()[-1] == "[]"
