"""One bar at a time == all at once == after restarts, for what the pipeline stores."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futuresboard.quality import BACKFILLED, HISTORIC
from handmade_bars import M5, M15, MIDNIGHT, bars
from random_bars import rows
from support_core import Recorder, differences, market, swinging

COUNT = 36
PAIRS = (market("BTC"), market("ETH", listed_ts=MIDNIGHT + 17 * M5), market("XRP", exchange="bybit"))
few = settings(max_examples=max(5, settings.default.max_examples // 10))
slow = settings(max_examples=max(3, settings.default.max_examples // 15))
seeds = st.integers(0, 2**32 - 1)
cuts = st.lists(st.integers(1, COUNT - 1), max_size=8, unique=True).map(sorted)


def batch_of(seed: int, faults: float) -> list[tuple[int, dict]]:
    """(pair number, row) of three series with holes, unknown cells and unfit values, by time."""
    rng = np.random.default_rng(seed)
    made = [(n, row) for n in range(len(PAIRS)) for row in rows(rng, COUNT, M5, faults)]
    return sorted(made, key=lambda entry: (entry[1]["ts"], entry[0]))


def pages_of(batch: list, edges: list[int]) -> list[list]:
    """The batch cut at bar numbers counted from its first bar."""
    first = batch[0][1]["ts"]
    bounds = [0, *edges, 10**6]
    return [
        page
        for low, high in itertools.pairwise(bounds)
        if (page := [entry for entry in batch if low <= (entry[1]["ts"] - first) // M5 < high])
    ]


def recorded(pages, *, now=None, restarts: bool = False) -> tuple[dict, list]:
    """What is stored after these steps; `now` None: each just after its newest bar closed."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), pairs=PAIRS)
        with closing(recorder):
            for page in pages:
                recorder.steps(page, now)
                if restarts:
                    recorder.restart()
            alerts = [
                (pair, timeframe, *alert)
                for pair in range(len(PAIRS))
                for timeframe in ("5m", "15m")
                for alert in recorder.alerts(timeframe, pair)
            ]
            return recorder.everything(), alerts


class TestHistory:
    """Everything long after its close: what is stored knows nothing of the way it came."""

    @few
    @given(seed=seeds, faults=st.sampled_from([0.0, 0.1]), edges=cuts, data=st.data())
    def test_pages_in_any_order_equal_one_step(self, seed, faults, edges, data):
        batch = batch_of(seed, faults)
        now = batch[-1][1]["ts"] + 100 * M5
        pages = data.draw(st.permutations(pages_of(batch, edges)))
        whole, _ = recorded([batch], now=now)
        cut, alerts = recorded(pages, now=now, restarts=data.draw(st.booleans()))
        assert differences(cut, whole) == []
        assert alerts == []

    @few
    @given(seed=seeds, data=st.data())
    def test_columns_that_come_later_complete_the_bars_unrevised(self, seed, data):
        batch = batch_of(seed, 0.05)
        now = batch[-1][1]["ts"] + 100 * M5
        late = data.draw(st.sampled_from(["global_ls", "top_ls", "funding"]))
        without = [(pair, row | {late: None}) for pair, row in batch]
        whole, _ = recorded([batch], now=now)
        pieces, _ = recorded([without, batch], now=now)
        assert differences(pieces, whole) == []


class TestLive:
    @slow
    @given(seed=seeds, faults=st.sampled_from([0.0, 0.1]), edges=cuts, restarts=st.booleans())
    def test_one_bar_at_a_time_equals_any_other_cut(self, seed, faults, edges, restarts):
        batch = batch_of(seed, faults)
        single, _ = recorded(pages_of(batch, list(range(1, 3 * COUNT))))
        cut, _ = recorded(pages_of(batch, edges), restarts=restarts)
        assert differences(unmarked(cut), unmarked(single)) == []

    @slow
    @given(seed=seeds, edges=st.sets(st.integers(1, COUNT), max_size=4))
    def test_a_restart_leaves_no_trace(self, seed, edges):
        batch = batch_of(seed, 0.05)
        pages = pages_of(batch, list(range(1, 3 * COUNT)))
        with tempfile.TemporaryDirectory() as folder:
            recorder = Recorder(Path(folder), pairs=PAIRS)
            with closing(recorder):
                for number, page in enumerate(pages):
                    recorder.steps(page)
                    if number in edges:
                        recorder.restart()
                restarted = recorder.everything(without=())
                alerts = [a for tf in ("5m", "15m") for n in range(3) for a in recorder.alerts(tf, n)]
        with tempfile.TemporaryDirectory() as folder:
            recorder = Recorder(Path(folder), pairs=PAIRS)
            with closing(recorder):
                for page in pages:
                    recorder.steps(page)
                assert differences(restarted, recorder.everything(without=())) == []
                assert alerts == [a for tf in ("5m", "15m") for n in range(3) for a in recorder.alerts(tf, n)]


