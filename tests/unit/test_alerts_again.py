"""`reproduce` of alerts: replayed to the same bytes, here and on another recording of the same bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from futuresboard.alerts_again import number_of, reproduce_alert
from futuresboard.cli import main
from futuresboard.errors import FileError
from support_core import Recorder
from support_simulate import PAIRS, Asking, recorded

COUNT = 150


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    made = recorded(tmp_path_factory.mktemp("here"), count=COUNT)
    yield made
    made.close()


@pytest.fixture(scope="module")
def alerts(here: Recorder) -> dict[tuple[str, int | None], dict[str, Any]]:
    """The newest alert of each kind and tier."""
    asking = Asking(here)
    with closing(asking.reader):
        found = asking.get("/api/alerts", limit=1000).get_json()
        whole = [asking.get(f"/api/alerts/{one['id']}").get_json() for one in found]
    assert [{**one, "evidence": []} for one in whole] == [{**one, "evidence": []} for one in found]
    return {(one["kind"], one["tier"]): one for one in reversed(whole)}


def test_every_kind_is_made_again_to_the_byte(
    here: Recorder, alerts: dict[tuple[str, int | None], dict[str, Any]]
) -> None:
    assert {tier for _, tier in alerts} >= {None, 1, 2, 3, 4, 5}
    for alert in alerts.values():
        made = reproduce_alert(alert, here.path, None)
        assert (made.same, made.differs, made.parts) == (True, (), ()), alert["text"]
        assert made.id == alert["permalink"]


def test_on_another_recording_of_the_same_bars(
    tmp_path: Path, alerts: dict[tuple[str, int | None], dict[str, Any]]
) -> None:
    with closing(recorded(tmp_path, PAIRS[::-1], COUNT)) as there:
        for alert in alerts.values():
            assert reproduce_alert(alert, there.path, None).same, alert["text"]


def test_what_differs_is_named(here: Recorder, alerts: dict[tuple[str, int | None], dict[str, Any]]) -> None:
    alert = alerts["tier", 1]
    other = reproduce_alert({**alert, "code_version": "0.0.9"}, here.path, None)
    assert [one.split(":")[0] for one in other.differs] == ["code"]
    other = reproduce_alert({**alert, "settings_hash": "x", "thresholds": {"z": 9.0}}, here.path, None)
    assert [one.split(":")[0] for one in other.differs] == ["settings"]
    assert other.parts == ("settings_hash", *sorted(f"thresholds.{name}" for name in alert["thresholds"]))
    window = {name: [*values[:-1], 1.0] for name, values in alert["window"].items()}
    other = reproduce_alert({**alert, "window": window}, here.path, None)
    assert [one.split(":")[0] for one in other.differs] == ["data"]
    other = reproduce_alert({**alert, "ts": alert["ts"] - 300_000}, here.path, None)
    assert other.differs == ("data: no such alert begins in this recording",)


def test_what_is_no_alert_is_refused(here: Recorder) -> None:
    with pytest.raises(FileError, match="no document of an alert"):
        reproduce_alert({"exchange": "okx"}, here.path, None)
    assert number_of("alert:12") == 12
    assert [number_of(name) for name in ("12", "alert:", "alert:x", "alert:-1")] == [None] * 4


def test_the_command(
    here: Recorder,
    alerts: dict[tuple[str, int | None], dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{here.path}")
    alert = alerts["tier", 1]
    assert main(["reproduce", f"alert:{alert['id']}"]) == 0
    assert f"{alert['permalink']}: the same bytes" in capsys.readouterr().out
    path = tmp_path / "alert.json"
    path.write_bytes(orjson.dumps(alert))
    assert main(["reproduce", str(path), "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["same"] is True
    assert main(["reproduce", "alert:999999"]) == 1
    assert "no alert 999999" in capsys.readouterr().err
