"""`futuresboard import` and `export` as their user calls them, and bars that go around in a circle."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pyarrow import parquet

from futuresboard import cli
from futuresboard.archive import Archive
from futuresboard.bars import RAW_COLUMNS
from futuresboard.config import FIELDS
from futuresboard.retention import due
from futuresboard.rolling import Roller, roll
from support_archive import fingerprint
from support_core import Recorder, market, spiked
from support_imports import BTC, JANUARY, KLINES, M5, kline_rows, put, text_of

FEBRUARY = 1_769_904_000_000
DAY = 86_400_000


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run a command in a folder of its own; returns (exit code, printed, told)."""
    monkeypatch.setattr(cli, "project_root", lambda: tmp_path)
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARCHIVE_DIR", "archive")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///test.db")

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def klines(tmp_path):
    return put(tmp_path / "in" / "BTCUSDT-5m-2026-01-01.zip", text_of(KLINES, kline_rows(JANUARY, 288)))


@pytest.fixture
def both(tmp_path):
    """Bars of one pair over the end of January: January's in the archive, February's in the database."""
    with closing(Recorder(tmp_path, pairs=[market(), market("ETH")])) as recorder:
        rows = spiked(120, [40, 110])
        shifted = [row | {"ts": FEBRUARY - 60 * M5 + i * M5} for i, row in enumerate(rows)]
        recorder.steps([(pair, row) for row in shifted for pair in (0, 1)])
        with recorder.store.transaction() as db:
            db.execute("DELETE FROM changed_days")
        everything = recorder.bars()
        roller = Roller(recorder.path, tmp_path / "archive", "simulated")
        months = due(recorder.path, FEBRUARY + 99 * DAY, 90)
        roll(roller, recorder.store, months, told=lambda done, total: None)
    return everything


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_import_says_what_it_did(call, klines):
    code, said, _ = call("import", klines)
    assert code == 0
    assert said == (
        "1 files, 1 series: 288 bars added, 0 completed, 0 replaced, 0 as they were; "
        "1 months of the archive changed\n"
    )
    code, said, _ = call("import", klines)
    assert code == 0
    assert "0 bars added, 0 completed, 0 replaced, 288 as they were" in said
    assert "nothing new: everything was there already" in said


def test_a_refusal_is_one_line_and_exit_code_1(call, klines, tmp_path):
    klines.write_bytes(klines.read_bytes()[:99])
    code, said, told = call("import", klines)
    assert (code, said) == (1, "")
    assert told.count("\n") == 1
    assert "BTCUSDT-5m-2026-01-01.zip: damaged or not complete" in told
    assert not list((tmp_path / "archive").rglob("*.parquet"))


@pytest.mark.parametrize(
    "words",
    [("--columns", "x"), ("--symbol", "BTCUSD_PERP"), ("--exchange", "mtgox"), ("--archive", "--database")],
)
def test_wrong_usage_is_exit_code_2(call, klines, words):
    with pytest.raises(SystemExit) as left:
        call("import", *words, klines)
    assert left.value.code == 2


def test_an_import_into_the_database(call, klines, tmp_path):
    code, said, _ = call("import", "--database", "--json", klines)
    assert code == 0
    assert '"added": 288' in said
    with closing(sqlite3.connect(tmp_path / "test.db")) as db:
        assert db.execute("SELECT count(*) FROM bars").fetchone() == (288 + 96,)
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_what_was_exported_is_imported_again(call, klines, tmp_path, monkeypatch, ending):
    call("import", klines)
    out = tmp_path / f"bars.{ending}"
    code, _, told = call("export", "--out", out)
    assert code == 0
    assert "288 bars" in told
    monkeypatch.setenv("ARCHIVE_DIR", "again")
    assert call("import", out)[0] == 0
    one, other = (
        Archive(tmp_path / name).series("binanceusdm", "5m", "2026-01", [BTC])[BTC]
        for name in ("archive", "again")
    )
    assert one.raw.tobytes() == other.raw.tobytes()
    assert one.ts.tobytes() == other.ts.tobytes()


def test_archive_and_database_are_one_table(call, both):
    code, said, _ = call("export", "--symbols", "BTC", "--demo")
    found = rows_of(said)
    assert code == 0
    assert [int(row["ts"]) for row in found] == [row["ts"] for row in both]
    for row, stored in zip(found, both, strict=True):
        assert (row["exchange"], row["symbol"]) == ("okx", BTC)
        for name in RAW_COLUMNS:
            assert row[name] == ("" if stored[name] is None else repr(stored[name]))


