"""The product against the plain-loop reference, `ta` and scipy, on series that are hard on both."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, zmap
from ta.momentum import RSIIndicator

import reference
from futuresboard.bars import UNLISTED, Bars
from futuresboard.metrics import REGISTRY, get_all, quadrant
from futuresboard.model import Thresholds, Tier
from futuresboard.quality import guard
from futuresboard.signals import evaluate
from futuresboard.windows import correlation
from random_bars import MIDNIGHT, clean_bars, rows, to_arrays

M5, M15, H1 = 300_000, 900_000, 3_600_000
TIERS = {Tier.OI_SPIKE: 1, Tier.CONFLUENCE: 2, Tier.FLOW_AGREES: 3, Tier.CROWDED_UNWIND: 4}
EXACT = {"taker_sell", "imbalance"}  # one formula on one bar: no rounding to differ by

seeds = st.integers(0, 2**32 - 1)
timeframes = st.sampled_from([M5, M15, H1])
fault_shares = st.sampled_from([0.0, 0.02, 0.1, 0.4])


def product(series, timeframe_ms, listing=None, *, thresholds=None, out=None):
    """The product's answer on raw rows of one series: (slots, name -> values, tier -> flags, k, guarded)."""
    ts = np.arange(series[0]["ts"], series[-1]["ts"] + timeframe_ms, timeframe_ms, dtype=np.int64)
    clean, _bits, guarded = guard(to_arrays(series, ts))
    bars = Bars(
        timeframe_ms,
        ts,
        {name: column[None, :] for name, column in clean.items()},
        np.array([UNLISTED if listing is None else listing], dtype=np.int64),
        len(ts) if out is None else out,
    )
    values = get_all(bars)
    flags, k = evaluate(bars, values, thresholds or Thresholds())
    return (
        ts[-bars.out :].tolist(),
        {name: column[0] for name, column in values.items()},
        {TIERS[tier]: column[0] for tier, column in flags.items()},
        k[0],
        {int(ts[slot]): failed for slot, failed in guarded.items()},
    )


def same(name, got, expected):
    """Whether two values agree: both unknown, or equal within what the arithmetic of `name` allows."""
    if expected is None:
        return math.isnan(got)
    if name in EXACT:
        return got == expected
    # sd may be as small as 1e-6 of the mean, whose own rounding then shows at 1e-9 of it
    loose = {"z_raw": 1e-8, "z_score": 1e-8, "oi_price_corr": 1e-9}.get(name, 0.0)
    return math.isclose(got, expected, rel_tol=1e-9, abs_tol=loose)


def disagreements(series, timeframe_ms, listing=None, **options):
    """Every cell in which the product and the reference differ: (bar, name, product, reference)."""
    slots, values, flags, k, guarded = product(series, timeframe_ms, listing, **options)
    expected = {row["ts"]: row for row in reference.derive(series, timeframe_ms, listing_ts=listing)}
    found = []
    for i, ts in enumerate(slots):
        row = expected.get(ts)
        if row is None:
            continue
        compared = [(name, column[i], row[name]) for name, column in values.items()]
        compared.append(("confluence_k", k[i], row["confluence_k"]))
        compared += [(f"tier {tier}", column[i], row["flags"][tier]) for tier, column in flags.items()]
        found += [(ts, name, got, want) for name, got, want in compared if not same(name, got, want)]
        raw_guarded = {name: cell for name, cell in row["guarded"].items() if name in reference.RAW}
        if guarded.get(ts, {}) != raw_guarded:
            found.append((ts, "guarded", guarded.get(ts), raw_guarded))
    return found


