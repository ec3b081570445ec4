"""A minute of the soak: half an hour of exchange time with faults, judged as the long one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from soak.run import Settings, failures, not_flat, quarters, soak
from soak.stage import Sample

KINDS = ("status", "broken body", "network", "rows", "late", "ban", "wrong time")
SETTINGS = Settings(
    hours=0.4, scale=24.0, pairs=12, every_s=60.0, calm_s=600.0, history_bars=60, faults=KINDS
)


@pytest.mark.timeout(240)
def test_half_an_hour_of_faults_leaves_nothing_missing_and_nothing_wrong(tmp_path: Path) -> None:
    report = soak(SETTINGS, tmp_path)
    assert failures(report) == [], report
    assert report["faults"] >= 3
    assert report["values"] > 10_000


def _samples(last: float) -> list[Sample]:
    return [Sample(at, 100.0 if at < 75 else last, 8, 20, 10) for at in range(100)]


@pytest.mark.parametrize(("last", "flat"), [(100.0, True), (117.0, True), (119.0, False)])
def test_memory_is_flat_within_a_tenth_and_a_little(last: float, flat: bool) -> None:
    assert (not_flat(quarters(_samples(last))) == []) is flat


WELL = {
    "crashes": 0,
    "stored_share": 1.0,
    "missing": 0,
    "expected": 10,
    "wrong": {},
    "alerts_of_faults": 0,
    "own_reconnects": 4,
    "violations": {},
    "not_flat": [],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crashes", 1),
        ("stored_share", 0.9989),
        ("wrong", {"okx close": 1}),
        ("alerts_of_faults", 1),
        ("own_reconnects", 5),
        ("violations", {"okx": {"market/candles": 1}}),
        ("not_flat", ["threads: 5 -> 9"]),
    ],
)
def test_each_thing_that_must_not_happen_fails_the_run(name: str, value: object) -> None:
    assert failures(WELL) == []
    assert len(failures(WELL | {name: value})) == 1
