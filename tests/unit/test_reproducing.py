"""`reproduce`: the same bytes from the same settings, code and data, or which of them differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from futuresboard import reproducing
from futuresboard.cli import main
from futuresboard.errors import FileError, QueryError
from futuresboard.reproducing import reproduce
from futuresboard.simulating import Source
from support_core import Recorder
from support_simulate import PAIRS, Asking, recorded

COUNT = 150
SETTINGS = {"entry": "tier", "tier": 1, "hold": 6, "stop_loss": 0.02}


def source(recorder: Recorder) -> Source:
    return Source(recorder.path, recorder.path.parent / "archive")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    made = recorded(tmp_path_factory.mktemp("here"), count=COUNT)
    yield made
    made.close()


@pytest.fixture(scope="module")
def run(here: Recorder) -> dict[str, Any]:
    asking = Asking(here)
    with closing(asking.reader):
        # Something else was tried before: its own deflation goes with a run.
        asking.run({**SETTINGS, "hold": 3})
        return asking.run(SETTINGS)


def test_the_same_bytes_where_it_was_made(here: Recorder, run: dict[str, Any]) -> None:
    made = reproduce(run, source(here))
    assert made.same
    assert made.id == run["id"]
    assert made.document == reproducing.canonical(run)
    assert run["statistics"]["deflation"]["tried"] == 2


def test_the_same_bytes_on_another_machine_that_holds_the_same_bars(
    tmp_path: Path, run: dict[str, Any]
) -> None:
    # Pairs came in another order and so have other numbers; nothing was tried there before.
    with closing(recorded(tmp_path, PAIRS[::-1], COUNT)) as there:
        made = reproduce(run, source(there))
    assert made.same


def test_other_data_are_named(tmp_path: Path, run: dict[str, Any]) -> None:
    with closing(recorded(tmp_path, count=COUNT, spoilt=True)) as there:
        made = reproduce(run, source(there))
    assert not made.same
    assert [one.split(":")[0] for one in made.differs] == ["data"]
    assert "data.hash" in made.parts


def test_missing_data_are_counted(tmp_path: Path, run: dict[str, Any]) -> None:
    with closing(recorded(tmp_path, PAIRS[:2], COUNT)) as there:
        made = reproduce(run, source(there))
    assert "2 pairs here, 3 there" in made.differs[0]
    (tmp_path / "none").mkdir()
    with closing(recorded(tmp_path / "none", count=0)) as empty, pytest.raises(QueryError, match="data"):
        reproduce(run, source(empty))


def test_another_version_is_named(here: Recorder, run: dict[str, Any]) -> None:
    made = reproduce({**run, "code_version": "0.0.9"}, source(here))
    assert [one.split(":")[0] for one in made.differs] == ["code"]


def test_a_document_that_was_touched_is_found_out(here: Recorder, run: dict[str, Any]) -> None:
    touched = orjson.loads(orjson.dumps(run))
    touched["statistics"]["hit"]["rate"] = 0.99
    made = reproduce(touched, source(here))
    assert (made.same, made.differs, made.parts) == (False, (), ("statistics.hit.rate",))
    touched = orjson.loads(orjson.dumps(run))
    touched["settings"]["hold"] = 7
    assert [one.split(":")[0] for one in reproduce(touched, source(here)).differs] == ["settings"]


@pytest.mark.parametrize(
    "change",
    [
        lambda run: {},
        lambda run: {**run, "data": None},
        lambda run: {**run, "settings": {**run["settings"], "hold": -3}},
        lambda run: {**run, "statistics": {}},
        lambda run: {**run, "data": {**run["data"], "start": "then"}},
    ],
)
def test_what_is_no_run_is_refused(
    here: Recorder, run: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    with pytest.raises(FileError):
        reproduce(change(run), source(here))


def test_the_command(
    here: Recorder,
    run: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{here.path}")
    out = tmp_path / "again.json"
    assert main(["reproduce", run["id"], "--out", str(out)]) == 0
    assert "the same bytes" in capsys.readouterr().out
    assert out.read_bytes() == reproducing.canonical(run)
    assert main(["reproduce", str(out), "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["same"] is True
    touched = tmp_path / "touched.json"
    touched.write_bytes(orjson.dumps({**run, "signals": 0}))
    assert main(["reproduce", str(touched)]) == 1
    assert "differing parts: signals" in capsys.readouterr().err
    assert main(["reproduce", "nobody"]) == 1
    assert "no run nobody is kept here" in capsys.readouterr().err
    assert main(["reproduce", str(tmp_path / "absent.json")]) == 1
    touched.write_bytes(b"{")
    assert main(["reproduce", str(touched)]) == 1
    assert "no JSON" in capsys.readouterr().err
