"""The laws every registered metric keeps, and control metrics that break them and must be caught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.bars import UNLISTED, Bars
from futuresboard.metrics import LOOKBACK, REGISTRY, Metric, oi_delta_pct
from random_bars import clean_bars, faulty_bars

M5, M15, H1 = 300_000, 900_000, 3_600_000
RECURSIVE = {"rsi": LOOKBACK}  # bars after which a recursive filter has forgotten its start, to 1e-9

seeds = st.integers(0, 2**32 - 1)
timeframes = st.sampled_from([M5, M15, H1])
fault_shares = st.sampled_from([0.0, 0.02, 0.3])
each_metric = pytest.mark.parametrize("entry", REGISTRY.values(), ids=REGISTRY)


def value(entry: Metric, bars: Bars) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return entry.function(bars)


def cut(bars: Bars, start: int, stop: int) -> Bars:
    """The slots [start, stop) alone, every one of them asked for."""
    columns = {name: column[:, start:stop].copy() for name, column in bars.columns.items()}
    return replace(bars, ts=bars.ts[start:stop], columns=columns, out=stop - start)


def keeps_no_look_ahead(entry: Metric, bars: Bars, stop: int) -> bool:
    """Law 1: what later bars hold changes no bit of what was said before."""
    whole = value(entry, bars)[:, :stop]
    return whole.tobytes() == value(entry, cut(bars, 0, stop)).tobytes()


def keeps_window_independence(entry: Metric, bars: Bars) -> bool:
    """Law 2: the last value from the warm-up alone is the one from full history."""
    window = max(entry.warmup_bars(bars.timeframe_ms), RECURSIVE.get(entry.name, 1))
    whole = value(entry, bars)[:, -1]
    alone = value(entry, cut(bars, max(0, len(bars.ts) - window), len(bars.ts)))[:, -1]
    if entry.name in RECURSIVE:
        return bool(np.allclose(whole, alone, rtol=1e-9, atol=1e-9, equal_nan=True))
    return whole.tobytes() == alone.tobytes()


@each_metric
class TestLaws:
    @given(
        seed=seeds, slots=st.integers(2, 320), timeframe_ms=timeframes, faults=fault_shares, data=st.data()
    )
    def test_1_no_look_ahead(self, entry, seed, slots, timeframe_ms, faults, data):
        bars = faulty_bars(np.random.default_rng(seed), 2, slots, timeframe_ms, faults)
        for _ in range(3):
            assert keeps_no_look_ahead(entry, bars, data.draw(st.integers(1, slots), label="stop"))

    @given(seed=seeds, extra=st.integers(0, 400), timeframe_ms=timeframes, faults=fault_shares)
    def test_2_window_independence(self, entry, seed, extra, timeframe_ms, faults):
        slots = max(entry.warmup_bars(timeframe_ms), RECURSIVE.get(entry.name, 1)) + extra
        rng = np.random.default_rng(seed)
        bars = clean_bars(rng, 3, slots, timeframe_ms)
        holes = rng.random((3, slots)) < faults / 40
        columns = {name: np.where(holes, np.nan, column) for name, column in bars.columns.items()}
        assert keeps_window_independence(entry, replace(bars, columns=columns))

    @given(
        seed=seeds, slots=st.integers(1, 320), timeframe_ms=timeframes, faults=fault_shares, data=st.data()
    )
    def test_2_what_is_asked_for_does_not_change_the_answer(
        self, entry, seed, slots, timeframe_ms, faults, data
    ):
        bars = faulty_bars(np.random.default_rng(seed), 2, slots, timeframe_ms, faults)
        out = data.draw(st.integers(1, slots), label="out")
        assert value(entry, replace(bars, out=out)).tobytes() == value(entry, bars)[:, -out:].tobytes()

    @given(seed=seeds, slots=st.integers(1, 320), timeframe_ms=timeframes, faults=fault_shares)
    def test_3_same_length_and_never_infinite(self, entry, seed, slots, timeframe_ms, faults):
        bars = faulty_bars(np.random.default_rng(seed), 2, slots, timeframe_ms, faults)
        answer = value(entry, bars)
        assert answer.shape == (2, slots)
        assert answer.dtype == np.float64
        assert not np.isinf(answer).any()

    @given(seed=seeds, timeframe_ms=timeframes)
    def test_4_warm_after_the_warm_up(self, entry, seed, timeframe_ms):
        warmup = entry.warmup_bars(timeframe_ms)
        bars = clean_bars(np.random.default_rng(seed), 2, warmup + 20, timeframe_ms)
        assert np.isfinite(value(entry, bars)[:, warmup - 1 :]).all()

    @given(seed=seeds, slots=st.integers(1, 320), timeframe_ms=timeframes, faults=fault_shares)
    def test_5_the_input_is_untouched(self, entry, seed, slots, timeframe_ms, faults):
        bars = faulty_bars(np.random.default_rng(seed), 2, slots, timeframe_ms, faults)
        for array in (bars.ts, bars.listed_ts, *bars.columns.values()):
            array.setflags(write=False)  # a write raises
        before = {name: column.tobytes() for name, column in bars.columns.items()}
        value(entry, bars)
        assert {name: column.tobytes() for name, column in bars.columns.items()} == before

    @given(seed=seeds, slots=st.integers(1, 320), timeframe_ms=timeframes, faults=fault_shares)
    def test_a_series_does_not_see_its_neighbours(self, entry, seed, slots, timeframe_ms, faults):
        bars = faulty_bars(np.random.default_rng(seed), 3, slots, timeframe_ms, faults)
        together = value(entry, bars)
        for i in range(3):
            columns = {name: column[i : i + 1] for name, column in bars.columns.items()}
            alone = value(entry, replace(bars, columns=columns, listed_ts=bars.listed_ts[i : i + 1]))
            assert alone.tobytes() == together[i : i + 1].tobytes()

    @given(seed=seeds, slots=st.integers(1, 320), timeframe_ms=timeframes, faults=fault_shares)
    def test_it_reads_only_the_columns_it_names(self, entry, seed, slots, timeframe_ms, faults):
        bars = faulty_bars(np.random.default_rng(seed), 2, slots, timeframe_ms, faults)
        named = replace(bars, columns={name: bars.columns[name] for name in entry.needs})
        assert value(entry, named).tobytes() == value(entry, bars).tobytes()


def leaking(bars: Bars) -> np.ndarray:
    """Tomorrow's change of open interest today."""
    changes = oi_delta_pct(bars)
    return np.concatenate([changes[:, 1:], np.full((len(changes), 1), np.nan)], axis=1)


