"""A run's assessment: its figures against plain loops, its verdict rule case by case, and known truths."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_trades
import support_stats as truths
from futuresboard import evidence, overfitting, scorecard, sharpe
from futuresboard.assessment import Deflation, HitRate, Late, Net, Outcomes, assess, best_of, judge
from futuresboard.evidence import Base, Verdict
from futuresboard.scorecard import Reached
from futuresboard.trials import Tried
from futuresboard.zero_edge import ZeroEdge

EVEN = Base(np.array([10_000, 10_000]), np.array([5_000, 5_000]))


def outcomes(hits, *, late=None, apart=20, hold=6, win=0.01, loss=-0.01) -> Outcomes:
    """Trades `apart` bars from each other; those marked won gain `win`, the others `loss`."""
    net = np.where(np.array(hits, dtype=bool), win, loss)
    entry = apart * np.arange(len(net), dtype=np.int64)
    return Outcomes(entry, entry + hold - 1, np.zeros(len(net), np.int64), net, net if late is None else late)


def share(n, hits):
    return [i * hits // n != (i + 1) * hits // n for i in range(n)]


def days(n=100, mean=0.01, seed=0):
    return np.random.default_rng(seed).normal(mean, 0.01, n)


class TestFigures:
    @given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 80))
    def test_against_plain_loops(self, seed, n):
        rng = np.random.default_rng(seed)
        entry, held = rng.integers(0, 500, n), rng.integers(1, 9, n)
        net, late = rng.normal(0.001, 0.01, n), rng.normal(0.001, 0.01, max(0, n - 2))
        net[rng.random(n) < 0.1] = np.nan
        pair = rng.integers(0, 2, n)
        base = Base(np.array([1000, 3000]), np.array([480, 1500]))
        found = assess(Outcomes(entry, entry + held - 1, pair, net, late), base, days())
        known = [float(x) for x in net if not math.isnan(x)]
        won, lost = [x for x in known if x > 0], [x for x in known if x < 0]
        assert (found.n, found.hit.hits) == (len(known), len(won))
        if not known:
            assert (found.hit.rate, found.net, found.verdict) == (None, Net(), Verdict.TOO_FEW)
            return
        assert found.hit.rate == len(won) / len(known)
        assert (found.hit.wilson_low, found.hit.wilson_high) == pytest.approx(
            reference_trades.wilson(len(won), len(known)), abs=1e-9
        )
        mine = sorted(set(pair[~np.isnan(net)].tolist()))
        assert found.hit.base_rate == sum((480, 1500)[i] for i in mine) / sum((1000, 3000)[i] for i in mine)
        assert found.net.expectancy == pytest.approx(sum(known) / len(known))
        assert found.net.median == pytest.approx(float(np.median(known)))
        assert found.net.profit_factor == (pytest.approx(sum(won) / -sum(lost)) if lost else None)
        if won and lost:
            payoff = (sum(won) / len(won)) / (-sum(lost) / len(lost))
            assert found.net.payoff_ratio == pytest.approx(payoff)
        else:
            assert found.net.payoff_ratio is None
        lates = [float(x) for x in late if not math.isnan(x)]
        assert found.late.n == len(lates)
        if lates:
            assert found.late.hit_rate == sum(x > 0 for x in lates) / len(lates)
        horizon = sorted(held[~np.isnan(net)].tolist())[math.ceil(0.9 * (len(known) - 1))]
        wanted = reference_trades.clusters(sorted(entry[~np.isnan(net)].tolist()), horizon)
        assert found.clusters == len(set(wanted))

    @given(seed=st.integers(0, 1000))
    def test_the_order_of_trades_changes_nothing(self, seed):
        some = outcomes(share(80, 50), apart=4)
        order = np.random.default_rng(seed).permutation(80)
        mixed = Outcomes(some.entry[order], some.exit[order], some.pair, some.net[order], some.late)
        assert assess(mixed, EVEN, days()) == assess(some, EVEN, days())

    def test_hits_and_uplift_are_those_of_evidence(self):
        some = outcomes(share(200, 120))
        cell = evidence.measure(evidence.Events(some.entry, some.pair, some.net, some.net), EVEN, 6)
        found = assess(some, EVEN, days())
        assert (found.hit.low, found.hit.high, found.hit.p, found.hit.uplift) == (
            cell.low, cell.high, cell.p, cell.uplift
        )  # fmt: skip
        assert found.clusters == cell.clusters

    def test_trades_at_one_time_are_one_event(self):
        some = outcomes(share(40, 26))
        tenfold = Outcomes(
            *(np.repeat(part, 10) for part in (some.entry, some.exit, some.pair, some.net, some.net))
        )
        alone, together = assess(some, EVEN, days()), assess(tenfold, EVEN, days())
        assert (together.n, together.clusters) == (400, 40)
        assert (together.net.low, together.net.high) == pytest.approx((alone.net.low, alone.net.high))
        assert together.hit.p == pytest.approx(alone.hit.p)

    def test_a_horizon_of_ones_own(self):
        some = outcomes(share(100, 60), apart=20)
        assert assess(some, EVEN, days()).clusters == 100
        assert assess(replace(some, horizon=45), EVEN, days()).clusters == 34

    def test_one_long_trade_does_not_make_one_event_of_all(self):
        some = outcomes(share(100, 60))
        some.exit[50] += 5000
        assert assess(some, EVEN, days()).clusters == 100

    def test_the_best_of_many(self):
        assert best_of(0.01, 1) == pytest.approx(0.01)
        assert best_of(0.01, 50) == pytest.approx(1 - 0.99**50)
        assert best_of(1e-12, 50) == pytest.approx(5e-11)
        assert best_of(1.0, 3) == 1.0

    def test_p_is_that_of_the_best_of_all_tried(self):
        found = assess(outcomes(share(200, 118)), EVEN, days(), tried=Tried(50, 0.01)).hit
        assert found.p_of_best == pytest.approx(1 - (1 - found.p) ** 50)
        assert found.p < 0.05 < found.p_of_best
        assert assess(outcomes(share(200, 118)), EVEN, days()).hit.p_of_best == pytest.approx(found.p)

    def test_a_trade_that_ends_where_it_began_is_neither_gain_nor_loss(self):
        some = outcomes(share(60, 30))
        some.net[:20] = 0.0
        found = assess(some, EVEN, days())
        assert found.hit.hits == (some.net > 0).sum()
        assert found.net.payoff_ratio == pytest.approx(1.0)

    def test_deflation(self):
        daily = days(mean=0.002)
        of = sharpe.moments(daily)
        found = assess(outcomes(share(200, 120)), EVEN, daily, tried=Tried(50, 0.01)).deflation
        assert found.dsr == pytest.approx(sharpe.deflated(of, 50, 0.01))
        assert found.benchmark == pytest.approx(sharpe.expected_maximum(50, 0.01) * math.sqrt(365))
        guessed = assess(outcomes(share(200, 120)), EVEN, daily, tried=Tried(50)).deflation
        assert guessed.dsr == pytest.approx(sharpe.deflated(of, 50, 1 / 99))
        assert (
            assess(outcomes(share(200, 120)), EVEN, daily[:29], tried=Tried(50, 0.01)).deflation.dsr is None
        )
        alone = assess(outcomes(share(200, 120)), EVEN, daily).deflation
        assert (alone.tried, alone.dsr) == (1.0, pytest.approx(sharpe.probabilistic(of)))


def hit(uplift=0.1, p=0.01, p_of_best=0.01) -> HitRate:
    return HitRate(60, 0.6, 0.5, 0.7, 0.5, 0.7, 0.5, 1000, uplift, p, p_of_best)


LATE = Late(100, 0.55, 0.05, 0.001)
ALONE = Deflation(1.0, None, 0.0, 0.5)


class TestVerdict:
    @pytest.mark.parametrize(
        ("clusters", "hit", "late", "deflation", "verdict", "reason"),
        [
            (30, hit(), LATE, ALONE, Verdict.EDGE, "still there one bar late (+5.0 points)"),
            (29, hit(), LATE, ALONE, Verdict.TOO_FEW, "29 of at least 30 events"),
            (30, hit(None, None, None), LATE, ALONE, Verdict.TOO_FEW, "no base rate"),
            (30, hit(0.0), LATE, ALONE, Verdict.NONE, "no more often"),
            (30, hit(-0.1), LATE, ALONE, Verdict.NONE, "no more often"),
            (30, hit(p_of_best=0.05), LATE, ALONE, Verdict.NONE, "chance does as much (p = 0.05)"),
            (30, hit(p_of_best=0.049), LATE, ALONE, Verdict.EDGE, "p = 0.049"),
            (30, hit(), Late(100, 0.5, 0.0, 0.0), ALONE, Verdict.NONE, "one bar late (+0.0 points)"),
            (30, hit(), Late(), ALONE, Verdict.NONE, "one bar late (unknown)"),
            (
                30,
                hit(),
                LATE,
                Deflation(50, 0.1, 2.0, 0.94),
                Verdict.NONE,
                "best of 50 tried (deflated: 0.94)",
            ),
            (30, hit(), LATE, Deflation(50, 0.1, 2.0, 0.95), Verdict.EDGE, "best of 50 tried"),
            (30, hit(), LATE, Deflation(50, 0.1, None, None), Verdict.EDGE, "best of 50 tried"),
        ],
    )
    def test_the_rule(self, clusters, hit, late, deflation, verdict, reason):
        found, reasons = judge(clusters, hit, late, deflation)
        assert found is verdict
        assert reason in "; ".join(reasons)

    def test_every_reason_is_given(self):
        gone, lucky = Late(9, 0.1, -0.4, 0.0), Deflation(9, 0.1, 2.0, 0.1)
        assert len(judge(99, hit(0.1, 0.5, 0.5), gone, lucky)[1]) == 3
        # Of what was never there nothing can be left.
        _, reasons = judge(99, hit(-0.1, 0.5, 0.5), gone, lucky)
        assert len(reasons) == 3
        assert "bar late" not in "; ".join(reasons)

    def test_no_base_is_too_few(self):
        found = assess(outcomes(share(100, 60)), Base(np.zeros(1, int), np.zeros(1, int)), days())
        assert (found.verdict, found.hit.base_rate, found.clusters) == (Verdict.TOO_FEW, None, 100)
        assert found.hit.rate == 0.6


class TestCautions:
    def test_a_losing_edge(self):
        found = assess(outcomes(share(400, 260), loss=-0.03), EVEN, days())
        assert found.verdict is Verdict.EDGE
        assert "loses money after costs, however often it wins" in found.cautions

    def test_a_mean_that_may_be_nothing(self):
        found = assess(outcomes(share(60, 31)), EVEN, days())
        assert "its mean net cannot be told from zero" in found.cautions

    def test_a_join_that_knows_too_much(self):
        """63 % on time, 48 % one bar late."""
        late = np.where(share(400, 192), 0.01, -0.01)
        found = assess(outcomes(share(400, 252), late=late), EVEN, days())
        assert found.verdict is Verdict.NONE
        assert any("knows too much" in caution for caution in found.cautions)
        assert not any(
            "knows too much" in caution
            for caution in assess(outcomes(share(400, 252)), EVEN, days()).cautions
        )

    @pytest.mark.parametrize(("hold", "rate"), [(1, 0.95), (6, 0.57)])
    def test_a_signal_that_has_seen_the_bar_it_enters(self, hold, rate):
        """Joined one bar stale: what is bought at the open is a bar known to rise."""
        told = []
        for seed in range(20):
            on_time, late = truths.leaking(seed, hold)
            found = assess(on_time, EVEN, days())
            assert found.hit.rate > rate
            assert found.late == Late(*late)
            told.append(any("knows too much" in caution for caution in found.cautions))
        assert sum(told) >= 19

    def test_too_short_to_be_deflated(self):
        found = assess(outcomes(share(400, 252)), EVEN, days(7), tried=Tried(5))
        assert any("fewer than 30 days" in caution for caution in found.cautions)


class TestGoal:
    @pytest.mark.parametrize(
        ("n", "hits", "reached"),
        [
            (400, 280, Reached.MET),
            (400, 250, Reached.TOO_FEW),
            (400, 240, Reached.NOT_MET),
            (400, 100, Reached.NOT_MET),
            (29, 29, Reached.TOO_FEW),
            (29, 0, Reached.TOO_FEW),
            (0, 0, Reached.TOO_FEW),
        ],
    )
    def test_the_interval_decides(self, n, hits, reached):
        found = assess(outcomes(share(n, hits)), EVEN, days())
        assert scorecard.goal(found).reached is reached

    def test_events_decide_as_well_as_wilson(self):
        """Ten trades each in 40 events: Wilson's interval of 400 is above 60 %, that of 40 events is not."""
        some = outcomes(share(40, 28))
        tenfold = Outcomes(
            *(np.repeat(part, 10) for part in (some.entry, some.exit, some.pair, some.net, some.net))
        )
        found = assess(tenfold, EVEN, days())
        assert found.hit.wilson_low > 0.6 > found.hit.low
        assert scorecard.goal(found).reached is Reached.TOO_FEW


