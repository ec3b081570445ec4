"""Evidence: its parts against plain loops and scipy, its verdicts, and edges planted in markets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import reference_trades
from futuresboard.evidence import (
    MIN_CLUSTERS,
    Base,
    Events,
    Evidence,
    Verdict,
    benjamini_hochberg,
    clusters,
    judge,
    measure,
    wilson,
)
from handmade_bars import M5, MIDNIGHT
from support_evidence import TRUTH, planted_markets

H = 12 * M5
EVEN = Base(np.array([10_000, 10_000]), np.array([5_000, 5_000]))

SIZES = {
    "one alert an event": lambda rng, events: np.ones(events, dtype=np.int64),
    "a few": lambda rng, events: rng.geometric(0.4, events),
    "now and then two hundred": lambda rng, events: np.minimum(rng.pareto(1.2, events) + 1, 200).astype(
        np.int64
    ),
}


def events(hits, *, apart=100, pair=None, late=None) -> Events:
    """Alerts `apart` bars from each other; those marked won gained 1 %, the others lost as much."""
    net = np.where(np.array(hits, dtype=bool), 0.01, -0.01)
    ts = MIDNIGHT + apart * M5 * np.arange(len(net), dtype=np.int64)
    pairs = np.zeros(len(net), dtype=np.int64) if pair is None else np.array(pair)
    return Events(ts, pairs, net, net if late is None else np.array(late, dtype=np.float64))


def share(n, hits):
    return [i * hits // n != (i + 1) * hits // n for i in range(n)]


class TestParts:
    @given(
        gaps=st.lists(st.integers(0, 20), min_size=1, max_size=60), horizon=st.sampled_from([1, 3, 6, 12, 48])
    )
    def test_clusters(self, gaps, horizon):
        ts = np.cumsum(np.array(gaps, dtype=np.int64)) * M5
        found = clusters(ts, horizon * M5)
        assert found.tolist() == reference_trades.clusters(ts.tolist(), horizon * M5)
        for number in set(found.tolist()):
            mine = ts[found == number]
            assert mine[-1] - mine[0] <= horizon * M5

    @given(n=st.integers(1, 400), part=st.floats(0, 1))
    def test_wilson(self, n, part):
        hits = round(n * part)
        own = wilson(hits, n)
        assert own == pytest.approx(reference_trades.wilson(hits, n), abs=1e-9)
        theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
        assert own == pytest.approx((theirs.low, theirs.high), abs=1e-12)

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
    def test_benjamini_hochberg(self, p):
        wanted = stats.false_discovery_control(p)
        assert benjamini_hochberg(np.array(p)) == pytest.approx(wanted, abs=1e-12)


class TestMeasure:
    def test_the_figures(self):
        cell = measure(events(share(200, 120)), EVEN, H)
        assert (cell.n, cell.clusters, cell.hit_rate, cell.base_rate) == (200, 200, 0.6, 0.5)
        assert cell.uplift == pytest.approx(0.1)
        assert cell.late == pytest.approx(0.1)
        assert cell.expectancy == pytest.approx(0.002)
        assert cell.low == pytest.approx(0.53, abs=0.01)
        assert cell.high == pytest.approx(0.67, abs=0.01)
        assert (cell.wilson_low, cell.wilson_high) == wilson(120, 200)

    def test_the_p_of_independent_alerts_is_the_binomial_tests(self):
        for hits in (100, 110, 120, 130):
            cell = measure(events(share(200, hits)), EVEN, H)
            assert cell.p == pytest.approx(stats.binomtest(hits, 200).pvalue, abs=0.06)
            assert cell.p == pytest.approx(2 * stats.t.sf((hits - 100) / np.sqrt(50), 199), abs=1e-12)

    def test_base_is_of_the_pairs_that_alerted(self):
        base = Base(np.array([100, 300, 1000]), np.array([50, 90, 1000]))
        cell = measure(events(share(40, 20), pair=[0, 1] * 20), base, H)
        assert (cell.base_rate, cell.base_bars) == (140 / 400, 400)

    def test_unknown_outcomes_are_left_out(self):
        with_holes = events(share(80, 40))
        with_holes.net[::2] = np.nan
        cell = measure(with_holes, EVEN, H)
        assert (cell.n, cell.clusters) == (40, 40)
        nothing = measure(events([]), EVEN, H)
        assert (nothing.n, nothing.hit_rate, nothing.p) == (0, None, None)

    @given(seed=st.integers(0, 1000))
    def test_order_of_alerts_changes_nothing(self, seed):
        rng = np.random.default_rng(seed)
        some = events(rng.random(60) < 0.5, apart=5)
        order = rng.permutation(60)
        mixed = Events(some.ts[order], some.pair, some.net[order], some.late[order])
        # Sums of the same returns in another order.
        assert measure(mixed, EVEN, H).expectancy == pytest.approx(measure(some, EVEN, H).expectancy)
        for name in ("n", "clusters", "hit_rate", "low", "high", "p", "late"):
            assert getattr(measure(mixed, EVEN, H), name) == getattr(measure(some, EVEN, H), name)

    def test_alerts_of_one_event_count_once(self):
        """Ten pairs that fire together and end together say no more than one."""
        hits = share(40, 26)
        alone = measure(events(hits), EVEN, H)
        together = Events(
            np.repeat(events(hits).ts, 10),
            np.zeros(400, dtype=np.int64),
            np.repeat(events(hits).net, 10),
            np.repeat(events(hits).net, 10),
        )
        tenfold = measure(together, EVEN, H)
        assert (tenfold.n, tenfold.clusters) == (400, 40)
        assert tenfold.p == pytest.approx(alone.p)
        assert (tenfold.low, tenfold.high) == pytest.approx((alone.low, alone.high))
        assert tenfold.wilson_low > alone.wilson_low

    def test_neighbours_that_overlap_and_end_alike_say_less(self):
        """Clusters a bar more than a horizon apart, whose last trades overlap the next one's first."""
        net = np.repeat(np.where(share(30, 20), 0.01, -0.01), 4)

        def judged(apart):
            firsts = np.cumsum(np.array([0, *[apart, 200] * 29, apart], dtype=np.int64))
            ts = MIDNIGHT + M5 * np.stack([firsts, firsts + 6], axis=1).ravel()
            return measure(Events(ts, np.zeros(120, dtype=np.int64), net, net), EVEN, H)

        near, far = judged(13), judged(100)
        assert near.clusters == far.clusters == 60
        assert near.p > 1.5 * far.p
        assert near.high - near.low == pytest.approx(np.sqrt(2) * (far.high - far.low), rel=0.05)

    def test_pairs_that_always_win_more_are_no_edge(self):
        """They fire more often, too: against the pooled base that looks like 20 points."""
        base = Base(np.array([1000, 1000]), np.array([700, 200]))
        pair = [0] * 180 + [1] * 20
        cell = measure(events(share(180, 126) + share(20, 4), pair=pair), base, H)
        assert cell.uplift == pytest.approx(0.2)
        assert stats.binomtest(130, 200, 0.45).pvalue < 1e-6
        assert cell.p > 0.99
        better_pair = Base(np.array([1000, 1000]), np.array([800, 200]))
        worse = measure(events(share(180, 126) + share(20, 4), pair=pair), better_pair, H)
        assert worse.uplift == pytest.approx(0.15)
        assert worse.p == 1.0

    def test_when_all_ended_alike_the_interval_is_wilsons_over_clusters(self):
        cell = measure(events([True] * 5), EVEN, H)
        assert (cell.low, cell.high) == wilson(5, 5)
        one = Events(np.full(9, MIDNIGHT), np.zeros(9, int), np.full(9, 0.01), np.full(9, 0.01))
        assert (measure(one, EVEN, H).low, measure(one, EVEN, H).high) == wilson(1, 1)