class TestAgainstTheReference:
    @given(seed=seeds, count=st.integers(1, 320), timeframe_ms=timeframes, faults=fault_shares)
    def test_every_metric_flag_and_guard(self, seed, count, timeframe_ms, faults):
        series = rows(np.random.default_rng(seed), count, timeframe_ms, faults)
        assert disagreements(series, timeframe_ms) == []

    @given(seed=seeds, timeframe_ms=timeframes, faults=st.sampled_from([0.0, 0.002]))
    def test_the_newest_bar_of_a_long_history(self, seed, timeframe_ms, faults):
        rng = np.random.default_rng(seed)
        bars = clean_bars(rng, 1, 600, timeframe_ms)
        series = [
            {"ts": int(ts)} | {name: float(column[0, i]) for name, column in bars.columns.items()}
            for i, ts in enumerate(bars.ts)
            if rng.random() >= faults
        ]
        assert disagreements(series, timeframe_ms, out=1) == []

    @given(seed=seeds, count=st.integers(1, 60), faults=fault_shares)
    def test_the_day_of_a_listing(self, seed, count, faults):
        series = rows(np.random.default_rng(seed), count, H1, faults)
        assert disagreements(series, H1, series[0]["ts"]) == []

    @pytest.mark.parametrize("timeframe_ms", [M5, M15, 2 * M15, H1])
    def test_every_timeframe(self, timeframe_ms):
        for seed in range(3):
            assert (
                disagreements(rows(np.random.default_rng(seed), 150, timeframe_ms, 0.02), timeframe_ms) == []
            )

    @given(seed=seeds, z=st.floats(0, 4), ls=st.floats(0.3, 3), lean=st.floats(0, 20), oi=st.floats(0, 5))
    def test_thresholds_are_settings(self, seed, z, ls, lean, oi):
        series = rows(np.random.default_rng(seed), 60, M5, 0.02)
        _, _, flags, k, _ = product(
            series,
            M5,
            thresholds=Thresholds(z=z, ls=ls, imbalance_pct=lean, oi_delta_pct=oi, funding_pct=0.02),
        )
        limits = {"z": z, "ls": ls, "imbalance": lean, "oi_delta": oi, "funding": 0.02}
        expected = {row["ts"]: row for row in reference.derive(series, M5, thresholds=limits)}
        for i, ts in enumerate(range(series[0]["ts"], series[-1]["ts"] + M5, M5)):
            if ts in expected:
                assert same("k", k[i], expected[ts]["confluence_k"])
                assert all(same("flag", flags[tier][i], want) for tier, want in expected[ts]["flags"].items())

    @pytest.mark.parametrize(
        "close",
        [
            [5.0] * 130,
            [5.0 + i for i in range(130)],
            [500.0 - i for i in range(130)],
            [5.0, 6.0] + [6.0] * 128,
        ],
        ids=["flat", "climb", "fall", "one change"],
    )
    def test_the_edges_of_rsi(self, close):
        series = [{"ts": MIDNIGHT + i * M5, "close": price} for i, price in enumerate(close)]
        assert reference.derive(series, M5)[-1]["rsi"] is not None
        assert disagreements(series, M5) == []

    def test_no_direction_agrees_with_nothing(self):
        series = [
            {"ts": MIDNIGHT + i * M5, "close": 5.0, "volume": 2.0, "taker_buy": 1.0, "oi_contracts": oi}
            for i, oi in enumerate([100.0] * 12 + [102.0])
        ]
        assert reference.derive(series, M5)[-1]["flags"][3] is False
        assert disagreements(series, M5) == []

    def test_exactly_at_a_threshold_is_not_above(self):
        oi = [100.0, 101.0] * 10 + [100.0, 105.0]
        series = [
            {
                "ts": MIDNIGHT + i * M5,
                "oi_contracts": level,
                "global_ls": 2.0,
                "volume": 100.0,
                "taker_buy": 51.5,
            }
            for i, level in enumerate(oi)
        ]
        _, values, _, _, _ = product(series, M5)
        at = Thresholds(z=float(values["z_score"][-1]))
        _, _, flags, k, _ = product(series, M5, thresholds=at)
        assert (flags[1][-1], k[-1]) == (0.0, 0.0)
        below = Thresholds(
            z=math.nextafter(at.z, 0), ls=math.nextafter(2, 0), imbalance_pct=math.nextafter(3, 0)
        )
        _, _, flags, k, _ = product(series, M5, thresholds=below)
        assert (flags[1][-1], k[-1]) == (1.0, 3.0)

    @pytest.mark.parametrize("mean", [0.0, 1.0, -1.0])
    @pytest.mark.parametrize("unit", [0.0, 0.4e-9, 0.6e-9, 0.4e-6, 0.6e-6, 1e-3])
    def test_spreads_beside_those_too_small_for_a_z(self, mean, unit):
        """Changes of mean ± sd 2 x unit, in %: below and above 1e-9 and 1e-6 of the mean."""
        swings = (0.0, 3.0, -3.0, *[2.0, -2.0] * 7, 1.0, -1.0, 0.0, 0.0, 1.0)
        oi = np.cumprod([1e6, *(1 + (mean + unit * swing) / 100 for swing in swings)])
        series = [{"ts": MIDNIGHT + i * M5, "oi_contracts": float(level)} for i, level in enumerate(oi)]
        assert disagreements(series, M5) == []
        known = reference.derive(series, M5)[-1]["z_raw"] is not None
        assert known == (2 * unit > max(1e-9, 1e-6 * abs(mean)))

    @pytest.mark.parametrize("buy", [101.0, 100.0 * (1 + 1e-6)])
    def test_more_bought_than_traded_is_no_split(self, buy):
        series = [{"ts": MIDNIGHT, "volume": 100.0, "taker_buy": buy}]
        _, values, _, _, guarded = product(series, M5)
        (row,) = reference.derive(series, M5)
        for name in ("taker_sell", "imbalance", "cvd"):
            assert row[name] is None
            assert math.isnan(values[name][0])
        assert guarded[MIDNIGHT]
        assert row["guarded"]

    def test_an_unfit_volume_says_nothing_of_taker_buy(self):
        assert disagreements([{"ts": MIDNIGHT, "volume": -1.0, "taker_buy": 0.0}], M5) == []

    @pytest.mark.parametrize("interval", [0.0, -8.0])
    def test_an_interval_must_be_positive(self, interval):
        assert disagreements([{"ts": MIDNIGHT, "funding_interval_h": interval}], M5) == []

    def test_a_change_over_less_than_a_bar_is_unknown(self):
        assert disagreements([{"ts": MIDNIGHT, "oi_contracts": 5.0}], 4 * H1) == []

    def test_the_quadrant(self):
        sides = (None, -2.5, -0.0, 0.0, 1e-12, 3.0)
        for price in sides:
            for oi in sides:
                assert quadrant(price, oi) == reference.quadrant(price, oi)

    def test_the_registry_is_what_the_reference_knows(self):
        (row,) = reference.derive([{"ts": MIDNIGHT}], M5)
        assert set(REGISTRY) <= set(row)

    def test_the_series_reach_every_answer(self):
        """Agreement on flags that are never true would show nothing."""
        seen = {tier: set() for tier in (1, 2, 3, 4)}
        counts, known = set(), set()
        for seed in range(60):
            for row in reference.derive(rows(np.random.default_rng(seed), 320, H1, 0.02), H1):
                counts.add(row["confluence_k"])
                known |= {name for name in REGISTRY if row[name] is not None}
                for tier, flag in row["flags"].items():
                    seen[tier].add(flag)
        assert all(answers == {True, False, None} for answers in seen.values()), seen
        assert counts == {None, 0, 1, 2, 3}
        assert known == set(REGISTRY)


