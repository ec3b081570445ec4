"""Tiers 5 and 6: what is judged beside other series, when, and that each is decided once."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from futuresboard.crossing import WAIT_SLACK_MS
from futuresboard.db import Store
from futuresboard.model import Thresholds, Tier
from handmade_bars import M5, M15, MIDNIGHT
from random_bars import rows as random_rows
from support_core import Recorder, market, spiked, swinging

EXCHANGES = ("binanceusdm", "bybit", "okx")
UNITS = {"binanceusdm": 1000.0, "bybit": 1.0, "okx": 1.0}
COIN = tuple(market("PEPE", exchange, multiplier=UNITS[exchange]) for exchange in EXCHANGES)
WAIT = 60_000 + WAIT_SLACK_MS
LAST = MIDNIGHT + 49 * M5
few = settings(max_examples=max(8, settings.default.max_examples // 10))


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with closing(Recorder(tmp_path, pairs=COIN, timeframes=("5m",))) as one:
        yield one


def flags_of(recorder: Recorder, pair: int, timeframe: str = "5m", tier: int = 5) -> dict[int, bool | None]:
    """Stored flags of a tier by bar."""
    return {
        int(row["ts"]): bool(int(row["tiers"]) >> tier & 1) if int(row["known"]) >> tier & 1 else None
        for row in recorder.bars(timeframe, pair)
    }


def wanted(series: Sequence[Sequence[dict]], step: int = M5) -> list[dict[int, bool | None]]:
    """The reference's flags of tier 5, by exchange."""
    raw = [one if step == M5 else reference.resample(one, M5, step) for one in series]
    coin = reference.across(dict(zip(EXCHANGES, raw, strict=True)), step, UNITS)
    found = []
    for exchange, one in zip(EXCHANGES, raw, strict=True):
        derived = reference.derive(one, step)
        reference.add_tier_5(derived, exchange, coin)
        found.append({row["ts"]: row["flags"][5] for row in derived})
    return found


def departing(count: int = 50) -> list[list[dict]]:
    """Three exchanges that swing alike until, at the last bar, the first one's open interest leaps."""
    return [spiked(count, [count - 1]), swinging(count), swinging(count)]


def uneven(count: int = 50) -> list[list[dict]]:
    """The same, each with a swing of its own, so that departures vary before the leap."""
    made = departing(count)
    for exchange, series in enumerate(made):
        for i, row in enumerate(series):
            row["oi_contracts"] *= 1 + 0.001 * ((i * (exchange + 2)) % 5)
    return made


def feed_history(recorder: Recorder, series: Sequence[Sequence[dict]], *, but: int = 1) -> None:
    for pair, rows in enumerate(series):
        if rows[:-but]:
            recorder.step(rows[:-but], pair=pair)


@few
@given(seed=st.integers(0, 2**32 - 1), faults=st.sampled_from([0.0, 0.05, 0.3]), pieces=st.integers(1, 7))
def test_flags_are_the_references_in_whatever_order_bars_come(seed: int, faults: float, pieces: int):
    rng, order = np.random.default_rng(seed), random.Random(seed)
    series = [random_rows(rng, 130, M5, faults) for _ in EXCHANGES]
    batches = [
        [(pair, row) for row in rows[begin::pieces]]
        for pair, rows in enumerate(series)
        for begin in range(pieces)
    ]
    order.shuffle(batches)
    with tempfile.TemporaryDirectory() as folder, closing(Recorder(Path(folder), pairs=COIN)) as recorder:
        for number, batch in enumerate(batches):
            if batch:
                recorder.steps(batch)
            if number == len(batches) // 2:
                recorder.restart()
        for timeframe, step in (("5m", M5), ("15m", M15)):
            for pair, want in enumerate(wanted(series, step)):
                got = flags_of(recorder, pair, timeframe)
                assert got == {ts: want.get(ts) for ts in got}
                assert set(got) == set(want)


def test_the_series_reach_every_answer():
    seen: set[bool | None] = set()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        for one in wanted([random_rows(rng, 130, M5, 0.02) for _ in EXCHANGES]):
            seen |= set(one.values())
    assert seen == {True, False, None}


