"""Whether a replay is what live was: every stored value of every bar, and every alert with its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Any

import orjson

from futuresboard.db_past import STORED_NAMES, AlertRow, Stored, alerts_between, stored_bars
from futuresboard.db_scratch import Scratch
from futuresboard.model import as_listed

RSI_TOLERANCE = 1e-9
"""RSI is a filter without a fixed window; everything else is compared to the last bit."""
_KEPT = 1000
_NOTHING = (0, -1)
_RAW_SEQ = STORED_NAMES.index("raw_seq")
_OWN = ("created_ts",)
"""What an alert says of the moment in which it was written down."""

type Alerted = Mapping[str, Any]
"""What an alert says, as it is stored."""
type Bar = tuple[int, int]
type Name = tuple[int, int, str, int]
"""series, bar, kind, tier or rule of an alert."""


@dataclass(frozen=True)
class Replayed:
    """What was replayed: of each series by its id the first and the last bar that closed with the frames,
    and the recording's transactions after < seq <= version."""

    spans: Mapping[int, tuple[int, int]]
    after: int
    version: int


@dataclass
class Check:
    """What a comparison found.

    bars, values: compared; different: their number, and the first of them as (series, ts, column,
    recorded, replayed), by the column `ts` where one side lacks the bar. alerts: the recording's; missing:
    those the replay did not begin; extra: those it alone began; other: those with other inputs, values or
    words.
    """

    bars: int = 0
    values: int = 0
    different: int = 0
    examples: list[tuple[int, int, str, object, object]] = field(default_factory=list)
    alerts: int = 0
    missing: list[Name] = field(default_factory=list)
    extra: list[Name] = field(default_factory=list)
    other: list[Name] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.different or self.missing or self.extra or self.other)


def compare(db: Connection, scratch: Scratch, replayed: Replayed) -> Check:
    """Compare a scratch database with its recording, as far as was replayed."""
    found = Check()
    first = min(begin for begin, _ in replayed.spans.values())
    end = max(last for _, last in replayed.spans.values())
    _compare_bars(
        _paired(
            _within(stored_bars(db, first, end), replayed),
            _within(scratch.bars(first, end), replayed),
        ),
        replayed.version,
        found,
    )
    stored = _alerts(alerts_between(db, replayed.after, replayed.version), replayed)
    begun = _alerts(scratch.alerts(replayed.after, replayed.version), replayed)
    found.alerts = len(stored)
    found.missing, found.extra = sorted(stored.keys() - begun.keys()), sorted(begun.keys() - stored.keys())
    both = sorted(stored.keys() & begun.keys())
    found.other = [name for name in both if not _alike(stored[name], begun[name])]
    return found


def _within(bars: Iterator[Stored], replayed: Replayed) -> Iterator[Stored]:
    for bar, values in bars:
        first, last = replayed.spans.get(bar[0], _NOTHING)
        if first <= bar[1] <= last:
            yield bar, values


def _paired(
    one: Iterator[Stored], other: Iterator[Stored]
) -> Iterator[tuple[Bar, Sequence[object] | None, Sequence[object] | None]]:
    """Both sides' bars by time and series; None where a side has none."""
    mine, theirs = next(one, None), next(other, None)
    while mine is not None or theirs is not None:
        places = [(bar[1], bar[0]) for bar, _ in (side for side in (mine, theirs) if side is not None)]
        ts, series = min(places)
        here = mine is not None and mine[0] == (series, ts)
        there = theirs is not None and theirs[0] == (series, ts)
        yield (
            (series, ts),
            mine[1] if mine is not None and here else None,
            theirs[1] if theirs is not None and there else None,
        )
        mine = next(one, None) if here else mine
        theirs = next(other, None) if there else theirs


def _compare_bars(
    pairs: Iterator[tuple[Bar, Sequence[object] | None, Sequence[object] | None]], version: int, found: Check
) -> None:
    for (series, ts), stored, again in pairs:
        if stored is not None and isinstance(seq := stored[_RAW_SEQ], int) and seq > version:
            continue
        found.bars += 1
        if stored is None or again is None:
            _note(found, (series, ts, "ts", None if stored is None else ts, None if again is None else ts))
            continue
        found.values += len(STORED_NAMES)
        if stored == again:
            continue
        for name, one, two in zip(STORED_NAMES, stored, again, strict=True):
            if not _same(name, one, two):
                _note(found, (series, ts, name, one, two))


def _same(name: str, one: object, two: object) -> bool:
    if name == "rsi" and isinstance(one, float) and isinstance(two, float):
        return abs(one - two) <= RSI_TOLERANCE
    return one == two


def _alike(one: Alerted, two: Alerted) -> bool:
    """Whether two alerts say the same, to the last bit but for RSI."""
    here, there = (dict(alert.get("values", {})) for alert in (one, two))
    if _same("rsi", here.pop("rsi", None), there.pop("rsi", None)):
        return {**one, "values": here} == {**two, "values": there}
    return False


def _note(found: Check, example: tuple[int, int, str, object, object]) -> None:
    found.different += 1
    if len(found.examples) < _KEPT:
        found.examples.append(example)


def _alerts(rows: Sequence[AlertRow], replayed: Replayed) -> dict[Name, Alerted]:
    return {
        (one.series, one.ts, one.kind, one.tier): {
            name: value for name, value in orjson.loads(as_listed(one.payload)).items() if name not in _OWN
        }
        for one in rows
        if one.ts <= replayed.spans.get(one.series, _NOTHING)[1]
    }