class TestNull:
    """Where there is nothing, a p below 5 % comes up in about 5 % of samples, and the truth is covered."""

    @pytest.mark.parametrize("sizes", SIZES)
    @pytest.mark.parametrize(("count", "truth"), [(30, 0.5), (100, 0.2)])
    def test_false_alarms_and_coverage(self, sizes, count, truth):
        rng = np.random.default_rng(count)
        base = Base(np.array([10**7]), np.array([round(truth * 10**7)]))
        cells = []
        for _ in range(150):
            size = SIZES[sizes](rng, count)
            ts = np.repeat(MIDNIGHT + 100 * M5 * np.arange(count), size)
            # Half of an event's alerts end as the event does.
            together = rng.random(len(ts)) < np.sqrt(0.5)
            drawn = np.where(together, np.repeat(rng.random(count), size), rng.random(len(ts)))
            net = np.where(drawn < truth, 0.01, -0.01)
            cells.append(measure(Events(ts, np.zeros(len(ts), dtype=np.int64), net, net), base, H))
        assert np.mean([cell.p < 0.05 for cell in cells]) <= 0.1
        assert np.mean([cell.low <= truth <= cell.high for cell in cells]) >= 0.88
        if sizes == "now and then two hundred":
            assert np.mean([cell.wilson_low <= truth <= cell.wilson_high for cell in cells]) < 0.85


