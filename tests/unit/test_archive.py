"""The archive's files: written whole, read back, never changed in place."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import numpy as np
import pytest

from futuresboard.archive import (
    ARCHIVE_COLUMNS,
    NONE,
    Archive,
    ArchivedMode,
    ArchivedPair,
    ArchiveWriter,
    digest,
    month_of,
    month_span,
    months_between,
    writing,
)
from futuresboard.errors import FileError, StoreError
from support_archive import JANUARY, STEP, fingerprint, make_block

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def write(folder: Path, **blocks: object) -> None:
    """Merge blocks of the symbols BTC and ETH into January."""
    names = {"btc": BTC, "eth": ETH}
    with ArchiveWriter(folder, "live") as writer:
        writer.merge("okx", "5m", "2026-01", [(names[name], blocks[name]) for name in sorted(blocks)])  # type: ignore[misc]


def test_months_are_those_of_utc():
    assert month_of(JANUARY) == "2026-01"
    assert month_of(JANUARY - 1) == "2025-12"
    assert month_span("2025-12")[1] == month_span("2026-01")[0] == JANUARY
    assert months_between(JANUARY - 1, JANUARY + 40 * 86_400_000) == ["2025-12", "2026-01", "2026-02"]


def test_what_is_written_is_read(tmp_path):
    block = make_block(range(50), unknown=["funding"], marks=512)
    write(tmp_path, btc=block, eth=make_block([3, 4], value=7.0))
    archive = Archive(tmp_path)
    assert archive.exchanges() == ["okx"]
    assert archive.timeframes("okx") == ["5m"]
    assert archive.months("okx", "5m") == ["2026-01"]
    assert archive.spans("okx", "5m") == {
        BTC: (JANUARY, JANUARY + 49 * STEP),
        ETH: (JANUARY + 3 * STEP, JANUARY + 4 * STEP),
    }
    manifest = archive.manifest("okx", "5m", "2026-01")
    assert manifest is not None
    assert (manifest.rows, manifest.bars) == (52, 52)
    assert archive.verify("okx", "5m", "2026-01") is None
    assert digest(archive.series("okx", "5m", "2026-01", [BTC])[BTC]) == digest(block)


def test_duckdb_reads_the_files_by_symbol_and_time(tmp_path):
    write(tmp_path, btc=make_block(range(50), unknown=["funding"]), eth=make_block([3, 4], value=7.0))
    [path] = Archive(tmp_path).files("okx", "5m", JANUARY, JANUARY)
    query = "SELECT * FROM read_parquet(?) WHERE symbol = ? AND ts >= ? ORDER BY ts"
    found = duckdb.execute(query, [str(path), ETH, JANUARY + 4 * STEP])
    assert tuple(column[0] for column in found.description) == ARCHIVE_COLUMNS
    [row] = found.fetchall()
    assert row[:3] == (ETH, JANUARY + 4 * STEP, 9.0)
    assert row[-1] is None
    query = "SELECT count(*), count(funding) FROM read_parquet(?) WHERE symbol = ?"
    assert duckdb.execute(query, [str(path), BTC]).fetchall() == [(50, 0)]


def test_files_are_chosen_by_time(tmp_path):
    with ArchiveWriter(tmp_path, "live") as writer:
        for month in ("2026-01", "2026-02"):
            block = make_block(range(3), start=month_span(month)[0])
            writer.merge("okx", "5m", month, [(BTC, block)])
    archive, february = Archive(tmp_path), month_span("2026-02")[0]
    assert [path.name[:7] for path in archive.files("okx", "5m")] == ["2026-01", "2026-02"]
    assert [path.name[:7] for path in archive.files("okx", "5m", february)] == ["2026-02"]
    assert [path.name[:7] for path in archive.files("okx", "5m", None, february - 1)] == ["2026-01"]


def test_each_series_is_a_row_group_of_its_own(tmp_path):
    write(tmp_path, btc=make_block(range(50)), eth=make_block(range(20)))
    [path] = Archive(tmp_path).files("okx", "5m")
    groups = duckdb.execute(
        "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(?) ORDER BY 1", [str(path)]
    )
    assert groups.fetchall() == [(0, 50), (1, 20)]


def test_the_same_again_changes_nothing(tmp_path):
    write(tmp_path, btc=make_block(range(50)))
    before = fingerprint(tmp_path)
    write(tmp_path, btc=make_block(range(50)))
    assert fingerprint(tmp_path) == before


def test_a_later_version_is_merged_and_the_file_replaced(tmp_path):
    write(tmp_path, btc=make_block(range(4), seqs=5), eth=make_block(range(3)))
    [old] = Archive(tmp_path).files("okx", "5m")
    write(tmp_path, btc=make_block([2, 9], seqs=8, value=200.0))
    [new] = Archive(tmp_path).files("okx", "5m")
    # Whoever has the old one open reads on, until the next time something is archived.
    assert old.exists()
    assert old != new
    block = Archive(tmp_path).series("okx", "5m", "2026-01", [BTC])[BTC]
    assert ((block.ts - JANUARY) // STEP).tolist() == [0, 1, 2, 2, 3, 9]
    assert block.raw_seq.tolist() == [5, 5, 5, 8, 5, 8]
    assert block.until_seq.tolist() == [NONE, NONE, 8, NONE, NONE, NONE]
    ArchiveWriter(tmp_path, "live").close()
    assert not old.exists()
    assert new.exists()


def test_pairs_and_modes_are_kept(tmp_path):
    pair = ArchivedPair("okx", BTC, "BTC", 1.0, None)
    mode = ArchivedMode(3, {"z": 2.5}, None)
    with ArchiveWriter(tmp_path, "live", "one") as writer:
        writer.announce([pair], modes=[mode], seq=9)
        writer.announce([ArchivedPair("okx", ETH, "ETH", 1.0, 5)])
    archive = Archive(tmp_path)
    assert [one.symbol for one in archive.pairs()] == [BTC, ETH]
    assert archive.modes() == [mode]
    state = archive.state()
    assert state is not None
    assert (state.kind, state.database, state.seq) == ("live", "one", 9)


def test_an_archive_is_of_one_kind_one_database_and_one_writer(tmp_path):
    with ArchiveWriter(tmp_path, "live", "one") as writer:
        writer.announce([])
        with pytest.raises(StoreError, match="another process"):
            ArchiveWriter(tmp_path, "live", "one")
    with pytest.raises(StoreError, match="holds live data and this run would write simulated"):
        ArchiveWriter(tmp_path, "simulated")
    with pytest.raises(StoreError, match="another database"):
        ArchiveWriter(tmp_path, "live", "two")
    ArchiveWriter(tmp_path, "live").close()


def test_a_file_that_reads_back_differently_is_not_published(tmp_path, monkeypatch):
    write(tmp_path, btc=make_block(range(4)))
    before = fingerprint(tmp_path)
    real = writing.blocks_of

    def corrupt(file, wanted=None):
        for symbol, block in real(file, wanted):
            block.raw[0, 0] += 1.0 if len(block) > 4 else 0.0
            yield symbol, block

    monkeypatch.setattr(writing, "blocks_of", corrupt)
    with pytest.raises(FileError, match="read back"):
        write(tmp_path, btc=make_block(range(9)))
    assert fingerprint(tmp_path) == before


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", range(12))
def test_a_kill_at_any_step_loses_nothing(tmp_path, monkeypatch, step):
    write(tmp_path, btc=make_block(range(4)))
    calls = 0

    def fatal(real):
        def call(*given, **more):
            nonlocal calls
            calls += 1
            if calls > step:
                raise Killed
            return real(*given, **more)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fatal(os.fsync))
        patched.setattr(Path, "replace", fatal(Path.replace))
        patched.setattr(Path, "unlink", fatal(Path.unlink))
        try:
            write(tmp_path, btc=make_block(range(2, 9), seqs=4))
            assert step >= 7
        except Killed:
            pass
    found = Archive(tmp_path).series("okx", "5m", "2026-01", [BTC])[BTC]
    assert len(found) in (4, 9 + 2)
    assert Archive(tmp_path).verify("okx", "5m", "2026-01") is None
    write(tmp_path, btc=make_block(range(2, 9), seqs=4))
    found = Archive(tmp_path).series("okx", "5m", "2026-01", [BTC])[BTC]
    assert len(found) == 11
    ArchiveWriter(tmp_path, "live").close()
    assert len(list((tmp_path / "okx" / "5m").iterdir())) == 2


def test_a_full_disk_changes_nothing_and_says_so(tmp_path, monkeypatch):
    write(tmp_path, btc=make_block(range(4)))
    before = fingerprint(tmp_path)

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left on device"):
        write(tmp_path, btc=make_block(range(9)))
    assert fingerprint(tmp_path) == before


def test_a_damaged_file_is_found(tmp_path):
    write(tmp_path, btc=make_block(range(4)))
    [path] = Archive(tmp_path).files("okx", "5m")
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    assert "sha256" in (Archive(tmp_path).verify("okx", "5m", "2026-01") or "")


def test_values_keep_their_bits(tmp_path):
    block = make_block(range(3))
    block.raw[0] = [0.1 + 0.2, 1e-300, 123456789.123456789]
    write(tmp_path, btc=block)
    found = Archive(tmp_path).series("okx", "5m", "2026-01", [BTC])[BTC]
    assert np.array_equal(found.raw, block.raw)
