"""Calibrated mode in the pipeline: thresholds of the day, its budget, and what a restart must not change."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from futuresboard import rules
from futuresboard.calibrated import Calibrated, _past, packed
from futuresboard.calibrating import fit
from futuresboard.config import load
from futuresboard.db import Pair, Store
from futuresboard.db_alerts import AlertFilter
from futuresboard.db_calibrations import keep_calibration
from futuresboard.db_read import Reader
from futuresboard.db_rules import add_rule
from futuresboard.model import MS_PER_DAY, Thresholds, Tier
from futuresboard.pipeline import Pipeline
from futuresboard.validation.simulated import START, Simulated, first_bars, simulate
from futuresboard.validation.week import feed, history, register
from futuresboard.verifying import verify

DAY = START + MS_PER_DAY
HISTORY, LIVE = 288, 48
BUDGET = 60


@pytest.fixture(scope="module")
def market() -> Simulated:
    return first_bars(simulate(3, 2, 1.5), HISTORY + LIVE)


class Run:
    """A recorder in calibrated mode: a day of history, then live bars."""

    def __init__(
        self,
        folder: Path,
        market: Simulated,
        *,
        budget: int | None = BUDGET,
        timeframes: Sequence[str] = ("5m",),
    ) -> None:
        """budget: None for literal mode."""
        self.path, self.budget, self._market = folder / "run.db", budget, market
        self._timeframes = tuple(timeframes)
        self._open()
        self.pairs: Sequence[Pair] = register(self.pipeline, market)
        self.pipeline.step(*history(market, self.pairs, HISTORY))
        self._left = feed(market, self.pairs, HISTORY)

    def _open(self) -> None:
        self.store = Store(self.path, simulated=True)
        self.calibrated = Calibrated(self.store, self._timeframes, budget=self.budget or BUDGET, cooldown=12)
        calibrated = None if self.budget is None else self.calibrated
        self.pipeline = Pipeline(self.store, self._timeframes, Thresholds(), calibrated=calibrated)

    def restart(self) -> None:
        self.close()
        self._open()

    def play(self, closes: int) -> None:
        for _, (raw, now) in zip(range(closes), self._left, strict=False):
            self.pipeline.step(raw, now)

    def close(self) -> None:
        self.store.close()

    def alerts(self) -> list[dict[str, Any]]:
        with closing(Reader(self.path, stale_after_ms=0)) as reader:
            found, _ = reader.alerts(AlertFilter(), -1, 0)
        return [dict(alert) for alert in reversed(found)]

    def query(self, text: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(text).fetchall()


@pytest.fixture(scope="module")
def whole(market: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run without any restart, closed."""
    run = Run(tmp_path_factory.mktemp("calibrated"), market)
    run.play(LIVE)
    run.close()
    return run


def test_alerts_name_their_threshold_and_exceed_it(whole: Run):
    found = whole.alerts()
    assert len(found) > 4
    for alert in found:
        note, values = alert["calibration"], alert["values"]
        assert (note["day"], note["budget"]) == (DAY, BUDGET)
        if alert["tier"] == Tier.CLUSTER:
            assert note["threshold"] is note["p_value"] is note["statistic"] is None
            continue
        assert abs(values[note["statistic"]]) > note["threshold"]
        assert 0.0 < note["p_value"] < 0.1
        assert note["discovery"] is False