class TestVerdict:
    def test_edge(self):
        cell = judge([measure(events(share(400, 260)), EVEN, H)])[0]
        assert cell.verdict is Verdict.EDGE
        assert cell.words == (
            "Edge: of 400 alerts in 400 events 65.0 % won (60.2 % to 69.8 %) against 50.0 % of all bars, "
            "+15.0 points (q = 4.4e-09), one bar late +15.0 points; +0.300 % a trade after costs."
        )

    @pytest.mark.parametrize(
        ("hits", "late", "reason"),
        [
            (205, 0.01, "chance does as much"),
            (140, 0.01, "fewer than by chance"),
            (260, -0.01, "nothing is left of it one bar late"),
            (260, np.nan, "nothing is left of it one bar late"),
        ],
    )
    def test_no_measurable_edge(self, hits, late, reason):
        cell = judge([measure(events(share(400, hits), late=[late] * 400), EVEN, H)])[0]
        assert cell.verdict is Verdict.NONE
        assert cell.words.startswith("No measurable edge: of 400 alerts")
        assert reason in cell.words

    def test_too_few(self):
        few, enough = (
            judge([measure(events([True] * n), EVEN, H)])[0] for n in (MIN_CLUSTERS - 1, MIN_CLUSTERS)
        )
        assert few.verdict is Verdict.TOO_FEW
        assert few.p is None
        assert few.words.startswith(
            "Too few: 29 of at least 30 events. Of 29 alerts in 29 events 100.0 % won"
        )
        assert enough.verdict is Verdict.EDGE
        assert judge([measure(events([]), EVEN, H)])[0].words == "Too few: no outcome is known yet."

    def test_winning_often_may_still_lose_money(self):
        small = events(share(400, 260))
        small.net[small.net > 0] = 0.001
        cell = judge([measure(small, EVEN, H)])[0]
        assert cell.verdict is Verdict.EDGE
        assert cell.words.endswith("-0.285 % a trade after costs: right more often, and still losing money.")

    def test_many_tries_make_a_finding_less(self):
        found = measure(events(share(400, 226)), EVEN, H)
        assert judge([found])[0].verdict is Verdict.EDGE
        nothing = [measure(events(share(400, 200 + i)), EVEN, H) for i in range(20)]
        crowd = judge([found, *nothing])
        assert crowd[0].verdict is Verdict.NONE
        assert crowd[0].p == found.p
        assert judge([found, *[Evidence(5, 5)] * 50])[0].verdict is Verdict.EDGE


class TestPlanted:
    """A hit rate of 60 % where the base is 50 %, in 1,000 events, in simulated markets; and none."""

    def test_it_is_found_and_nothing_else(self):
        self.run(seeds=6, found=5, covered=5, imagined=1)

    @pytest.mark.deep
    @pytest.mark.timeout(3600)
    def test_it_is_found_in_four_hundred(self):
        self.run(seeds=400, found=320, covered=360, imagined=32)

    def run(self, seeds: int, found: int, covered: int, imagined: int) -> None:
        markets = [planted_markets(seed) for seed in range(seeds)]
        cells = [market.planted for market in markets]
        counts = (
            sum(cell.verdict is Verdict.EDGE for cell in cells),
            sum(cell.low <= TRUTH <= cell.high for cell in cells),
            sum(market.imagined for market in markets),
        )
        print(f"{seeds} seeds: edge {counts[0]}, truth covered {counts[1]}; edge in pure noise {counts[2]}")
        assert counts[0] >= found
        assert counts[1] >= covered
        assert counts[2] <= imagined
        assert {cell.clusters for cell in cells} == {1000}
        assert np.mean([cell.base_rate for cell in cells]) == pytest.approx(0.5, abs=0.02)