class TestCorrelation:
    @given(
        seed=seeds,
        slots=st.sampled_from([6, 24, 48, 96, 288]),
        extra=st.integers(0, 5),
        faults=st.sampled_from([0.0, 0.05, 0.1, 0.2]),
        drift=st.sampled_from([0.0, 1.0, -30.0, 1e3, 1e5, 1e8]),
        tie=st.sampled_from([-1.0, 0.0, 0.7, 1.0]),
    )
    def test_any_drift_and_any_hole(self, seed, slots, extra, faults, drift, tie):
        rng = np.random.default_rng(seed)
        x, noise = rng.standard_t(3, (2, slots + extra)) * 10.0 ** rng.integers(-9, 3)
        y = tie * x + (1 - tie * tie) * noise + drift * np.abs(x).mean()
        x, y = (np.where(rng.random(len(x)) < faults, np.nan, side) for side in (x, y))
        with np.errstate(invalid="ignore"):
            got = correlation(x, y, slots)
        pairs = [tuple(None if math.isnan(v) else v for v in pair) for pair in zip(x, y, strict=True)]
        assert len(got) == extra + 1
        assert not (np.abs(got) > 1.0).any()
        for i in range(extra + 1):
            expected = reference.correlation(pairs[i : i + slots])
            assert math.isnan(got[i]) if expected is None else abs(got[i] - expected) <= 1e-9

    def test_nine_in_ten_are_enough(self):
        x, y = np.random.default_rng(1).normal(size=(2, 96))
        for unknown, answered in ((9, True), (10, False)):
            few = np.where(np.arange(96) < unknown, np.nan, x)
            with np.errstate(invalid="ignore"):
                assert np.isfinite(correlation(few, y, 96)[0]) == answered

    def test_what_rises_by_the_same_share_each_bar_is_constant(self):
        steady = 7.0 * 1.01 ** np.arange(25)
        bars = clean_bars(np.random.default_rng(2), 1, 25, H1)
        for column in ("close", "oi_contracts"):
            held = Bars(H1, bars.ts, {**bars.columns, column: steady[None, :]}, bars.listed_ts, 1)
            with np.errstate(invalid="ignore"):
                assert np.isnan(REGISTRY["oi_price_corr"].function(held)[0, 0])


