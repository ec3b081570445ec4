"""The fault table: an exchange that answers with a refusal or an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support_fault_table import CLOSE, DOWN, FROM, M5, FaultTable, Played, fault, play, status

TOO_MANY = {"code": -1003, "msg": "Too many requests; current limit is 2400 request weight per 1 MINUTE."}
OKX_TOO_MANY = {"code": "50011", "msg": "Too Many Requests", "data": []}

TABLE = [
    *fault("429 with Retry-After", status(429, TOO_MANY, Retry_After="20"), on="binanceusdm"),
    *fault("429 with Retry-After", status(429, OKX_TOO_MANY, Retry_After="20"), on="okx"),
    *fault("429 without Retry-After", status(429, TOO_MANY), on="binanceusdm"),
    *fault("429 without Retry-After", status(429, OKX_TOO_MANY), on="okx"),
    *fault(
        "418 with ban time",
        ("ban", {"options": {"seconds": 240}}),
        on="binanceusdm",
        states="banned",
        till=FROM + 65_000,
    ),
    *fault(
        "403 throttle",
        ("ban", {"options": {"seconds": 600}}),
        on="bybit",
        states="banned",
        till=FROM + 65_000,
        end=CLOSE + 4 * M5 + 100_000,
    ),
    *fault("403 geo", ("geo_block", {}), on="bybit okx", states="blocked"),
    *fault("451", ("geo_block", {}), on="binanceusdm", states="blocked"),
    *fault("500", status(500, "oops"), on="bybit", states=DOWN),
    *fault("502", status(502, "<html>Bad Gateway</html>"), on="okx", states=DOWN),
    *fault("503", status(503, "<html>Service Unavailable</html>"), on="binanceusdm", states=DOWN),
    *fault("504", status(504, ""), on="bybit", states=DOWN),
    *fault("maintenance", ("maintenance", {}), states=DOWN),
]


@pytest.fixture(scope="module", params=TABLE, ids=str)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    yield from play(request.param, tmp_path_factory)


class TestRefusals(FaultTable):
    """Each line of the table."""
