"""What every topic of the API is given: settings, the reader's side of the database, a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from futuresboard.api.newest import Newest
from futuresboard.api.pages import Pages
from futuresboard.config import Settings
from futuresboard.db_read import Reader
from futuresboard.desk import Desk
from futuresboard.model import UserRule
from futuresboard.rules import Expression
from futuresboard.run_store import RunStore


class RuleKeeper(Protocol):
    """Keeps the user's alert rules and puts them to use."""

    def add_rule(self, name: str, expression: Expression) -> UserRule:
        """Judge by one more rule; raises TakenError for a name in use and when there are too many."""

    def delete_rule(self, number: int) -> bool:
        """Judge by one rule less; False when there is none of this number."""


@dataclass(frozen=True)
class ApiContext:
    """The API's only way to the rest of the program.

    now_ms: exchange time in ms UTC; health: the full document of `/health`; save_thresholds:
    keeps the thresholds set on the page (every one of them, by lower-case setting name) under the
    state key `THRESHOLDS_KEY` and puts them to use; without it they cannot be changed. rules: the
    same for the user's alert rules; send_test: sends a test to the notification targets of some
    names, answers with one document each, raises TooSoonError. runs: where simulated runs are kept;
    desk: where they are made.
    """

    settings: Settings
    reader: Reader
    now_ms: Callable[[], int]
    health: Callable[[], Mapping[str, object]]
    version: str
    save_thresholds: Callable[[Mapping[str, float]], None] | None = None
    rules: RuleKeeper | None = None
    send_test: Callable[[Sequence[str]], Sequence[Mapping[str, object]]] | None = None
    newest: Newest = field(init=False)
    runs: RunStore = field(init=False)
    desk: Desk = field(init=False, default_factory=Desk)
    pages: Pages = field(init=False, default_factory=Pages)

    def __post_init__(self) -> None:
        object.__setattr__(self, "newest", Newest(self.reader, self.now_ms))
        object.__setattr__(self, "runs", RunStore(self.reader.path))
