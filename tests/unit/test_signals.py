"""Rules and edges by hand: what each reads, where it turns, what is unknown."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from futuresboard.bars import RAW_COLUMNS, UNLISTED, Bars
from futuresboard.cross import divergence
from futuresboard.metrics import FLOW_WINDOW, get_all
from futuresboard.model import COIN_TIERS, Thresholds, Tier
from futuresboard.signals import (
    CLUSTER_BARS,
    CLUSTER_LEAST,
    RULES,
    Inputs,
    evaluate,
    flow,
    funding_8h,
    judge_coins,
    starts,
    top_tier,
)
from random_bars import clean_bars

M5 = 300_000
SLOTS = 60
ALONE = [tier for tier in Tier if tier not in COIN_TIERS]
READS = {
    Tier.OI_SPIKE: {"oi_contracts": 22},
    Tier.CONFLUENCE: {"oi_contracts": 22, "global_ls": 1, "volume": 1, "taker_buy": 1},
    Tier.FLOW_AGREES: {"oi_contracts": 2, "close": 13, "volume": 12, "taker_buy": 12},
    Tier.CROWDED_UNWIND: {"oi_contracts": 13, "funding": 1, "funding_interval_h": 1},
    Tier.DIVERGENCE: {"oi_contracts": 45, "volume": 45},
    Tier.CLUSTER: {},
}


def bars_of(columns, out=1):
    count = len(next(iter(columns.values())))
    made = {name: np.full((1, count), np.nan) for name in RAW_COLUMNS}
    made |= {name: np.array([column], dtype=np.float64) for name, column in columns.items()}
    return Bars(M5, np.arange(count, dtype=np.int64) * M5, made, np.array([UNLISTED]), out)


def flags(bars, **limits):
    found, k = evaluate(bars, get_all(bars), Thresholds(**limits))
    return {tier: flag[0, -1] for tier, flag in found.items()}, k[0, -1]


def flag(tier, bars, **limits):
    return flags(bars, **limits)[0][tier]


class TestTheTable:
    def test_rules_read_what_the_alert_stores(self):
        assert {tier: dict(rule.reads) for tier, rule in RULES.items()} == READS
        assert all(rule.tier is tier for tier, rule in RULES.items())

    def test_only_the_cluster_does_not_rest(self):
        assert [tier for tier, rule in RULES.items() if not rule.rests] == [Tier.CLUSTER]

    def test_what_makes_a_cluster(self):
        assert (CLUSTER_BARS, CLUSTER_LEAST, FLOW_WINDOW) == (12, 3, 12)

    @pytest.mark.parametrize("tier", ALONE)
    def test_what_it_reads_is_enough_and_no_slot_too_much(self, tier):
        """All else unknown the flag is the same; without the oldest slot of any column it is unknown."""
        whole = replace(clean_bars(np.random.default_rng(1), 1, SLOTS, M5), out=1)
        told = flag(tier, whole)
        assert told in (0.0, 1.0)
        kept = {name: np.full((1, SLOTS), np.nan) for name in RAW_COLUMNS}
        for name, slots in RULES[tier].reads.items():
            kept[name][:, -slots:] = whole.columns[name][:, -slots:]
        assert flag(tier, replace(whole, columns=kept)) == told
        for name, slots in RULES[tier].reads.items():
            without = {**kept, name: kept[name].copy()}
            without[name][:, SLOTS - slots] = np.nan
            assert math.isnan(flag(tier, replace(whole, columns=without))), name

    def test_divergence_reads_as_far_back_as_the_weights_of_its_oldest_change(self):
        rng = np.random.default_rng(2)
        oi, volume = (np.exp(rng.normal(0, 0.1, (3, 60))) for _ in range(2))
        slots = RULES[Tier.DIVERGENCE].reads["volume"]
        whole = divergence(oi, volume, 1)
        assert np.isfinite(whole).all()
        assert divergence(oi[:, -slots:], volume[:, -slots:], 1).tobytes() == whole.tobytes()
        less = divergence(oi[:, 1 - slots :], volume[:, 1 - slots :], 1)
        assert less.tobytes() != whole.tobytes()

    def test_an_entry_and_what_it_sees_cannot_be_changed(self):
        with pytest.raises(FrozenInstanceError):
            RULES[Tier.OI_SPIKE].rests = False
        inputs = Inputs(bars_of({"close": [1.0]}), {}, np.zeros((1, 1)), Thresholds())
        with pytest.raises(FrozenInstanceError):
            inputs.k = np.ones((1, 1))


class TestSpike:
    OI = [100.0, 101.0] * 10 + [100.0]

    def test_above_the_threshold_and_not_at_it(self):
        bars = bars_of({"oi_contracts": [*self.OI, 105.0]})
        z = float(get_all(bars)["z_score"][0, 0])
        assert flag(Tier.OI_SPIKE, bars, z=z) == 0.0
        assert flag(Tier.OI_SPIKE, bars, z=math.nextafter(z, 0.0)) == 1.0
        assert flag(Tier.OI_SPIKE, bars, z=z + 1.0) == 0.0

    def test_a_flush_is_none_and_an_unknown_is_unknown(self):
        assert flag(Tier.OI_SPIKE, bars_of({"oi_contracts": [*self.OI, 50.0]})) == 0.0
        assert math.isnan(flag(Tier.OI_SPIKE, bars_of({"oi_contracts": self.OI})))


class TestConfluence:
    def bars(self, last=105.0, ls=2.5, buy=60.0):
        oi = [*TestSpike.OI, last]
        same = {"global_ls": ls, "volume": 100.0, "taker_buy": buy}
        return bars_of({"oi_contracts": oi} | {name: [value] * len(oi) for name, value in same.items()})

    @pytest.mark.parametrize(
        ("more", "k"),
        [({}, 3), ({"last": 100.5}, 2), ({"ls": 1.0}, 2), ({"buy": 50.0}, 2), ({"ls": 1.0, "buy": 50.0}, 1)],
    )
    def test_all_three_and_no_fewer(self, more, k):
        found, count = flags(self.bars(**more))
        assert count == k
        assert found[Tier.CONFLUENCE] == float(k == 3)

    def test_unknown_when_a_part_is(self):
        found, count = flags(self.bars(ls=np.nan))
        assert math.isnan(count)
        assert math.isnan(found[Tier.CONFLUENCE])
        assert found[Tier.OI_SPIKE] == 1.0

    def test_thresholds_are_its_own(self):
        bars = self.bars()
        for limit in ({"z": 9.9}, {"ls": 2.5}, {"imbalance_pct": 20.0}):
            assert flags(bars, **limit)[1] == 2.0


class TestFlow:
    def bars(self, buy=60.0, now=11.0, oi=102.0, first=10.0):
        return bars_of(
            {
                "volume": [100.0] * 13,
                "taker_buy": [0.0] + [buy] * 12,  # the oldest is outside the twelve
                "close": [first] + [10.5] * 11 + [now],
                "oi_contracts": [100.0] * 12 + [oi],
            }
        )

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({}, 1.0),
            ({"buy": 40.0}, 0.0),
            ({"now": 9.0}, 0.0),
            ({"buy": 40.0, "now": 9.0}, 1.0),
            ({"now": 10.0}, 0.0),  # no move
            ({"buy": 50.0}, 0.0),  # no flow
            ({"buy": 50.0, "now": 10.0}, 0.0),  # neither: nothing agrees with nothing
            ({"oi": 101.0}, 0.0),  # just the threshold
            ({"oi": 101.1}, 1.0),
            ({"oi": 98.0}, 0.0),
            ({"buy": 40.0, "oi": 98.0}, 0.0),
            ({"buy": np.nan}, np.nan),
            ({"now": np.nan}, np.nan),
            ({"oi": np.nan}, np.nan),
            ({"first": np.nan}, np.nan),
        ],
    )
    def test_one_sign_and_growing_interest(self, more, told):
        got = flag(Tier.FLOW_AGREES, self.bars(**more))
        assert got == told or (math.isnan(told) and math.isnan(got))

    def test_the_threshold_is_a_setting(self):
        assert flag(Tier.FLOW_AGREES, self.bars(), oi_delta_pct=2.0) == 0.0
        assert flag(Tier.FLOW_AGREES, self.bars(), oi_delta_pct=1.9) == 1.0

    def test_the_sum_of_twelve(self):
        volume, buy = [2.0**i for i in range(14)], [2.0**i * 0.75 for i in range(14)]
        net = [2.0**i * 0.5 for i in range(14)]
        found = flow(bars_of({"volume": volume, "taker_buy": buy}, out=14))
        wanted = [math.nan] * 11 + [sum(net[i - 11 : i + 1]) for i in range(11, 14)]
        np.testing.assert_array_equal(found, [wanted])

    def test_the_side_is_that_of_the_takers(self):
        for tier, buy, side in ((3, 60.0, 1.0), (3, 40.0, -1.0), (2, 60.0, 1.0), (2, 40.0, -1.0)):
            bars = self.bars(buy=buy)
            inputs = Inputs(bars, get_all(bars), np.zeros((1, 1)), Thresholds())
            assert RULES[Tier(tier)].side(inputs).tolist() == [[side]]


class TestFunding:
    def bars(self, funding=0.0002, interval=8.0, now=90.0, before=100.0):
        return bars_of(
            {
                "oi_contracts": [before] + [95.0] * 11 + [now],
                "funding": [funding] * 13,
                "funding_interval_h": [interval] * 13,
            }
        )

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({}, 1.0),
            ({"funding": 0.0001}, 0.0),
            ({"funding": 0.0001 + 0.9e-9}, 0.0),  # within what rounding may leave of the default
            ({"funding": 0.0001 + 1.1e-9}, 1.0),
            ({"funding": 0.0001, "interval": 4.0}, 1.0),
            ({"funding": 0.00005, "interval": 4.0}, 0.0),
            ({"funding": 0.0002, "interval": 16.0}, 0.0),
            ({"funding": -0.0002}, 0.0),
            ({"now": 100.0}, 0.0),
            ({"now": 110.0}, 0.0),
            ({"funding": 0.0001, "now": 110.0}, 0.0),
            ({"funding": np.nan}, np.nan),
            ({"interval": np.nan}, np.nan),
            ({"now": np.nan}, np.nan),
            ({"before": np.nan}, np.nan),
        ],
    )
    def test_paid_above_the_default_while_interest_falls(self, more, told):
        got = flag(Tier.CROWDED_UNWIND, self.bars(**more))
        assert got == told or (math.isnan(told) and math.isnan(got))

    def test_the_threshold_is_in_percent(self):
        assert flag(Tier.CROWDED_UNWIND, self.bars(), funding_pct=0.0199) == 1.0
        assert flag(Tier.CROWDED_UNWIND, self.bars(), funding_pct=0.0200) == 0.0

    def test_just_the_tolerance_above_is_not_above(self):
        assert flag(Tier.CROWDED_UNWIND, self.bars(funding=1e-9), funding_pct=0.0) == 0.0
        assert flag(Tier.CROWDED_UNWIND, self.bars(funding=1.01e-9), funding_pct=0.0) == 1.0

    def test_per_eight_hours(self):
        found = funding_8h(bars_of({"funding": [1e-4, 1e-4, 3e-4], "funding_interval_h": [1, 8, 4]}, out=3))
        np.testing.assert_allclose(found, [[8e-4, 1e-4, 6e-4]], rtol=1e-15)


class TestBeside:
    def judged(self, divergence, recent, **limits):
        bars = bars_of({"close": [1.0] * len(divergence)}, out=len(divergence))
        found = judge_coins(bars, np.array([divergence]), np.array([recent]), Thresholds(**limits))
        assert set(found) == set(COIN_TIERS)
        return found[Tier.DIVERGENCE][0], found[Tier.CLUSTER][0]

    def test_departing_either_way_and_not_at_the_threshold(self):
        apart, _ = self.judged([2.0, -2.0, 2.1, -2.1, 0.0, np.nan], [0.0] * 6)
        np.testing.assert_array_equal(apart, [0.0, 0.0, 1.0, 1.0, 0.0, np.nan])
        assert self.judged([2.1], [0.0], divergence_sigma=3.0)[0].tolist() == [0.0]

    def test_three_alerts_or_more(self):
        _, many = self.judged([0.0] * 5, [2.0, 3.0, 4.0, 0.0, np.nan])
        np.testing.assert_array_equal(many, [0.0, 1.0, 1.0, 0.0, np.nan])


class TestStarts:
    @pytest.mark.parametrize(
        ("now", "before", "started"),
        [
            (1.0, 0.0, True),
            (1.0, 1.0, False),
            (0.0, 0.0, False),
            (0.0, 1.0, False),
            (1.0, np.nan, False),
            (np.nan, 0.0, False),
            (np.nan, np.nan, False),
        ],
    )
    def test_true_now_and_false_one_bar_before(self, now, before, started):
        answer = starts(
            np.array([now]), np.array([before]), 20 * M5, np.array([np.nan]), timeframe_ms=M5, cooldown=12
        )
        assert answer.tolist() == [started]

    @pytest.mark.parametrize(("bars", "started"), [(1, False), (11, False), (12, True), (13, True)])
    def test_the_silence(self, bars, started):
        ts, one, no = 1000 * M5, np.array([1.0]), np.array([0.0])
        last = np.array([float(ts - bars * M5)])
        assert starts(one, no, ts, last, timeframe_ms=M5, cooldown=12).tolist() == [started]
        assert starts(no, no, ts, last, timeframe_ms=M5, cooldown=12).tolist() == [False]

    def test_tiers_by_severity(self):
        assert top_tier([]) is None
        left, order = [int(tier) for tier in Tier], []
        while left:
            order.append(top_tier(left))
            left.remove(order[-1])
        assert order == [6, 2, 5, 3, 1, 4]
