"""What each command does, one module a topic: it puts the parts together and runs them.

A module of commands offers `add_arguments`. Only the topic that is asked for is loaded: who serves a page
for months should not hold in memory what a sweep needs (compiler, Parquet, DuckDB: 100 MB).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from futuresboard.commands.arguments import Actions

TOPICS: Mapping[str, tuple[str, ...]] = {
    "serving": ("serve", "scrape", "web", "migrate"),
    "recording": ("seed", "backfill"),
    "archiving": ("import", "export"),
    "checking": ("doctor", "alerts", "validate"),
    "replaying": ("replay",),
    "simulating": ("simulate", "sweep"),
    "reproducing": ("reproduce",),
    "files": ("compute",),
}
"""Module -> its commands, in the order of `--help`."""


def add_arguments(actions: Actions, asked: str = "") -> None:
    """Announce the commands of the topic that `asked` is of; all of them where it is of none."""
    mine = [topic for topic, names in TOPICS.items() if asked in names]
    for topic in mine or TOPICS:
        import_module(f"{__name__}.{topic}").add_arguments(actions)
