"""The words of the health document, by the age and the outcome of cycles."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from futuresboard.exchanges.base import ExchangeStats
from futuresboard.exchanges.breaker import BreakerStatus, Cause, State
from futuresboard.gaps import GapReport
from futuresboard.status import CYCLE_EDGES_S, CYCLES_KEPT, Status, exchange_status
from futuresboard.tally import Tally
from support_core import make_settings
from virtual_clock import VirtualClock

REPORT = {"id": 1, "started": 0, "duration_s": 1.0, "rows": 2, "errors": 0, "bar_close": False}


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def status(tmp_path, clock):
    return Status(make_settings(tmp_path, INTERVAL="30"), clock)


def facts(**states: str) -> dict:
    return {name: {"state": state} for name, state in states.items()}


class TestTheWord:
    def test_before_the_first_cycle_it_starts(self, status, clock):
        assert status.document()["status"] == "starting"
        clock.now += 90.0
        assert status.document()["status"] == "starting"
        clock.now += 0.1
        assert status.document()["status"] == "down"

    def test_with_all_exchanges_well_it_is_ok(self, status):
        status.cycle(REPORT, 1.0)
        status.refresh(facts(okx="ok", bybit="ok"), 1.0, [])
        assert status.document()["status"] == "ok"

    @pytest.mark.parametrize("state", ["starting", "degraded", "banned", "blocked", "down"])
    def test_with_one_that_is_not_it_is_degraded(self, status, state):
        status.cycle(REPORT, 1.0)
        status.refresh(facts(okx="ok", bybit=state), 1.0, [])
        assert status.document()["status"] == "degraded"

    def test_it_is_down_three_intervals_after_the_last_cycle_and_up_with_the_next(self, status, clock):
        status.cycle(REPORT, 1.0)
        clock.now += 90.0
        assert status.document()["status"] == "ok"
        clock.now += 0.1
        assert status.document()["status"] == "down"
        status.cycle(REPORT | {"id": 2}, 1.0)
        assert status.document()["status"] == "ok"
        assert status.document()["last_cycle"]["id"] == 2

    def test_a_short_interval_leaves_a_breath(self, tmp_path, clock):
        status = Status(make_settings(tmp_path, INTERVAL="0.1"), clock)
        status.cycle(REPORT, 1.0)
        clock.now += 4.9
        assert status.document()["status"] == "ok"
        clock.now += 0.2
        assert status.document()["status"] == "down"

    def test_when_the_scraper_ended_it_is_down(self, status):
        status.cycle(REPORT, 1.0)
        status.failed("disk")
        assert status.document()["status"] == "down"
        assert status.document()["failure"] == "disk"


class TestFacts:
    def test_a_change_of_state_is_told(self, status):
        assert status.refresh(facts(okx="starting"), 0.0, [])
        assert not status.refresh(facts(okx="starting") | {}, 0.5, [])
        assert status.refresh(facts(okx="ok"), 0.5, [])
        assert status.refresh(facts(okx="ok", bybit="ok"), 0.5, [])
        assert status.document()["warm"] == 0.5

    def test_lags_are_percentiles_and_stay_while_there_are_no_new_ones(self, status):
        assert status.document()["closed_bar_lag_s"] == {"p50": None, "p99": None}
        status.refresh({}, 1.0, [float(i) for i in range(101)])
        status.refresh({}, 1.0, [])
        assert status.document()["closed_bar_lag_s"] == {"p50": 50.0, "p99": 99.0}

    def test_uptime(self, status, clock):
        clock.now += 12.34
        assert status.document()["uptime_s"] == 12.3

    def test_notes(self, status):
        assert status.last_note("okx") is None
        status.note("okx", "geo-block")
        assert status.last_note("okx") == "geo-block"


def collector(*, started=True, requests=10, failed=1, breaker=None, budgets=None) -> SimpleNamespace:
    breaker = breaker or BreakerStatus()
    stats = ExchangeStats(
        requests, failed, 0, 3, 0.1, 0.2, 1.23456, budgets or {}, None, breaker, {"a": 7.06}
    )
    return SimpleNamespace(
        exchange=SimpleNamespace(stats=lambda: stats, streams=None),
        source="rest",
        started=started,
        oldest_s=lambda: 12.0 if started else None,
        markets=[1, 2],
        active=[1, 2],
        skew_ms=5,
        stamps={},
        refused=lambda: {"guarded:oi_contracts": 1},
        refresh=dict,
    )


def opened(cause: Cause) -> BreakerStatus:
    return BreakerStatus(State.OPEN, cause, "why", 12.34)


class TestAnExchange:
    @pytest.mark.parametrize(
        ("given", "tally", "note", "state"),
        [
            ({"breaker": opened(Cause.BLOCKED)}, Tally(), None, "blocked"),
            ({"breaker": opened(Cause.BANNED), "started": False}, None, None, "banned"),
            ({"breaker": opened(Cause.UNREACHABLE)}, Tally(), None, "down"),
            ({"started": False}, None, None, "starting"),
            ({"started": False}, None, "maintenance", "down"),
            ({}, None, None, "starting"),
            ({}, Tally(errors=1), None, "degraded"),
            ({}, Tally(), None, "ok"),
            ({}, Tally(), "an old note", "ok"),
        ],
    )
    def test_its_state(self, given, tally, note, state):
        assert exchange_status(collector(**given), tally, note, GapReport())["state"] == state

    def test_its_breaker(self):
        found = exchange_status(collector(breaker=opened(Cause.BANNED)), Tally(), None, GapReport())
        assert found["breaker"] == {"state": "open", "reason": "why", "next_probe_s": 12.3}
        assert found["banned_for_s"] == 12.34
        assert found["throttled"] == {"a": 7.1}
        closed = exchange_status(collector(), Tally(), None, GapReport())
        assert closed["breaker"] == {"state": "closed", "reason": None, "next_probe_s": None}
        assert closed["banned_for_s"] == 0.0

    def test_what_was_refused(self):
        assert exchange_status(collector(), Tally(), None, GapReport())["guarded"] == {
            "guarded:oi_contracts": 1
        }

    def test_its_numbers(self):
        found = exchange_status(collector(budgets={"a": 0.25, "b": 0.5}), Tally(), None, GapReport())
        assert (found["budget_used"], found["error_rate"], found["request_rate"]) == (0.5, 0.1, 1.235)
        assert (found["errors"], found["requests"], found["pairs"], found["oldest_s"]) == (1, 10, 2, 12.0)
        idle = exchange_status(collector(requests=0, failed=0), Tally(), None, GapReport())
        assert (idle["error_rate"], idle["budget_used"]) == (0.0, 0.0)

    def test_gaps_are_told_as_they_are(self):
        report = GapReport(1, 3, 2, healing=True, healed=7, given_up=1, looked_ts=5)
        assert exchange_status(collector(), Tally(), None, report)["gaps"] == {
            "missing": 1,
            "open": 3,
            "pairs": 2,
            "healing": True,
            "healed": 7,
            "given_up": 1,
            "looked_ts": 5,
        }


class TestCycles:
    def test_none_yet(self, status):
        found = status.document()["cycles"]
        assert found["counts"] == [0] * (len(CYCLE_EDGES_S) + 1)
        assert (found["p50_s"], found["p99_s"], found["window"]) == (None, None, CYCLES_KEPT)

    def test_each_lies_in_the_first_bucket_whose_edge_is_not_below_it(self, status):
        for seconds in (0.0, 0.1, 0.11, 5.0, 60.0, 61.0, 1e6):
            status.cycle(REPORT, seconds)
        found = status.document()["cycles"]
        assert found["edges_s"] == CYCLE_EDGES_S
        assert found["counts"] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2]
        assert found["p50_s"] == 5.0

    def test_old_ones_are_forgotten(self, status):
        for seconds in [50.0] * CYCLES_KEPT + [0.2] * CYCLES_KEPT:
            status.cycle(REPORT, seconds)
        found = status.document()["cycles"]
        assert sum(found["counts"]) == found["counts"][1] == CYCLES_KEPT
        assert found["p99_s"] == 0.2
