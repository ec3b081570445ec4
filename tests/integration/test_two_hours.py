"""K1 over the wire: two hours of 200 pairs × 3 exchanges, every alert again by the reference.

The product scrapes simulated exchanges over real HTTP; time jumps whenever nothing is under way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from support_versions import Alert, Key, Rules, Versions, started_alone, started_beside, versions_of

import reference
from futuresboard.replay_check import Check
from futuresboard.sim_exchange import SimThread
from futuresboard.verifying import Verdict, verify
from support_faults import sim_config, staged
from support_replay import play, whole
from support_system import EXCHANGES, STEP_MS, reading

pytestmark = [pytest.mark.deep, pytest.mark.timeout(3600)]

BEGIN = 1_773_784_800_000 + 100_000
"""22:00 UTC and some: midnight lies within."""
END = BEGIN + 2 * 3_600_000
SETTLED_MS = 180_000
PAIRS = 200
PATIENCE_S = 3600.0
RULES = Rules(reference.THRESHOLDS, 12)


@dataclass
class Run:
    """What two hours left behind."""

    sim: SimThread
    versions: dict[Key, Versions]
    units: dict[tuple[str, str], tuple[str, float]]
    alerts: dict[Key, list[Alert]]
    verdict: Verdict
    replayed: Check

    def before(self, key: Key) -> list[Alert]:
        """Alerts at bars that are history."""
        return [alert for alert in self.alerts[key] if alert[0] in self.versions[key].history]

    def live(self, key: Key) -> list[Alert]:
        """Those at bars that closed while it ran."""
        return [alert for alert in self.alerts[key] if alert[0] not in self.versions[key].history]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    config = replace(sim_config(), epoch_ms=BEGIN, pairs=270)
    settings = {"SYMBOLS": "", "MAX_PAIRS": str(PAIRS), "HISTORY_BARS": "120", "INTERVAL": "60"}
    defaults = {
        "Z_THRESHOLD": "2.5",
        "LS_THRESHOLD": "2",
        "IMBALANCE_THRESHOLD": "3",
        "OI_DELTA_THRESHOLD": "1",
        "FUNDING_THRESHOLD": "0.01",
        "ALERT_COOLDOWN": "12",
    }
    with (
        pytest.MonkeyPatch.context() as patch,
        staged(tmp_path_factory.mktemp("hours"), patch, config=config, **settings, **defaults) as stage,
    ):
        stage.play(END + SETTLED_MS, patience_s=PATIENCE_S)
        database = stage.settings.database_path
        versions = versions_of(database, END)
        alerts: dict[Key, list[Alert]] = {key: [] for key in versions}
        for key, alert in sorted((one[:3], one[3:]) for one in stage.run.alerts):
            if alert[0] + STEP_MS[key[2]] <= END:
                alerts[key].append(alert)
        replayed = play(database, whole(database)).check
        with reading(database) as connection:
            rows = connection.execute("SELECT exchange, symbol, base, multiplier FROM pairs")
            units = {(exchange, symbol): (base, unit) for exchange, symbol, base, unit in rows}
        yield Run(stage.sim, versions, units, alerts, verify(database), replayed)


def _expected_alone(run: Run, key: Key) -> list[Alert]:
    listed = run.sim.truth.row(*key[:2]).listed_ts
    return started_alone(key, run.versions[key], listed, RULES, run.before(key))


def _expected_beside(run: Run) -> dict[Key, list[Alert]]:
    coins: dict[tuple[str, str], dict[Key, tuple[Versions, float]]] = {}
    for key, versions in run.versions.items():
        base, unit = run.units[key[:2]]
        coins.setdefault((base, key[2]), {})[key] = versions, unit
    before = {key: run.before(key) for key in run.versions}
    return {
        key: alerts for coin in coins.values() for key, alerts in started_beside(coin, RULES, before).items()
    }


def test_every_alert_is_the_references(run: Run) -> None:
    assert len({key[:2] for key in run.versions}) == PAIRS * len(EXCHANGES)
    beside = _expected_beside(run)
    want: Counter[object] = Counter()
    for key, versions in run.versions.items():
        started = [*run.before(key), *_expected_alone(run, key), *beside[key]]
        times = [ts for ts, kind, tier in started if kind == "tier" and tier != 6]
        stored = set(versions.first)
        clusters = [
            ts for ts in reference.clusters(times, stored, STEP_MS[key[2]]) if ts not in versions.history
        ]
        live = [one for one in started if one[0] not in versions.history]
        want.update((*key, *one) for one in [*live, *((ts, "tier", 6) for ts in clusters)])
    got = Counter((*key, *one) for key in run.alerts for one in run.live(key))
    assert (got - want, want - got) == (Counter(), Counter())
    kinds = Counter(one[4:] for one in got)
    assert set(kinds) >= {("tier", tier) for tier in range(1, 7)} | {("confluence", None)}
    bars = sum(len(set(versions.first) - versions.history) for versions in run.versions.values())
    print(f"K1 over HTTP: {bars} bars, {sum(got.values())} alerts: 0 missing, 0 extra; {dict(kinds)}")


def test_and_what_verify_recomputes(run: Run) -> None:
    assert (run.verdict.missing, run.verdict.extra, run.verdict.different) == ([], [], [])
    assert run.verdict.stored >= sum(map(len, run.alerts.values()))


def test_and_replay_gives_again(run: Run) -> None:
    found = run.replayed
    assert (found.examples, found.missing, found.extra, found.other) == ([], [], [], [])
    print(f"replayed: {found.values} values of {found.bars} bars and {found.alerts} alerts are the same")


def test_no_limit_was_exceeded(run: Run) -> None:
    for name in EXCHANGES:
        assert run.sim.stats[name].total_violations == 0
