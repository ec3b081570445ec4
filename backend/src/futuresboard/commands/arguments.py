"""What commands' arguments are made of, and how each is read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from futuresboard.config import Settings
from futuresboard.exchanges import REGISTRY

type Command = Callable[[Settings, argparse.Namespace], int]
type Actions = argparse._SubParsersAction[argparse.ArgumentParser]


def add(actions: Actions, name: str, run: Command, words: str) -> argparse.ArgumentParser:
    """A command of that name; `words` say what it does."""
    parser = actions.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.set_defaults(run=run, demo=False)
    return parser


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed: a whole number from 1")
    return int(text)


def moment(text: str) -> int:
    """Milliseconds UTC of a date, a date and time, or themselves."""
    if text.isdecimal() and len(text) > 8:
        return int(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, allowed: 2026-01-31, 2026-01-31T12:00 or milliseconds, all UTC"
        ) from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def exchange_ids(text: str) -> list[str]:
    """A list of exchanges that are known."""
    unknown = [word for word in text.split(",") if word not in REGISTRY]
    if unknown:
        raise argparse.ArgumentTypeError(f"got {unknown[0]!r}, allowed: {', '.join(REGISTRY)}")
    return text.split(",")


def coins(text: str) -> list[str]:
    """A list of base coins."""
    return [word.strip().upper() for word in text.split(",") if word.strip()]
