"""The fault table: an exchange whose answers are well formed and wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support_fault_table import FaultTable, Played, fault, play

TABLE = [
    *fault("duplicate bar", ("duplicate", {}), states="ok"),
    *fault("out-of-order bar", ("shuffled", {}), states="ok"),
]


@pytest.fixture(scope="module", params=TABLE, ids=str)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    yield from play(request.param, tmp_path_factory)


class TestPayload(FaultTable):
    """Each line of the table."""