def unmarked(dump: dict) -> dict:
    """Without the bits that say how long after its close a bar came: the run's own."""
    own = HISTORIC | BACKFILLED
    return {key: row | {name: row[name] & ~own for name in ("marks", "quality")} for key, row in dump.items()}


class TestLongRuns:
    def test_more_bars_than_memory_holds(self, tmp_path):
        """Bars fall out of memory and nothing in what is stored tells."""
        rng = np.random.default_rng(5)
        series = rows(rng, 1500, M5, 0.01)
        with closing(Recorder(tmp_path, history_bars=1, name="parts.db")) as parts:
            assert parts.pipeline._capacity < len(series)
            for begin in range(0, len(series), 7):
                parts.step(series[begin : begin + 7])
            cut = parts.everything()
        with closing(Recorder(tmp_path, history_bars=5000, name="whole.db")) as whole:
            whole.step(series)
            assert differences(unmarked(cut), unmarked(whole.everything())) == []

    def test_a_hole_longer_than_any_window_is_a_gap_all_the_same(self, tmp_path):
        series = swinging(460)
        del series[20:455]
        with closing(Recorder(tmp_path, name="parts.db")) as parts, closing(Recorder(tmp_path)) as whole:
            parts.one_by_one(series)
            whole.step(series)
            assert differences(unmarked(parts.everything()), unmarked(whole.everything())) == []

    def test_a_leap_beyond_all_memory_begins_anew(self, tmp_path):
        with closing(Recorder(tmp_path, history_bars=1)) as recorder:
            recorder.step(swinging(30))
            later = swinging(30, start=MIDNIGHT + 5000 * M5)
            recorder.step(later)
            stored = recorder.bars()
            assert [row["ts"] for row in stored[30:]] == [row["ts"] for row in later]
            assert stored[30]["oi_delta_pct"] is None
            assert stored[59]["z_score"] is not None


class TestBarsOlderThanMemory:
    """Backfill and late healing reach further back than the hot window, and leave no trace of it."""

    def stored(self, folder, series, order, *, restart: bool = False) -> dict:
        """What is stored after these steps of (first, stop) bar numbers, with the smallest memory."""
        with closing(Recorder(folder, history_bars=1, name=f"{len(order)}.db")) as recorder:
            assert recorder.pipeline._capacity < len(series) - 400
            for begin, stop in order:
                recorder.step(series[begin:stop], series[-1]["ts"] + 100 * M5)
                if restart:
                    recorder.restart()
            return recorder.everything()

    @pytest.mark.parametrize("restart", [False, True])
    def test_a_hole_in_the_far_past_is_healed_as_if_it_had_never_been(self, tmp_path, restart):
        series = rows(np.random.default_rng(11), 2000, M5, 0.02)
        whole = [(n, n + 50) for n in range(0, 2000, 50)]
        holed = [part for part in whole if part[0] not in (300, 350, 800)]
        late = [*holed, (340, 400), (300, 350), (800, 850)]
        want = self.stored(tmp_path, series, whole)
        got = self.stored(tmp_path, series, late, restart=restart)
        assert differences(unmarked(got), unmarked(want)) == []

    def test_a_past_that_comes_last_and_backwards(self, tmp_path):
        series = rows(np.random.default_rng(12), 2000, M5, 0.02)
        whole = [(n, n + 100) for n in range(0, 2000, 100)]
        backwards = [(1500, 2000), *((n, n + 150) for n in range(1350, -150, -150))]
        want = self.stored(tmp_path, series, whole)
        assert differences(unmarked(self.stored(tmp_path, series, backwards)), unmarked(want)) == []

    def test_what_comes_after_in_memory_knows_of_it(self, tmp_path):
        """A bar of the past is stored, then ones of today: windows of long bars hold both."""
        series = rows(np.random.default_rng(13), 1920, M5, 0.0)
        dumps = []
        for name, order in (
            ("whole", [(0, 1800), (1800, 1920)]),
            ("parts", [(900, 1800), (0, 900), (1800, 1920)]),
        ):
            with closing(
                Recorder(tmp_path, history_bars=1, name=f"{name}.db", timeframes=("5m", "4h"))
            ) as recorder:
                for begin, stop in order:
                    recorder.step(series[begin:stop], series[-1]["ts"] + 100 * M5)
                dumps.append(unmarked(recorder.everything()))
        assert differences(*dumps) == []
        last = max(key[2] for key in dumps[0] if key[1] == "4h")
        assert dumps[1][0, "4h", last]["z_score"] is not None


