"""`python seed_metrics.py --mock 20 --tf 15m` in a folder of its own, as a newcomer types it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from futuresboard.config import FIELDS
from futuresboard.db import Store
from support_system import ROOT, SOURCE, Product, environment, free_port, reading, running

ASKED = ("--mock", "20", "--tf", "15m")


@dataclass
class Clone:
    """The few files of a fresh clone that seeding needs."""

    root: Path
    said: list[str] = field(default_factory=list)

    @property
    def demo(self) -> Path:
        return self.root / "data" / "demo.db"

    @property
    def live(self) -> Path:
        return self.root / "data" / "futuresboard.db"

    def seed(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in FIELDS}
        return subprocess.run(
            [sys.executable, str(self.root / "seed_metrics.py"), *arguments],
            env=kept | {"PYTHONPATH": str(self.root / "backend" / "src")} | settings,
            cwd=self.root.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def _rows(database: Path) -> list[tuple[object, ...]]:
    query = (
        "SELECT s.pair_id, s.timeframe, b.* FROM bars b JOIN series s ON s.id = b.series_id ORDER BY 1, 2, 3"
    )
    with reading(database) as connection:
        return connection.execute(query).fetchall()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _clone(folder: Path) -> Clone:
    clone = Clone(folder / "clone")
    shutil.copytree(
        SOURCE / "futuresboard",
        clone.root / "backend" / "src" / "futuresboard",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "seed_metrics.py", clone.root)
    return clone


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone with a live database, seeded once; what was printed is in `said`."""
    clone = _clone(tmp_path_factory.mktemp("seed"))
    Store(clone.live, simulated=False).close()
    before = _digest(clone.live)
    done = clone.seed(*ASKED)
    assert done.returncode == 0, done.stderr
    assert _digest(clone.live) == before
    clone.said.append(done.stdout)
    return clone


def test_it_says_what_it_wrote(seeded: Clone) -> None:
    assert "20 pairs" in seeded.said[0]
    assert str(len(_rows(seeded.demo))) in seeded.said[0]


def test_only_the_demo_database_is_written(seeded: Clone) -> None:
    written = {path.name.removesuffix("-wal").removesuffix("-shm") for path in seeded.live.parent.iterdir()}
    assert written == {"demo.db", "futuresboard.db"}
    with closing(sqlite3.connect(seeded.live)) as connection:
        assert connection.execute("SELECT count(*) FROM bars").fetchone() == (0,)


def test_rows_are_many_all_of_the_timeframe_and_whole(seeded: Clone) -> None:
    rows = _rows(seeded.demo)
    assert len(rows) > 581
    assert {row[1] for row in rows} == {"15m"}
    assert {row[2] % 900_000 for row in rows} == {0}  # type: ignore[operator]
    assert len({row[0] for row in rows}) == 20
    with reading(seeded.demo) as connection:
        counts = connection.execute(
            "SELECT count(close), count(volume), count(oi_contracts), count(global_ls), count(funding) "
            "FROM bars"
        ).fetchone()
    assert set(counts) == {len(rows)}


def test_a_second_run_changes_nothing(seeded: Clone) -> None:
    before, alerts = _rows(seeded.demo), _alerts(seeded.demo)
    again = seeded.seed(*ASKED)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("0 rows")
    assert _rows(seeded.demo) == before
    assert _alerts(seeded.demo) == alerts


def _alerts(database: Path) -> list[tuple[object, ...]]:
    with reading(database) as connection:
        return connection.execute("SELECT * FROM alerts ORDER BY id").fetchall()


@pytest.mark.parametrize(
    "command", [("serve", "--no-scraper"), ("serve", "--demo", "--no-scraper"), ("web",)]
)
def test_the_api_shows_the_pairs(seeded: Clone, tmp_path: Path, command: Sequence[str]) -> None:
    env = environment(tmp_path, PORT=str(free_port()), DATABASE_URL=f"sqlite:///{seeded.demo}")
    with running(command, env, tmp_path) as product:
        product.until(lambda: product.text("/health"), 20, "up")
        rows = product.rows("15m")
        assert len(rows) == 20
        assert len({exchange for exchange, _ in rows}) == 3
        assert all(row["close"] > 0 and row["rsi"] is not None for row in rows.values())
        assert product.rows("5m") == {}
        _assert_no_nan(product)
        assert product.get("/api/settings")["mode"] == "simulated"


def _assert_no_nan(product: Product) -> None:
    for path in ("/api/metrics?tf=15m&limit=1000", "/api/alerts?limit=1000", "/api/settings", "/health"):
        text = product.text(
            path.partition("?")[0], **dict(p.split("=") for p in path.partition("?")[2].split("&") if p)
        )
        assert text is not None
        assert "NaN" not in text
        assert "Infinity" not in text


def test_a_live_database_is_refused_and_left_alone(seeded: Clone) -> None:
    before = _digest(seeded.live)
    done = seeded.seed(*ASKED, "--database", f"sqlite:///{seeded.live}")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "futuresboard.db holds live data and this run would write simulated data: set another DATABASE_URL"
    )
    assert _digest(seeded.live) == before


def test_another_database_by_option_and_by_setting(tmp_path: Path) -> None:
    clone = _clone(tmp_path)
    few = ("--mock", "4", "--tf", "1h", "--bars", "30")
    chosen, option = tmp_path / "setting.db", tmp_path / "option.db"
    assert clone.seed(*few, DATABASE_URL=f"sqlite:///{chosen}").returncode == 0
    assert (
        clone.seed(*few, "--database", f"sqlite:///{option}", DATABASE_URL="sqlite:///no.db").returncode == 0
    )
    assert _rows(chosen) == _rows(option)
    assert {row[1] for row in _rows(chosen)} == {"1h"}
    assert len(_rows(chosen)) == 120
    assert not clone.demo.exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--mock", "x"], "--mock: got 'x', allowed: a whole number from 1"),
        (["--mock", "0"], "--mock: got '0', allowed: a whole number from 1"),
        (["--tf", "7m"], "--tf: invalid choice: '7m'"),
        (["--bars", "-3"], "--bars"),
        (["--colour"], "--colour"),
    ],
)
def test_wrong_arguments_exit_2_and_name_what_is_allowed(
    tmp_path: Path, arguments: list[str], named: str
) -> None:
    clone = _clone(tmp_path)
    done = clone.seed(*arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert not clone.demo.exists()


def test_help_tells_the_options(tmp_path: Path) -> None:
    done = _clone(tmp_path).seed("--help")
    assert done.returncode == 0
    for option in ("--mock", "--tf", "--database"):
        assert option in done.stdout


def test_without_an_installation_it_says_what_to_do(tmp_path: Path) -> None:
    clone = _clone(tmp_path)
    lonely = subprocess.run(
        [sys.executable, "-I", "-S", str(clone.root / "seed_metrics.py"), *ASKED],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (lonely.returncode, "make install" in lonely.stderr) == (1, True)
