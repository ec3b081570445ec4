"""`/api/replay?limit=0`: which bars there are, before any is computed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from futuresboard import replay_sessions
from support_core import M5, MIDNIGHT, Recorder, swinging
from support_schemas import of_answer
from support_simulate import Asking

COUNT = 30


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    with closing(Recorder(tmp_path)) as made:
        made.one_by_one(swinging(COUNT))
        return Asking(made)


def test_it_tells_the_stretch_and_the_recording_and_computes_nothing(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a replay was begun")

    monkeypatch.setattr(replay_sessions, "Replay", refuse)
    answer = asking.get("/api/replay", limit=0, start=MIDNIGHT + 3 * M5 - 1, end=MIDNIGHT + 9 * M5 + 1)
    found = answer.get_json()
    assert of_answer("/api/replay", found) == []
    assert (found["start"], found["end"]) == (MIDNIGHT + 3 * M5, MIDNIGHT + 9 * M5)
    assert (found["recorded_first"], found["recorded_last"]) == (MIDNIGHT, MIDNIGHT + (COUNT - 1) * M5)
    assert (found["frames"], found["cursor"]) == ([], None)


def test_pages_tell_the_recording_too(asking: Asking) -> None:
    found = asking.get("/api/replay", start=MIDNIGHT + 20 * M5, end=MIDNIGHT + 21 * M5).get_json()
    assert of_answer("/api/replay", found) == []
    assert [frame["ts"] for frame in found["frames"]] == [MIDNIGHT + 20 * M5, MIDNIGHT + 21 * M5]
    assert (found["recorded_first"], found["recorded_last"]) == (MIDNIGHT, MIDNIGHT + (COUNT - 1) * M5)


def test_without_any_bar_there_is_no_recording(tmp_path: Path) -> None:
    with closing(Recorder(tmp_path)) as made:
        found = Asking(made).get("/api/replay", limit=0).get_json()
    assert [found[name] for name in ("start", "end", "recorded_first", "recorded_last")] == [None] * 4