def whole_sample_z(bars: Bars) -> np.ndarray:
    """The z-score the blueprint took: over all the array holds."""
    changes = oi_delta_pct(bars)
    with np.errstate(invalid="ignore"):
        return (changes - np.nanmean(changes, axis=1, keepdims=True)) / np.nanstd(
            changes, axis=1, keepdims=True
        )


def running_cvd(bars: Bars) -> np.ndarray:
    """CVD from wherever the window starts."""
    return np.cumsum(2 * bars.columns["taker_buy"] - bars.columns["volume"], axis=1)[:, -bars.out :]


def control(function, warmup=22, warmup_hours=0.0) -> Metric:
    """A registry entry like any other, for a function that is not in the registry."""
    some = next(iter(REGISTRY.values()))
    named = {"name": function.__name__, "function": function}
    return replace(some, **named, warmup=warmup, warmup_hours=warmup_hours)


class TestControls:
    """A law that lets these pass tests nothing."""

    def bars(self) -> Bars:
        return clean_bars(np.random.default_rng(7), 2, 400, M5)

    def test_a_look_at_the_next_bar_is_caught(self):
        assert not keeps_no_look_ahead(control(leaking), self.bars(), 200)

    def test_a_whole_sample_z_score_is_caught(self):
        assert not keeps_no_look_ahead(control(whole_sample_z), self.bars(), 200)
        assert not keeps_window_independence(control(whole_sample_z), self.bars())

    def test_a_running_sum_is_caught(self):
        entry = control(running_cvd, warmup=1, warmup_hours=24.0)
        assert not keeps_window_independence(entry, self.bars())

    def test_the_laws_pass_what_keeps_them(self):
        entry = control(oi_delta_pct, warmup=2)
        assert keeps_no_look_ahead(entry, self.bars(), 200)
        assert keeps_window_independence(entry, self.bars())


def test_a_listing_on_the_way_starts_the_day():
    bars = clean_bars(np.random.default_rng(1), 2, 12, H1)
    listed = np.array([bars.ts[4], UNLISTED])
    midday = replace(bars, ts=20_000 * 24 * H1 + (1 + np.arange(12)) * H1, listed_ts=listed)
    midday = replace(midday, listed_ts=np.array([midday.ts[4], UNLISTED]))
    known = np.isfinite(value(REGISTRY["cvd"], midday))
    assert known.tolist() == [[False] * 4 + [True] * 8, [False] * 12]
