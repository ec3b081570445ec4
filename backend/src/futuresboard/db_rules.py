"""The user's alert rules in the database. A deleted one keeps its row: its alerts name it."""

from __future__ import annotations

from sqlite3 import Connection

from futuresboard.db import Store
from futuresboard.errors import TakenError
from futuresboard.model import UserRule

MAX_RULES = 50
_SEQ = "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'seq')"
_SELECT = "SELECT id, name, expression, normal, created_ts FROM rules WHERE deleted_ts IS NULL"


def read_rules(connection: Connection) -> list[UserRule]:
    """Every rule in force, oldest first."""
    return [UserRule(*row) for row in connection.execute(f"{_SELECT} ORDER BY id")]


def every_rule(connection: Connection) -> list[tuple[UserRule, int, int | None]]:
    """Every rule there ever was, with (after, until): it judged the transactions after < seq <= until."""
    query = "SELECT id, name, expression, normal, created_ts, after_seq, until_seq FROM rules ORDER BY id"
    return [(UserRule(*rule), after, until) for *rule, after, until in connection.execute(query)]


def rules_in_force(store: Store) -> list[UserRule]:
    """The same, for the writer."""
    with store.transaction() as connection:
        return read_rules(connection)


def add_rule(store: Store, name: str, expression: str, normal: str, now_ms: int) -> UserRule:
    """Keep a rule from now on; raises TakenError for a name in use and when there are `MAX_RULES`."""
    with store.transaction() as connection:
        rules = read_rules(connection)
        if any(rule.name.casefold() == name.casefold() for rule in rules):
            raise TakenError(f"there is a rule named {name!r} already")
        if len(rules) >= MAX_RULES:
            raise TakenError(f"there are {MAX_RULES} rules already: delete one first")
        cursor = connection.execute(
            "INSERT INTO rules (name, expression, normal, created_ts, after_seq) "
            f"VALUES (?, ?, ?, ?, {_SEQ})",
            (name, expression, normal, now_ms),
        )
        return UserRule(cursor.lastrowid or 0, name, expression, normal, now_ms)


def delete_rule(store: Store, number: int, now_ms: int) -> bool:
    """End a rule; False when there is none of this number."""
    with store.transaction() as connection:
        query = f"UPDATE rules SET deleted_ts = ?, until_seq = {_SEQ} WHERE id = ? AND deleted_ts IS NULL"
        return connection.execute(query, (now_ms, number)).rowcount > 0
