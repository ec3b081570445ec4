"""Cross-validation of sweeps against plain loops, by hand, and on sweeps whose truth is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from futuresboard import overfitting
from futuresboard.errors import QueryError

seeds = st.integers(0, 2**32 - 1)


def plain(performance: np.ndarray, blocks: int) -> tuple[list[float], list[float], list[float]]:
    """Logits, and the chosen one's ratio in and out of sample, split by split."""
    edges = [round(len(performance) * i / blocks) for i in range(blocks + 1)]
    parts = [performance[a:b] for a, b in itertools.pairwise(edges)]
    logits, inside, outside = [], [], []
    for half in itertools.combinations(range(blocks), blocks // 2):
        seen = np.concatenate([parts[i] for i in half])
        unseen = np.concatenate([parts[i] for i in range(blocks) if i not in half])
        first, second = (ratios(part) for part in (seen, unseen))
        best = int(np.argmax(first))
        rank = stats.rankdata(second)[best] / (performance.shape[1] + 1)
        logits.append(math.log(rank / (1 - rank)))
        inside.append(first[best])
        outside.append(second[best])
    return logits, inside, outside


def ratios(part: np.ndarray) -> np.ndarray:
    deviation = part.std(axis=0, ddof=1)
    return np.where(deviation > 0, part.mean(axis=0) / np.where(deviation > 0, deviation, 1), 0.0)


class TestAgainstLoops:
    @given(
        seed=seeds, blocks=st.sampled_from([2, 4, 6, 8]), size=st.integers(2, 8), times=st.integers(16, 70)
    )
    def test_every_split(self, seed, blocks, size, times):
        rng = np.random.default_rng(seed)
        returns = rng.standard_t(4, (times, size)) * 0.01 + rng.normal(0, 0.003, size)
        found = overfitting.cross_validated(returns, blocks)
        logits, inside, outside = plain(returns, blocks)
        assert found.logits == pytest.approx(logits, abs=1e-9)
        assert found.pbo == np.mean(np.array(logits) <= 0)
        assert found.loss == np.mean(np.array(outside) < 0)
        assert found.in_sample == pytest.approx(np.mean(inside))
        assert found.out_of_sample == pytest.approx(np.mean(outside))
        if np.std(inside) > 1e-6:
            line = stats.linregress(inside, outside)
            assert (found.slope, found.intercept) == pytest.approx((line.slope, line.intercept), abs=1e-6)

    def test_splits_worked_off_in_parts(self, monkeypatch):
        returns = np.random.default_rng(1).normal(size=(60, 5))
        whole = overfitting.cross_validated(returns, 8)
        monkeypatch.setattr(overfitting, "_CELLS", 15)
        assert overfitting.cross_validated(returns, 8).logits == pytest.approx(whole.logits)


class TestByHand:
    def test_two_blocks(self):
        """First half: A is best; second half: B is. Each time the one chosen is last afterwards."""
        returns = np.array([[3.0, 1.0], [5.0, 2.0], [1.0, 4.0], [-2.0, 6.0]])
        found = overfitting.cross_validated(returns, 2)
        assert found.logits == pytest.approx([math.log((1 / 3) / (2 / 3))] * 2)
        assert found.pbo == 1.0
        # A seen: (3, 5), 4/√2 = 2.83, after that (1, −2), −0.5/√4.5; B seen: 5/√2, after that 1.5/√0.5.
        assert found.in_sample == pytest.approx((4 / math.sqrt(2) + 5 / math.sqrt(2)) / 2)
        assert found.out_of_sample == pytest.approx((-0.5 / math.sqrt(4.5) + 1.5 / math.sqrt(0.5)) / 2)
        assert found.loss == 0.5

    def test_four_blocks(self):
        """A wins in blocks 1 and 2, B in 3 and 4, C is always a little above zero: 6 splits.

        {1, 2} chooses A, which is last of the three in {3, 4}: ω = 1/4. {3, 4} likewise chooses B. In each
        of the four mixed splits A and B cancel out, so C is chosen, and is first again: ω = 3/4.
        """
        good, bad, even = [2.0, 3.0], [-3.0, -2.0], [0.3, 0.7]
        returns = np.array([good + good + bad + bad, bad + bad + good + good, even * 4]).T
        found = overfitting.cross_validated(returns, 4)
        assert found.logits == pytest.approx([-math.log(3), *[math.log(3)] * 4, -math.log(3)])
        assert found.pbo == pytest.approx(2 / 6)
        assert found.loss == pytest.approx(2 / 6)
        # (2, 3, 2, 3): 2.5/√(1/3); (0.3, 0.7, 0.3, 0.7): 0.5/√(0.16/3).
        steep, calm = 2.5 * math.sqrt(3), 0.5 * math.sqrt(3) / 0.4
        assert found.in_sample == pytest.approx((2 * steep + 4 * calm) / 6)
        assert found.out_of_sample == pytest.approx((-2 * steep + 4 * calm) / 6)
        assert found.slope == pytest.approx(-(steep + calm) / (steep - calm))

    def test_ties_take_the_middle_rank(self):
        returns = np.repeat(np.random.default_rng(2).normal(size=(40, 1)), 3, axis=1)
        found = overfitting.cross_validated(returns, 4)
        assert found.logits == pytest.approx([0.0] * 6)
        assert found.pbo == 1.0

    def test_one_that_stands_still_has_earned_nothing(self):
        rng = np.random.default_rng(3)
        returns = np.stack([np.zeros(40), rng.normal(-1.0, 0.1, 40)], axis=1)
        found = overfitting.cross_validated(returns, 4)
        assert (found.pbo, found.in_sample, found.out_of_sample, found.slope) == (0.0, 0.0, 0.0, None)


class TestKnownTruth:
    def test_noise_is_as_likely_below_the_median_as_above(self):
        found = [
            overfitting.cross_validated(np.random.default_rng(seed).normal(size=(400, 20)), 8)
            for seed in range(150)
        ]
        assert np.mean([one.pbo for one in found]) == pytest.approx(0.5, abs=0.06)
        # What is in one half is not in the other: the better it looked, the worse it does.
        assert np.mean([one.slope for one in found]) < -0.3
        assert np.mean([one.loss for one in found]) == pytest.approx(0.5, abs=0.1)

    @pytest.mark.parametrize("seed", range(5))
    def test_the_printed_example_of_the_methods_r_package(self, seed):
        """CRAN's `pbo`, vignette: 100 trials of 2,400 days, scaled to a year's deviation of 1 and centred,
        8 blocks, Sharpe ratio above 3 % a year: p_bo 1, p_loss 1. Whatever the noise, what a half gained the
        other one lost, less twice the rate."""
        noise = np.random.default_rng(seed).normal(size=(2400, 100))
        returns = (noise - noise.mean(axis=0)) / noise.std(axis=0, ddof=1) / math.sqrt(252)
        found = overfitting.cross_validated(returns - 0.03 / 252, 8)
        assert (found.pbo, found.loss, len(found.logits)) == (1.0, 1.0, 70)
        assert found.slope == pytest.approx(-1.0, abs=0.1)
        assert found.intercept == pytest.approx(-2 * 0.03 / math.sqrt(252), abs=0.004)

    def test_one_that_is_truly_better_is_not_overfitted(self):
        rng = np.random.default_rng(4)
        returns = rng.normal(size=(1000, 50))
        returns[:, 7] += 0.3
        found = overfitting.cross_validated(returns)
        assert found.pbo < 0.01
        assert found.loss < 0.01
        assert len(found.logits) == math.comb(16, 8)

    def test_luck_that_turns_is(self):
        """Each configuration is good in one block of ten and pays for it in all others."""
        returns = np.random.default_rng(5).normal(0, 0.1, (500, 10))
        for i in range(10):
            returns[:, i] -= 0.05
            returns[50 * i : 50 * i + 50, i] += 0.5
        assert overfitting.cross_validated(returns, 10).pbo > 0.9


class TestSwept:
    @pytest.mark.parametrize(("days", "blocks"), [(8, 4), (11, 4), (13, 6), (31, 14), (32, 16), (400, 16)])
    def test_as_many_blocks_as_there_are_days_for(self, days, blocks):
        returns = np.random.default_rng(6).normal(size=(days, 3))
        found = overfitting.swept(returns)
        assert found.blocks == blocks
        assert found.logits == pytest.approx(overfitting.cross_validated(returns, blocks).logits)

    def test_too_little_to_say(self):
        assert overfitting.swept(np.ones((7, 3))) is None
        assert overfitting.swept(np.ones((90, 1))) is None


class TestRefused:
    @pytest.mark.parametrize(
        ("shape", "blocks", "name"),
        [
            ((40, 3), 3, "blocks"),
            ((40, 3), 0, "blocks"),
            ((90, 3), 22, "blocks"),
            ((40, 1), 4, "configurations"),
            ((40,), 4, "configurations"),
            ((15, 3), 8, "observations"),
        ],
    )
    def test_what_cannot_be_cut(self, shape, blocks, name):
        with pytest.raises(QueryError) as refused:
            overfitting.cross_validated(np.ones(shape), blocks)
        assert refused.value.parameter == name

    def test_unknown_returns(self):
        returns = np.ones((40, 3))
        returns[4, 1] = np.nan
        with pytest.raises(QueryError, match="unknown values"):
            overfitting.cross_validated(returns, 4)
