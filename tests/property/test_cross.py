"""One coin on several exchanges: the product against the plain-loop reference, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from futuresboard import cross
from futuresboard.windows import Z_CLIP
from random_bars import MIDNIGHT

M5 = 300_000
seeds = st.integers(0, 2**32 - 1)
fault_shares = st.sampled_from([0.0, 0.03, 0.2, 0.6])


def arrays(rng: np.random.Generator, exchanges: int, slots: int, faults: float) -> dict[str, np.ndarray]:
    """(exchanges, T) columns in coins: walks of one market, holes, an exchange that is absent at first."""
    shape = (exchanges, slots)
    common = np.cumsum(rng.standard_t(3, slots) * 0.002)
    own = np.cumsum(rng.normal(0, 0.001, shape), axis=1)
    scale = 10.0 ** rng.integers(-3, 9) * rng.uniform(1, 30, (exchanges, 1))
    made = {
        "oi_contracts": scale * np.exp(common + own),
        "volume": scale * rng.lognormal(0, 1, shape) * (rng.random(shape) > 0.05),
        "oi_abs_usd": scale * 30.0 * np.exp(common + own),
    }
    absent = np.arange(slots) < rng.integers(0, slots, (exchanges, 1)) * (rng.random((exchanges, 1)) < 0.3)
    return {
        name: np.where(absent | (rng.random(shape) < faults / 3), np.nan, column)
        for name, column in made.items()
    }


def answers(made: dict[str, np.ndarray], out: int | None = None) -> dict[str, np.ndarray]:
    oi, volume = made["oi_contracts"], made["volume"]
    wanted = oi.shape[-1] if out is None else out
    return {
        "global_oi_change_pct": cross.global_oi_change_pct(oi, volume, wanted),
        "divergence": cross.divergence(oi, volume, wanted),
        "weighted_oi": cross.weighted_oi(made["oi_abs_usd"], volume)[..., -wanted:],
    }


@given(seed=seeds, slots=st.integers(30, 90), faults=fault_shares)
def test_series_of_many_coins_are_those_of_each(seed, slots, faults):
    rng = np.random.default_rng(seed)
    made = arrays(rng, 6, slots, faults)
    oi, volume = made["oi_contracts"], made["volume"]
    coins = [("A", 1.0), ("B", 1.0), ("C", 10.0), ("A", 1000.0), ("A", 1.0), ("B", 0.1)]
    apart = cross.divergence_of_series(coins, oi, volume, slots)
    same = cross.whole_of_series(coins, oi, volume, slots)
    for coin in "ABC":
        rows = [row for row, one in enumerate(coins) if one[0] == coin]
        units = np.array([[coins[row][1]] for row in rows])
        alone = cross.divergence(oi[rows] * units, volume[rows] * units, slots)
        np.testing.assert_array_equal(apart[rows], alone if len(rows) > 1 else np.nan)
        whole = cross.whole(oi[rows], volume[rows], slots)
        np.testing.assert_array_equal(same[rows], np.tile(whole, (len(rows), 1)) if len(rows) > 1 else True)


@given(seed=seeds, exchanges=st.integers(1, 4), slots=st.integers(30, 90), faults=fault_shares)
def test_whole_is_the_references(seed, exchanges, slots, faults):
    made = arrays(np.random.default_rng(seed), exchanges, slots, faults)
    got = cross.whole(made["oi_contracts"], made["volume"], slots)
    coin = {row["ts"]: row["whole"] for row in reference.across(as_bars(made, [1.0] * exchanges), M5)}
    for slot in range(slots):
        assert got[slot] == coin.get(MIDNIGHT + slot * M5, got[slot])


def as_bars(made: dict[str, np.ndarray], multipliers: list[float]) -> dict[str, list[dict[str, float]]]:
    """The same as raw bars by exchange, each in the unit of its symbol."""
    bars: dict[str, list[dict[str, float]]] = {}
    for e, multiplier in enumerate(multipliers):
        bars[f"exchange {e}"] = [
            {"ts": MIDNIGHT + t * M5}
            | {
                name: float(column[e, t]) / (1.0 if name == "oi_abs_usd" else multiplier)
                for name, column in made.items()
                if not math.isnan(column[e, t])
            }
            for t in range(made["volume"].shape[1])
        ]
    return bars


def same(got: float, expected: float | None) -> bool:
    if expected is None:
        return math.isnan(got)
    # An exchange that makes most of the mean departs from it by little: there rounding shows.
    return math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-8)


class TestAgainstTheReference:
    @given(seed=seeds, exchanges=st.integers(1, 4), slots=st.integers(1, 90), faults=fault_shares)
    def test_every_value(self, seed, exchanges, slots, faults):
        made = arrays(np.random.default_rng(seed), exchanges, slots, faults)
        multipliers = [1.0, 1000.0, 1.0, 8.0][:exchanges]
        bars = as_bars(made, multipliers)
        units = dict(zip(bars, multipliers, strict=True))
        got = answers(made)
        for t, row in enumerate(reference.across(bars, M5, units)):
            assert same(got["global_oi_change_pct"][t], row["global_oi_change_pct"])
            assert same(got["weighted_oi"][t], row["weighted_oi"])
            for e, name in enumerate(bars):
                assert same(got["divergence"][e, t], row["divergence"][name]), (t, name)

    def test_the_series_reach_every_answer(self):
        """Agreement on values that are never known would show nothing."""
        few, many = (answers(arrays(np.random.default_rng(3), 3, 300, faults)) for faults in (0.03, 0.6))
        for name, values in few.items():
            assert np.isfinite(values).mean() > 0.2
            assert np.isnan(many[name]).any()
        assert np.nanmax(np.abs(few["divergence"])) > 2.0


class TestLaws:
    @given(seed=seeds, slots=st.integers(2, 120), faults=fault_shares, data=st.data())
    def test_no_look_ahead(self, seed, slots, faults, data):
        made = arrays(np.random.default_rng(seed), 3, slots, faults)
        stop = data.draw(st.integers(1, slots), label="stop")
        whole, part = answers(made), answers({name: column[:, :stop] for name, column in made.items()})
        for name in whole:
            assert np.ascontiguousarray(whole[name][..., :stop]).tobytes() == part[name].tobytes()

    @given(seed=seeds, extra=st.integers(0, 60), out=st.integers(1, 30), faults=fault_shares)
    def test_the_reach_is_all_they_need(self, seed, extra, out, faults):
        slots = out + cross.REACH + extra
        made = arrays(np.random.default_rng(seed), 3, slots, faults)
        near = {name: column[:, extra:] for name, column in made.items()}
        whole, part = answers(made, out), answers(near, out)
        for name in whole:
            assert np.ascontiguousarray(whole[name]).tobytes() == np.ascontiguousarray(part[name]).tobytes()

    @given(seed=seeds, slots=st.integers(1, 80), faults=fault_shares)
    def test_many_coins_at_once_are_each_alone(self, seed, slots, faults):
        rng = np.random.default_rng(seed)
        coins = [arrays(rng, 3, slots, faults) for _ in range(3)]
        together = answers({name: np.stack([coin[name] for coin in coins]) for name in coins[0]})
        for i, coin in enumerate(coins):
            for name, values in answers(coin).items():
                assert np.ascontiguousarray(together[name][i]).tobytes() == values.tobytes()

    @given(seed=seeds, slots=st.integers(1, 80), faults=fault_shares)
    def test_an_exchange_that_has_nothing_changes_no_bit(self, seed, slots, faults):
        made = arrays(np.random.default_rng(seed), 2, slots, faults)
        nothing = np.full((1, slots), np.nan)
        wider = {name: np.concatenate([column, nothing]) for name, column in made.items()}
        alone, beside = answers(made), answers(wider)
        assert alone["weighted_oi"].tobytes() == beside["weighted_oi"].tobytes()
        assert alone["global_oi_change_pct"].tobytes() == beside["global_oi_change_pct"].tobytes()
        assert alone["divergence"].tobytes() == np.ascontiguousarray(beside["divergence"][:2]).tobytes()
        assert np.isnan(beside["divergence"][2]).all()

    @given(seed=seeds, slots=st.integers(1, 80), faults=fault_shares)
    def test_the_input_is_untouched_and_nothing_is_infinite(self, seed, slots, faults):
        made = arrays(np.random.default_rng(seed), 3, slots, faults)
        for column in made.values():
            column.setflags(write=False)  # a write raises
        for values in answers(made).values():
            assert not np.isinf(values).any()


class TestShares:
    @given(seed=seeds, slots=st.integers(1, 80), faults=fault_shares)
    def test_they_make_the_weighted_mean(self, seed, slots, faults):
        made = arrays(np.random.default_rng(seed), 3, slots, faults)
        oi, volume = made["oi_abs_usd"], made["volume"]
        share, mean = cross.shares(oi, volume), cross.weighted_oi(oi, volume)
        parts = np.where(np.isfinite(share), share * oi, 0.0).sum(axis=0)
        np.testing.assert_allclose(parts, np.nan_to_num(mean), rtol=1e-12)
        whole = np.nansum(share, axis=0)[np.isfinite(mean)]
        np.testing.assert_allclose(whole, 1.0, rtol=1e-12)
        assert not (share <= 0.0).any()


class TestCases:
    def flat(self, exchanges: int = 2, slots: int = 60) -> dict[str, np.ndarray]:
        shape = (exchanges, slots)
        level = np.full(shape, 100.0)
        return {"oi_contracts": level, "volume": np.ones(shape), "oi_abs_usd": 3.0 * level}

    def test_a_change_is_weighted_by_the_volume_before_it_alone(self):
        made = self.flat()
        made["oi_contracts"] = made["oi_contracts"] * np.array([[1.0], [50.0]])
        made["oi_contracts"][0, -1] = 104.0
        made["volume"] = made["volume"] * np.array([[1.0], [3.0]])
        made["volume"][:, -1] = [1e9, 0.0]
        got = answers(made)["global_oi_change_pct"]
        assert got[-1] == 1.0
        assert got[-2] == 0.0

    def test_one_exchange_is_no_comparison(self):
        got = answers(self.flat(1))
        assert np.isnan(got["global_oi_change_pct"]).all()
        assert (got["weighted_oi"] == 300.0).all()

    @pytest.mark.parametrize(("known", "answered"), [(11, False), (12, True)])
    def test_a_weight_needs_twelve_known_volumes(self, known, answered):
        made = self.flat()
        made["volume"][0, : 60 - 1 - known] = np.nan
        assert np.isfinite(answers(made)["global_oi_change_pct"][-1]) == answered

    def test_nothing_traded_anywhere_is_unknown(self):
        made = self.flat()
        made["volume"][:] = 0.0
        got = answers(made)
        assert np.isnan(got["global_oi_change_pct"]).all()
        assert np.isnan(got["weighted_oi"]).all()

    def test_frozen_open_interest_is_unknown_not_zero(self):
        assert np.isnan(answers(self.flat())["divergence"]).all()

    def test_weights_of_the_mean_are_volumes_now(self):
        made = self.flat()
        made["oi_abs_usd"][1] = 1000.0
        made["volume"][1, -1] = 3.0
        made["volume"][0, -2] = 0.0
        assert answers(made)["weighted_oi"][-3:].tolist() == [650.0, 1000.0, 825.0]

    def test_who_departs_from_the_rest_is_seen(self):
        rng = np.random.default_rng(5)
        made = self.flat(3)
        made["oi_contracts"] = 1e6 * np.exp(np.cumsum(rng.normal(0, 1e-3, (3, 60)), axis=1))
        made["oi_contracts"][1, -1] *= 1.05
        z = answers(made)["divergence"][:, -1]
        assert z[1] == Z_CLIP
        assert (z[[0, 2]] < -2.0).all()