def test_a_bar_that_is_in_both_is_written_once_and_as_the_database_has_it(call, both, tmp_path):
    with closing(sqlite3.connect(tmp_path / "test.db")) as db, db:
        for ts in (FEBRUARY, FEBRUARY + M5):
            db.execute("UPDATE bars SET close = 5, top_ls = NULL WHERE ts = ? AND series_id = 1", (ts,))
    rows = "".join(f"{FEBRUARY + i * M5},{i},3.5\n" for i in range(2))
    path = put(tmp_path / "in" / "okx_BTCUSDT.csv", f"ts,close,top_ls\n{rows}".encode())
    assert call("import", "--demo", path)[0] == 0
    _, said, _ = call("export", "--symbols", "BTC", "--demo")
    found = rows_of(said)
    assert [int(row["ts"]) for row in found] == [row["ts"] for row in both]
    same = {int(row["ts"]): (row["close"], row["top_ls"]) for row in found}
    assert same[FEBRUARY] == same[FEBRUARY + M5] == ("5.0", "3.5")


def test_columns_that_were_computed_are_told_where_they_are_kept(call, both, tmp_path):
    _, said, _ = call("export", "--symbols", BTC, "--columns", "all", "--demo")
    for row, stored in zip(rows_of(said), both, strict=True):
        kept = stored["ts"] >= FEBRUARY
        assert row["z_score"] == (repr(stored["z_score"]) if kept and stored["z_score"] is not None else "")
        assert bool(row["source"]) == kept
    out = tmp_path / "all.parquet"
    call("export", "--symbols", BTC, "--columns", "all", "--out", out, "--demo")
    table = parquet.read_table(out).to_pylist()
    assert [row["z_score"] for row in table][60:] == [row["z_score"] for row in both][60:]


def test_a_stretch_of_some_series(call, both):
    since, until = FEBRUARY - 3 * M5, FEBRUARY
    words = ("--exchange", "okx", "--symbols", "ETH", "--since", since, "--until", until, "--demo")
    _, said, _ = call("export", *words)
    assert [(row["symbol"], int(row["ts"])) for row in rows_of(said)] == [
        ("ETH/USDT:USDT", FEBRUARY + i * M5) for i in (-3, -2, -1, 0)
    ]
    code, _, told = call("export", "--symbols", "DOGE", "--demo")
    assert code == 1
    assert "there are no bars of 5m" in told


def test_an_export_that_fails_leaves_the_file_that_was_there(call, klines, tmp_path, monkeypatch):
    call("import", klines)
    out = tmp_path / "bars.csv"
    out.write_text("mine")

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, told = call("export", "--out", out)
    assert code == 1
    assert "No space left on device" in told
    assert out.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.glob("bars*")) == ["bars.csv"]


def test_files_that_cannot_be_exported_to(call, klines, tmp_path):
    call("import", klines)
    assert "allowed: .parquet, .csv, .csv.gz" in call("export", "--out", tmp_path / "bars.xlsx")[2]
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in call("export", "--out", tmp_path / "folder.csv")[2]


def test_two_exports_are_the_same_bytes(call, klines, tmp_path):
    call("import", klines)
    for name in ("one", "other"):
        call("export", "--out", tmp_path / f"{name}.csv.gz")
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "other.csv.gz").read_bytes()
    assert len(rows_of(gzip.decompress((tmp_path / "one.csv.gz").read_bytes()).decode())) == 288


def test_old_months_move_by_hand(call, klines, tmp_path, monkeypatch):
    old = put(
        tmp_path / "in" / "BTCUSDT-5m-2025-01.zip", text_of(KLINES, kline_rows(JANUARY - 365 * DAY, 300))
    )
    call("import", "--database", old, klines)
    code, said, _ = call("export", "--archive")
    assert code == 0
    assert "2025-01 is archived; the database keeps it until" in said
    with closing(sqlite3.connect(tmp_path / "test.db")) as db, db:
        db.execute("DELETE FROM changed_days")
    before = fingerprint(tmp_path / "archive")
    code, said, _ = call("export", "--archive")
    assert "2025-01 moved to the archive: 400 bars" in said
    after = fingerprint(tmp_path / "archive")
    assert all(after[name] == before[name] for name in before if "2025-01" in name)
    monkeypatch.setenv("RETENTION_DAYS", "0")
    assert "the database keeps all its bars" in call("export", "--archive")[1]


def test_the_page_of_commands_knows_them(capsys):
    for command in ("import", "export"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        assert "--tf" in capsys.readouterr().out


def test_a_folder_is_imported(call, klines, tmp_path):
    assert call("import", Path(klines).parent)[0] == 0
    assert Archive(tmp_path / "archive").months("binanceusdm", "5m") == ["2026-01"]
