"""What `futuresboard import` refuses: clearly, and with nothing lost and nothing half-imported."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from futuresboard.errors import FileError, StoreError
from futuresboard.importing import IntoArchive, Options, find, import_files, parse_columns, sources, targets
from support_archive import fingerprint
from support_core import make_settings
from support_imports import (
    DAY,
    JANUARY,
    KLINES,
    M5,
    METRICS,
    kline_rows,
    metric_rows,
    put,
    take,
    text_of,
)

GOOD = "BTCUSDT-5m-2026-01-01.zip"
NEXT = "BTCUSDT-5m-2026-01-02.zip"


@pytest.fixture
def folder(tmp_path):
    """An archive that holds something already."""
    take(tmp_path, put(tmp_path / "before" / GOOD, text_of(KLINES, kline_rows(JANUARY, 288))))
    return tmp_path


def refused(folder: Path, *paths: Path, **options: object) -> str:
    """The error of an import beside a good file, which is not imported either."""
    good = put(folder / "good" / "ETHUSDT-5m-2026-01-01.zip", text_of(KLINES, kline_rows(JANUARY, 288)))
    before = fingerprint(folder / "archive")
    with pytest.raises(FileError) as caught:
        take(folder, good, *paths, **options)
    assert fingerprint(folder / "archive") == before
    return str(caught.value)


def klines(folder: Path, change: Callable[[list[list[str]]], object], name: str = NEXT) -> Path:
    rows = kline_rows(JANUARY + DAY, 288)
    change(rows)
    return put(folder / "in" / name, text_of(KLINES, rows))


def cell(row: int, column: int, text: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        rows[row][column] = text

    return change


def test_a_truncated_zip(folder):
    path = put(folder / "in" / NEXT, text_of(KLINES, kline_rows(JANUARY + DAY, 288)))
    path.write_bytes(path.read_bytes()[:2000])
    assert "damaged or not complete" in refused(folder, path)


def test_a_truncated_gzip(folder):
    path = folder / "in" / "BTCUSDT-5m-2026-01-02.csv.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(text_of(KLINES, kline_rows(JANUARY + DAY, 288)))[:-20])
    assert "damaged or not complete" in refused(folder, path)


def test_a_zip_with_a_flipped_bit(folder):
    path = put(folder / "in" / NEXT, text_of(KLINES, kline_rows(JANUARY + DAY, 288)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert "damaged or not complete" in refused(folder, path)


def test_a_checksum_that_does_not_fit(folder):
    path = put(folder / "in" / NEXT, text_of(KLINES, kline_rows(JANUARY + DAY, 288)), checksum=True)
    path.with_name(path.name + ".CHECKSUM").write_text(f"{'0' * 64}  {path.name}\n")
    assert "SHA-256" in refused(folder, path)


def test_an_encrypted_zip(folder):
    path = put(folder / "in" / NEXT, text_of(KLINES, kline_rows(JANUARY + DAY, 288)))
    data = bytearray(path.read_bytes())
    # The flag of encryption, in the local header and in the directory.
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(mark) + at
        struct.pack_into("<H", data, place, struct.unpack_from("<H", data, place)[0] | 1)
    path.write_bytes(data)
    assert "encrypted" in refused(folder, path)


def test_a_zip_in_a_zip_and_a_zip_of_many(folder):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("a.csv", "ts\n1\n")
    nested = put(folder / "in" / "nested.zip", inner.getvalue())
    assert "holds another packed file" in refused(folder, nested)
    many = folder / "in" / "many.zip"
    with zipfile.ZipFile(many, "w") as packed:
        packed.writestr("a.csv", "ts\n1\n")
        packed.writestr("b.csv", "ts\n1\n")
    assert "holds 2 files" in refused(folder, many)


@pytest.mark.parametrize("ending", ["zip", "csv.gz"])
def test_what_unpacks_without_end(folder, monkeypatch, ending):
    monkeypatch.setattr(sources, "MOST_BYTES", 1 << 21)
    data = b"0" * (1 << 22)
    path = folder / "in" / f"bomb.{ending}"
    put(path, gzip.compress(data) if ending == "csv.gz" else data)
    assert path.stat().st_size < 1 << 14
    assert "unpacks to more than 2 MB" in refused(folder, path)


def test_a_folder_without_files_and_a_file_that_is_not_there(folder):
    (folder / "empty").mkdir()
    with pytest.raises(FileError, match="a folder without a file to import"):
        find([folder / "empty"])
    with pytest.raises(FileError, match="No such file"):
        find([folder / "nothing.zip"])


def test_an_empty_file(folder):
    assert "is empty" in refused(folder, put(folder / "in" / "BTCUSDT-5m-2026-01-02.csv", b" \n"))


def test_columns_that_are_not_those_of_the_name(folder):
    path = put(folder / "in" / "BTCUSDT-metrics-2026-01-02.zip", text_of(KLINES, kline_rows(JANUARY, 9)))
    assert "its name says metrics, its columns are those of bars" in refused(folder, path)


def test_a_file_of_a_kind_that_is_not_read(folder):
    path = put(folder / "in" / "BTCUSDT-aggTrades-2026-01-02.zip", b"1,2,3\n")
    assert "got aggTrades, allowed: klines of 5m" in refused(folder, path)


def test_a_pair_that_is_no_perpetual(folder):
    path = put(folder / "in" / "BTCUSDT_260626-5m-2026-01-02.zip", text_of(KLINES, kline_rows(JANUARY, 9)))
    assert "allowed: USDT-margined perpetuals" in refused(folder, path)


def test_a_header_nobody_knows(folder):
    path = put(folder / "in" / "BTCUSDT_okx.csv", b"when,what\n1,2\n")
    assert "got no column of times among when, what" in refused(folder, path)
    path = put(folder / "in" / "BTCUSDT_okx.csv", b"time,what\n1767225600,2\n")
    assert "got columns time, what, allowed: open, high" in refused(folder, path)
    assert "got no column 'When' (for ts) among time, what" in refused(folder, path, columns={"ts": "When"})


def test_a_table_without_a_header_that_is_not_binances(folder):
    path = put(folder / "in" / "BTCUSDT_okx.csv", b"1767225600000,2,3\n")
    assert "got 3 columns without a header" in refused(folder, path)


def test_a_line_that_is_too_short(folder):
    data = text_of(KLINES, kline_rows(JANUARY + DAY, 3)).replace(b",7,6.25,625.0,0\n", b"\n", 1)
    assert "line 2: got 8 cells, allowed: 12" in refused(folder, put(folder / "in" / NEXT, data))


def test_text_where_a_number_belongs(folder):
    told = refused(folder, klines(folder, cell(4, 4, "n/a")))
    assert f"{NEXT}, line 6, column close: got 'n/a', allowed: a number, or an empty cell" in told


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (str((JANUARY + DAY + 4 * M5) * 1000), "milliseconds, as in the first line"),
        (str((JANUARY + DAY) // 1000 + 1200), "milliseconds, as in the first line"),
        ("2026-01-02 00:20:00", "times of one form"),
        ("yesterday", "ISO 8601"),
        ("12", "seconds, milliseconds or microseconds"),
    ],
)
def test_stamps_of_mixed_units(folder, text, allowed):
    told = refused(folder, klines(folder, cell(4, 0, text)))
    assert f"line 6, column open_time: got '{text}'" in told
    assert allowed in told


def test_times_with_and_without_an_offset(folder):
    rows = [f"2026-01-02T00:{i * 5:02d}:00{'+02:00' if i == 3 else ''},1,1,1,1,1" for i in range(6)]
    path = put(
        folder / "in" / "okx_BTCUSDT.csv", "\n".join(["date,open,high,low,close,volume", *rows]).encode()
    )
    told = refused(folder, path)
    assert "line 5, column date" in told
    assert "an offset in every time of a file, or in none" in told


def test_bars_off_their_grid(folder):
    told = refused(folder, klines(folder, cell(4, 0, str(JANUARY + DAY + 4 * M5 + 1000))))
    assert "line 6: got a bar at" in told
    assert "whole multiples of 5m" in told


def test_two_values_for_one_bar_in_two_files(folder):
    one = klines(folder, lambda rows: None)
    other = klines(folder, cell(4, 4, "77.5"), "BTCUSDT-5m-2026-01.zip")
    told = refused(folder, one, other)
    assert "column close: two values for the time" in told
    assert f"{NEXT}, line 6" in told
    assert "77.5 in" in told


def test_two_values_for_one_bar_in_one_file(folder):
    def change(rows: list[list[str]]) -> None:
        rows.append([*rows[3][:4], "66.5", *rows[3][5:]])

    told = refused(folder, klines(folder, change))
    assert "66.5 in" in told
    assert "line 5, and" in told
    assert "line 290" in told


def test_another_value_than_the_archive_holds(folder):
    rows = kline_rows(JANUARY, 288)
    rows[10][4] = "55.5"
    told = refused(folder, put(folder / "in" / GOOD, text_of(KLINES, rows)))
    assert "column close of the bar at" in told
    assert "the file says 55.5 (1 bars differ)" in told
    assert "--prefer new or --prefer old" in told


def test_open_interest_in_mixed_units(folder):
    candles = put(folder / "in" / NEXT, text_of(KLINES, kline_rows(JANUARY + DAY, 288)))
    rows = metric_rows(JANUARY + DAY, 288)
    for row in rows[100:]:
        row[2] = row[3]
    told = refused(
        folder, candles, put(folder / "in" / "BTCUSDT-metrics-2026-01-02.zip", text_of(METRICS, rows))
    )
    assert "oi_abs_usd / oi_contracts is 1 and the price" in told
    own = [f"{JANUARY + i * M5},{5000 if i < 9 else 5000_000_000}" for i in range(20)]
    path = put(folder / "in" / "okx_BTCUSDT.csv", "\n".join(["ts,oi_contracts", *own]).encode())
    assert "oi_contracts leaps from 5000 to 5e+09" in refused(folder, path)


def test_an_exchange_nobody_knows(folder):
    path = put(folder / "in" / "a.csv", f"venue,coin,ts,close\nkraken,BTC,{JANUARY},1\n".encode())
    assert "line 2, column venue: got 'kraken', allowed: binanceusdm, bybit, okx" in refused(folder, path)


def test_no_exchange_and_no_symbol(folder):
    path = put(folder / "in" / "a.csv", f"ts,close\n{JANUARY},1\n".encode())
    assert "says no exchange" in refused(folder, path)
    assert "says no symbol" in refused(folder, path, exchanges=("okx",))


def test_rows_of_no_timeframe(folder):
    rows = "\n".join(f"{JANUARY + i * 86_400_000},1" for i in range(5))
    path = put(folder / "in" / "okx_BTCUSDT.csv", f"ts,close\n{rows}".encode())
    assert "got rows 1440 minutes apart, allowed: 5m, 15m, 30m, 1h, 4h" in refused(folder, path)


@pytest.mark.parametrize("text", ["ts", "when=x", "ts=", "ts=a,ts=b"])
def test_columns_that_cannot_be_read(text):
    with pytest.raises(ValueError, match="allowed: once each"):
        parse_columns(text)


@pytest.mark.parametrize("after", range(6))
def test_a_full_disk_in_the_middle(folder, monkeypatch, after):
    two = text_of(KLINES, kline_rows(JANUARY + 30 * DAY, 2 * 288))
    path = put(folder / "in" / "BTCUSDT-5m-2026-01.zip", two)
    before = fingerprint(folder / "archive")
    calls, real = 0, os.fsync

    def full(number: int) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(28, "No space left on device")
        real(number)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(FileError, match="No space left on device"):
            take(folder, path)
    assert fingerprint(folder / "archive") == before
    # Once there is room the same command ends as if nothing had been.
    report = take(folder, path)
    assert report.same + report.added == 2 * 288
    assert take(folder, path).written == 0


def test_while_another_process_writes(folder):
    settings = make_settings(folder, ARCHIVE_DIR="archive")
    target = IntoArchive(settings)
    try:
        with pytest.raises(StoreError, match="another process writes into the archive"):
            IntoArchive(settings)
    finally:
        target.close()


def test_a_refused_value_leaves_the_database_as_it_was(folder):
    settings = make_settings(folder, ARCHIVE_DIR="archive")

    def into(*paths: Path) -> None:
        target = targets.IntoDatabase(settings)
        try:
            import_files(find(paths), Options(), target)
        finally:
            target.close()

    into(put(folder / "in" / GOOD, text_of(KLINES, kline_rows(JANUARY, 288))))
    rows = kline_rows(JANUARY, 400)
    rows[10][4] = "55.5"
    before = (folder / "test.db").read_bytes()
    with pytest.raises(FileError, match=r"the file says 55\.5"):
        into(put(folder / "in" / "BTCUSDT-5m-2026-01.zip", text_of(KLINES, rows)))
    assert (folder / "test.db").read_bytes() == before
