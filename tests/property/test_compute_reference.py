"""`futuresboard compute` against the plain-loop reference, on random files with faults."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.bars import RAW_COLUMNS
from futuresboard.compute import arithmetic
from futuresboard.model import TIMEFRAME_MS, Thresholds
from futuresboard.quality import guard
from random_bars import MIDNIGHT, rows, to_arrays
from support_compute import TIERS, call, disagreements, expected, write

seeds = st.integers(0, 2**32 - 1)
timeframes = st.sampled_from(["5m", "15m", "1h"])
SPACE = ["", " ", "  "]


def time_cell(rng: np.random.Generator, ts: int) -> str:
    """One moment in one of the forms a time may have."""
    moment = datetime.fromtimestamp(ts / 1000, UTC)
    forms = [
        str(ts),
        f"{ts}.0",
        f"{moment:%Y-%m-%d %H:%M:%S}",
        f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        f"{moment:%Y-%m-%dT%H:%M}",
        f"{moment:%Y-%m-%d %H:%M:%S.000+00:00}",
        datetime.fromtimestamp((ts + 7_200_000) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S+02:00"),
    ]
    return str(rng.choice(forms))


def value_cell(rng: np.random.Generator, value: float | None) -> str:
    if value is None:
        return str(rng.choice(["", "", " ", "nan", "NaN"]))
    return f"{rng.choice(SPACE)}{float(value)!r}{rng.choice(SPACE)}"


def random_file(
    rng: np.random.Generator, series: list[dict[str, Any]], columns: list[str]
) -> tuple[list[str], list[list[str]], list[list[str]]]:
    """(header, rows as they stand in the file, rows as they must come out): shuffled, some twice."""
    header = ["note", "ts", *columns]
    header = [header[i] for i in rng.permutation(len(header))]

    def line(row: dict[str, Any], note: str) -> list[str]:
        cells = {name: value_cell(rng, row.get(name)) for name in columns}
        cells |= {"ts": time_cell(rng, row["ts"]), "note": note}
        return [cells[name] for name in header]

    notes = ["", "a", 'he said "5"', "1,5", "=1+1", "-", "две\nline"]
    final = [line(row, str(rng.choice(notes))) for row in series]
    order = rng.permutation(len(final)) if rng.random() < 0.5 else np.arange(len(final))
    lines = [(series[i], final[i]) for i in order.tolist()]
    for _ in range(int(rng.integers(0, 4))):
        # Somewhere before it a row of the same time that says something else.
        at = int(rng.integers(0, len(lines)))
        other = {name: float(rng.uniform(1, 9)) for name in columns if rng.random() < 0.8}
        twin = {"ts": lines[at][0]["ts"]} | other
        lines.insert(int(rng.integers(0, at + 1)), (twin, line(twin, "old")))
    shuffled = [cells for _, cells in lines]
    return header, shuffled, final


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


class TestRandomFiles:
    @given(
        seed=seeds,
        count=st.integers(1, 200),
        timeframe=timeframes,
        faults=st.sampled_from([0.0, 0.02, 0.1, 0.4]),
        absent=st.sets(st.sampled_from(RAW_COLUMNS), max_size=4),
    )
    def test_every_cell(self, folder, seed, count, timeframe, faults, absent):
        rng = np.random.default_rng(seed)
        series = rows(rng, count, TIMEFRAME_MS[timeframe], faults)
        given = [name for name in RAW_COLUMNS if name not in absent]
        bars = [{name: row[name] for name in ("ts", *given)} for row in series]
        header, lines, final = random_file(rng, bars, given)
        answer = call("--tf", timeframe, write(folder / "bars.csv", header, lines))
        assert answer.code == 0
        assert disagreements(answer.rows, expected(bars, timeframe), loose=1e-8) == []
        assert [[row[name] for name in header] for row in answer.rows] == final
        assert list(answer.rows[0])[: len(header)] == header

    def test_the_files_reach_every_answer(self, folder):
        """Agreement on flags that are never true would show nothing."""
        seen: dict[str, set[str]] = {name: set() for name in TIERS}
        for seed in range(20):
            series = rows(np.random.default_rng(seed), 320, TIMEFRAME_MS["1h"], 0.02)
            lines = [[row[name] for name in ("ts", *RAW_COLUMNS)] for row in series]
            answer = call("--tf", "1h", write(folder / "bars.csv", ["ts", *RAW_COLUMNS], lines))
            for row in answer.rows:
                for name in TIERS:
                    seen[name].add(row[name])
        assert seen.pop("tier_5") == {""}
        assert seen.pop("tier_6") == {"true", "false"}
        assert all(answers == {"true", "false", ""} for answers in seen.values()), seen

    def test_thresholds_are_settings(self, folder, monkeypatch):
        series = rows(np.random.default_rng(4), 300, TIMEFRAME_MS["5m"], 0.02)
        lines = [[row[name] for name in ("ts", *RAW_COLUMNS)] for row in series]
        path = write(folder / "bars.csv", ["ts", *RAW_COLUMNS], lines)
        usual = call("--tf", "5m", path)
        changed = {"z": 1.0, "ls": 0.9, "imbalance": 1.0, "oi_delta": 0.1, "funding": 0.001}
        for name, value in changed.items():
            setting = {"imbalance": "IMBALANCE", "oi_delta": "OI_DELTA"}.get(name, name.upper())
            monkeypatch.setenv(f"{setting}_THRESHOLD", str(value))
        answer = call("--tf", "5m", path)
        assert disagreements(answer.rows, expected(series, "5m", thresholds=changed), loose=1e-8) == []
        assert answer.out != usual.out

    @given(seed=seeds, faults=st.sampled_from([0.0, 0.05]))
    def test_rows_beside_the_grid_stand_alone(self, folder, seed, faults):
        """Between them a bar each: nothing lies a timeframe before any of them."""
        rng = np.random.default_rng(seed)
        step = TIMEFRAME_MS["5m"]
        series = rows(rng, 30, step, faults)
        beside = rows(rng, 30, step, faults)
        strays = [dict(row, ts=row["ts"] + 1 + int(i)) for i, row in enumerate(beside)]
        bars = sorted(series + strays, key=lambda row: row["ts"])
        header = ["ts", *RAW_COLUMNS]
        lines = [[row[name] for name in header] for row in bars]
        answer = call("--tf", "5m", write(folder / "bars.csv", header, lines))
        by_ts = {row["ts"]: row for row in expected(series, "5m")}
        by_ts |= {row["ts"]: row for stray in strays for row in expected([stray], "5m")}
        found = disagreements(answer.rows, [by_ts[row["ts"]] for row in bars], loose=1e-8)
        assert [entry for entry in found if entry[1] != "tier_6"] == []
        assert f"{len(strays)} rows are not on the 5m grid and stand alone" in answer.told


class TestSegments:
    """The rows of a file are worked off in stretches of time, which nothing may show."""

    def parts(self, series: list[dict[str, Any]], step: int) -> dict[str, bytes]:
        ts = np.array([row["ts"] for row in series], dtype=np.int64)
        clean, _, _ = guard(to_arrays(series, ts))
        parts = list(arithmetic.compute(ts, clean, step, Thresholds()))
        found = {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values}
        found |= {f"tier {t}": np.concatenate([part.flags[t] for part in parts]) for t in parts[0].flags}
        return {name: column.tobytes() for name, column in found.items() if name != "rsi"}

    @pytest.mark.parametrize("timeframe", ["5m", "15m", "1h"])
    def test_how_many_at_once_changes_no_bit(self, timeframe, monkeypatch):
        step = TIMEFRAME_MS[timeframe]
        series = rows(np.random.default_rng(8), 2600, step, 0.01)
        # Far apart: stretches of time without any bar between them.
        series += [dict(row, ts=row["ts"] + 40_000 * step) for row in series[:300]]
        usual = self.parts(series, step)
        monkeypatch.setattr(arithmetic, "_AT_ONCE", 1)
        assert self.parts(series, step) == usual
        monkeypatch.setattr(arithmetic, "_SEGMENT", 2 * arithmetic._SEGMENT)
        assert self.parts(series, step) == usual

    def test_a_price_that_stands_still_for_days(self, tmp_path):
        step = TIMEFRAME_MS["5m"]
        series = rows(np.random.default_rng(3), 900, step, 0.0, gaps=False)
        for row in series[300:]:
            row["close"] = series[299]["close"]
        lines = [[row[name] for name in ("ts", *RAW_COLUMNS)] for row in series]
        answer = call("--tf", "5m", write(tmp_path / "bars.csv", ["ts", *RAW_COLUMNS], lines))
        assert disagreements(answer.rows, expected(series, "5m"), loose=1e-8) == []
        assert answer.rows[-1]["rsi"] not in ("", "50.0")

    def test_a_long_file(self, tmp_path):
        series = rows(np.random.default_rng(9), 2000, TIMEFRAME_MS["15m"], 0.004)
        lines = [[row[name] for name in ("ts", *RAW_COLUMNS)] for row in series]
        answer = call("--tf", "15m", write(tmp_path / "bars.csv", ["ts", *RAW_COLUMNS], lines))
        assert series[0]["ts"] < MIDNIGHT
        assert disagreements(answer.rows, expected(series, "15m"), loose=1e-8) == []
