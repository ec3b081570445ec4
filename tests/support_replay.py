"""A recorded week of simulated exchanges, replayed: what `tests/bench/prove_replay.py` and tests share."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from futuresboard.model import TIMEFRAME_MS
from futuresboard.replay_check import Check
from futuresboard.replay_engine import Frame, Replay, span
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


def cut_off(path: Path, scope: Scope, cuts: Sequence[int], frames: int = 3) -> list[int]:
    """Delete everything after each of some bars, the latest first, and replay the frames that end there;
    returns the bars before which anything is another than it was with its future in place.

    The recording must be without revisions: what is later is told by bars alone. It is used up.
    """
    step = TIMEFRAME_MS[scope.timeframe]
    wanted = {
        cut: _frames(path, replace(scope, start=max(scope.start, cut - (frames - 1) * step), end=cut))
        for cut in cuts
    }
    different = []
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for cut in sorted(cuts, reverse=True):
            db.execute("DELETE FROM bars WHERE ts > ?", (cut,))
            db.execute("DELETE FROM alerts WHERE ts > ?", (cut,))
            start = max(scope.start, cut - (frames - 1) * step)
            if _frames(path, replace(scope, start=start, end=cut)) != wanted[cut]:
                different.append(cut)
    return different


def _frames(path: Path, scope: Scope) -> list[Frame]:
    with closing(Replay(path, scope)) as replay:
        return list(replay.frames(10_000))