class TestWhenItIsDecided:
    def test_with_the_last_of_the_exchanges(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        for pair in (0, 1):
            recorder.step(series[pair][-1:], pair=pair)
            assert not [a for p in range(3) for a in recorder.alerts(pair=p) if a[2] == 5]
        recorder.step(series[2][-1:], pair=2)
        got = {p: [a[0] for a in recorder.alerts(pair=p) if a[2] == 5] for p in range(3)}
        assert got[0] == [LAST]
        assert {p for p, times in got.items() if times} == {
            p for p, flags in enumerate(wanted(series)) if flags[LAST] and flags[LAST - M5] is False
        }

    def test_one_that_does_not_come_is_gapped_input(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        for pair in (0, 2):
            recorder.step(series[pair][-1:], pair=pair)
        assert recorder.pipeline.settle(LAST + M5 + WAIT - 1) is None
        committed = recorder.pipeline.settle(LAST + M5 + WAIT)
        assert committed is not None
        assert flags_of(recorder, 0)[LAST] is True
        assert not [a for p in range(3) for a in recorder.alerts(pair=p) if a[2] == 5]
        assert recorder.pipeline.settle(LAST + M5 + WAIT + M5) is None

    def test_one_that_has_been_away_for_long_is_missed_no_more(self, recorder: Recorder):
        series = uneven(80)
        series[1] = series[1][:57]
        last = series[0][-1]["ts"]
        feed_history(recorder, [series[0], [*series[1], {}], series[2]])
        for pair in (0, 2):
            recorder.step(series[pair][-1:], pair=pair)
        assert recorder.pipeline.settle(last + M5 + WAIT - 1) is None
        committed = recorder.pipeline.settle(last + M5 + WAIT)
        assert committed is not None
        assert [(a.exchange, a.tier, a.ts) for a in committed.alerts][:1] == [("binanceusdm", 5, last)]

    def test_one_that_comes_later_changes_flags_and_no_alert(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        for pair in (0, 2):
            recorder.step(series[pair][-1:], pair=pair)
        recorder.pipeline.settle(LAST + M5 + WAIT)
        before = [recorder.alerts(pair=p) for p in (0, 2)]
        series[1][-1]["oi_contracts"] *= 1.05
        recorder.step(series[1][-1:], LAST + M5 + WAIT + 1000, pair=1)
        assert [recorder.alerts(pair=p) for p in (0, 2)] == before
        assert [flags_of(recorder, p)[LAST] for p in range(3)] == [one[LAST] for one in wanted(series)]

    def test_a_pair_that_is_listed_no_more_is_not_waited_for(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        recorder.pipeline.register([market("BTC", "bybit")])
        for pair in (0, 2):
            recorder.step(series[pair][-1:], pair=pair)
        left = recorder.query("SELECT count(*) FROM bars WHERE ts = ? AND judged_seq IS NULL", LAST)
        assert left == [(0,)]

    def test_once_whatever_is_restarted(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        for pair in range(3):
            recorder.restart()
            recorder.step(series[pair][-1:], pair=pair)
        recorder.restart()
        assert recorder.pipeline.settle(LAST + M5 + WAIT) is None
        assert [a for a in recorder.alerts(pair=0) if a[2] == 5] == [(LAST, "tier", 5)]

    def test_after_a_restart_what_was_waited_for(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        for pair in (0, 2):
            recorder.step(series[pair][-1:], pair=pair)
        recorder.restart()
        recorder.step(series[1][-1:], pair=1)
        assert (LAST, "tier", 5) in recorder.alerts(pair=0)

    def test_not_lost_with_a_transaction_that_fails(
        self, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
    ):
        series = uneven()
        feed_history(recorder, series)
        for pair in (0, 2):
            recorder.step(series[pair][-1:], pair=pair)

        def refuse(*_: object) -> None:
            raise sqlite3.OperationalError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(Store, "commit", refuse)
            with pytest.raises(sqlite3.OperationalError):
                recorder.step(series[1][-1:], pair=1)
            with pytest.raises(sqlite3.OperationalError):
                recorder.pipeline.settle(LAST + M5 + WAIT)
        recorder.step(series[1][-1:], pair=1)
        assert [a for a in recorder.alerts(pair=0) if a[2] == 5] == [(LAST, "tier", 5)]

    def test_nor_while_the_first_bars_of_one_are_awaited(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, [series[0], [{}], series[2]])
        for pair in (0, 2):
            recorder.step(series[pair][-1:], pair=pair)
        assert recorder.pipeline.settle(LAST + M5 + WAIT) is not None
        assert flags_of(recorder, 0)[LAST] is True
        assert not [a for p in range(3) for a in recorder.alerts(pair=p) if a[2] == 5]

    def test_a_bar_stored_late_starts_none(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        for pair in range(3):
            recorder.step(series[pair][-1:], LAST + 4 * M5, pair=pair)
        assert not [a for p in range(3) for a in recorder.alerts(pair=p) if a[2] == 5]
        assert flags_of(recorder, 0)[LAST] is True

    def test_the_alert_keeps_what_all_exchanges_held(self, recorder: Recorder):
        series = uneven()
        feed_history(recorder, series)
        recorder.steps([(pair, rows[-1]) for pair, rows in enumerate(series)])
        (alert,) = [
            a
            for done in recorder.committed
            for a in done.alerts
            if (a.exchange, a.tier) == ("binanceusdm", 5)
        ]
        names = {exchange: f"{exchange} PEPE/USDT:USDT" for exchange in EXCHANGES[1:]}
        bars = {}
        for exchange in EXCHANGES:
            lead = "" if exchange == "binanceusdm" else f"{names[exchange]} "
            columns = [alert.window[f"{lead}{name}"] for name in ("oi_contracts", "volume")]
            times = range(LAST - (len(columns[0]) - 1) * M5, LAST + M5, M5)
            bars[exchange] = [
                {"ts": ts, "oi_contracts": oi, "volume": volume}
                for ts, oi, volume in zip(times, *columns, strict=True)
            ]
            assert exchange == "binanceusdm" or alert.window[f"{lead}multiplier"] == [UNITS[exchange]]
        last = reference.across(bars, M5, UNITS)[-1]
        assert alert.values["divergence"] == pytest.approx(last["divergence"]["binanceusdm"], rel=1e-9)
        assert alert.values["global_oi_change_pct"] == pytest.approx(last["global_oi_change_pct"], rel=1e-9)
        assert "σ" in alert.text


class TestClusters:
    THRESHOLDS = Thresholds(cooldown=2)

    def three(self) -> list[dict]:
        """Tier 1 at three bars, three bars apart."""
        return spiked(60, [40, 44, 48])

    @pytest.fixture
    def alone(self, tmp_path: Path) -> Iterator[Recorder]:
        one = Recorder(tmp_path, timeframes=("5m",), thresholds=self.THRESHOLDS)
        with closing(one):
            yield one

    def test_three_alerts_within_twelve_bars_start_one(self, alone: Recorder):
        # A leap widens the next ones' spread: a low threshold lets all three through.
        alone.pipeline.use(Thresholds(z=1.5, cooldown=2))
        alone.one_by_one(self.three())
        tiers = [(ts, tier) for ts, kind, tier in alone.alerts() if kind == "tier"]
        started = [ts for ts, tier in tiers if tier < 6]
        stored = [int(row["ts"]) for row in alone.bars()]
        assert [ts for ts, tier in tiers if tier == 6] == reference.clusters(started, stored, M5) != []

    def test_its_flag_stays_while_they_are_in_the_window(self, alone: Recorder):
        alone.pipeline.use(Thresholds(z=1.5, cooldown=2))
        alone.one_by_one(self.three())
        started = [ts for ts, kind, tier in alone.alerts() if kind == "tier" and tier < 6]
        for ts, flag in flags_of(alone, 0, tier=6).items():
            assert flag is (sum(ts - 12 * M5 < at <= ts for at in started) >= 3)

    def test_across_a_restart(self, alone: Recorder, tmp_path: Path):
        alone.pipeline.use(Thresholds(z=1.5, cooldown=2))
        with closing(Recorder(tmp_path, timeframes=("5m",), name="other.db")) as other:
            for row in self.three():
                alone.step([row])
                other.restart()
                other.pipeline.use(Thresholds(z=1.5, cooldown=2))
                other.step([row])
            assert other.alerts() == alone.alerts()
            assert flags_of(other, 0, tier=6) == flags_of(alone, 0, tier=6)

    def test_history_makes_none(self, alone: Recorder):
        alone.pipeline.use(Thresholds(z=1.5, cooldown=2))
        alone.step(self.three(), MIDNIGHT + 1000 * M5)
        assert alone.alerts() == []
        assert set(flags_of(alone, 0, tier=int(Tier.CLUSTER)).values()) == {False}


def test_what_bars_were_judged_by_is_kept(recorder: Recorder):
    recorder.step(swinging(2))
    recorder.pipeline.use(Thresholds(z=3.0))
    recorder.step(swinging(3)[2:])
    recorder.step(swinging(4)[3:])
    kept = recorder.query("SELECT from_seq, json_extract(thresholds, '$.z') FROM judged_by ORDER BY 1")
    assert [z for _, z in kept] == [2.5, 3.0]
    assert [int(row["raw_seq"]) >= int(kept[1][0]) for row in recorder.bars()] == [False, False, True, True]