class TestAPriceThatStandsStill:
    def test_its_rsi_is_one_thing(self, tmp_path):
        """After 400 unchanged closes nothing of the moves before is left, however the bars came."""
        rng = np.random.default_rng(1)
        close = [*(10 * np.exp(np.cumsum(rng.normal(0, 0.01, 120)))), *[12.0] * 450]
        series = swinging(len(close), close=close, volume=[100.0 + i % 2 for i in range(len(close))])
        with closing(Recorder(tmp_path, name="parts.db")) as parts, closing(Recorder(tmp_path)) as whole:
            parts.step(series[:560])
            parts.one_by_one(series[560:])
            whole.step(series)
            assert differences(unmarked(parts.everything()), unmarked(whole.everything())) == []


class TestRevisionsAtTheEdgeOfMemory:
    def test_a_revised_bar_keeps_what_its_older_neighbours_gave_it(self, tmp_path):
        """The oldest bars in memory have lost their past; a revision must not lose their values."""
        series = swinging(1500)
        with closing(Recorder(tmp_path, history_bars=500)) as recorder:
            for begin in range(0, len(series), 100):
                recorder.step(series[begin : begin + 100])
            before = recorder.bars()
            held = int(recorder.pipeline.memory.panels["5m"].oldest)
            place = next(i for i, row in enumerate(series) if row["ts"] == held) + 5
            assert before[place]["z_score"] is not None
            revised = series[place] | {"top_ls": 1.5}
            recorder.step([revised], now=series[-1]["ts"] + M5 + 10_000)
            after = recorder.bars()
            assert [row["z_score"] for row in after] == [row["z_score"] for row in before]
            assert [row["rsi"] for row in after] == [row["rsi"] for row in before]
            assert [row["cvd"] for row in after] == [row["cvd"] for row in before]


class TestLongerTimeframes:
    def test_the_first_window_needs_all_its_bars(self, tmp_path):
        series = bars(9)
        del series[1]
        with closing(Recorder(tmp_path)) as recorder:
            recorder.step(series)
            assert [row["ts"] for row in recorder.bars("15m")] == [MIDNIGHT + M15, MIDNIGHT + 2 * M15]

    def test_it_is_stored_once_something_older_came(self, tmp_path):
        series = bars(12)
        del series[4]
        with closing(Recorder(tmp_path, name="a.db")) as parts, closing(Recorder(tmp_path)) as whole:
            now = MIDNIGHT + 100 * M5
            parts.step(series[3:], now)
            assert [row["ts"] for row in parts.bars("15m")] == [MIDNIGHT + 2 * M15, MIDNIGHT + 3 * M15]
            parts.step(series[:3], now)
            whole.step(series, now)
            assert len(parts.bars("15m")) == 4
            assert differences(parts.everything(), whole.everything()) == []

    def test_a_window_whose_last_bar_never_came_is_stored_with_the_next_bar(self, tmp_path):
        series = bars(12)
        del series[5]
        with closing(Recorder(tmp_path)) as recorder:
            recorder.one_by_one(series[:5])
            assert len(recorder.bars("15m")) == 1
            recorder.one_by_one(series[5:6])
            assert [row["ts"] for row in recorder.bars("15m")] == [MIDNIGHT, MIDNIGHT + M15]
