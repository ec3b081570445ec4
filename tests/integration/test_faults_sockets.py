"""The fault table: websockets that break, stay silent, come late or are refused."""

from __future__ import annotations

import pytest

from support_fault_table import DOWN, LONG, FaultTable, Heard, fault, lines, on_sockets

BY_REST = {"states": "ok", "sources": "rest mixed"}
REFUSED = ("refuse", {"options": {"status": 503}})
TABLE = [
    *fault("socket drop", ("drop", {}), REFUSED, sockets=True, **BY_REST),
    *on_sockets("silent socket", "silence", on="bybit okx", **BY_REST),
    *on_sockets("late messages", "lag", on="binanceusdm", options={"seconds": 60}, sources="rest mixed"),
    *on_sockets("empty messages", "empty", on="binanceusdm", **BY_REST),
    *on_sockets("HTML messages", "html", on="bybit", **BY_REST),
    *on_sockets("truncated messages", "truncated", on="okx", **BY_REST),
    *on_sockets("messages of another shape", "wrong_shape", on="binanceusdm", **BY_REST),
    *fault("all down for 10 min", ("drop", {}), ("reset", {}), on="okx", sockets=True, states=DOWN, **LONG),
]


@pytest.mark.parametrize("played", lines(TABLE), indirect=True)
class TestSockets(Heard, FaultTable):
    """Each line of the table."""
