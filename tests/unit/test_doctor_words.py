"""What the doctor makes of numbers and findings, without a machine to examine."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from futuresboard.config import Settings, load, unknown_names
from futuresboard.db_inspect import Inspection, Kept
from futuresboard.db_schema import VERSION
from futuresboard.doctor import local, words
from futuresboard.doctor.report import Finding, Report, State
from futuresboard.doctor.screen import screen
from futuresboard.doctor.venues import Probe, clock_finding

NOW_MS = 1_800_000_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({}, tmp_path)


def inspection(**changes: object) -> Inspection:
    values: dict[str, object] = {
        "size_bytes": 10_000_000,
        "used_bytes": 9_000_000,
        "schema": VERSION,
        "kind": "live",
        "damage": (),
        "slots": 30_000,
        "series": {"5m": 100},
        "newest_close_ms": NOW_MS - 60_000,
        "obstacle": None,
        "kept": Kept(NOW_MS / 1000 - 5, {}, {}),
    }
    return Inspection(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5400, "2 h"), (172_800, "2 days"), (1e12, "over 10 years")],
)
def test_spans(seconds: float, shown: str) -> None:
    assert words.span(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(999, "999 B"), (1000, "1 kB"), (1_234_000, "1.23 MB"), (2.5e12, "2.5 TB")]
)
def test_sizes(count: float, shown: str) -> None:
    assert words.size(count) == shown


def test_a_url_is_shown_without_its_login() -> None:
    assert words.without_login("http://me:secret@proxy:8080/okx?key=1") == "http://proxy:8080/okx"


def test_names_that_are_no_settings_are_remarked(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("INTERVALL=5\nPORT=5001\n")
    found = local.settings_finding(load({}, tmp_path), unknown_names(tmp_path))
    assert found.state is State.LOOK
    assert "INTERVALL" in found.advice[0]
    assert "PORT" not in found.advice[0]


def test_a_scraper_that_stores_no_bars_is_remarked(settings: Settings) -> None:
    old = inspection(newest_close_ms=NOW_MS - 3_600_000)
    found = local.database_finding(old, settings, NOW_MS, NOW_MS)
    assert found.state is State.LOOK
    assert "60 min ago" in found.advice[0]
    # Nobody runs: old bars are what one expects.
    idle = inspection(newest_close_ms=NOW_MS - 3_600_000, kept=Kept(NOW_MS / 1000 - 3600, {}, {}))
    assert local.database_finding(idle, settings, NOW_MS, NOW_MS).state is State.OK


def test_bars_are_aged_by_the_exchanges_clock(settings: Settings) -> None:
    found = local.database_finding(inspection(), settings, NOW_MS - 300_000, NOW_MS)
    assert found.facts["newest_bar_age_s"] == 60.0


@pytest.mark.parametrize(
    ("changes", "state", "said"),
    [
        ({"schema": 99}, State.FAILED, "newer futuresboard"),
        ({"schema": 0}, State.LOOK, "with the next start"),
        ({"kind": "simulated"}, State.FAILED, "simulated"),
        ({"damage": ("page 7",)}, State.FAILED, "page 7"),
        ({"damage": None}, State.OK, ""),
        ({"obstacle": "attempt to write a readonly database"}, State.FAILED, "cannot be written"),
        ({"obstacle": "database is locked"}, State.OK, ""),
    ],
)
def test_verdicts_on_a_database(
    settings: Settings, changes: dict[str, object], state: State, said: str
) -> None:
    found = local.database_finding(inspection(**changes), settings, NOW_MS, NOW_MS)
    assert found.state is state
    assert said in " ".join(found.advice)


def test_an_unreadable_database_fails(settings: Settings) -> None:
    found = local.database_finding(sqlite3.DatabaseError("broken"), settings, NOW_MS, NOW_MS)
    assert found.state is State.FAILED


def test_growth_is_bars_a_day_times_what_a_bar_takes(settings: Settings) -> None:
    settings.database_path.parent.mkdir(parents=True)
    facts = local.disk_finding(settings, inspection()).facts
    assert facts["bars_a_day"] == 100 * 288
    assert facts["row_bytes"] == 300.0
    assert facts["growth_bytes_a_day"] == 100 * 288 * 300
    # Nothing recorded yet: what the settings ask for, at an assumed size.
    facts = local.disk_finding(settings, None).facts
    assert facts["bars_a_day"] == 3 * 200 * (288 + 96)
    assert facts["row_bytes_measured"] is False


@pytest.mark.parametrize(("free", "state"), [(10**12, State.OK), (10**8, State.LOOK), (10**6, State.FAILED)])
def test_little_room_is_told_before_it_is_gone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    class Usage:
        pass

    usage = Usage()
    usage.free = free  # type: ignore[attr-defined]
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: usage)
    assert local.disk_finding(settings, inspection()).state is state


def test_the_median_of_the_exchanges_judges_the_clock() -> None:
    probes = [Probe(name, skews_ms=[skew]) for name, skew in (("a", 10.0), ("b", 30.0), ("c", 5000.0))]
    found = clock_finding(probes)
    assert found.facts["machine_behind_ms"] == 30
    assert found.state is State.LOOK
    assert "c" in found.advice[0]
    assert clock_finding([Probe("a")]).state is State.LOOK
    assert clock_finding(probes[:2]).state is State.OK


def test_long_lines_are_broken_beside_their_name() -> None:
    finding = Finding("database", State.FAILED, "word " * 60, ("detail " * 40,), ("advice " * 40,))
    shown = screen(Report("1", NOW_MS, 1.0, [finding]), colour=False, width=90)
    assert max(map(len, shown.splitlines())) <= 90
    assert "-> advice" in shown
    assert shown.endswith("1 failed, 0 to look at (1.0 s)")
