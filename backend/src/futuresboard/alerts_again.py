"""`futuresboard reproduce` of an alert: its bar replayed as it was seen, and the alert that begins there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from futuresboard.db import connect
from futuresboard.db_alerts import alert as stored_alert
from futuresboard.errors import FileError
from futuresboard.permalink import data_hash, permalink
from futuresboard.replay_engine import Replay
from futuresboard.replay_scope import Scope
from futuresboard.reproducing import Reproduction, canonical, differing

_IS = ("exchange", "symbol", "timeframe", "ts", "kind", "tier")
_OF_A_MACHINE = ("id", "seq", "created_ts", "evidence", "permalink")
"""What is not of the alert itself: where and when it was stored, and what its kind was worth since."""


def number_of(name: str) -> int | None:
    """The number in `alert:123`; None where a name is none of an alert."""
    word, _, number = name.partition(":")
    return int(number) if word == "alert" and number.isdecimal() else None


def stored(database: Path, number: int) -> Mapping[str, object] | None:
    """An alert of this machine by its number."""
    with closing(connect(database, readonly=True)) as connection:
        return stored_alert(connection, number)


def is_alert(given: Mapping[str, object]) -> bool:
    """Whether a document is an alert as `/api/alerts` answers it."""
    return {*_IS, "window", "settings_hash", "code_version"} <= given.keys()


def reproduce_alert(given: Mapping[str, object], database: Path, archive: Path | None) -> Reproduction:
    """Replay an alert's bar on a recording.

    Raises FileError where the document is none of an alert, ScopeError or StoreError where the recording
    does not have the pair or cannot be read.
    """
    if not is_alert(given) or not isinstance(given["ts"], int):
        raise FileError("this is no document of an alert, allowed: an alert as /api/alerts/<id> answers it")
    made = _again(given, database, archive)
    if made is None:
        words = "data: no such alert begins in this recording"
        return Reproduction(permalink(given), False, (words,), (), "", b"")
    old, new = (canonical(_itself(one)) for one in (given, made))
    differs = [
        f"{word}: {made[name]} here, {given[name]} there"
        for word, name in (("settings", "settings_hash"), ("code", "code_version"))
        if made[name] != given[name]
    ]
    if data_hash(made) != data_hash(given):
        differs.append(f"data: {data_hash(made)} here, {data_hash(given)} there")
    parts = tuple(sorted(differing(_itself(given), _itself(made))))
    return Reproduction(
        permalink(made), old == new, tuple(differs), parts, hashlib.sha256(new).hexdigest(), new
    )


def _again(given: Mapping[str, Any], database: Path, archive: Path | None) -> Mapping[str, object] | None:
    scope = Scope(given["timeframe"], given["ts"], given["ts"], given["exchange"], (given["symbol"],))
    with closing(Replay(database, scope, archive=archive)) as replay:
        return next(_like(given, replay), None)


def _like(given: Mapping[str, object], replay: Replay) -> Iterator[Mapping[str, object]]:
    for frame in replay.frames(1):
        for one in frame.alerts:
            if all(one[name] == given[name] for name in _IS) and _rule(one) == _rule(given):
                yield one


def _rule(alert: Mapping[str, Any]) -> object:
    rule = alert.get("rule")
    return None if rule is None else rule["normal"]


def _itself(alert: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in alert.items() if name not in _OF_A_MACHINE}