def test_they_are_those_that_the_past_alone_gives(whole: Run):
    with closing(Reader(whole.path, stale_after_ms=0)) as reader:
        past = _past(reader, "5m", DAY)
    anew = fit([past], day=DAY, budget=BUDGET, cooldown=12)
    assert past.ts[-1] == DAY - 3_600_000 - 300_000
    ids = {(p.exchange, p.symbol): number for p, number in zip(whole.pairs, past.series, strict=True)}
    assert len(past.series) == 6
    nowhere = {Tier.DIVERGENCE: np.zeros_like(past.may[Tier.DIVERGENCE])}
    idle = fit([replace(past, may=nowhere)], day=DAY, budget=BUDGET, cooldown=12)
    cell = "5m", Tier.DIVERGENCE
    assert idle.cells[cell].expected == 0.0 < anew.cells[cell].expected
    for alert in whole.alerts():
        if alert["tier"] != Tier.CLUSTER:
            series = np.array([ids[alert["exchange"], alert["symbol"]]])
            limit = anew.thresholds("5m", Tier(alert["tier"]), series)
            assert alert["calibration"]["threshold"] == limit[0]
    statistics = {name: np.isfinite(values).any() for name, values in past.statistics.items()}
    assert statistics == {"z_raw": True, "oi_delta_pct": True, "divergence": True}


def test_fewer_alerts_than_literal_and_none_of_tiers_without_a_statistic(whole: Run, market, tmp_path):
    with closing(Store(tmp_path / "literal.db", simulated=True)) as store:
        pipeline = Pipeline(store, ("5m",), Thresholds())
        pairs = register(pipeline, market)
        pipeline.step(*history(market, pairs, HISTORY))
        for raw, now in feed(market, pairs, HISTORY):
            pipeline.step(raw, now)
    with closing(Reader(tmp_path / "literal.db", stale_after_ms=0)) as reader:
        literal, _ = reader.alerts(AlertFilter(), -1, 0)
    assert {alert["calibration"] for alert in literal} == {None}  # type: ignore[type-var]
    found = whole.alerts()
    assert len(found) < len(literal)
    assert {(alert["kind"], alert["tier"]) for alert in found} <= {("tier", t) for t in (1, 2, 3, 5, 6)}
    # Flags on rows stay literal ones.
    assert whole.query("SELECT count(*) FROM bars WHERE tiers & 16")[0][0] > 0


