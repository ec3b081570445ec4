"""`/api/planner` against what the pipeline itself started, bar by bar, on the same bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from futuresboard.app import create_app
from futuresboard.db_read import Reader
from futuresboard.evidence import HORIZONS
from futuresboard.model import MS_PER_DAY, Thresholds
from futuresboard.planning import COLUMNS, DIRECTIONS, every_bar
from futuresboard.trade_sim import Costs, Prices, fixed_horizons
from handmade_bars import M5, MIDNIGHT
from support_core import Recorder, make_settings
from support_simulate import PAIRS, random_rows
from support_web import HEALTH

COUNT = 320


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    made = Recorder(tmp_path_factory.mktemp("planner"), pairs=PAIRS)
    series = [random_rows(seed) for seed in range(len(PAIRS))]
    # Two bars at a time: the older one is just young enough to start alerts.
    for slot in range(0, COUNT, 2):
        made.steps([(pair, row) for pair, rows in enumerate(series) for row in rows[slot : slot + 2]])
    yield made
    made.close()


class Asking:
    """The API over a recorder's database."""

    def __init__(self, recorder: Recorder, **given: str) -> None:
        settings = make_settings(recorder.path.parent, **given)
        self.reader = Reader(recorder.path, stale_after_ms=1)
        app = create_app(settings, reader=self.reader, now_ms=lambda: 0, health=lambda: HEALTH)[0]
        self._client = app.test_client()

    def get(self, **query: object) -> Any:
        return self._client.get("/api/planner", query_string=query)

    def plan(self, **query: object) -> dict[str, Any]:
        response = self.get(**query)
        assert response.status_code == 200, response.get_json()
        return response.get_json()

    def close(self) -> None:
        self.reader.close()


@pytest.fixture
def asking(recorder: Recorder) -> Iterator[Asking]:
    with closing(Asking(recorder)) as made:
        yield made


