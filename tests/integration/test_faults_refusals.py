"""The fault table: an exchange that answers with a refusal or an error."""

from __future__ import annotations

import pytest

from support_fault_table import CLOSE, DOWN, FROM, M5, FaultTable, Played, fault, lines, status

TOO_MANY = {"code": -1003, "msg": "Too many requests; current limit is 2400 request weight per 1 MINUTE."}
OKX_TOO_MANY = {"code": "50011", "msg": "Too Many Requests", "data": []}

TABLE = [
    *fault("429 with Retry-After", status(429, TOO_MANY, Retry_After="20"), on="binanceusdm"),
    *fault("429 with Retry-After", status(429, OKX_TOO_MANY, Retry_After="20"), on="okx"),
    *fault("429 without Retry-After", status(429, TOO_MANY), on="binanceusdm"),
    *fault("429 without Retry-After", status(429, OKX_TOO_MANY), on="okx"),
    *fault("403 geo", ("geo_block", {}), on="bybit okx", states="blocked"),
    *fault("451", ("geo_block", {}), on="binanceusdm", states="blocked"),
    *fault("500", status(500, "oops"), on="bybit", states=DOWN),
    *fault("502", status(502, "<html>Bad Gateway</html>"), on="okx", states=DOWN),
    *fault("503", status(503, "<html>Service Unavailable</html>"), on="binanceusdm", states=DOWN),
    *fault("504", status(504, ""), on="bybit", states=DOWN),
    *fault("maintenance", ("maintenance", {}), states=DOWN),
]


BANS = [
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
    *fault(
        "418 with ban time, sockets",
        ("ban", {"options": {"seconds": 240}}),
        ("drop", {}),
        on="binanceusdm",
        states="banned",
        till=FROM + 65_000,
        sockets=True,
    ),
]


@pytest.mark.parametrize("played", lines(TABLE), indirect=True)
class TestRefusals(FaultTable):
    """Each line of the table."""


@pytest.mark.parametrize("played", lines(BANS), indirect=True)
class TestBans(FaultTable):
    """Each line of the bans."""

    def test_nothing_is_asked_before_its_end(self, played: Played) -> None:
        asked = [at for at, _ in played.run.requests[played.fault.exchange] if at >= FROM]
        # All that were on their way together hear of it in the same instant.
        began = asked[0]
        seconds = played.fault.rules[0]["options"]["seconds"]  # type: ignore[index]
        assert [at - began for at in asked if began < at < began + seconds * 1000] == []
