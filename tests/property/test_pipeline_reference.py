"""What the pipeline stores and starts, in any cut of time and across restarts, against the reference."""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import Store
from futuresboard.metrics import stored_names
from futuresboard.model import Market, Thresholds
from futuresboard.pipeline import Pipeline, RawBars
from random_bars import MIDNIGHT, rows

M5, M15 = 300_000, 900_000
TIMEFRAMES = {"5m": M5, "15m": M15}
REVISED = ("close", "volume", "taker_buy", "oi_contracts", "global_ls")
DELAY = 10_000  # of an answer after the close
CHECKED = (*RAW_COLUMNS, *stored_names(), "confluence")
seeds = st.integers(0, 2**32 - 1)
fault_shares = st.sampled_from([0.0, 0.02, 0.1])
few = settings(max_examples=max(8, settings.default.max_examples // 5))


def raw_bars(batch):
    """`RawBars` of (pair id, raw row) tuples."""
    columns = {
        name: np.array([math.nan if row[name] is None else row[name] for _, row in batch], dtype=np.float64)
        for name in RAW_COLUMNS
    }
    return RawBars(
        np.array([pair for pair, _ in batch], dtype=np.int64),
        np.array([row["ts"] for _, row in batch], dtype=np.int64),
        columns,
        np.zeros(len(batch), dtype=np.int64),
    )


class Recording:
    """A pipeline on a fresh database, fed with some pairs' rows in given cuts of time."""

    def __init__(self, folder: Path, series: list[list[dict]]) -> None:
        self.path = folder / "test.db"
        self.series = series
        self.stored_at: dict[tuple[int, str, int], int] = {}
        self._open()
        markets = [Market("okx", f"C{i}/USDT:USDT", f"C{i}", f"C{i}") for i in range(len(series))]
        self.ids = [pair.id for pair in self.pipeline.register(markets)]

    def _open(self):
        self.store = Store(self.path, simulated=True)
        self.pipeline = Pipeline(self.store, list(TIMEFRAMES), Thresholds())

    def restart(self):
        self.store.close()
        self._open()

    def feed(self, start: int, stop: int):
        """One step with all rows of start <= ts < stop, just after the last of them closed."""
        batch = [
            (pair, row)
            for pair, one in zip(self.ids, self.series, strict=True)
            for row in one
            if start <= row["ts"] < stop
        ]
        if not batch:
            return
        now = max(row["ts"] for _, row in batch) + M5 + DELAY
        self.pipeline.step(raw_bars(batch), now)
        self._note(now)

    def _note(self, now: int):
        for pair, timeframe, ts in self.query("SELECT s.pair_id, s.timeframe, b.ts FROM bars b"):
            self.stored_at.setdefault((pair, timeframe, ts), now)

    def late(self, pair: int, timeframe: str) -> set[int]:
        """Bars first stored more than two bars after their close."""
        step = TIMEFRAMES[timeframe]
        mine = {ts: now for (p, tf, ts), now in self.stored_at.items() if (p, tf) == (pair, timeframe)}
        return {ts for ts, now in mine.items() if now - (ts + step) > 2 * step}

    def close(self):
        self.store.close()

    def query(self, select: str, rest: str = "ORDER BY 1, 2, 3"):
        alias = select.rsplit(" ", 1)[1]
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(f"{select} JOIN series s ON s.id = {alias}.series_id {rest}").fetchall()

    def bars(self, pair: int, timeframe: str) -> list[dict]:
        names = (*CHECKED, "tiers", "known", "guarded")
        found = self.query(
            f"SELECT b.ts, {', '.join(f'b.{name}' for name in names)} FROM bars b",
            f"WHERE s.pair_id = {pair} AND s.timeframe = '{timeframe}' ORDER BY b.ts",
        )
        return [dict(zip(("ts", *names), row, strict=True)) for row in found]

    def alerts(self, pair: int, timeframe: str) -> list[tuple[int, str, int | None]]:
        found = self.query(
            "SELECT a.ts, a.kind, a.tier FROM alerts a",
            f"WHERE s.pair_id = {pair} AND s.timeframe = '{timeframe}' ORDER BY a.ts, a.kind, a.tier",
        )
        return [(ts, kind, tier or None) for ts, kind, tier in found]


def close_enough(name, got, want):
    if got is None or want is None:
        return got is want
    return math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-8 if name.startswith("z_") else 0.0)


def row_differences(got: dict, want: dict) -> list:
    found = [
        (want["ts"], name, got[name], want[name])
        for name in CHECKED
        if not close_enough(name, got[name], want[name])
    ]
    flags = {
        tier: bool(got["tiers"] >> tier & 1) if got["known"] >> tier & 1 else None for tier in want["flags"]
    }
    if flags != want["flags"]:
        found.append((want["ts"], "flags", flags, want["flags"]))
    guarded = json.loads(got["guarded"]) if got["guarded"] else {}
    if guarded.keys() != want["guarded"].keys():
        found.append((want["ts"], "guarded", guarded, want["guarded"]))
    return found


def differences(recording: Recording, timeframes, *, alerts: bool) -> list:
    """Every row, cell and alert in which the database and the reference differ."""
    found = []
    for pair, series in zip(recording.ids, recording.series, strict=True):
        for timeframe in timeframes:
            step = TIMEFRAMES[timeframe]
            raw = series if step == M5 else reference.resample(series, M5, step)
            expected = reference.derive(raw, step)
            stored = {row["ts"]: row for row in recording.bars(pair, timeframe)}
            if list(stored) != [row["ts"] for row in expected]:
                odd = set(stored) ^ {row["ts"] for row in expected}
                found.append((pair, timeframe, "only on one side", sorted(odd)))
            for row in expected:
                if row["ts"] in stored:
                    found += [(pair, timeframe, *one) for one in row_differences(stored[row["ts"]], row)]
            started = recording.alerts(pair, timeframe)
            wanted = reference.alerts(expected, step, late=recording.late(pair, timeframe))
            if alerts and started != wanted:
                found.append((pair, timeframe, "alerts", started, wanted))
    return found


def record(folder: str, seed: int, faults: float, gaps: bool) -> tuple[Recording, int, int]:
    """An empty recording of three random series, and the time they span."""
    rng = np.random.default_rng(seed)
    series = [rows(rng, 140, M5, faults, gaps=gaps) for _ in range(3)]
    stop = max(one[-1]["ts"] for one in series) + M5
    return Recording(Path(folder), series), min(one[0]["ts"] for one in series), stop


def run(seed: int, faults: float, cuts: list[int], *, gaps: bool, restarts: bool = False) -> list:
    """Feed the series forward in steps of `cuts` bars, then the rest; return the differences."""
    with tempfile.TemporaryDirectory() as folder:
        recording, at, stop = record(folder, seed, faults, gaps)
        with closing(recording):
            for cut in [*cuts, (stop - at) // M5]:
                recording.feed(at, min(stop, at + cut * M5))
                at = min(stop, at + cut * M5)
                if restarts:
                    recording.restart()
            return differences(recording, ["5m"] if gaps else list(TIMEFRAMES), alerts=True)


class TestAgainstTheReference:
    @few
    @given(seed=seeds, faults=fault_shares, first=st.integers(1, 135), gaps=st.booleans())
    def test_a_warm_start_then_one_bar_at_a_time(self, seed, faults, first, gaps):
        assert run(seed, faults, [first, *[1] * 25], gaps=gaps) == []

    @few
    @given(
        seed=seeds, faults=fault_shares, cuts=st.lists(st.integers(1, 40), max_size=12), gaps=st.booleans()
    )
    def test_any_cut_of_time_across_restarts(self, seed, faults, cuts, gaps):
        assert run(seed, faults, cuts, gaps=gaps, restarts=True) == []

    @few
    @given(seed=seeds, faults=fault_shares, cuts=st.lists(st.integers(1, 60), min_size=2, max_size=6))
    def test_pages_of_history_in_any_order(self, seed, faults, cuts):
        """Warm start runs from the newest page backwards; what is stored in the end is one thing."""
        with tempfile.TemporaryDirectory() as folder:
            recording, start, stop = record(folder, seed, faults, False)
            edges = [start, *(start + int(cut) * M5 for cut in np.cumsum(cuts)), stop]
            pages = [(a, min(b, stop)) for a, b in itertools.pairwise(edges) if a < stop]
            with closing(recording):
                recording.feed(*pages.pop())
                for i in np.random.default_rng(seed).permutation(len(pages)):
                    recording.feed(*pages[i])
                assert differences(recording, TIMEFRAMES, alerts=False) == []

    @few
    @given(seed=seeds, faults=fault_shares, data=st.data())
    def test_a_revision_reaches_every_bar_it_touches(self, seed, faults, data):
        with tempfile.TemporaryDirectory() as folder:
            recording, start, stop = record(folder, seed, faults, False)
            with closing(recording):
                final = recording.series
                for at in data.draw(st.lists(st.integers(0, 139), min_size=1, max_size=4), label="revised"):
                    wrong = [
                        row | {name: row[name] * 2 for name in REVISED if i == at and row[name] is not None}
                        for i, row in enumerate(recording.series[0])
                    ]
                    recording.series = [wrong, *final[1:]]
                recording.feed(start, stop)
                recording.series = final
                recording.feed(start, stop)
                assert differences(recording, TIMEFRAMES, alerts=False) == []


class TestWindowsWithAHole:
    """Ten windows of 15 minutes, one base bar of the sixth missing."""

    @staticmethod
    def differences(missing: int, cuts: list[int]) -> list:
        with tempfile.TemporaryDirectory() as folder:
            recording, _, _ = record(folder, 3, 0.0, False)
            with closing(recording):
                series = [row | {"ts": MIDNIGHT + i * M5} for i, row in enumerate(recording.series[0][:30])]
                recording.series = [[row for i, row in enumerate(series) if i != 15 + missing], [], []]
                at = MIDNIGHT
                for cut in cuts:
                    recording.feed(at, at + cut * M5)
                    at += cut * M5
                return differences(recording, ["15m"], alerts=True)

    @pytest.mark.parametrize("missing", [0, 1])
    def test_everything_in_it_is_unknown(self, missing):
        assert self.differences(missing, [30]) == []

    def test_all_at_once_it_is_stored_without_its_last_bar(self):
        assert self.differences(2, [30]) == []

    def test_one_bar_at_a_time_it_is_stored_without_its_last_bar(self):
        assert self.differences(2, [1] * 30) == []