class TestTelling:
    FOUND = assess(
        outcomes(share(400, 280)),
        EVEN,
        days(),
        zero_edge=ZeroEdge(2000, 0.47, 0.45, 0.49, -0.001),
        tried=Tried(12, 0.001),
    )
    PBO = overfitting.cross_validated(np.random.default_rng(0).normal(size=(64, 3)), 4)

    def test_it_is_json(self):
        told = json.loads(json.dumps(scorecard.structured(self.FOUND, self.PBO), allow_nan=False))
        assert told["verdict"] == "edge"
        assert told["goal"]["reached"] == "met"
        assert told["hit"]["base_rate"] == 0.5
        assert told["zero_edge"]["hit_rate"] == 0.47
        assert told["deflation"]["tried"] == 12
        assert set(told["pbo"]) >= {"pbo", "slope", "loss"}
        assert "logits" not in told["pbo"]
        nothing = scorecard.structured(assess(outcomes([]), EVEN, np.empty(0)))
        assert json.loads(json.dumps(nothing, allow_nan=False))["pbo"] is None

    def test_every_figure_that_belongs_beside_a_hit_rate_has_a_line(self):
        told = scorecard.lines(self.FOUND, self.PBO)
        names = {line.split("  ")[0] for line in told}
        assert names == {
            "verdict", "goal > 60%", "trades", "hit rate", "base rate", "zero-edge rate", "one bar late",
            "mean net", "gains : losses", "Sharpe", "drawdown", "track record", "tried", "PBO",
        }  # fmt: skip
        text = "\n".join(told)
        assert (
            "1 configuration: nothing was chosen" in scorecard.lines(replace(self.FOUND, deflation=ALONE))[-1]
        )
        assert "70.0% (" in text
        assert "50.0% of 10000 bars" in text
        assert "47.0% (45.0% to 49.0%) of 2000 driftless walks" in text
        assert "12 configurations" in text
        assert "met: 70.0% won" in text

    def test_what_is_unknown_is_said_to_be(self):
        told = "\n".join(scorecard.lines(assess(outcomes([]), EVEN, np.empty(0))))
        assert "too few: 0 of at least 30 events" in told
        assert "nan" not in told.lower()
        assert told.count("unknown") > 8

    def test_cautions_are_told(self):
        found = assess(outcomes(share(400, 260), loss=-0.03), EVEN, days())
        assert any(line.startswith("but") and "loses money" in line for line in scorecard.lines(found))


