"""Calibrated thresholds, p-values and discoveries: laws, and what they promise on changes without events."""

from __future__ import annotations

import dataclasses

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from futuresboard import calibrating
from futuresboard.calibrate import (
    Calibration,
    discoveries,
    null_p,
    within_budget,
)
from futuresboard.calibrating import MIN_VALUES, PAST_DAYS, Past, fit, learns_from
from futuresboard.lifecycle import replay
from futuresboard.model import MS_PER_DAY, Tier
from futuresboard.validation import nulls

DAY = nulls.START + 3 * MS_PER_DAY
COOLDOWN = 12
P = st.floats(0.0, 1.0) | st.just(np.nan)


def literal(z: np.ndarray, threshold: float = 2.5) -> np.ndarray:
    return np.where(np.isfinite(z), (z > threshold).astype(float), np.nan)


def past_of(z: np.ndarray, *, start: int = nulls.START, **more: object) -> Past:
    ts = start + nulls.M5 * np.arange(z.shape[1], dtype=np.int64)
    found = Past("5m", np.arange(len(z)), ts, {"z_raw": z}, {Tier.OI_SPIKE: literal(z)})
    return dataclasses.replace(found, **more)


def null_z(law: str, pairs: int = 60, days: float = 4.0, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return nulls.z_of(nulls.bars_of(nulls.changes(rng, law, (pairs, int(days * 288)))))


@pytest.fixture(scope="module")
def gaussian() -> np.ndarray:
    return null_z("Gaussian")


@pytest.fixture(scope="module")
def calibration(gaussian: np.ndarray) -> Calibration:
    return fit([past_of(gaussian)], day=DAY, budget=20.0, cooldown=COOLDOWN)


class TestDiscoveries:
    @given(arrays(np.float64, st.integers(0, 30), elements=P), st.sampled_from([0.01, 0.05, 0.5]))
    def test_one_batch_is_benjamini_and_hochberg(self, p, rate):
        known = p[np.isfinite(p)]
        expected = np.zeros(len(p), dtype=bool)
        if len(known):
            expected[np.isfinite(p)] = stats.false_discovery_control(known) <= rate * (1 + 1e-12)
        assert discoveries(p, 0, len(known), rate * (1 + 1e-12)).tolist() == expected.tolist()

    @given(
        st.lists(arrays(np.float64, 6, elements=st.floats(0.0, 0.2)), min_size=1, max_size=6),
        st.integers(0, 40),
    )
    def test_over_a_day_each_meets_the_condition_of_the_whole_and_none_is_taken_back(self, batches, untested):
        tests = sum(map(len, batches)) + untested
        found, declared = 0, []
        for p in batches:
            chosen = discoveries(p, found, tests, 0.1)
            found += int(chosen.sum())
            declared += p[chosen].tolist()
        # Self-consistent: what the procedure declared satisfies the step-up's condition for its number.
        assert all(p <= 0.1 * found / tests * (1 + 1e-12) for p in declared)
        whole = np.concatenate(batches)
        adjusted = stats.false_discovery_control(np.concatenate([whole, np.ones(untested)]))[: len(whole)]
        assert found <= (adjusted <= 0.1 * (1 + 1e-9)).sum()

    @given(arrays(np.float64, 12, elements=st.floats(0.0, 1.0)), st.integers(0, 11), st.integers(0, 5))
    def test_a_smaller_p_value_never_makes_fewer(self, p, at, found):
        smaller = p.copy()
        smaller[at] /= 2.0
        assert discoveries(smaller, found, 20, 0.2).sum() >= discoveries(p, found, 20, 0.2).sum()

    def test_without_a_family_there_is_none(self):
        assert not discoveries(np.zeros(3), 0, 0).any()


@given(arrays(np.float64, st.integers(0, 20), elements=P), st.integers(-2, 25))
def test_a_budget_holds_the_smallest_p_values(p, room):
    chosen = within_budget(p, room)
    assert chosen.sum() == min(len(p), max(0, room))
    left, kept = p[~chosen], p[chosen]
    if np.isfinite(left).any() and len(kept):
        assert np.nanmax(kept, initial=0.0) <= np.nanmin(left)
        assert np.isfinite(kept).all()


def test_a_budget_overspent_holds_nothing():
    assert not within_budget(np.full(5, 0.1), -2).any()


class TestPValues:
    def test_z_of_gaussian_changes_has_exactly_this_law(self, gaussian):
        z = gaussian[:, 21::21].ravel()
        assert stats.kstest(null_p("z_raw", z[np.isfinite(z)]), "uniform").pvalue > 0.01

    @given(st.floats(-50.0, 50.0))
    def test_it_is_students_t_on_one_side_or_both(self, z):
        scaled = z / np.sqrt(1.05)
        assert null_p("z_raw", np.array([z]))[0] == pytest.approx(stats.t.sf(scaled, 19), rel=1e-9)
        both = min(1.0, 2.0 * stats.t.sf(abs(scaled), 19))
        assert null_p("divergence", np.array([z]))[0] == pytest.approx(both, rel=1e-9)

    def test_they_fall_with_the_value_and_are_never_below_the_null_law(self, calibration):
        values = np.linspace(-3.0, 40.0, 300)
        p = np.array([calibration.p_values("5m", "z_raw", np.array([3]), np.array([v]))[0] for v in values])
        assert (np.diff(p) <= 1e-15).all()
        assert (p >= null_p("z_raw", values)).all()
        assert p[0] == 1.0
        assert 0.0 < p[-1] < 1e-6

    def test_the_tail_is_that_of_the_past(self):
        z = null_z("t(3)", pairs=200)
        found = fit([past_of(z)], day=DAY, budget=20.0, cooldown=COOLDOWN)
        later = z[:, 3 * 288 :]
        series = np.arange(len(z))
        p = np.array([found.p_values("5m", "z_raw", series, later[:, i]) for i in range(later.shape[1])])
        for level in (1e-2, 1e-3):
            assert 0.5 * level < (p <= level).mean() < 1.6 * level

    def test_unknown_has_none(self, calibration):
        p = calibration.p_values("5m", "z_raw", np.array([0, 999]), np.array([np.nan, 9.0]))
        assert np.isnan(p).all()
        assert np.isnan(calibration.p_values("1h", "z_raw", np.array([0]), np.array([9.0]))).all()

    def test_a_tail_of_few_values_is_a_heavy_one(self):
        assert calibrating._pareto(np.array([1.0, 2.0, 3.0]), 0, 4.0) == (0.25, 1.5)
        assert calibrating._pareto(np.zeros(0), 0, 0.0)[1] > 0.0

    @pytest.mark.parametrize("shape", [0.0, 0.1, 0.3, 0.5])
    def test_a_tail_is_told_from_what_lies_below_its_end(self, shape):
        rng = np.random.default_rng(3)
        over = stats.genpareto.rvs(shape, scale=2.0, size=40_000, random_state=rng)
        reach = float(np.quantile(over, 0.96))
        found = calibrating._pareto(over[over < reach], int((over >= reach).sum()), reach)
        assert found[0] == pytest.approx(shape, abs=0.04)
        assert found[1] == pytest.approx(2.0, rel=0.05)

    def test_a_bounded_tail_is_taken_for_an_exponential_one(self):
        over = np.random.default_rng(3).uniform(0.0, 1.0, 1000)
        assert calibrating._pareto(over[over < 0.9], int((over >= 0.9).sum()), 0.9)[0] == 0.0

    def test_events_do_not_teach_the_tail_that_they_are_chance(self):
        z = null_z("Gaussian", pairs=100)
        struck = z.copy()
        struck[np.random.default_rng(4).random(z.shape) < 0.0005] = 25.0
        p = [
            fit([past_of(past)], day=DAY, budget=20.0, cooldown=COOLDOWN).p_values(
                "5m", "z_raw", np.arange(100), np.full(100, 25.0)
            )
            for past in (z, struck)
        ]
        assert np.median(p[1]) < 1e-6
        assert np.median(p[1]) < 100.0 * np.median(p[0]) + 1e-8


class TestThresholds:
    @pytest.mark.parametrize("law", list(nulls.NULLS))
    def test_later_days_bring_what_was_planned(self, law):
        z = null_z(law, pairs=150, days=7.0, seed=5)
        found = fit([past_of(z)], day=DAY, budget=30.0, cooldown=COOLDOWN)
        assert found.expected == pytest.approx(30.0, rel=0.02)
        series, later = np.arange(len(z)), z[:, 3 * 288 - 1 :]
        flags = found.flag("5m", Tier.OI_SPIKE, series, literal(later), later)
        realised = len(replay(flags, COOLDOWN)[0]) / 4.0
        assert 0.7 < realised / found.expected < 1.4

    def test_each_pair_gets_its_share_however_wild_it_is(self):
        rng = np.random.default_rng(9)
        calm = nulls.changes(rng, "Gaussian", (60, 14 * 288))
        wild = nulls.changes(rng, "t(3)", (60, 14 * 288))
        z = nulls.z_of(nulls.bars_of(np.concatenate([calm, wild])))
        day = nulls.START + 8 * MS_PER_DAY
        found = fit([past_of(z[:, : 8 * 288])], day=day, budget=40.0, cooldown=COOLDOWN)
        series, later = np.arange(len(z)), z[:, 8 * 288 :]
        limits = found.thresholds("5m", Tier.OI_SPIKE, series)
        assert np.median(limits[60:]) > 1.3 * np.median(limits[:60])
        rows, _ = replay(found.flag("5m", Tier.OI_SPIKE, series, literal(later), later), COOLDOWN)
        share = (rows < 60).mean()
        assert 0.25 < share < 0.75
        assert len(rows) / 6.0 == pytest.approx(40.0, rel=0.3)

    def test_they_only_make_alerts_rarer(self, gaussian):
        generous = fit([past_of(gaussian)], day=DAY, budget=1e6, cooldown=COOLDOWN)
        assert generous.cells["5m", Tier.OI_SPIKE].level == -np.inf
        flags = literal(gaussian)
        series = np.arange(len(gaussian))
        assert np.array_equal(
            generous.flag("5m", Tier.OI_SPIKE, series, flags, gaussian), flags, equal_nan=True
        )
        assert generous.expected == pytest.approx(
            len(replay(flags[:, : 3 * 288 - 12], 12)[0]) / 3.0, rel=0.05
        )

    def test_what_one_tier_cannot_spend_another_may(self, gaussian):
        rare = np.where(np.isfinite(gaussian), 0.0, np.nan)
        rare[:, 100] = rare[:, 500] = 1.0
        flags = {Tier.OI_SPIKE: literal(gaussian), Tier.CONFLUENCE: rare}
        found = fit([past_of(gaussian, flags=flags)], day=DAY, budget=50.0, cooldown=COOLDOWN)
        both = found.cells["5m", Tier.OI_SPIKE], found.cells["5m", Tier.CONFLUENCE]
        assert both[1].expected == pytest.approx(2 * 60 / 2.9, rel=0.1) or both[1].expected <= 25.0
        assert 48.0 < found.expected <= 50.0

    def test_two_sided_statistics_count_on_both_sides(self, gaussian):
        flags = {Tier.DIVERGENCE: literal(np.abs(gaussian), 2.0)}
        past = past_of(gaussian, flags=flags, statistics={"divergence": gaussian})
        found = fit([past], day=DAY, budget=30.0, cooldown=COOLDOWN)
        limit = found.thresholds("5m", Tier.DIVERGENCE, np.array([0]))[0]
        low, high = np.array([[0.0, -limit - 1.0]]), np.array([[0.0, limit - 0.01]])
        flag = np.array([[0.0, 1.0]])
        assert found.flag("5m", Tier.DIVERGENCE, np.array([0]), flag, low).tolist() == [[0.0, 1.0]]
        assert found.flag("5m", Tier.DIVERGENCE, np.array([0]), flag, high).tolist() == [[0.0, 0.0]]

    def test_too_little_past_is_no_alert(self, gaussian):
        young = gaussian.copy()
        young[0, : 3 * 288 - 12 - MIN_VALUES + 1] = np.nan
        found = fit([past_of(young)], day=DAY, budget=20.0, cooldown=COOLDOWN)
        limits = found.thresholds("5m", Tier.OI_SPIKE, np.array([0, 1]))
        assert np.isnan(limits).tolist() == [True, False]
        flag = found.flag("5m", Tier.OI_SPIKE, np.array([0]), np.ones((1, 2)), np.full((1, 2), 99.0))
        assert np.isnan(flag).all()

    def test_a_past_that_began_late_is_as_good(self, gaussian, calibration):
        before = np.full((len(gaussian), 11 * 288), np.nan)
        padded = past_of(np.concatenate([before, gaussian], axis=1), start=nulls.START - 11 * MS_PER_DAY)
        found = fit([padded], day=DAY, budget=20.0, cooldown=COOLDOWN)
        series = np.arange(len(gaussian))
        one, other = (c.thresholds("5m", Tier.OI_SPIKE, series) for c in (found, calibration))
        assert one == pytest.approx(other, rel=1e-9)
        assert found.expected == calibration.expected

    def test_no_past_at_all(self):
        nothing = np.full((3, 10), np.nan)
        for pasts in ([], [past_of(nothing)], [past_of(nothing[:, :0])]):
            found = fit(pasts, day=DAY, budget=20.0, cooldown=COOLDOWN)
            assert found.expected == 0.0
            assert np.isnan(found.thresholds("5m", Tier.OI_SPIKE, np.array([0]))).all()
            assert np.isnan(found.p_values("5m", "z_raw", np.array([0]), np.array([9.0]))).all()

    def test_tiers_without_a_statistic_start_nothing(self, calibration):
        assert np.isnan(calibration.thresholds("5m", Tier.CROWDED_UNWIND, np.array([0]))).all()


class TestDays:
    @given(st.integers(0, 2**32 - 1))
    def test_nothing_after_the_hour_before_midnight_matters(self, seed):
        z = null_z("Gaussian", pairs=5, days=4.0)
        changed = z.copy()
        first, last = learns_from(DAY, "5m")
        later = slice(int(last - nulls.START) // nulls.M5 + 1, None)
        changed[:, later] = np.random.default_rng(seed).normal(0, 9, changed[:, later].shape)
        one, other = (fit([past_of(x)], day=DAY, budget=5.0, cooldown=COOLDOWN) for x in (z, changed))
        assert orjson.dumps(one.document()) == orjson.dumps(other.document())
        assert last + nulls.M5 == DAY - 3_600_000
        assert first == DAY - PAST_DAYS * MS_PER_DAY

    def test_what_matters_reaches_up_to_it(self, gaussian, calibration):
        changed = gaussian.copy()
        changed[:, 3 * 288 - 13] += 9.0
        other = fit([past_of(changed)], day=DAY, budget=20.0, cooldown=COOLDOWN)
        assert other.document() != calibration.document()

    def test_older_than_its_reach_does_not_matter(self, gaussian):
        late = nulls.START + (PAST_DAYS + 2) * MS_PER_DAY
        cut = 2 * 288
        shorter = past_of(gaussian[:, cut:], start=nulls.START + 2 * MS_PER_DAY)
        one, other = (
            fit([past], day=late, budget=20.0, cooldown=COOLDOWN) for past in (past_of(gaussian), shorter)
        )
        assert one.document() == other.document()

    def test_the_order_of_series_does_not_matter(self, gaussian, calibration):
        order = np.random.default_rng(0).permutation(len(gaussian))
        z = gaussian[order]
        other = fit([past_of(z, series=order)], day=DAY, budget=20.0, cooldown=COOLDOWN)
        assert other.document() == calibration.document()

    def test_it_survives_json_to_the_last_bit(self, gaussian, calibration):
        again = Calibration.from_document(orjson.loads(orjson.dumps(calibration.document())))
        series = np.arange(len(gaussian) + 3)
        for tier in (Tier.OI_SPIKE, Tier.CONFLUENCE):
            one, other = (c.thresholds("5m", tier, series) for c in (calibration, again))
            assert np.array_equal(one, other, equal_nan=True)
        values = np.linspace(0.0, 20.0, len(series))
        one, other = (c.p_values("5m", "z_raw", series, values) for c in (calibration, again))
        assert np.array_equal(one, other, equal_nan=True)
        assert again.document() == calibration.document()
        generous = fit([past_of(gaussian)], day=DAY, budget=1e6, cooldown=COOLDOWN)
        assert Calibration.from_document(orjson.loads(orjson.dumps(generous.document()))) is not None
