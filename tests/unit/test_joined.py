"""Parquet files joined once: what is kept, when it is made anew, and what is left when it cannot be made."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from futuresboard import joined as module
from futuresboard.errors import FileError
from futuresboard.joined import Column, Joining, joined


def write(path: Path, **columns: list[object]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def joining(tmp_path: Path) -> Joining:
    """Two symbols in two files whose rows are not in order; open interest and a symbol nobody asks for."""
    (tmp_path / "cache").mkdir()
    one = write(tmp_path / "b1.parquet", symbol=["B", "A"], ts=[10, 10], close=[2.0, 1.0])
    two = write(tmp_path / "b2.parquet", symbol=["A", "B"], ts=[20, 20], close=[1.5, 2.5])
    oi = write(
        tmp_path / "oi.parquet", symbol=["A", "A", "B", "C"], ts=[9, 20, 1, 5], oi=[100.0, 200.0, 300.0, 4.0]
    )
    return Joining([one, two], ("close",), {"oi_contracts": Column([oi], "oi", 5)})


def cells(values: np.ndarray) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def made(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.is_dir())


def test_the_wide_table(joining: Joining, tmp_path: Path):
    found = joined(joining, tmp_path / "cache")
    assert list(found.symbols) == ["A", "B"]
    assert found.offsets.tolist() == [0, 2, 4]
    assert found.ts.tolist() == [10, 20, 10, 20]
    assert cells(found.columns["close"]) == [1.0, 1.5, 2.0, 2.5]
    assert cells(found.columns["oi_contracts"]) == [100.0, 200.0, None, None]
    assert isinstance(found.columns["oi_contracts"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found.columns["close"][0] = 5.0


def test_a_second_time_nothing_is_read(joining: Joining, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = joined(joining, tmp_path / "cache")
    monkeypatch.setattr(module.pq, "ParquetFile", None)
    again = joined(joining, tmp_path / "cache")
    assert {name: cells(column) for name, column in again.columns.items()} == {
        name: cells(column) for name, column in first.columns.items()
    }


def test_a_changed_file_is_joined_anew_and_the_old_table_goes(joining: Joining, tmp_path: Path):
    joined(joining, tmp_path / "cache")
    before = made(tmp_path / "cache")
    write(tmp_path / "oi.parquet", symbol=["B"], ts=[8], oi=[7.0])
    assert cells(joined(joining, tmp_path / "cache").columns["oi_contracts"]) == [None, None, 7.0, None]
    assert len(made(tmp_path / "cache")) == len(before) == 1
    assert made(tmp_path / "cache") != before


def test_a_file_written_again_with_the_same_content_is_the_same(joining: Joining, tmp_path: Path):
    joined(joining, tmp_path / "cache")
    before = made(tmp_path / "cache")
    path = tmp_path / "oi.parquet"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    joined(joining, tmp_path / "cache")
    assert made(tmp_path / "cache") == before


def test_another_age_is_another_table(joining: Joining, tmp_path: Path):
    joined(joining, tmp_path / "cache")
    before = made(tmp_path / "cache")
    older = Joining(joining.bars, joining.keep, {"oi_contracts": Column([tmp_path / "oi.parquet"], "oi", 9)})
    assert cells(joined(older, tmp_path / "cache").columns["oi_contracts"]) == [100.0, 200.0, 300.0, None]
    assert made(tmp_path / "cache") != before


def test_what_cannot_be_read_is_said_and_nothing_is_left(joining: Joining, tmp_path: Path):
    (tmp_path / "oi.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(FileError, match=r"oi\.parquet is no Parquet file"):
        joined(joining, tmp_path / "cache")
    assert made(tmp_path / "cache") == []
    write(tmp_path / "oi.parquet", symbol=["B"], ts=[8], other=[7.0])
    with pytest.raises(FileError, match="has no column oi: symbol, ts, oi are needed"):
        joined(joining, tmp_path / "cache")
    (tmp_path / "oi.parquet").unlink()
    with pytest.raises(FileError, match=r"oi\.parquet: No such file"):
        joined(joining, tmp_path / "cache")


def test_a_full_disk_leaves_nothing(joining: Joining, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    saved = module.np.save

    def full(path: Path, values: np.ndarray) -> None:
        if "oi_contracts" in path.name:
            raise OSError(28, "No space left on device")
        saved(path, values)

    monkeypatch.setattr(module.np, "save", full)
    with pytest.raises(FileError, match="No space left"):
        joined(joining, tmp_path / "cache")
    assert made(tmp_path / "cache") == []