class TestKnownTruth:
    """The table of `tests/bench/measure_simulation.py`, with fewer seeds."""

    def test_an_edge_of_ten_points(self):
        runs = [truths.planted(seed) for seed in range(40)]
        assert truths.edges(runs) >= 38
        assert sum(run.hit.low <= truths.TRUTH <= run.hit.high for run in runs) >= 34

    def test_nothing(self):
        runs = [truths.nothing(seed) for seed in range(40)]
        assert truths.edges(runs) <= 5
        assert sum(run.net.low <= truths.MEAN_NET <= run.net.high for run in runs) >= 34

    def test_a_bracket_of_one_to_three_wins_three_of_four_and_is_no_edge(self):
        runs = [truths.bracket_run(seed) for seed in range(4)]
        assert truths.edges(runs) <= 1
        for run in runs:
            assert run.hit.rate == pytest.approx(0.75, abs=0.05)
            assert run.zero_edge.hit_rate == pytest.approx(run.hit.base_rate, abs=0.04)
            assert scorecard.goal(run).reached is Reached.MET

    def test_the_best_of_fifty_is_deflated_to_nothing(self):
        chosen = [truths.best_of_noise(seed) for seed in range(30)]
        assert truths.edges([one.naive for one in chosen]) >= 10
        assert truths.edges([one.deflated for one in chosen]) == 0
        assert np.mean([one.pbo for one in chosen]) == pytest.approx(0.5, abs=0.15)
