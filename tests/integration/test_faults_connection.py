"""The fault table: an exchange that does not answer, or not with an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support_fault_table import DOWN, LONG, FaultTable, Played, fault, play

TABLE = [
    *fault("timeout", ("timeout", {}), states=DOWN),
    *fault("reset", ("reset", {}), states=DOWN),
    *fault("slow", ("slow", {"options": {"seconds": 5}}), states="ok degraded"),
    *fault("empty 200", ("empty", {}), states=DOWN),
    *fault("HTML 200", ("html", {}), states=DOWN),
    *fault("truncated 200", ("truncated", {}), states=DOWN),
    *fault("wrong shape 200", ("wrong_shape", {}), states=DOWN),
    *fault("exchange down for 10 min", ("reset", {}), states=DOWN, **LONG),
]


@pytest.fixture(scope="module", params=TABLE, ids=str)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    yield from play(request.param, tmp_path_factory)


class TestConnection(FaultTable):
    """Each line of the table."""
