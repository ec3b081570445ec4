"""What each command does, one module a topic: it puts the parts together and runs them.

A module of commands offers `add_arguments`; the order here is the order of `--help`.
"""

from __future__ import annotations

from futuresboard.commands import archiving, checking, files, recording, replaying, reproducing, serving
from futuresboard.commands.arguments import Actions
from futuresboard.commands.checking import examine_refused

__all__ = ["add_arguments", "examine_refused"]


def add_arguments(actions: Actions) -> None:
    """Announce every command."""
    for topic in (serving, recording, archiving, checking, replaying, reproducing, files):
        topic.add_arguments(actions)
