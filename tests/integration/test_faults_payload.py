"""The fault table: an exchange whose answers are well formed and wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support_fault_table import FaultTable, Played, fault, play

GUARDED = {"states": "ok degraded", "guarded": True}
ON = {
    "NaN": "binanceusdm okx",
    "Infinity": "bybit",
    "blank": "okx",
    "null": "binanceusdm bybit",
    "negative": "binanceusdm bybit okx",
}
BAD = {"NaN": "NaN", "Infinity": "Infinity", "blank": "", "null": None, "negative": "-1"}
TABLE = [
    *fault("duplicate bar", ("duplicate", {}), states="ok"),
    *fault("out-of-order bar", ("shuffled", {}), states="ok"),
    *(
        line
        for name, value in BAD.items()
        for line in fault(name, ("bad_numbers", {"options": {"value": value}}), on=ON[name], **GUARDED)
    ),
    *fault("frozen value", ("frozen", {}), states="ok degraded"),
    *fault("zero OI", ("zero_oi", {}), **GUARDED),
    *fault("x1000 OI", ("x1000", {}), **GUARDED),
    *fault("x1000 price", ("x1000", {"options": {"fields": "price"}}), **GUARDED),
]


@pytest.fixture(scope="module", params=TABLE, ids=str)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    yield from play(request.param, tmp_path_factory)


class TestPayload(FaultTable):
    """Each line of the table."""