def test_a_restart_changes_nothing(whole: Run, market: Simulated, tmp_path: Path):
    run = Run(tmp_path, market)
    for closes in (7, 20, LIVE):
        run.play(closes)
        run.restart()
    run.close()
    assert [{**one, "seq": 0} for one in run.alerts()] == [{**one, "seq": 0} for one in whole.alerts()]
    assert len(run.query(f"SELECT * FROM calibrations WHERE day = {DAY}")) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_the_budget_is_kept(market: Simulated, tmp_path: Path, restarts: bool):
    """Thresholds of a large budget, and room for three."""
    run = Run(tmp_path, market)
    for _ in range(4):
        run.calibrated._of(DAY, DAY)
        run.calibrated.budget = 3
        run.play(LIVE // 4)
        if restarts:
            run.restart()
    run.close()
    assert len(run.alerts()) == 3


def test_room_goes_to_the_smallest_p_values_and_is_gone_then(tmp_path: Path, market: Simulated):
    run = Run(tmp_path, market, budget=2)
    series = [run.store.series_id(pair.id, "5m") for pair in run.pairs]
    ts, now = DAY + 300_000, DAY + 610_000
    flags = np.tile([0.0, 1.0], (6, 1))
    z = np.stack([np.zeros(6), [20.0, 30.0, 9.0, 25.0, np.nan, 40.0]], axis=1)
    judged = run.calibrated.judge("5m", 1, series, ts, flags, {"z_raw": z}, now)
    assert judged.flags[:, 1].tolist() == [1.0] * 6 or np.isfinite(judged.limits).all()
    held = run.calibrated.admit(1, series, ts, np.ones(6, dtype=bool), judged, now)
    order = np.argsort(judged.p)
    assert sorted(held) == sorted(order[:2].tolist())
    assert run.calibrated.admit(1, series, ts, np.ones(6, dtype=bool), judged, now) == {}
    assert run.calibrated.admit(1, series, ts + MS_PER_DAY, np.ones(6, dtype=bool), judged, now) != {}
    run.close()


def test_a_test_is_discovered_once_whatever_tier_carries_it(tmp_path: Path, market: Simulated):
    run = Run(tmp_path, market)
    series = [run.store.series_id(pair.id, "5m") for pair in run.pairs]
    ts, now = DAY + 300_000, DAY + 610_000
    z = {"z_raw": np.full((6, 2), 1e6), "oi_delta_pct": np.full((6, 2), 5.0)}
    flags = np.tile([0.0, 1.0], (6, 1))
    first = np.eye(6, dtype=bool)[0]
    for tier in (1, 2, 3):
        judged = run.calibrated.judge("5m", tier, series, ts, flags, z, now)
        held = run.calibrated.admit(tier, series, ts, first, judged, now)
        assert held[0]["discovery"] is True
    assert len(run.calibrated._used(DAY).discovered) == 1
    run.close()


def test_tomorrow_is_made_ahead_and_is_the_same(tmp_path: Path, market: Simulated):
    run = Run(tmp_path, market)
    run.calibrated.prepare(DAY - 3_000_001)
    assert not run.calibrated._ahead
    run.calibrated.prepare(DAY - 3_000_000)
    run.calibrated.prepare(DAY - 2_000_000)
    (thread,) = run.calibrated._ahead.values()
    thread.join()
    ahead = run.calibrated._of(DAY, DAY + 1).calibration
    inline = run.calibrated._make(DAY, DAY + 1).calibration
    assert orjson.dumps(ahead.document()) == orjson.dumps(inline.document())
    run.restart()
    assert run.calibrated._of(DAY, DAY + 1).calibration.document() == ahead.document()
    run.close()


def test_a_young_database_is_looked_at_again_within_the_hour(tmp_path: Path, market: Simulated):
    run = Run(tmp_path, first_bars(market, HISTORY))
    empty = run.calibrated._of(START - MS_PER_DAY, DAY)
    assert empty.until == DAY + 3_600_000
    assert empty.calibration.expected == 0.0
    later = run.calibrated._of(START - MS_PER_DAY, DAY + 3_600_000)
    assert later.made_ts == DAY
    # Nothing more is known: it serves to the end of its day.
    assert later.until == later.calibration.day + 2 * MS_PER_DAY
    run.close()


class TestVerified:
    """`alerts verify` finds the same alerts, thresholds and p-values in what is stored."""

    def test_every_alert_is_found_again(self, whole: Run):
        found = verify(whole.path)
        assert found.right
        assert found.stored == found.recomputed == len(whole.alerts()) > 4

    def test_over_restarts_modes_and_budgets(self, market: Simulated, tmp_path: Path):
        run = Run(tmp_path, market, timeframes=("5m", "15m"))
        for budget in (BUDGET, None, BUDGET, 2 * BUDGET):
            run.budget = budget
            run.restart()
            run.play(LIVE // 4)
        run.close()
        modes = [mode for (mode,) in run.query("SELECT budget FROM judged_by ORDER BY from_seq")]
        assert modes == [BUDGET, None, BUDGET, 2 * BUDGET]
        notes = [alert["calibration"] for alert in run.alerts()]
        assert {note and note["budget"] for note in notes} == {None, BUDGET, 2 * BUDGET}
        found = verify(run.path)
        assert found.right
        assert found.stored == len(notes)

    def test_a_budget_that_is_gone(self, market: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Thresholds of a large budget, and little room, which both timeframes share."""
        monkeypatch.setattr("futuresboard.calibrating.MIN_VALUES", 50)
        run = Run(tmp_path, market, timeframes=("5m", "15m"))
        made = run.calibrated._of(DAY, DAY)
        run.calibrated.budget = 3
        keep_calibration(run.store, DAY, 3, made.made_ts, packed(made.calibration))
        run.pipeline.use(Thresholds())
        run.play(LIVE)
        run.close()
        assert [len(run.alerts()), len({alert["timeframe"] for alert in run.alerts()})] == [3, 2]
        found = verify(run.path)
        assert found.right
        assert found.recomputed == 3

    @pytest.mark.parametrize(
        ("change", "outcome"),
        [
            ("payload = json_set(payload, '$.calibration.threshold', 1.5)", "different"),
            ("payload = json_set(payload, '$.calibration.p_value', 0.5)", "different"),
            ("payload = json_set(payload, '$.calibration.discovery', json('true'))", "different"),
            ("payload = json_remove(payload, '$.calibration')", "different"),
            ("kind = 'confluence', tier = 0", "extra"),
        ],
    )
    def test_what_is_not_so_is_found(self, whole: Run, tmp_path: Path, change: str, outcome: str):
        path = tmp_path / "changed.db"
        with closing(sqlite3.connect(whole.path)) as old, closing(sqlite3.connect(path)) as new:
            old.backup(new)
            new.execute(f"UPDATE alerts SET {change} WHERE id = (SELECT max(id) FROM alerts WHERE tier = 1)")
            new.commit()
        found = verify(path)
        assert not found.right
        assert [len(found.different), len(found.extra)] == [outcome == "different", outcome == "extra"]

    def test_an_alert_whose_calibration_is_not_kept_is_extra(self, whole: Run, tmp_path: Path):
        path = tmp_path / "changed.db"
        with closing(sqlite3.connect(whole.path)) as old, closing(sqlite3.connect(path)) as new:
            old.backup(new)
            new.execute("DELETE FROM calibrations")
            new.commit()
        found = verify(path)
        assert (found.recomputed, len(found.extra)) == (0, found.stored)

    def test_what_was_made_ahead_is_kept(self, market: Simulated, tmp_path: Path):
        run = Run(tmp_path, market)
        run.calibrated.prepare(DAY - 3_000_000)
        (thread,) = run.calibrated._ahead.values()
        thread.join()
        run.play(LIVE)
        run.close()
        kept = run.query(f"SELECT made_ts FROM calibrations WHERE day = {DAY}")
        assert kept == [(DAY - 3_000_000,)]
        assert {alert["calibration"]["made_ts"] for alert in run.alerts()} == {DAY - 3_000_000}
        assert verify(run.path).right


def test_rules_of_the_user_are_not_calibrated(market: Simulated, tmp_path: Path):
    """Rule 1 starts as it does in literal mode, and takes nothing of the budget."""
    found = []
    for budget in (None, BUDGET):
        folder = tmp_path / str(budget)
        folder.mkdir()
        run = Run(folder, market, budget=budget)
        expression = rules.compile("z_score > 2")
        assert add_rule(run.store, "spike", expression.typed, expression.normal, DAY).id == 1
        run.pipeline.reload_rules()
        run.play(LIVE)
        spent = 0 if budget is None else run.calibrated._used(DAY).alerts
        run.close()
        alerts = run.alerts()
        started = [alert for alert in alerts if alert["kind"] == "rule"]
        assert [alert["calibration"] for alert in started] == [None] * len(started)
        assert spent == sum(alert["calibration"] is not None for alert in alerts)
        assert verify(run.path).right
        found.append([(alert["exchange"], alert["symbol"], alert["ts"]) for alert in started])
    assert found[0] == found[1]
    assert len(found[0]) > 5


def test_a_changed_cooldown_counts_for_the_next_calibration(market: Simulated, tmp_path: Path):
    run = Run(tmp_path, market)
    run.pipeline.use(Thresholds(cooldown=3))
    assert run.calibrated.cooldown == 3
    run.close()


def test_settings_say_the_mode(tmp_path: Path):
    plain = load({}, tmp_path)
    assert (plain.alert_mode, plain.alert_budget) == ("literal", 50)
    chosen = load({"ALERT_MODE": "calibrated", "ALERT_BUDGET": "7"}, tmp_path)
    assert (chosen.alert_mode, chosen.alert_budget) == ("calibrated", 7)
