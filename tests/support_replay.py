"""A recorded week of simulated exchanges, replayed: what `tests/bench/prove_replay.py` and tests share."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from futuresboard.replay_check import Check
from futuresboard.replay_engine import Replay, span
from futuresboard.replay_scope import Scope
from futuresboard.validation.simulated import Simulated
from futuresboard.validation.week import record


@dataclass(frozen=True)
class Played:
    """A replay that went to its end."""

    frames: int
    rows: int
    alerts: int
    check: Check


def whole(path: Path, timeframe: str = "5m") -> Scope:
    """All there is of a recording, in frames of a timeframe."""
    found = span(path, timeframe)
    assert found is not None
    return Scope(timeframe, *found)


def play(path: Path, scope: Scope) -> Played:
    """Every frame of a scope, and what the comparison with the recording finds."""
    frames = rows = alerts = 0
    with closing(Replay(path, scope)) as replay:
        while replay.cursor is not None:
            for frame in replay.frames(100):
                frames += 1
                rows += len(frame.rows["exchange"])
                alerts += len(frame.alerts)
        return Played(frames, rows, alerts, replay.check())


def recorded(market: Simulated, folder: Path) -> Path:
    """A market's bars through a pipeline into a fresh database, each at its close."""
    path = folder / "week.db"
    record(market, path, words="recording", quiet=True)
    return path
