"""Files that `futuresboard compute` takes, refuses and writes."""

from __future__ import annotations

import gzip
import math
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.compute.writing import COMPUTED, texts
from random_bars import MIDNIGHT
from support_compute import call

M5 = 300_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in.csv"


def refusal(path: Path, content: str | bytes, tf: str = "5m") -> str:
    """The one line with which a file is refused, less its path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    answer = call("--tf", tf, path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.told.count("\n") == 1
    assert answer.told.startswith(str(path))
    return answer.told.removeprefix(str(path)).strip().removeprefix(",").strip()


class TestRefused:
    def test_a_cell_that_is_no_number(self, path):
        content = "ts,close,volume\n0,1.5,2\n300000,1.6,many\n600000,x,3\n"
        assert refusal(path, content) == (
            "line 4, column close: got 'x', allowed: a number, or an empty cell"
        )

    @pytest.mark.parametrize("cell", ["1,5", "1_0", "0x10", "--1", "1e", "5 000", "null", "٣"])
    def test_what_is_no_number(self, path, cell):
        assert f"line 2, column oi_contracts: got {cell!r}" in refusal(path, f'ts,oi_contracts\n0,"{cell}"\n')

    @pytest.mark.parametrize(
        "cell",
        ["", "soon", "now", "today", "1.5", "-300000", "1/2/2024", "2024-13-01", "2023-02-29", "NaT",
         "2024-01-01T00:00:00.0001", "17000000000000", "1e12", "2024-01-01T25:00"],
    )  # fmt: skip
    def test_what_is_no_time(self, path, cell):
        content = f"close,ts\n1,0\n2,{cell}\n"
        allowed = "milliseconds UTC, or an ISO 8601 time (UTC where it names no offset)"
        assert refusal(path, content) == f"line 3, column ts: got {cell!r}, allowed: {allowed}"

    def test_lines_are_counted_as_an_editor_counts_them(self, path):
        assert refusal(path, "ts,close\n\n0,1\n\n\n300000,?\n").startswith("line 6, column close: got '?'")

    def test_a_line_of_another_length(self, path):
        content = "ts,close\n0,1\n300000,2,3\n"
        assert refusal(path, content) == "line 3: got 3 cells, allowed: 2, as in the first line"

    def test_no_time_at_all(self, path):
        assert refusal(path, "time,close\n0,1\n") == ": got no column ts among time, close, allowed: one"

    def test_a_column_twice(self, path):
        assert refusal(path, "ts,close, close\n0,1,2\n") == ": got 2 columns close, allowed: one"

    @pytest.mark.parametrize("content", [b"", b"ts,close\n0,\xff\n", b"PAR1 no parquet"])
    def test_what_is_no_such_file(self, path, content):
        assert refusal(path, content)

    def test_a_file_that_is_not_there(self, tmp_path):
        answer = call("--tf", "5m", tmp_path / "nothing.csv")
        assert (answer.code, answer.out) == (1, "")
        assert answer.told == f"{tmp_path / 'nothing.csv'}: No such file or directory\n"

    def test_a_place_that_is_not_there(self, path, tmp_path):
        path.write_text("ts\n0\n")
        answer = call("--tf", "5m", path, "--out", tmp_path / "no" / "out.csv")
        assert answer.code == 1
        assert answer.told == f"{tmp_path / 'no' / 'out.csv'}: No such file or directory\n"

    @pytest.mark.parametrize("arguments", [[], ["--tf", "7m", "x.csv"], ["x.csv"], ["--tf", "5m"]])
    def test_usage(self, arguments):
        with pytest.raises(SystemExit) as ended:
            call(*arguments)
        assert ended.value.code == 2


class TestTaken:
    def rows(self, path: Path, content: str, tf: str = "5m") -> list[dict[str, str]]:
        path.write_text(content, encoding="utf-8")
        answer = call("--tf", tf, path)
        assert answer.code == 0, answer.told
        return answer.rows

    def test_a_file_without_rows(self, path):
        assert self.rows(path, "ts,close\n") == []
        answer = call("--tf", "5m", path)
        assert answer.out == f"ts,close,{','.join(COMPUTED)}\n"
        assert "0 rows" in answer.told

    def test_times_alone(self, path):
        (row,) = self.rows(path, "ts\n0\n")
        assert row.pop("ts") == "0"
        assert row.pop("tier_6") == "false"
        assert set(row.values()) == {""}

    def test_of_equal_times_the_last(self, path):
        rows = self.rows(path, f"ts,close\n{M5},9\n0,1\n{M5},2\n1970-01-01T00:05Z,3\n")
        assert [(row["ts"], row["close"]) for row in rows] == [("0", "1"), ("1970-01-01T00:05Z", "3")]

    def test_unfit_input_is_shown_and_unknown(self, path):
        cells = ["0", "-1", "nan", "inf", "0.0"]
        content = "ts,oi_contracts\n" + "".join(
            f"{2 * i * M5},100\n{(2 * i + 1) * M5},{cell}\n" for i, cell in enumerate(cells)
        )
        rows = self.rows(path, content)
        assert [row["oi_contracts"] for row in rows[1::2]] == cells
        assert {row["oi_delta_pct"] for row in rows} == {""}

    def test_a_day_that_does_not_begin_at_midnight(self, path):
        lines = [f"{MIDNIGHT + i * 3_600_000},10,6" for i in range(22, 27)]
        rows = self.rows(path, "ts,volume,taker_buy\n" + "\n".join(lines) + "\n", "1h")
        assert [row["cvd"] for row in rows] == ["", "", "2.0", "4.0", "6.0"]

    def test_funding_without_its_interval_is_unknown(self, path):
        bars = "".join(f"{i * M5},{100 - i},0.001\n" for i in range(13))
        assert self.rows(path, "ts,oi_contracts,funding\n" + bars)[-1]["tier_4"] == ""
        with_interval = bars.replace("\n", ",8\n")
        rows = self.rows(path, "ts,oi_contracts,funding,funding_interval_h\n" + with_interval)
        assert rows[-1]["tier_4"] == "true"

    def test_columns_of_computed_names_are_computed_anew(self, path):
        path.write_text("rsi,ts,tier_1,close\n12,0,true,5\n")
        answer = call("--tf", "5m", path)
        assert answer.out.splitlines()[0] == f"ts,close,{','.join(COMPUTED)}"
        assert answer.rows[0]["rsi"] == answer.rows[0]["tier_1"] == ""
        assert "computed anew: rsi, tier_1" in answer.told

    def test_a_mark_before_the_first_line_and_other_ends_of_lines(self, path):
        path.write_bytes("\ufeffts,close\r\n0,1.50\r\n".encode())
        (row,) = call("--tf", "5m", path).rows
        assert (row["ts"], row["close"]) == ("0", "1.50")

    def test_gzip(self, tmp_path):
        path = tmp_path / "in.csv.gz"
        path.write_bytes(gzip.compress(b"ts,close\n0,1.50\n"))
        assert call("--tf", "5m", path).rows[0]["close"] == "1.50"


class TestTold:
    def test_one_line(self, path):
        lines = ["ts,close,oi_contracts,funding"]
        for i in [*range(10), *range(13, 20)]:
            lines.append(f"{i * M5},{'' if 3 <= i < 8 else 5},0,{'0.2' if i else ''}")
        path.write_text("\n".join(lines) + "\n0,,,\n")
        assert call("--tf", "5m", path).told == (
            f"{path}: 17 rows; 1 rows replaced by a later one of the same ts; 1 gap, 3 bars missing; "
            "close: 64.7 % known, longest stretch without 5 bars from 1970-01-01T00:15Z; "
            "oi_contracts: no data, 16 unfit; funding: no data, 16 unfit; "
            "absent: open, high, low, volume, quote_volume, taker_buy, oi_abs_usd, global_ls, top_ls, "
            "funding_interval_h; alerts: tier 1 no data, tier 2 no data, tier 3 no data, tier 4 no data\n"
        )


class TestParquet:
    def bars(self, count: int = 400) -> pd.DataFrame:
        rng = np.random.default_rng(1)
        price = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, count)))
        return pd.DataFrame(
            {
                "ts": MIDNIGHT + np.arange(count) * M5,
                "note": "x",
                "close": price,
                "volume": rng.integers(50, 90, count),
                "taker_buy": 30.0,
                "oi_contracts": np.where(rng.random(count) < 0.02, np.nan, 1e5 * price),
                "global_ls": 2.5,
            }
        )

    def test_csv_and_parquet_say_the_same(self, tmp_path):
        bars = self.bars()
        bars.to_csv(tmp_path / "in.csv", index=False)
        bars.to_parquet(tmp_path / "in.parquet", index=False)
        from_csv, from_parquet = (call("--tf", "5m", tmp_path / f"in.{kind}") for kind in ("csv", "parquet"))
        assert from_parquet.out == from_csv.out
        assert from_parquet.told == from_csv.told.replace(".csv", ".parquet")

    @pytest.mark.parametrize("kind", ["csv", "parquet"])
    def test_written_as_parquet(self, tmp_path, kind):
        bars = self.bars()
        bars.to_csv(tmp_path / "in.csv", index=False)
        bars.to_parquet(tmp_path / "in.parquet", index=False)
        out = tmp_path / "out.parquet"
        answer = call("--tf", "5m", tmp_path / f"in.{kind}", "--out", out)
        assert (answer.code, answer.out) == (0, "")
        printed = call("--tf", "5m", tmp_path / "in.csv").rows
        table = pd.read_parquet(out)
        assert list(table.columns) == list(printed[0])
        assert table["ts"].tolist() == bars["ts"].tolist()
        for name in ("close", "oi_contracts", "z_score", "oi_price_corr", "weighted_oi"):
            assert table[name].dtype == np.float64
            cells = [row[name] for row in printed]
            assert ["" if math.isnan(value) else repr(value) for value in table[name].tolist()] == cells
        for name in ("tier_1", "tier_2", "tier_5", "confluence_k", "oi_price_quadrant"):
            cells = [
                "" if pd.isna(value) else str(value).lower().removesuffix(".0")
                for value in table[name].tolist()
            ]
            assert cells == [row[name] for row in printed]

    def test_every_type_a_time_may_have(self, tmp_path):
        bars = self.bars(3)
        moments = pd.to_datetime(bars["ts"], unit="ms")
        forms = {
            "integers": bars["ts"],
            "floats": bars["ts"].astype(float),
            "text": moments.dt.strftime("%Y-%m-%d %H:%M"),
            "naive": moments,
            "elsewhere": moments.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
            "nanoseconds": moments.astype("datetime64[ns]"),
            "words": moments.dt.strftime("%Y-%m-%dT%H:%MZ").astype("category"),
        }
        answers = set()
        for form, ts in forms.items():
            bars.assign(ts=ts).to_parquet(tmp_path / f"{form}.parquet", index=False)
            answer = call("--tf", "5m", tmp_path / f"{form}.parquet")
            assert answer.code == 0, answer.told
            answers.add(tuple(row["taker_sell"] + row["oi_delta_pct"] for row in answer.rows))
        assert len(answers) == 1

    @pytest.mark.parametrize(
        ("column", "values", "said"),
        [
            ("close", [True, False], "column close: got bool, allowed: numbers"),
            ("close", ["1", "one"], "row 2, column close: got 'one', allowed: a number, or an empty cell"),
            ("ts", [0, None], "row 2, column ts: got None, allowed: milliseconds UTC"),
            ("ts", [0.0, 0.5], "row 2, column ts: got 0.5, allowed: milliseconds UTC"),
            ("ts", [True, False], "column ts: got bool, allowed: milliseconds UTC"),
        ],
    )
    def test_refused(self, tmp_path, column, values, said):
        path = tmp_path / "in.parquet"
        table = pd.DataFrame({"ts": [0, M5], "close": [1.0, 2.0]})
        table[column] = pd.Series(values, dtype="Int64" if None in values else None)
        table.to_parquet(path, index=False)
        answer = call("--tf", "5m", path)
        assert answer.code == 1
        assert answer.told.startswith(f"{path}, {said}")


class TestOut:
    def test_a_csv_file(self, path, tmp_path):
        path.write_text("ts,close\n0,1\n")
        printed = call("--tf", "5m", path)
        written = call("--tf", "5m", path, "--out", tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_text() == printed.out
        assert written.told == printed.told

    def test_over_its_own_input(self, path):
        path.write_text("ts,close\n0,1\n")
        printed = call("--tf", "5m", path)
        assert call("--tf", "5m", path, "--out", path).code == 0
        assert path.read_text() == printed.out

    def test_nothing_is_left_of_a_failure(self, path, tmp_path):
        path.write_text("ts,close\n0,1\n")
        (tmp_path / "out.csv").mkdir()
        assert call("--tf", "5m", path, "--out", tmp_path / "out.csv").code == 1
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in.csv", "out.csv"]

    def test_a_reader_that_has_seen_enough(self, path):
        path.write_text("ts,close\n" + "".join(f"{i * M5},1\n" for i in range(30_000)))
        command = [sys.executable, "-m", "futuresboard", "compute", "--tf", "5m", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait() == 1


class TestTexts:
    @given(st.lists(st.floats(allow_nan=True, allow_infinity=True)))
    def test_floats_are_as_repr_has_them(self, values):
        assert texts(np.array(values, dtype=np.float64)) == ["" if math.isnan(v) else repr(v) for v in values]

    @given(st.integers(0, 2**32 - 1))
    def test_any_bits(self, seed):
        bits = np.random.default_rng(seed).integers(0, 2**64, 200, dtype=np.uint64)
        values = [struct.unpack("d", struct.pack("Q", int(b)))[0] for b in bits]
        values += [10.0**e * f for e in range(-8, 20) for f in (1.0, 1.5, 9.999999999999999)]
        assert texts(np.array(values)) == ["" if math.isnan(v) else repr(v) for v in values]