class TestAgainstLibraries:
    @given(seed=seeds, timeframe_ms=timeframes)
    def test_correlation_is_that_of_scipy(self, seed, timeframe_ms):
        slots = 24 * H1 // timeframe_ms
        bars = clean_bars(np.random.default_rng(seed), 2, slots + 4, timeframe_ms)
        got = REGISTRY["oi_price_corr"].function(bars)
        for i in range(2):
            x, y = (np.diff(np.log(bars.columns[name][i])) for name in ("oi_contracts", "close"))
            for t in range(slots, slots + 4):
                expected = pearsonr(x[t - slots : t], y[t - slots : t]).statistic
                assert math.isclose(got[i, t], expected, rel_tol=0, abs_tol=1e-9)

    @given(seed=seeds, scale=st.sampled_from([1e-8, 1.0, 1e6]))
    def test_rsi_is_that_of_ta_from_bar_400_on(self, seed, scale):
        rng = np.random.default_rng(seed)
        close = scale * np.exp(np.cumsum(rng.standard_t(4, (2, 600)) * 0.003, axis=1))
        bars = clean_bars(rng, 2, 600, M5)
        got = REGISTRY["rsi"].function(Bars(M5, bars.ts, {"close": close}, bars.listed_ts, 200))
        for i in range(2):
            expected = RSIIndicator(pd.Series(close[i]), window=14).rsi().to_numpy()[400:]
            np.testing.assert_allclose(got[i], expected, rtol=0, atol=1e-9)

    @given(seed=seeds)
    def test_z_is_that_of_scipy_on_the_twenty_bars_before(self, seed):
        bars = clean_bars(np.random.default_rng(seed), 2, 60, M5)
        got = REGISTRY["z_raw"].function(bars)
        for i in range(2):
            oi = bars.columns["oi_contracts"][i]
            changes = np.diff(oi) / oi[:-1] * 100
            for t in range(21, 60):
                # changes[t - 1] is the change at bar t
                expected = zmap(changes[t - 1], changes[t - 21 : t - 1], ddof=1)
                assert math.isclose(got[i, t], expected.item(), rel_tol=1e-9, abs_tol=1e-9)
