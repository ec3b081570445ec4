"""Signals of every entry: causal, as the tiers and their lifecycle say, and OBV/RSI against plain loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import metrics, signals
from futuresboard.lifecycle import replay
from futuresboard.model import Thresholds, Tier
from futuresboard.planning import Window
from futuresboard.simulation.entries import Market, find
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.run import simulate
from futuresboard.simulation.settings import SimulationSettings
from random_bars import DAY, clean_bars, faulty_bars

M5 = 300_000
LOW = Thresholds(z=1.0, ls=1.0, imbalance_pct=1.0, oi_delta_pct=0.2, divergence_sigma=1.0)
ASKED = [
    *({"entry": "tier", "tier": tier, "hold": 6, "thresholds": LOW} for tier in range(1, 7)),
    {"entry": "tier", "tier": 3, "fire": "flags", "hold": 3, "thresholds": LOW, "direction": "momentum"},
    {"entry": "confluence", "hold": 6, "thresholds": LOW, "direction": "fade", "momentum_bars": 5},
    {"entry": "rule", "rule": "rsi < 45 and z_score > 0.5 or tier_1", "hold": 6, "thresholds": LOW},
    {"entry": "rule", "rule": 'close > 0 and base = "AAA"', "fire": "flags", "hold": 9},
    {"entry": "obv-rsi"},
    {"entry": "obv-rsi", "direction": "short", "hold": 30, "stop_loss": 0.01},
]
PAIRS = (Pair("binanceusdm", "AAA", "AAA"), Pair("bybit", "AAA", "AAA"), Pair("okx", "BBB", "BBB"))


def history(bars, *, first=0):
    return History.of(PAIRS, bars.timeframe_ms, bars.ts, bars.columns, first=first)


def cut(whole, stop):
    columns = {name: column[:, :stop] for name, column in whole.bars.columns.items()}
    return History.of(whole.pairs, whole.bars.timeframe_ms, whole.bars.ts[:stop], columns)


def signalled(found):
    return list(zip(found.rows.tolist(), found.slots.tolist(), found.directions.tolist(), strict=True))


def made(run):
    trades = run.trades
    columns = (trades.pair, trades.signal_slot, trades.exit_slot, trades.direction, trades.reason, trades.net)
    return set(zip(*(column.tolist() for column in columns), strict=True))


class TestNoLookAhead:
    @pytest.mark.parametrize("asked", ASKED, ids=lambda asked: "-".join(map(str, list(asked.values())[:3])))
    @given(seed=st.integers(0, 50), stop=st.integers(30, 399))
    def test_the_future_changes_no_signal_and_no_trade_that_was_over(self, asked, seed, stop):
        rng = np.random.default_rng(seed)
        made_of = faulty_bars if seed % 2 else lambda *of: clean_bars(*of[:-1])
        whole = history(made_of(rng, 3, 400, M5, 0.05))
        settings = SimulationSettings(**asked)
        part = cut(whole, stop)
        full, short = (signalled(find(Market(one), settings)) for one in (whole, part))
        assert short == [one for one in full if one[1] < stop]
        after, before = (made(simulate(one, settings)) for one in (whole, part))
        over = {trade for trade in after if trade[2] < stop}
        # With holes a trade still open then may later turn out to be none, and leave its pair to others.
        assert before <= over if seed % 2 else before == over

    def test_a_look_ahead_would_be_seen(self):
        """The control: signals that know the next close are not the same once the future is cut off."""
        whole = history(clean_bars(np.random.default_rng(1), 3, 400, M5))

        def leaking(one):
            close = one.bars.columns["close"]
            return np.argwhere(np.append(close[:, 1:], close[:, -1:], axis=1) > close).tolist()

        assert leaking(cut(whole, 200)) != [one for one in leaking(whole) if one[1] < 200]

    def test_every_entry_gives_signals(self):
        whole = history(clean_bars(np.random.default_rng(3), 3, 4000, M5))
        for asked in ASKED:
            assert len(find(Market(whole), SimulationSettings(**asked)).slots) > 0, asked


class TestTiers:
    @given(seed=st.integers(0, 30))
    def test_alerts_are_those_the_planner_counts(self, seed):
        """Tiers 1 to 5, of a history that has a past before the bars judged."""
        bars = faulty_bars(np.random.default_rng(seed), 3, 900, M5, 0.02)
        whole = history(bars, first=300)
        coins = [(pair.base, pair.multiplier) for pair in PAIRS]
        window = Window(whole.bars, coins)
        for tier in list(Tier)[:5]:
            settings = SimulationSettings(tier=int(tier), hold=6, thresholds=LOW)
            rows, slots = window.alerts(tier, window.flags(tier, LOW), LOW)
            found = find(Market(whole), settings)
            assert found.rows.tolist() == rows.tolist()
            assert (found.slots - 300).tolist() == slots.tolist()

    @given(seed=st.integers(0, 30))
    def test_a_cluster_is_three_alerts_in_twelve_bars(self, seed):
        whole = history(clean_bars(np.random.default_rng(seed), 3, 500, M5))
        alerts = []
        for tier in range(1, 6):
            found = find(Market(whole), SimulationSettings(tier=tier, hold=6, thresholds=LOW))
            alerts += signalled(found)
        wanted = []
        for row in range(3):
            recent = [
                sum(1 for one in alerts if one[0] == row and slot - 12 < one[1] <= slot) >= 3
                for slot in range(500)
            ]
            wanted += [(row, slot) for slot in range(1, 500) if recent[slot] and not recent[slot - 1]]
        found = find(Market(whole), SimulationSettings(tier=6, hold=6, thresholds=LOW))
        assert [one[:2] for one in signalled(found)] == wanted

    def test_flags_are_every_bar_at_which_a_tier_is_true(self):
        whole = history(clean_bars(np.random.default_rng(5), 3, 800, M5))
        values = metrics.get_all(whole.bars)
        flags, _ = signals.evaluate(whole.bars, values, LOW)
        found = find(Market(whole), SimulationSettings(tier=1, fire="flags", hold=6, thresholds=LOW))
        assert [one[:2] for one in signalled(found)] == [
            tuple(one) for one in np.argwhere(flags[Tier.OI_SPIKE] == 1.0).tolist()
        ]

    def test_a_rule_fires_like_any_alert(self):
        whole = history(clean_bars(np.random.default_rng(5), 3, 800, M5))
        asked = SimulationSettings(entry="rule", rule="tier_1", hold=6, thresholds=LOW)
        tier = SimulationSettings(tier=1, hold=6, thresholds=LOW)
        assert signalled(find(Market(whole), asked)) == signalled(find(Market(whole), tier))
        z = metrics.z_score(whole.bars)
        rows, slots = replay((z > 1.5).astype(float) + 0.0 * z, 12)
        found = find(Market(whole), SimulationSettings(entry="rule", rule="z > 1.5", hold=6))
        assert [one[:2] for one in signalled(found)] == list(zip(rows.tolist(), slots.tolist(), strict=True))

    def test_direction_follows_the_move_or_goes_against_it(self):
        whole = history(clean_bars(np.random.default_rng(5), 3, 800, M5))
        close = whole.bars.columns["close"]
        for bars, way in itertools.product((1, 7), ("momentum", "fade")):
            asked = SimulationSettings(tier=1, fire="flags", hold=6, direction=way, momentum_bars=bars)
            for row, slot, direction in signalled(find(Market(whole), asked)):
                sign = np.sign(close[row, slot] - close[row, slot - bars])
                assert direction == (sign if way == "momentum" else -sign)


def obv_rsi_by_hand(close, volume, rsi):
    """(bar, direction) entries and {bar: directions to leave} of one pair, in plain loops."""
    obv, means, total = [], [], 0.0
    for i in range(len(close)):
        if i and close[i] != close[i - 1]:
            total += volume[i] if close[i] > close[i - 1] else -volume[i]
        obv.append(total)
        means.append(sum(obv[i - 19 : i + 1]) / 20 if i >= 19 else None)
    entered, left = [], {}
    for i in range(20, len(close)):
        up30, down70 = rsi[i - 1] <= 30 < rsi[i], rsi[i - 1] >= 70 > rsi[i]
        if obv[i] > means[i] and up30:
            entered.append((i, 1))
        if obv[i] < means[i] and down70:
            entered.append((i, -1))
        left[i] = set()
        if obv[i] < means[i] or down70:
            left[i].add(1)
        if obv[i] > means[i] or up30:
            left[i].add(-1)
    return entered, left


class TestObvRsi:
    @given(seed=st.integers(0, 200))
    def test_entries_and_exits_against_plain_loops(self, seed):
        rng = np.random.default_rng(seed)
        count = 600
        step = rng.choice([-1.0, 0.0, 1.0], count, p=[0.45, 0.1, 0.45]) * rng.integers(1, 6, count)
        close = 1000.0 + np.cumsum(step)
        # Whole numbers, so that OBV has no rounding to disagree about.
        volume = rng.integers(1, 100, count).astype(float)
        ts = 20_000 * DAY + M5 * np.arange(count, dtype=np.int64)
        columns = {"open": close[None], "close": close[None], "volume": volume[None]}
        whole = History.of([Pair("", "X")], M5, ts, columns)
        rsi = metrics.rsi(whole.bars)[0]
        entered, left = obv_rsi_by_hand(close.tolist(), volume.tolist(), rsi.tolist())
        found = find(Market(whole), SimulationSettings(entry="obv-rsi", funding=False))
        assert [one[1:] for one in signalled(found)] == entered
        assert found.leave is not None
        for slot, ways in left.items():
            assert found.leave[0, slot] == (1 in ways) + 2 * (-1 in ways)

    def test_an_unchanged_close_books_nothing(self):
        close = np.full(400, 10.0)
        columns = {"close": close[None], "volume": np.full((1, 400), 5.0)}
        ts = 20_000 * DAY + M5 * np.arange(400, dtype=np.int64)
        market = Market(History.of([Pair("", "X")], M5, ts, columns))
        above = market.value("obv_above_mean")
        assert np.isnan(above[0, :19]).all()
        assert (above[0, 19:] == 0.0).all()
        assert len(find(market, SimulationSettings(entry="obv-rsi")).slots) == 0
