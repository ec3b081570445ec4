"""A change that no test noticed, how it is written, and why it may live: `reasons.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

REASONS = Path(__file__).with_name("reasons.toml")
_TOKENS = re.compile(r"[\w.]+|[<>=!]+|\s+|.")


@dataclass(frozen=True)
class Survivor:
    """One mutant that passed every test."""

    module: str
    line: int
    change: str


@dataclass(frozen=True)
class Reason:
    """Why the survivors with these changes of one module may live."""

    module: str
    why: str
    changes: tuple[str, ...]


def change_of(before: str, after: str) -> str:
    """The line in which two sources differ, with `[old → new]` where they do."""
    diff = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    old, new = (
        _TOKENS.findall(" ".join(line[1:].strip() for line in diff if line[0] == sign)) for sign in "-+"
    )
    begin = _same(old, new)
    end = _same(old[begin:][::-1], new[begin:][::-1])
    was, becomes = ("".join(side[begin : len(side) - end]).strip() for side in (old, new))
    after = "".join(old[len(old) - end :])
    return f"{''.join(old[:begin])}[{was} → {becomes}]{after}"


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens the two begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def read_reasons() -> list[Reason]:
    """What `reasons.toml` says."""
    found = tomllib.loads(REASONS.read_text(encoding="utf-8"))["reason"]
    return [Reason(one["module"], " ".join(one["why"].split()), tuple(one["changes"])) for one in found]


def without_reason(survivors: Sequence[Survivor], reasons: Sequence[Reason]) -> list[Survivor]:
    """Survivors that no reason names."""
    named = {(reason.module, change) for reason in reasons for change in reason.changes}
    return [one for one in survivors if (one.module, one.change) not in named]
