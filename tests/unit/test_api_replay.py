"""`/api/replay`: pages, cursors and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from futuresboard.app import create_app
from futuresboard.config import load
from futuresboard.db_read import Reader
from futuresboard.replay_scope import Cursor, read_cursor
from futuresboard.replay_sessions import ROWS_A_PAGE, Sessions
from support_core import Recorder
from support_recordings import LOW, PAIRS, play
from support_replay import whole
from support_schemas import of_component

M5 = 300_000


class Api:
    """The API over a recording."""

    def __init__(self, path: Path) -> None:
        self.settings = load(
            {"DATABASE_URL": f"sqlite:///{path}", "TIMEFRAMES": "5m,15m"}, path.parent, demo=True
        )
        self.reader = Reader(path, stale_after_ms=0)
        app = create_app(self.settings, reader=self.reader, now_ms=lambda: 0, health=dict)[0]
        self.client = app.test_client()

    def ask(self, **query: object) -> Any:
        return self.client.get("/api/replay", query_string=query)

    def page(self, **query: object) -> dict[str, Any]:
        found = self.ask(**query)
        assert found.status_code == 200, found.get_json()
        return orjson.loads(found.get_data())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    with closing(Recorder(folder, pairs=PAIRS, thresholds=LOW)) as recorder:
        play(recorder, 3, 0.02, bars=30, late=0.0)
    return recorder.path


@pytest.fixture
def path(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(recorded, tmp_path / "x.db"))


@pytest.fixture
def api(path: Path) -> Iterator[Api]:
    made = Api(path)
    yield made
    made.reader.close()


def pages(api: Api, **query: object) -> list[dict[str, Any]]:
    found = [api.page(**query)]
    while found[-1]["cursor"] is not None:
        found.append(api.page(**query, cursor=found[-1]["cursor"]))
    return found


def frames(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame for page in found for frame in page["frames"]]


@pytest.mark.parametrize("knowledge", ["seen", "revised"])
def test_pages_follow_each_other(api: Api, path: Path, knowledge: str):
    one, many = pages(api, limit=288, **{"as": knowledge}), pages(api, limit=7, **{"as": knowledge})
    scope = whole(path)
    assert [frame["ts"] for frame in frames(one)] == list(range(scope.start, scope.end + M5, M5))
    assert len(one) == 1
    assert len(many) == -(-len(frames(one)) // 7)
    assert [frame["rows"] for frame in frames(many)] == [frame["rows"] for frame in frames(one)]
    assert {(page["start"], page["end"], page["version"]) for page in many} == {
        (scope.start, scope.end, one[0]["version"])
    }
    for page in (*one, *many[:2]):
        assert of_component("Replay", page) == []


def test_alerts_are_the_stored_ones(api: Api, path: Path):
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT a.id FROM alerts a JOIN series s ON s.id = a.series_id WHERE s.timeframe = '15m'"
        stored = sorted(number for (number,) in db.execute(query))
    found = [one["id"] for frame in frames(pages(api, tf="15m")) for one in frame["alerts"]]
    assert sorted(found) == stored
    assert stored


def test_the_newest_bar_of_a_pair_is_what_history_says(api: Api):
    """As of the end, what was seen last is what is stored, revised bars included."""
    last = frames(pages(api, symbols="ETH/USDT:USDT"))[-1]
    query = {"exchange": "okx", "symbol": "ETH/USDT:USDT", "tf": "5m", "limit": 1}
    history = orjson.loads(api.client.get("/api/history", query_string=query).get_data())
    assert last["ts"] == history.pop("ts")[0]
    assert {name: last["rows"][name] for name in history} == history


def test_a_cursor_goes_on_wherever_it_is_brought(api: Api, path: Path):
    first = api.page(limit=10)
    here = api.page(limit=10, cursor=first["cursor"])
    again = api.page(limit=10, cursor=first["cursor"])
    other = Api(path)
    there = other.page(limit=10, cursor=first["cursor"])
    other.reader.close()
    assert here["frames"] == again["frames"] == there["frames"] != first["frames"]


def test_later_transactions_change_no_page(api: Api, path: Path):
    before = pages(api, limit=20)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE meta SET value = value + 100 WHERE key = 'seq'")
    after = api.page(limit=20, cursor=before[0]["cursor"])
    assert after["frames"] == before[1]["frames"]
    assert after["version"] == before[0]["version"]


def test_a_cursor_of_other_data_is_refused(api: Api, path: Path):
    cursor = api.page(limit=5)["cursor"]
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("UPDATE meta SET value = 'another' WHERE key = 'id'").rowcount == 1
    fresh = Api(path)
    refused = fresh.ask(cursor=cursor)
    fresh.reader.close()
    assert refused.status_code == 409
    assert "other data" in refused.get_json()["detail"]
    assert refused.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"tf": "2m"}, 400, "tf"),
        ({"as": "guessed"}, 400, "as"),
        ({"limit": -1}, 400, "limit"),
        ({"cursor": "nonsense"}, 400, "cursor"),
        ({"start": 9_000_000_000_000}, 400, "start"),
        ({"end": 1}, 400, "end"),
        ({"symbols": "NONE/USDT:USDT"}, 404, "no pair"),
        ({"since": 5}, 400, "since"),
    ],
    ids=str,
)
def test_bad_input_is_named(api: Api, query: dict[str, object], status: int, says: str):
    refused = api.ask(**query)
    assert refused.status_code == status
    found = refused.get_json()
    assert says in (found.get("parameter"), *found["detail"].partition(says)[1:2])


def test_a_cursor_of_another_replay_is_refused(api: Api):
    cursor = api.page(limit=5)["cursor"]
    for other in (
        {"tf": "15m"},
        {"exchange": "okx"},
        {"as": "revised"},
        {"start": read_cursor(cursor).start + M5},
    ):
        assert api.ask(cursor=cursor, **other).status_code == 409


def test_a_database_without_bars_has_no_frames(tmp_path: Path):
    with closing(Recorder(tmp_path)) as recorder:
        made = Api(recorder.path)
        assert made.page()["frames"] == []
        assert made.page()["cursor"] is None
        made.reader.close()


def test_a_page_is_bounded_whatever_is_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("futuresboard.replay_sessions.ROWS_A_PAGE", 12)
    sessions = Sessions(path, path.parent / "archive")
    assert len(sessions.page(whole(path), None, 100).frames) == 3
    sessions.close()
    assert ROWS_A_PAGE >= 600


def test_replays_that_wait_are_few(path: Path):
    sessions = Sessions(path, path.parent / "archive")
    cursors: list[Cursor | None] = [sessions.page(whole(path), None, limit).cursor for limit in range(1, 7)]
    assert len(sessions._kept) == 3
    assert [one for one in cursors if one in sessions._kept] == cursors[-3:]
    sessions.close()