@pytest.mark.parametrize("timeframe", ["5m", "15m"])
@pytest.mark.parametrize("tier", [1, 2, 3, 4, 5])
def test_it_replays_what_was_started_live(recorder: Recorder, asking: Asking, timeframe: str, tier: int):
    started = [
        ts
        for pair in range(len(PAIRS))
        for ts, kind, number in recorder.alerts(timeframe, pair)
        if kind == "tier" and number == tier
    ]
    found = asking.plan(tier=tier, tf=timeframe)
    assert found["alerts"] == len(started) > (timeframe == "5m")
    by_day: dict[str, int] = {}
    for ts in started:
        day = str(int(ts) // MS_PER_DAY * MS_PER_DAY)  # type: ignore[call-overload]
        by_day[day] = by_day.get(day, 0) + 1
    assert found["by_day"] == by_day
    assert found["alerts_per_day"] == pytest.approx(found["alerts"] / found["days_known"])


def test_days_are_those_on_which_the_flag_was_known(recorder: Recorder, asking: Asking):
    found = asking.plan(tier=1)
    known = sum(row["z_score"] is not None for pair in range(3) for row in recorder.bars("5m", pair))
    assert found["series"] == 3
    assert found["days_known"] == pytest.approx(known / 3 / 288)
    flagged = sum((row["z_score"] or 0.0) > 2.5 for pair in range(3) for row in recorder.bars("5m", pair))  # type: ignore[operator]
    assert found["flags_per_day"] == pytest.approx(flagged / found["days_known"])
    assert (found["start"], found["end"]) == (MIDNIGHT, MIDNIGHT + (COUNT - 1) * M5)
    assert (found["setting"], found["threshold"], found["tf"], found["days"]) == ("Z_THRESHOLD", 2.5, "5m", 7)


def test_a_day_is_a_day(recorder: Recorder, asking: Asking):
    end = MIDNIGHT + (COUNT - 1) * M5
    started = [ts for pair in range(3) for ts, _, tier in recorder.alerts("5m", pair) if tier == 1]
    inside = [ts for ts in started if ts > end - MS_PER_DAY]  # type: ignore[operator]
    found = asking.plan(tier=1, days=1)
    assert inside
    assert asking.plan(tier=1, threshold=0, days=1)["alerts"] < asking.plan(tier=1, threshold=0)["alerts"]
    assert abs(found["alerts"] - len(inside)) <= 1  # a silence that began before is not known
    assert found["start"] == end - MS_PER_DAY + M5


def test_a_higher_threshold_starts_fewer(asking: Asking):
    counts = [asking.plan(tier=1, threshold=z)["alerts"] for z in (1.5, 2.5, 4.0, 10)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[1] > counts[2]
    assert counts[3] == 0


def test_worth_has_every_direction_and_horizon_with_its_base(asking: Asking):
    worth = asking.plan(tier=1, threshold=1.5)["worth"]
    assert [(one["horizon"], one["direction"]) for one in worth] == [
        (horizon, direction) for horizon in HORIZONS for direction in ("long", "short")
    ]
    assert any(one["late"] != pytest.approx(one["uplift"]) for one in worth)
    for one in worth:
        assert one["low"] <= one["hit_rate"] <= one["high"]
        assert one["uplift"] == pytest.approx(one["hit_rate"] - one["base_rate"])
        assert one["base_bars"] > 700
        assert one["expectancy"] is not None
        assert one["verdict"] in ("edge", "no measurable edge", "too few")
        assert one["words"]


def test_thresholds_in_force_are_those_kept(recorder: Recorder):
    with closing(Asking(recorder, Z_THRESHOLD="3.5", ALERT_COOLDOWN="1")) as asking:
        found = asking.plan(tier=1)
        assert found["threshold"] == 3.5
        assert asking.plan(tier=1, threshold=1)["alerts"] > 0
    with closing(Asking(recorder)) as patient:
        assert patient.plan(tier=1, threshold=1)["alerts"] > 0


@pytest.mark.parametrize(
    ("query", "parameter", "allowed"),
    [
        ({}, "tier", "a whole number from 1 to 6"),
        ({"tier": 7}, "tier", "a whole number from 1 to 6"),
        ({"tier": 6}, "tier", "one of 1, 2, 3, 4, 5"),
        ({"tier": 1, "threshold": "high"}, "threshold", "a number"),
        ({"tier": 1, "threshold": "nan"}, "threshold", "a number"),
        ({"tier": 1, "threshold": 10.5}, "threshold", "a number from 0 to 10 (Z_THRESHOLD)"),
        ({"tier": 4, "threshold": 9}, "threshold", "a number from -5 to 5 (FUNDING_THRESHOLD)"),
        ({"tier": 1, "days": 0}, "days", "a whole number from 1 to 14"),
        ({"tier": 1, "tf": "4h"}, "tf", "5m, 15m"),
        ({"tier": 1, "tiers": 2}, "tiers", "one of the parameters tier, threshold, days, tf"),
    ],
)
def test_what_is_not_allowed_is_named(asking: Asking, query: dict, parameter: str, allowed: str):
    response = asking.get(**query)
    assert response.status_code == 400
    assert (response.get_json()["parameter"], response.get_json()["allowed"]) == (parameter, allowed)


def test_an_empty_database_expects_nothing(tmp_path: Path):
    with closing(Recorder(tmp_path)) as empty, closing(Asking(empty)) as asking:
        found = asking.plan(tier=1)
        assert (found["alerts"], found["alerts_per_day"], found["series"]) == (0, None, 0)
        assert (found["start"], found["end"]) == (None, None)
        assert {one["hit_rate"] for one in found["worth"]} == {None}


def test_new_bars_and_fresh_revisions_come_in_and_equal_a_first_look(tmp_path: Path):
    rows = random_rows(5, 200)
    with closing(Recorder(tmp_path, pairs=PAIRS[:2])) as recorder, closing(Asking(recorder)) as asking:
        recorder.steps([(pair, row) for pair in (0, 1) for row in rows[:150]])
        before = asking.plan(tier=1, threshold=1)
        recorder.step(
            [rows[140] | {"oi_contracts": rows[140]["oi_contracts"] * 1.3}], now=rows[150]["ts"] + 400_000
        )
        recorder.step(rows[150:])
        found = asking.plan(tier=1, threshold=1)
        assert found["alerts"] != before["alerts"]
        with closing(Asking(recorder)) as anew:
            assert anew.plan(tier=1, threshold=1) == found


def test_every_bar_is_a_trade_of_fixed_horizons():
    rng = np.random.default_rng(2)
    shape = (4, 80)
    holes = rng.random(shape) < 0.1
    price = np.where(holes, rng.choice([np.nan, 0.0, -1.0], shape), rng.uniform(1.0, 2.0, shape))
    columns = dict.fromkeys(COLUMNS, price)
    columns["funding"] = np.where(rng.random(shape) < 0.2, np.nan, rng.normal(0, 1e-3, shape))
    columns["funding_interval_h"] = rng.choice([1.0, 4.0, np.nan], shape)
    prices = Prices.of(900_000, MIDNIGHT + 900_000 * np.arange(80), columns)
    rows, slots = np.divmod(np.arange(4 * 80), 80)
    for horizon, one in zip(HORIZONS, fixed_horizons(prices, rows, slots, HORIZONS), strict=True):
        for direction in DIRECTIONS.values():
            found = every_bar(prices, HORIZONS)[horizon].net(direction, Costs())
            assert np.array_equal(found.ravel(), one.net(direction, Costs()), equal_nan=True)


def test_the_plan_reads_one_threshold_and_leaves_the_others(asking: Asking):
    assert Thresholds().cooldown == 12
    strict = asking.plan(tier=2, threshold=2.5)["alerts"]
    assert 0 < strict < asking.plan(tier=1, threshold=2.5)["alerts"]
